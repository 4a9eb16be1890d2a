"""Measures of limits: how many streams open, who waits behind them, who feels that a page or a server is slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries, requests
from wirematrix.measures.streams import PLACE, STREAM, named, titled
from wirematrix.model import Observed
from wirematrix.timeline import Timeline

MIB: Final = 1 << 20


def freed_ms(timeline: Timeline) -> float:
    """When the driver began to close the streams; never, if it did not."""
    freed = timeline.first("driver", "freed")
    return freed.at_ms if freed else float("inf")


def open_at_once(about: str = "", *, streams: Iterable[str]) -> Measure:
    """How many of some streams had opened before the driver began to close them."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        if not any(entries(timeline, stream, "opening") for stream in wanted):
            return []
        opened = [entries(timeline, stream, "open") for stream in wanted]
        freed_at_ms = freed_ms(timeline)
        return [sum(1 for seen in opened if seen and seen[0].at_ms < freed_at_ms)]

    return Measure(name=named("open_at_once", about), title=titled(about, f"of {len(wanted)} streams, open"), of=of)


def told_while_waiting(about: str = "", *, streams: Iterable[str]) -> Measure:
    """What the page heard of the streams that had not opened when the driver began to close them."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        freed_at_ms = freed_ms(timeline)
        waiting = [
            stream
            for stream in wanted
            if entries(timeline, stream, "opening")
            and not any(seen.at_ms < freed_at_ms for seen in entries(timeline, stream, "open"))
        ]
        heard = {
            seen.kind
            for stream in waiting
            for seen in entries(timeline, stream, "error", "close", "message")
            if seen.at_ms < freed_at_ms
        }
        return [", ".join(sorted(heard)) or "nothing"] if waiting else ["none waits"]

    return Measure(name=named("told_waiting", about), title=titled(about, "page hears of those that wait"), of=of)


def gets_through(about: str, *, call: str) -> Measure:
    """Whether a call was answered "beside the streams", "when streams are closed", or "never"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        answers = timeline.of("page", "fetched", name=call)
        if not answers or answers[0].detail.get("status") is None:
            return ["never"]
        return ["beside the streams" if answers[0].at_ms < freed_ms(timeline) else "when streams are closed"]

    return Measure(name=named("answered", about), title=titled(about, "answered"), of=of)


def call_ms(about: str, *, call: str, cap: Budget) -> Measure:
    """How long a call waited for its answer, not longer than until the streams were closed."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        answers = timeline.of("page", "fetched", name=call)
        if not answers:
            return []
        held = answers[0].at_ms >= freed_ms(timeline) or answers[0].detail.get("status") is None
        return [cap.unscaled_ms if held else float(answers[0].detail["took_ms"])]

    return Measure(name=named("call", about, "ms"), title=titled(about, "waits"), of=of, cap=cap.unscaled_ms)


def opens_beside(about: str, *, stream: str) -> Measure:
    """Whether a stream opened "beside the streams", "when streams are closed", or "never"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        opened = entries(timeline, stream, "open")
        if not opened:
            return ["never"]
        return ["beside the streams" if opened[0].at_ms < freed_ms(timeline) else "when streams are closed"]

    return Measure(name=named("opens", about), title=titled(about, "opens"), of=of)


