"""The marks of a timeline's picture: what each observation means to a reader. `evidence.js` draws them when asked.

One lane per source, one clock, one shape per meaning: shapes, so that nobody has to tell colours apart. Several kinds
of observation may mean the same; which one it is stands beside it in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from wirematrix.ledger import is_stream
from wirematrix.model import Observation


class Mark(StrEnum):
    """What an observation means in a picture; the value names its shape in `evidence.js` and `report.css`."""

    MESSAGE = "message"
    HEARTBEAT = "heartbeat"
    ASK = "ask"
    AGAIN = "again"
    RESUME = "resume"
    OPEN = "open"
    END = "end"
    ERROR = "error"
    CUT = "cut"
    MENDED = "mended"
    WAIT = "wait"
    NOTE = "note"


MARK_MEANS: Final[Mapping[Mark, str]] = {
    Mark.MESSAGE: "message, event or frame",
    Mark.HEARTBEAT: "heartbeat, ping or pong",
    Mark.ASK: "asks for a stream",
    Mark.AGAIN: "asks again: reconnect",
    Mark.RESUME: "asks from a resume point",
    Mark.OPEN: "open, accepted",
    Mark.END: "ends, in whatever order",
    Mark.ERROR: "error, refusal or reset",
    Mark.CUT: "cut on purpose: the break, a fault",
    Mark.MENDED: "mended, serves again",
    Mark.WAIT: "silence noticed, waits before a try",
    Mark.NOTE: "anything else",
}
_PLAIN: Final[Mapping[Mark, tuple[str, ...]]] = {  # kinds that mean one thing, whoever observed them
    Mark.MESSAGE: (
        "message", "sent", "tally", "folded", "elsewhere", "echo", "publish", "published", "send", "pushed", "uplink",
        "body", "passed", "frame", "frame-sent", "event",
    ),
    Mark.HEARTBEAT: ("ping-sent", "pong", "pong-sent"),
    Mark.OPEN: ("open", "accept", "restored"),
    Mark.END: ("close", "closing", "over", "gave-up", "gone", "end", "close-sent", "finished", "stopping", "stopped",
               "left", "away", "dismissed"),
    Mark.ERROR: ("error", "uncaught", "page-error", "status", "send-failed", "refused", "refuse", "blocked",
                 "exception", "ended"),
    Mark.CUT: ("break", "cut", "fault", "discarded", "offline", "asleep", "removed"),
    Mark.MENDED: ("mended", "healed", "listening", "online", "awake", "back", "wake"),
    Mark.WAIT: ("silence", "backoff"),
}  # fmt: skip
_MARK_OF: Final = {kind: mark for mark, kinds in _PLAIN.items() for kind in kinds}
_BEATS: Final = ("heartbeat", "ping", "pong", "comment")
_LOUD: Final = ("error", "assert")


def marks(timeline: Sequence[Observation]) -> tuple[Mark, ...]:
    """The mark of each observation. To ask again is to ask after the first time, by the same source and stream."""
    asked: set[tuple[str, object]] = set()
    return tuple(_mark(seen, asked) for seen in timeline)


def _mark(seen: Observation, asked: set[tuple[str, object]]) -> Mark:
    detail = seen.detail
    match seen.kind:
        case "opening" | "request" if _asks_for_a_stream(seen):
            return _asking(seen, asked)
        case "respond":
            status = detail.get("status")
            return Mark.ERROR if isinstance(status, int) and status >= 400 else Mark.OPEN
        case "peer-end" | "link-end":
            how = Mark.END if detail.get("how") == "fin" else Mark.ERROR
            return Mark.CUT if detail.get("by") == "proxy" else how
        case "console":
            return Mark.ERROR if detail.get("level") in _LOUD else Mark.NOTE
        case kind:
            plain = Mark.END if detail.get("name") == "close" else _MARK_OF.get(kind, Mark.NOTE)
            return Mark.HEARTBEAT if _beats(detail) else plain


def _asking(seen: Observation, asked: set[tuple[str, object]]) -> Mark:
    """Asks for a stream: for the first time, again, or from a resume point."""
    stream = seen.detail.get("stream") or str(seen.detail.get("target", "")).partition("?")[0]
    first = (seen.source, str(stream)) not in asked
    asked.add((seen.source, str(stream)))
    if any(seen.detail.get(key) for key in ("resume", "last_event_id", "since")):
        return Mark.RESUME
    return Mark.ASK if first else Mark.AGAIN


def _beats(detail: Mapping[str, Any]) -> bool:
    return detail.get("type") in _BEATS or detail.get("name") in _BEATS


def _asks_for_a_stream(seen: Observation) -> bool:
    """Whether it is no request for the page's own files, which go by the same link; an origin of ours tells none."""
    return seen.source != "link" or is_stream(str(seen.detail.get("target", "")))
