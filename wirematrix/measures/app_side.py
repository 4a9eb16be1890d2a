"""Measures of an app behind something: how late its answer's head comes, what is said in its place, when it learns."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped
from wirematrix.model import Observed
from wirematrix.timeline import Timeline


def head_wait_ms(*, cap: Budget) -> Measure:
    """From opening to `open`, which comes with the answer's head; the cap, if it did not come for that long."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, opened = timeline.first("page", "opening"), timeline.first("page", "open")
        if began is None:
            return []
        return [opened.at_ms - began.at_ms] if opened else capped(timeline, began.at_ms, cap)

    return Measure(name="head_wait_ms", title="opening to open", of=of, cap=cap.ms)


def head_comes_with(*, quiet_ms: float) -> Measure:
    """Whether `open` came while the app had not yet said its first message, which it held back for `quiet_ms`."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, opened = timeline.first("page", "opening"), timeline.first("page", "open")
        if began is None:
            return []
        if opened is None:
            return ["neither"]
        return ["the head" if opened.at_ms - began.at_ms < quiet_ms / 2 else "the first message"]

    return Measure(name="head_comes_with", title="open comes with", of=of)


def app_learns_ms(*, cap: Budget) -> Measure:
    """From the page's leaving to the app's knowledge that its subscriber has gone; the cap, if it never learned."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        left = timeline.first("driver", "left")
        if left is None:
            return []
        gone = timeline.first("server", "gone", since_ms=left.at_ms)
        return [gone.at_ms - left.at_ms] if gone else capped(timeline, left.at_ms, cap)

    return Measure(name="app_learns_ms", title="until the app knows that the page has left", of=of, cap=cap.ms)


def app_stops_ms() -> Measure:
    """From SIGTERM to the end of the app's process, with streams open."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        told, ended = timeline.first("driver", "break"), timeline.first("driver", "app-ended")
        return [ended.at_ms - told.at_ms] if told and ended else []

    return Measure(name="app_stops_ms", title="SIGTERM to the end of the app", of=of)


def answered_with() -> Measure:
    """The error statuses that went to the page from the break on, in their order: each once, "none" without any."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        broke = timeline.first("driver", "break")
        if broke is None:
            return []
        said = [str(seen.detail["status"]) for seen in timeline.of("link", "answer", since_ms=broke.at_ms)]
        return [", ".join(dict.fromkeys(said)) or "none"]

    return Measure(name="answered_with", title="error statuses on the wire", of=of)


def back_as() -> Measure:
    """What becomes of the page's stream after the break: "open", "over", or it "waits"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        broke = timeline.first("driver", "break")
        if broke is None:
            return []
        if timeline.first("page", "open", since_ms=broke.at_ms):
            return ["open"]
        return ["over" if timeline.first("page", "over", since_ms=broke.at_ms) else "waits"]

    return Measure(name="back_as", title="what becomes of the stream", of=of)
