"""Measures of documents that come and go: what the server sees of it, and how soon."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped, partings
from wirematrix.model import Observed
from wirematrix.timeline import Timeline


def server_knows_ms(*, after: str = "left", cap: Budget | None = None) -> Measure:
    """From the driver's observation to the peer's end of the connection, or its close frame if that comes first."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began = timeline.first("driver", after)
        if began is None:
            return []
        signs = [seen.at_ms - began.at_ms for seen in partings(timeline) if seen.at_ms >= began.at_ms]
        return signs[:1] or capped(timeline, began.at_ms, cap)

    return Measure(
        name="server_knows_ms",
        title="until the server can know",
        of=of,
        cap=cap.ms if cap else None,
    )


def server_sees() -> Measure:
    """What the server saw first of the end: a close frame with its code, a FIN, a RST, or nothing."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        signs = partings(timeline)
        if not signs:
            return ["nothing"]
        first = signs[0].detail
        return [str(first["how"]).upper() if "how" in first else f"close frame {first.get('code')}"]

    return Measure(name="server_sees", title="what the server sees of it", of=of)


def most_at_once() -> Measure:
    """The most streams of the page that were open at once, as the server saw their requests and ends."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        live: set[object] = set()
        most = 0
        steps = [*timeline.of("server", "request"), *partings(timeline)]
        for seen in sorted(steps, key=lambda step: step.at_ms):
            if seen.kind == "request":
                live.add(seen.detail["connection"])
            else:
                live.discard(seen.detail["connection"])
            most = max(most, len(live))
        return [most]

    return Measure(name="most_at_once", title="streams open at once at the server", of=of)


def errors_before_leaving() -> Measure:
    """How many error and close events the leaving documents' code was given, one number for each reload."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [int(seen.detail["count"]) for seen in timeline.of("page", "errors-in-leaving")]

    return Measure(name="errors_before_leaving", title="error and close events while leaving", of=of)
