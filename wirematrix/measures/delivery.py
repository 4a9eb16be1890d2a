"""Measures of delivery: how late messages are, how fast they come, what a big one costs the page.

All compare what the origin wrote down as it pushed (`pushed`, `pushing`) with what the page wrote down as its code was
called (`message`, `tally`), by the stream's name, which is the path without its slash.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries
from wirematrix.measures.streams import STREAM, named, titled
from wirematrix.metrics import percentile
from wirematrix.model import Observation, Observed
from wirematrix.timeline import Timeline


def delays_ms(timeline: Timeline, stream: str) -> list[float]:
    """From the origin's push of each message to the page's code, in the order of the numbers."""
    arrived = {seen.detail.get("seq"): seen.at_ms for seen in entries(timeline, stream, "message")}
    return [
        max(0.0, arrived[seen.detail["seq"]] - seen.at_ms)
        for seen in timeline.of("server", "pushed", stream=stream)
        if seen.detail.get("seq") in arrived
    ]


def delay_ms(about: str = "", *, stream: str = STREAM, share: int | None = None) -> Measure:
    """One-way latency: of each message, or with `share` the one percentile of them."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        delays = delays_ms(timeline, stream)
        if share is None:
            return delays
        value = percentile(delays, share)
        return [] if value is None else [value]

    what = "delay" if share is None else f"delay_p{share}"
    title = "delay of each message" if share is None else f"delay of a message, p{share}"
    return Measure(name=named(what, about, "ms"), title=titled(about, title), of=of)


def delay_over_all_ms(about: str, streams: Iterable[str], *, share: int) -> Measure:
    """One-way latency of several subscribers of one page: the one percentile over all messages of all of them."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        delays = [delays_ms(timeline, stream) for stream in wanted]
        value = percentile([one for own in delays for one in own], share)
        return [value] if value is not None and all(delays) else []  # a silent subscriber is no record

    title = f"delay of a message to any of {len(wanted)} subscribers, p{share}"
    return Measure(name=named(f"delay_of_{len(wanted)}_p{share}", about, "ms"), title=titled(about, title), of=of)


def longest_delay_ms(about: str = "", *, stream: str = STREAM) -> Measure:
    """The latest message's lateness."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        delays = delays_ms(timeline, stream)
        return [max(delays)] if delays else []

    return Measure(name=named("longest_delay", about, "ms"), title=titled(about, "longest delay of a message"), of=of)


def comes(about: str = "", *, stream: str = STREAM, every_ms: float) -> Measure:
    """Whether messages that were sent some time apart come "one by one", or are "held back" until later ones are sent.

    By the median delay against the time between two of them.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        delays = delays_ms(timeline, stream)
        if not delays:
            return []
        return ["one by one" if median(delays) < every_ms else "held back"]

    return Measure(name=named("comes", about), title=titled(about, "messages come"), of=of)


def lost_at_first(about: str = "", *, stream: str = STREAM) -> Measure:
    """How many of the messages pushed before the first one that the page heard were never heard."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        pushed = timeline.of("server", "pushed", stream=stream)
        heard = [int(seen.detail["seq"]) for seen in entries(timeline, stream, "message")]
        return [min(heard) - 1] if pushed and heard else []

    return Measure(name=named("lost", about), title=titled(about, "messages lost before the listener"), of=of)


def backlog_ms(about: str = "", *, stream: str = STREAM) -> Measure:
    """From the end of a block of the main thread until the page has been handed all that was pushed before that end."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        blocked = timeline.first("page", "blocked")
        if blocked is None:
            return []
        overdue = {
            seen.detail["seq"] for seen in timeline.of("server", "pushed", stream=stream) if seen.at_ms < blocked.at_ms
        }
        handled = [seen.at_ms for seen in entries(timeline, stream, "message") if seen.detail.get("seq") in overdue]
        return [max(0.0, max(handled) - blocked.at_ms)] if handled else []

    return Measure(
        name=named("backlog", about, "ms"), title=titled(about, "backlog handled after the main thread was free"), of=of
    )


def thread_block_ms(about: str = "", *, stream: str = STREAM) -> Measure:
    """The longest time that the main thread kept a timer waiting meanwhile; a chain of timers alone takes 4 ms."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [float(seen.detail["longest_ms"]) for seen in entries(timeline, stream, "thread")]

    return Measure(name=named("block", about, "ms"), title=titled(about, "longest block of the main thread"), of=of)


def messages_each_second(about: str = "", *, stream: str = STREAM) -> Measure:
    """Messages handed to the page's code per second, from the first to the last."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        told = _tally(timeline, stream)
        if told is None:
            return []
        took_ms = float(told.detail["first_ago_ms"]) - float(told.detail["last_ago_ms"])
        return [round((int(told.detail["count"]) - 1) / took_ms * 1000)] if took_ms else []

    return Measure(name=named("messages_each_second", about), title=titled(about, "messages per second"), of=of)


def longest_gap_ms(about: str = "", *, stream: str = STREAM) -> Measure:
    """The longest time between two messages of a burst in the page's code."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        told = _tally(timeline, stream)
        return [float(told.detail["gap_ms"])] if told else []

    return Measure(name=named("longest_gap", about, "ms"), title=titled(about, "longest gap between two"), of=of)


def all_taken_ms(about: str = "", *, stream: str = STREAM) -> Measure:
    """From the first byte that the origin wrote to the call of the page's code with the last message."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, told = timeline.first("server", "pushing", stream=stream), _tally(timeline, stream)
        return [told.at_ms - float(told.detail["last_ago_ms"]) - began.at_ms] if began and told else []

    return Measure(name=named("all_taken", about, "ms"), title=titled(about, "first byte sent to last message"), of=of)


def on_the_wire_percent(about: str = "", *, stream: str = STREAM) -> Measure:
    """What bytes took on the wire, as a percentage of themselves; chunks', TCP's and TLS's own shares left out."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [
            100 * int(seen.detail["wire_bytes"]) / int(seen.detail["bytes"])
            for seen in timeline.of("server", "bytes-sent", stream=stream)
        ]

    return Measure(name=named("on_the_wire", about, "percent"), title=titled(about, "bytes on the wire"), of=of)


def _tally(timeline: Timeline, stream: str) -> Observation | None:
    """What a stream that tallies said at last, if it has heard anything."""
    told = timeline.last("page", "tally", stream=stream)
    return told if told is not None and told.detail["count"] else None
