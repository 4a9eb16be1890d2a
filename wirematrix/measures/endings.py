"""Measures of ends: how long they take, what becomes of what is sent into them, which causes script can tell apart."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped, entries
from wirematrix.measures.streams import STREAM, named, titled
from wirematrix.model import Observed
from wirematrix.timeline import Timeline


def close_timeout_ms(*, cap: Budget, stream: str = STREAM) -> Measure:
    """From the page's close() to its `close` event, where the server never answers the close frame.

    RFC 6455, section 7.1.1, lets the client wait; without the event until the cap, the cap is what was observed.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        closing, closed = entries(timeline, stream, "closing"), entries(timeline, stream, "close")
        if not closing:
            return []
        if not closed:
            return capped(timeline, closing[0].at_ms, cap)
        return [closed[0].at_ms - closing[0].at_ms]

    return Measure(name="close_timeout_ms", title="close() to the close event, unanswered", of=of, cap=cap.ms)


def told_after_ms(kind: str, *, cap: Budget, stream: str = STREAM) -> Measure:
    """From an observation of the origin to the page's `close` event; the cap, if it never came."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, closed = timeline.first("server", kind), entries(timeline, stream, "close")
        if began is None:
            return []
        return [max(0.0, closed[0].at_ms - began.at_ms)] if closed else capped(timeline, began.at_ms, cap)

    return Measure(name=named("told_after", kind, "ms"), title=f"{kind} to the page's close event", of=of, cap=cap.ms)


def tcp_ended_after_ms(kind: str, *, cap: Budget) -> Measure:
    """From an observation of the origin to the engine's end of the TCP connection; the cap, if it never came."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, ended = timeline.first("server", kind), timeline.first("server", "peer-end")
        if began is None:
            return []
        return [max(0.0, ended.at_ms - began.at_ms)] if ended else capped(timeline, began.at_ms, cap)

    return Measure(
        name=named("tcp_ended_after", kind, "ms"),
        title=f"{kind} to the engine's end of the TCP connection",
        of=of,
        cap=cap.ms,
    )


def sending(about: str, turn: int, *, stream: str = STREAM) -> Measure:
    """What became of the `turn`-th send: an exception, or nothing said, and how `bufferedAmount` grew."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        tries = entries(timeline, stream, "sent", "send-failed")
        if len(tries) < turn:
            return []
        mine = tries[turn - 1]
        if mine.kind == "send-failed":
            return [f"throws {str(mine.detail['because']).partition(':')[0]}"]
        before = tries[turn - 2].detail.get("buffered", 0) if turn > 1 else 0
        grew = "bufferedAmount grows" if mine.detail["buffered"] > before else "bufferedAmount stays"
        return [f"no exception, {grew}, {mine.detail['state']}"]

    return Measure(name=named("send", about), title=titled(about, "send()"), of=of)


def causes_told_apart(streams: Iterable[str]) -> Measure:
    """How many of several failures left different traces in what script was given; each stream is one cause."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        traces = [
            tuple(
                (seen.kind, *(seen.detail.get(key) for key in ("state", "status", "code", "clean", "because")))
                for seen in entries(timeline, stream, "open", "error", "close")
            )
            for stream in wanted
        ]
        return [len(set(traces))] if all(traces) else []

    return Measure(name="causes_told_apart", title=f"of {len(wanted)} causes of failure, told apart by script", of=of)
