"""Measures of coming back: delays, hidden repeats, tries without a pause, and many at one instant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped, ends, entries, gaps_ms, requests
from wirematrix.measures.streams import PLACE, STREAM, named, titled
from wirematrix.metrics import first_sign
from wirematrix.model import Observed
from wirematrix.timeline import Timeline

BIN_MS: Final = 100.0


def reconnect_delay_ms(
    about: str = "",
    *,
    places: Iterable[str] = (PLACE,),
    least: int = 1,
    turn: int | None = None,
    cap: Budget | None = None,
) -> Measure:
    """From the end of a response to the next request of the same path, as the origin saw both, on one clock.

    `turn` takes only the n-th of each path. With a `cap` a path that was not asked for again within it counts as that.
    """
    wanted = tuple(places)

    def of(timeline: Timeline) -> Iterable[Observed]:
        for place in wanted:
            gaps = gaps_ms(timeline, place)
            ended = ends(timeline, place)
            if not gaps and ended:
                yield from capped(timeline, ended[-1][1].at_ms, cap)
            yield from gaps if turn is None else gaps[turn - 1 : turn]

    return Measure(
        name=named("reconnect_delay", about, "ms"),
        title=titled(about, "reconnect delay"),
        of=of,
        least=least,
        cap=cap.ms if cap else None,
    )


def break_noticed_ms(*, cap: Budget) -> Measure:
    """From the break of the network to the page's first sign of it; the cap, if there was none."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        broken = timeline.first("driver", "break")
        if broken is None:
            return []
        sign = first_sign(timeline, broken)
        return [max(0.0, sign.at_ms - broken.at_ms)] if sign else capped(timeline, broken.at_ms, cap)

    return Measure(name="break_noticed_ms", title="the break to the page's first sign of it", of=of, cap=cap.ms)


def silent_repeats(about: str, *, stream: str = STREAM, place: str = PLACE) -> Measure:
    """Requests that the origin had and the page was told nothing of.

    Every `open`, and every `error` of an EventSource, is the page's word of one request; an engine that repeats a
    request which died before an answer says nothing.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        told = 0
        before = "error"
        for seen in entries(timeline, stream, "open", "error"):
            told += seen.kind == "open" or before == "error"  # an error behind an `open` is that stream's own end
            before = seen.kind
        return [len(requests(timeline, place)) - told]

    return Measure(name=named("silent_repeats", about), title=titled(about, "requests the page is not told of"), of=of)


def preflights(about: str, *, place: str = PLACE) -> Measure:
    """How many preflights the origin had for a path."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        seen = timeline.of("server", "preflight")
        return [sum(str(one.detail["target"]).partition("?")[0] == place for one in seen)]

    return Measure(name=named("preflights", about), title=titled(about, "preflights"), of=of)


def try_duration_ms(about: str, *, turn: int, cap: Budget | None = None) -> Measure:
    """From the constructor to the close event of the n-th WebSocket of a row that all failed."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        made = timeline.of("page", "tried", turn=turn)
        if not made and cap is not None:
            return [cap.ms]
        return [float(seen.detail["took_ms"]) for seen in made]

    return Measure(
        name=named("try", about, "ms"),
        title=titled(about, "constructor to close event"),
        of=of,
        cap=cap.ms if cap else None,
    )


def tries_total_ms(count: int, *, cap: Budget) -> Measure:
    """How long a row of WebSockets took that all failed, each made when the one before had."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        made = timeline.of("page", "tried")
        return [sum(float(seen.detail["took_ms"]) for seen in made) if len(made) >= count else cap.ms]

    return Measure(name="tries_total_ms", title=f"{count} failed WebSockets in a row, together", of=of, cap=cap.ms)


def storm_begins_ms() -> Measure:
    """From the cut to the first request that followed."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return returns_ms(timeline)[:1]

    return Measure(name="storm_begins_ms", title="the cut to the first that is back", of=of)


def storm_spread_ms(count: int) -> Measure:
    """From the first to the last of the requests that followed the cut."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        back = returns_ms(timeline)
        return [back[count - 1] - back[0]] if len(back) >= count else []

    return Measure(name="storm_spread_ms", title=f"the first to the last of {count} that is back", of=of)


def storm_peak_percent(count: int) -> Measure:
    """The share of all returns that came within the busiest 100 ms (any 100 ms, not those of a fixed raster)."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        back = returns_ms(timeline)
        if len(back) < count:
            return []
        busiest = max(sum(begin <= other < begin + BIN_MS for other in back) for begin in back)
        return [100 * busiest / len(back)]

    return Measure(name="storm_peak_percent", title=f"of {count} returns, in the busiest 100 ms", of=of)


def returns_ms(timeline: Timeline) -> list[float]:
    """When the requests after the cut came, in ms after it."""
    cut = timeline.first("driver", "cut")
    if cut is None:
        return []
    return [seen.at_ms - cut.at_ms for seen in timeline.of("server", "request", since_ms=cut.at_ms)]
