"""Checks of what an origin pushed into raw streams: all of it, in order, and read as the standards say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wirematrix.accounting import compare, spell
from wirematrix.checks.claims import Answer, Check
from wirematrix.ledger import Key, Ledger
from wirematrix.model import Held, Observation
from wirematrix.timeline import Timeline


def all_pushed_in_order(timeline: Timeline) -> Answer:
    """Each numbered message that the origin pushed into a stream reached its page once, in the order of the numbers."""
    pushed = pushed_by_stream(timeline)
    if not pushed:
        return Held.UNDECIDED, "the origin pushed nothing"
    faults = [fault for stream, keys in pushed.items() if (fault := _fault(timeline, stream, keys))]
    if faults:
        return Held.BROKEN, f"{len(faults)} of {len(pushed)} streams: {'; '.join(faults)}"
    count = sum(map(len, pushed.values()))
    return Held.HELD, f"all {count} messages of {len(pushed)} streams arrived once, in order"


def pushed_by_stream(timeline: Timeline) -> dict[str, list[Key]]:
    """What the origin pushed: (stream, number), one by one or in bursts from first to last."""
    pushed: dict[str, list[Key]] = {}
    for seen in timeline.of("server", "pushed"):
        stream = str(seen.detail["stream"])
        first = int(seen.detail.get("first", seen.detail.get("seq", 0)))
        last = int(seen.detail.get("last", first))
        pushed.setdefault(stream, []).extend((stream, seq) for seq in range(first, last + 1))
    return pushed


def _fault(timeline: Timeline, stream: str, pushed: Sequence[Key]) -> str:
    """What is wrong with a stream's delivery; nothing, if nothing is."""
    tally = timeline.last("page", "tally", stream=stream)
    if tally is not None:
        count, wrong = int(tally.detail["count"]), int(tally.detail["wrong"])
        if (count, wrong) == (len(pushed), 0):
            return ""
        return f"{stream}: {count} of {len(pushed)} counted, {wrong} breaks in the numbering"
    arrived = [
        (stream, int(seen.detail["seq"]))
        for seen in timeline.of("page", "message", stream=stream)
        if seen.detail.get("seq") is not None
    ]
    account = compare(Ledger(published=tuple(sorted(pushed)), received=tuple(arrived)))
    faults = {"lost": account.lost, "twice": account.duplicated, "after a higher number": account.reordered}
    told = ", ".join(f"{name} {spell(keys)}" for name, keys in faults.items() if keys)
    return f"{stream}: {told}" if told else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """A message as the page's code is handed it."""

    text: str
    type: str = "message"
    id: str = ""

    @classmethod
    def of(cls, seen: Observation) -> Dispatched:
        """What an entry of the page's log says; a WebSocket's message has neither type nor id."""
        return cls(
            text=str(seen.detail["text"]),
            type=str(seen.detail.get("type", "message")),
            id=str(seen.detail.get("id", "")),
        )

    def __str__(self) -> str:
        shown = ascii(self.text)
        shown += f" of type {self.type!a}" if self.type != "message" else ""
        return shown + (f" with id {self.id!a}" if self.id else "")


def heard_exactly(
    topic: str, expected: Mapping[str, Iterable[Dispatched] | Iterable[str] | Iterable[Dispatched | str]]
) -> Check:
    """Each stream handed its page these messages and no other; a text alone means the default type and no id.

    `topic` is what the finding is called by: "line endings" becomes `read_as_meant_line_endings`.
    """
    wanted = {
        stream: [one if isinstance(one, Dispatched) else Dispatched(text=one) for one in messages]
        for stream, messages in expected.items()
    }

    def read_as_meant(timeline: Timeline) -> Answer:
        wrong = []
        for stream, meant in wanted.items():
            if timeline.first("page", "opening", stream=stream) is None:
                return Held.UNDECIDED, f"{stream} was never opened"
            got = list(map(Dispatched.of, timeline.of("page", "message", stream=stream)))
            if got != meant:
                wrong.append(f"{stream}: expected {_listed(meant)}; got {_listed(got)}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(wanted)} streams: {'; '.join(wrong)}"
        count = sum(map(len, wanted.values()))
        return Held.HELD, f"{count} messages of {len(wanted)} streams were read as meant"

    read_as_meant.__name__ += "_" + topic.replace(" ", "_")
    return read_as_meant


def _listed(messages: Iterable[Dispatched]) -> str:
    return ", ".join(map(str, messages)) or "nothing"


def failed_the_connection(streams: Iterable[str]) -> Check:
    """Each WebSocket was failed: no message came of it, and it closed uncleanly (RFC 6455, section 7.1.7)."""
    wanted = tuple(streams)

    def connections_were_failed(timeline: Timeline) -> Answer:
        wrong = []
        for stream in wanted:
            if timeline.first("page", "open", stream=stream) is None:
                return Held.UNDECIDED, f"{stream} never opened"
            closed = timeline.first("page", "close", stream=stream)
            heard = timeline.first("page", "message", stream=stream)
            if heard is not None:
                wrong.append(f"{stream} handed on {heard.detail.get('text')!r}")
            elif closed is None:
                wrong.append(f"{stream} stayed open")
            elif closed.detail["clean"]:
                wrong.append(f"{stream} closed cleanly with {closed.detail['code']}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(wanted)} connections: {'; '.join(wrong)}"
        return Held.HELD, f"all {len(wanted)} connections were failed, none handed a message on"

    return connections_were_failed


def bytes_unchanged(timeline: Timeline) -> Answer:
    """The bytes that the origin sent through a stream came out of it, as many and the same, by their Adler-32."""
    sent = timeline.of("server", "bytes-sent")
    if not sent:
        return Held.UNDECIDED, "no bytes were sent"
    wrong = []
    for one in sent:
        told = timeline.last("page", "tally", stream=one.detail["stream"])
        got = (told.detail["bytes"], told.detail["sum"]) if told else (0, 1)
        if got != (one.detail["bytes"], one.detail["sum"]):
            wrong.append(f"{one.detail['bytes']} bytes with Adler-32 {one.detail['sum']} became {got[0]} with {got[1]}")
    if wrong:
        return Held.BROKEN, "; ".join(wrong)
    return Held.HELD, f"{sum(one.detail['bytes'] for one in sent)} bytes arrived unchanged"


def pings_answered(timeline: Timeline) -> Answer:
    """Each ping came back as a pong with the same content (RFC 6455, section 5.5.3), in the order they were sent."""
    sent = [str(seen.detail["content"]) for seen in timeline.of("server", "ping-sent")]
    back = [str(seen.detail["content"]) for seen in timeline.of("server", "pong")]
    if not sent:
        return Held.UNDECIDED, "no ping was sent"
    if sent != back:
        return Held.BROKEN, f"pings {', '.join(sent)}; pongs {', '.join(back) or 'none'}"
    return Held.HELD, f"{len(sent)} pings were answered with their own content"