def handshakes_at_once(about: str = "", *, place: str = PLACE) -> Measure:
    """The most handshakes of a path that the origin had asked for and not yet answered at one time."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        asked = requests(timeline, place)
        steps: list[tuple[float, int]] = []
        for one in asked:
            answer = timeline.first("server", "respond", connection=one.detail["connection"])
            steps.append((one.at_ms, 1))
            if answer is not None:
                steps.append((answer.at_ms, -1))
        most = running = 0
        for _, step in sorted(steps):
            running += step
            most = max(most, running)
        return [most] if asked else []

    return Measure(name=named("handshakes_at_once", about), title=titled(about, "handshakes at one time"), of=of)


def opens_before(about: str, *, stream: str, others: Iterable[str]) -> Measure:
    """Whether a stream that was opened last had opened "before the others" or "behind them"."""
    wanted = tuple(others)

    def of(timeline: Timeline) -> Iterable[Observed]:
        opened = [seen.at_ms for one in wanted for seen in entries(timeline, one, "open")[:1]]
        mine = entries(timeline, stream, "open")
        if not (opened and mine):
            return []
        return ["before the others" if mine[0].at_ms < max(opened) else "behind them"]

    return Measure(name=named("opens", about), title=titled(about, "opens"), of=of)


def all_open_ms(about: str = "", *, streams: Iterable[str]) -> Measure:
    """From the first constructor to the last `open` of some streams; nothing, if one never opened."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        began = [seen.at_ms for stream in wanted for seen in entries(timeline, stream, "opening")[:1]]
        opened = [seen.at_ms for stream in wanted for seen in entries(timeline, stream, "open")[:1]]
        return [max(opened) - min(began)] if len(opened) == len(wanted) else []

    return Measure(name=named("all_open", about, "ms"), title=titled(about, f"all {len(wanted)} open after"), of=of)


def taken_mib(about: str = "", *, stream: str, cap_mib: float) -> Measure:
    """How much had left the origin for a page that reads nothing, until it was watched long enough or all had left.

    What the kernels of both sides keep is in it.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        if timeline.first("server", "flooded", stream=stream):
            return [cap_mib]
        taken = timeline.of("server", "taken", stream=stream)
        return [int(taken[-1].detail["bytes"]) / MIB] if taken else []

    return Measure(name=named("taken", about, "mib"), title=titled(about, "taken from the server"), of=of, cap=cap_mib)


def held_back(about: str = "", *, stream: str) -> Measure:
    """Whether a server that floods a page that reads nothing feels it: "held back", or it gets rid of everything."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if not timeline.of("server", "taken", stream=stream):
            return []
        return ["gets rid of all" if timeline.first("server", "flooded", stream=stream) else "held back"]

    return Measure(name=named("server", about), title=titled(about, "the server is"), of=of)


def taken_ahead_mib(about: str = "", *, stream: str, each: int, cap_mib: float) -> Measure:
    """The most that had left the origin and had not reached the page's code: messages of `each` characters."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        handled = [seen.at_ms for seen in entries(timeline, stream, "message")]
        ahead = [
            (int(seen.detail["bytes"]) - each * sum(1 for at_ms in handled if at_ms <= seen.at_ms)) / MIB
            for seen in timeline.of("server", "taken", stream=stream)
        ]
        return [max(0.0, *ahead)] if ahead and handled else []

    return Measure(
        name=named("taken_ahead", about, "mib"), title=titled(about, "taken ahead of the page"), of=of, cap=cap_mib
    )


def handed_over_ms(about: str = "", *, stream: str) -> Measure:
    """How long a flood kept the origin writing: from the first push until the last piece was taken off its hands."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        pushed = timeline.first("server", "pushed", stream=stream)
        taken = timeline.last("server", "taken", stream=stream)
        return [taken.at_ms - pushed.at_ms] if pushed and taken else []

    return Measure(name=named("handed_over", about, "ms"), title=titled(about, "server has written all after"), of=of)


def buffered_mib(about: str, turn: int, *, stream: str = STREAM) -> Measure:
    """`bufferedAmount` of a WebSocket, the `turn`-th time it was written down: by a send, or when asked."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        seen = entries(timeline, stream, "sent", "buffered")
        if len(seen) < turn:
            return []
        return [int(seen[turn - 1].detail["buffered" if seen[turn - 1].kind == "sent" else "bytes"]) / MIB]

    return Measure(name=named("buffered", about, "mib"), title=titled(about, "bufferedAmount"), of=of)


def uplink_arrives(about: str = "", *, stream: str = STREAM, times: int) -> Measure:
    """What became of messages of the page that the server did not read for a while."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        arrived = len(timeline.of("server", "frame", name="binary"))
        closed = entries(timeline, stream, "close")
        if closed:
            return [f"closed with {closed[0].detail['code']}"]
        return ["all arrive" if arrived == times else f"{arrived} of {times} arrive"]

    return Measure(name=named("uplink", about), title=titled(about, "what the page has sent"), of=of)
