"""Tables of one attempt: requests and answers, events and frames, links, and what the console said.

Each is drawn from the timeline alone. Nothing is joined by guess: what the link saw and what the server saw are rows of
their own, in the order of the clock. What was not recorded has no cell in a row, and the table's note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wirematrix.ledger import is_stream
from wirematrix.model import Observation
from wirematrix.report.text import clipped

ROWS_FIRST: Final = 60  # of a table that is too long to show
ROWS_LAST: Final = 20
HEADERS_THAT_MATTER: Final = frozenset((
    "accept", "authorization", "cache-control", "content-length", "content-type", "cookie", "origin",
    "sec-fetch-mode", "sec-fetch-site", "sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-version",
    "upgrade",
))  # fmt: skip
LEFT_OUT: Final = "…"  # stands for the time of the row that says how many rows are not shown
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A caption, the heads of the columns, rows as wide as the heads, and what the table does not say.

    The first column is the time in ms.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


def tables(timeline: Sequence[Observation]) -> tuple[Table, ...]:
    """Those tables that have rows, in the order in which they are read."""
    made = (_requests(timeline), _traffic(timeline), _links(timeline), _console(timeline))
    return tuple(table for table in made if table.rows)


def _requests(timeline: Sequence[Observation]) -> Table:
    return Table(
        caption="Requests and answers",
        heads=("ms", "seen by", "request or answer", "Last-Event-ID", "more"),
        rows=_rows(timeline, _REQUESTS, by=True),
        note="Streams only; the page's own files are in the timeline. Header fields are recorded by an origin of ours, "
        "the app and the link record the request line, Last-Event-ID and Origin.",
    )


def _traffic(timeline: Sequence[Observation]) -> Table:
    return Table(
        caption="Events and frames",
        heads=("ms", "seen by", "what", "bytes", "id or seq", "more"),
        rows=_rows(timeline, _TRAFFIC, by=True),
        note="Bytes are those of a payload as an origin of ours received it. Of the app's messages they are those that "
        "passed the link: an SSE event from its first line to its blank one, a WebSocket message with its frames' "
        "headers; of what an extension or a content coding packs together the link knows nothing, and says that it was "
        "not read. What the page saw is told in characters. Payloads are not recorded beyond the beginning that the "
        "run file has.",
    )


def _links(timeline: Sequence[Observation]) -> Table:
    return Table(
        caption="Bytes of each link",
        heads=("ended at ms", "link", "bytes to the server", "bytes to the page", "ended by", "how"),
        rows=_rows(timeline, _LINKS),
    )


def _console(timeline: Sequence[Observation]) -> Table:
    return Table(
        caption="Console and page errors",
        heads=("ms", "level", "text", "where"),
        rows=_rows(timeline, _CONSOLE),
    )


Told = Callable[[Mapping[str, Any]], Row]
Tellers = Mapping[tuple[str, str], Told]


def _rows(timeline: Sequence[Observation], tellers: Tellers, *, by: bool = False) -> tuple[Row, ...]:
    rows = []
    for seen in timeline:
        tell = tellers.get((seen.source, seen.kind))
        told = tell(seen.detail) if tell else ()
        if told:
            rows.append((f"{seen.at_ms:.1f}", *([seen.source] if by else []), *told))
    if len(rows) <= ROWS_FIRST + ROWS_LAST:
        return tuple(rows)
    between = len(rows) - ROWS_FIRST - ROWS_LAST
    empty = ("",) * (len(rows[0]) - 2)
    return (*rows[:ROWS_FIRST], (LEFT_OUT, f"{between:,} more rows, see the timeline", *empty), *rows[-ROWS_LAST:])


def _said(detail: Mapping[str, Any], *keys: str) -> str:
    """What is there of some keys, each with its name."""
    return " · ".join(f"{key} {_word(detail[key])}" for key in keys if detail.get(key) not in (None, ""))


def _word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}" if abs(value) >= 10_000 else str(value)
        case _:
            return clipped(str(value))


def _count(detail: Mapping[str, Any], key: str) -> str:
    value = detail.get(key)
    return f"{value:,}" if isinstance(value, int) else ""


def _last_id(detail: Mapping[str, Any]) -> str:
    value = detail.get("last_event_id")
    return "none" if value is None else clipped(str(value)) or "empty"


def _link_request(detail: Mapping[str, Any]) -> Row:
    target = str(detail.get("target", ""))
    if not is_stream(target):
        return ()
    return (f"{detail.get('method')} {clipped(target)}", _last_id(detail), _said(detail, "link"))


def _server_request(detail: Mapping[str, Any]) -> Row:
    if "target" not in detail:  # the app's log, which knows its own words for it
        return (
            f"{detail.get('transport')} request",
            _last_id(detail),
            _said(detail, "subscriber", "since", "origin", "peer"),
        )
    line = f"{detail.get('method')} {clipped(str(detail['target']))}"
    return (line, _last_id(detail), " · ".join((_said(detail, "connection"), *_headers(detail.get("headers")))))


def _headers(pairs: object) -> Iterable[str]:
    """The header fields that say something about a stream, as they came."""
    for pair in pairs if isinstance(pairs, list) else ():
        match pair:
            case [str(name), str(value)] if name.lower() in HEADERS_THAT_MATTER:
                yield f"{name}: {clipped(value)}"


def _answer(word: str, *keys: str) -> Told:
    return lambda detail: (word, "", _said(detail, *keys))


def _respond(detail: Mapping[str, Any]) -> Row:
    return (f"answers {detail.get('status')}", "", _said(detail, "connection"))


def _refused(detail: Mapping[str, Any]) -> Row:
    with_what = detail.get("status") or detail.get("code")
    return (f"refuses, {with_what}", "", _said(detail, "subscriber", "because"))


def _passed(detail: Mapping[str, Any]) -> Row:
    first, last = detail.get("first"), detail.get("last")
    which = f"{first}" if first == last else f"{first} to {last}"
    each = f"{detail['smallest']:,} to {detail['largest']:,} each · " if "smallest" in detail else ""
    return ("passes to the page", _count(detail, "bytes"), which, each + _said(detail, "epoch", "link", "far"))


def _frame(detail: Mapping[str, Any]) -> Row:
    more = _said(detail, "code", "reason", "connection")
    return (f"{detail.get('name')} frame from the page", _count(detail, "bytes"), "", more)


def _sent(what: str, *keys: str) -> Told:
    return lambda detail: (what, _count(detail, "bytes"), _word(detail.get("number", "")), _said(detail, *keys))


def _pushed(detail: Mapping[str, Any]) -> Row:
    which = detail.get("seq", f"{detail.get('first')} to {detail.get('last')}")
    return ("sends to the page", _count(detail, "bytes"), str(which), _said(detail, "stream", "connection"))


def _send(detail: Mapping[str, Any]) -> Row:
    return (
        f"sends {detail.get('type')}",
        _count(detail, "bytes"),
        _word(detail.get("seq", "")),
        _said(detail, "subscriber"),
    )


def _message(detail: Mapping[str, Any]) -> Row:
    size = _count(detail, "bytes") if detail.get("bytes") else ""
    chars = detail.get("chars")
    told = size or (f"{chars:,} chars" if isinstance(chars, int) else "")
    which = detail.get("id") if detail.get("id") is not None else detail.get("seq")
    return (
        f"message{f' of type {clipped(str(kind))}' if (kind := detail.get('type')) else ''}",
        told,
        "" if which is None else clipped(str(which)) or "empty",
        _said(detail, "stream", "resume", "retry_ms", "heartbeat_ms", "from", "to", "reason"),
    )


def _page_sent(detail: Mapping[str, Any]) -> Row:
    size = _count(detail, "bytes") if detail.get("bytes") else f"{detail.get('chars')} chars"
    return ("sent", size, _word(detail.get("seq") or ""), _said(detail, "stream", "took_ms", "buffered"))


def _folded(detail: Mapping[str, Any]) -> Row:
    which = f"{detail.get('from_seq')} to {detail.get('to_seq')}"
    return (f"{detail.get('count')} more like these ({detail.get('of')})", "", which, _said(detail, "stream"))


def _closed(detail: Mapping[str, Any]) -> Row:
    return ("close", "", "", _said(detail, "code", "reason", "clean", "stream", "because"))


def _link_end(detail: Mapping[str, Any]) -> Row:
    return (
        str(detail.get("link")),
        _count(detail, "bytes_up"),
        _count(detail, "bytes_down"),
        str(detail.get("by")),
        str(detail.get("how")),
    )


def _console_line(detail: Mapping[str, Any]) -> Row:
    return (str(detail.get("level", "error")), str(detail.get("text", "")), str(detail.get("where", "")))


def _uncaught(detail: Mapping[str, Any]) -> Row:
    return ("uncaught", str(detail.get("because", "")), "")


_REQUESTS: Final[Tellers] = {
    ("link", "request"): _link_request,
    ("link", "answer"): lambda detail: (f"answered {detail.get('status')}", "", _said(detail, "link")),
    ("server", "request"): _server_request,
    ("server", "preflight"): lambda detail: (
        f"OPTIONS {detail.get('target')}", "", _said(detail, "wants", "connection")
    ),
    ("server", "accept"): _answer("accepts", "subscriber", "resume"),
    ("server", "refuse"): _refused,
    ("server", "respond"): _respond,
    ("page", "status"): lambda detail: (f"status {detail.get('status')}", "", ""),
}  # fmt: skip
_TRAFFIC: Final[Tellers] = {
    ("link", "passed"): _passed,
    ("link", "unread"): lambda detail: ("not read from here on", "", "", _said(detail, "because", "link")),
    ("server", "frame"): _frame,
    ("server", "close-sent"): _sent("close frame to the page", "code", "connection"),
    ("server", "ping-sent"): _sent("ping to the page", "connection"),
    ("server", "pushed"): _pushed,
    ("server", "send"): _send,
    ("server", "uplink"): _sent("message from the page", "seq", "subscriber", "connection"),
    ("server", "folded"): _folded,
    ("page", "message"): _message,
    ("page", "sent"): _page_sent,
    ("page", "folded"): _folded,
    ("page", "close"): _closed,
}
_LINKS: Final[Tellers] = {("link", "link-end"): _link_end}
_CONSOLE: Final[Tellers] = {
    ("page", "console"): _console_line,
    ("page", "page-error"): _console_line,
    ("page", "uncaught"): _uncaught,
}
