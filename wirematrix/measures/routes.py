"""Measures of what a real server in between does: what it holds back, when it ends a silent stream, what it hides."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.budgets import Budget
from wirematrix.ledger import is_stream
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped
from wirematrix.model import Observation, Observed
from wirematrix.timeline import Timeline

Which = tuple[object, object]  # epoch and number of a message


def _which(seen: Observation) -> Which:
    return seen.detail.get("epoch"), seen.detail.get("seq")


def _came_at(timeline: Timeline) -> dict[Which, float]:
    """When the page had each update first, in ms."""
    came: dict[Which, float] = {}
    for seen in timeline.of("page", "message", type="update"):
        came.setdefault(_which(seen), seen.at_ms)
    return came


def event_delays_ms(timeline: Timeline, cap: Budget) -> list[float]:
    """Published by the app to seen by the page, for each update in turn; the cap for one that never came."""
    came = _came_at(timeline)
    delays = []
    for said in timeline.of("server", "publish", type="update"):
        at_ms = came.get(_which(said))
        delays += capped(timeline, said.at_ms, cap) if at_ms is None else [max(0.0, at_ms - said.at_ms)]
    return delays


def first_event_delay_ms(*, cap: Budget) -> Measure:
    """How late the first update comes: a route that buffers holds it back."""
    return Measure(
        name="first_event_delay_ms",
        title="the first event, published to seen",
        of=lambda timeline: event_delays_ms(timeline, cap)[:1],
        cap=cap.ms,
    )


def event_delay_ms(*, cap: Budget) -> Measure:
    """How late each update comes, the first one included."""
    return Measure(
        name="event_delay_ms",
        title="each event, published to seen",
        of=lambda timeline: event_delays_ms(timeline, cap),
        cap=cap.ms,
    )


def events_held_back(*, pace_ms: float) -> Measure:
    """How many updates came no sooner than the next one was published; one that never came was held back, too."""
    return Measure(
        name="events_held_back",
        title="events that came only when the next one was due, or never",
        of=lambda timeline: _held_back(timeline, pace_ms),
    )


def _held_back(timeline: Timeline, pace_ms: float) -> Iterable[Observed]:
    came = _came_at(timeline)
    said = timeline.of("server", "publish", type="update")
    if said:
        yield sum(came.get(_which(one), float("inf")) - one.at_ms >= pace_ms for one in said)


def idle_for_ms(*, cap: Budget) -> Measure:
    """The last bytes of the stream to its end, where nobody said anything; the cap, if it never ended."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        opened = timeline.first("page", "open")
        if opened is None:
            return []
        ended = timeline.first("page", "error", "close", since_ms=opened.at_ms)
        until_ms = ended.at_ms if ended else float("inf")
        heard = [seen.at_ms for seen in timeline.of("page", "message", since_ms=opened.at_ms) if seen.at_ms <= until_ms]
        last_ms = max(heard, default=opened.at_ms)
        return [ended.at_ms - last_ms] if ended else capped(timeline, last_ms, cap)

    return Measure(name="idle_for_ms", title="silence until the page is told of an end", of=of, cap=cap.ms)


def idle_ended_by() -> Measure:
    """Who ended a silent stream: the app, the route between, the page; `nobody` if it never ended."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if timeline.first("driver", "watched") is None:
            return []
        near, far = _end_of_stream(timeline, ""), _end_of_stream(timeline, "far-")
        fronts, behinds = (far, near) if _reads_behind(timeline) else (near, far)
        by_app = behinds is not None and behinds.detail["by"] == "server"
        if behinds is not None and by_app and (fronts is None or behinds.at_ms <= fronts.at_ms):
            return ["the app"]
        if fronts is not None:
            return ["the route" if fronts.detail["by"] == "server" else "the page"]
        return ["the route" if behinds is not None else "nobody"]

    return Measure(name="idle_ended_by", title="who ended the silent stream", of=of)


def connections_used() -> Measure:
    """How many TCP connections the page's engine had to the server in between."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        kind = "far-link-open" if _reads_behind(timeline) else "link-open"
        freed = timeline.last("driver", "freed")
        until_ms = freed.at_ms if freed else float("inf")
        return [sum(seen.at_ms <= until_ms for seen in timeline.of("link", kind))]

    return Measure(name="connections_used", title="TCP connections to the server in between", of=of)


def connections_since_reload() -> Measure:
    """How many TCP connections the page's engine opened to the server in between after that was told to reload."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        told = timeline.first("driver", "reload")
        if told is None:
            return []
        kind = "far-link-open" if _reads_behind(timeline) else "link-open"
        return [len(timeline.of("link", kind, since_ms=told.at_ms))]

    return Measure(name="connections_since_reload", title="new TCP connections after the reload", of=of)


def goes_to_its_end(*, stream: str, last: int) -> Measure:
    """Whether a stream that was open at the reload came to its last message before its code was told of an end."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if timeline.first("driver", "reload") is None:
            return []
        came = timeline.first("page", "message", stream=stream, seq=last)
        told = timeline.first("page", "error", "close", stream=stream)
        if came is None:
            return ["cut off" if told else "stays silent"]
        return ["to its end" if told is None or told.at_ms >= came.at_ms else "cut off and resumed"]

    return Measure(name="goes_to_its_end", title="the stream that was open goes on", of=of)


def never_opens_told_ms(*, cap: Budget) -> Measure:
    """The constructor to the first word that nothing opens: what a fallback has to wait for."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began = timeline.first("page", "opening")
        if began is None:
            return []
        told = timeline.first("page", "error", "close", "gave-up", since_ms=began.at_ms)
        return [told.at_ms - began.at_ms] if told else capped(timeline, began.at_ms, cap)

    return Measure(
        name="never_opens_told_ms", title="constructor to the first word that it does not open", of=of, cap=cap.ms
    )


def never_opens_as() -> Measure:
    """What script is told of a stream that does not open."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if timeline.first("page", "open"):
            return ["it opens"]
        told = timeline.last("page", "over") or timeline.last("page", "close", "error")
        return [str(told.detail.get("because") or f"code {told.detail.get('code')}")] if told else []

    return Measure(name="never_opens_as", title="what script is told of it", of=of)


def _end_of_stream(timeline: Timeline, prefix: str) -> Observation | None:
    """How the link of the first stream ended, told by one of the two proxies; not if our own proxy did it."""
    asked = next(
        (seen for seen in timeline.of("link", f"{prefix}request") if is_stream(str(seen.detail["target"]))), None
    )
    if asked is None:
        return None
    end = timeline.first("link", f"{prefix}link-end", link=asked.detail["link"])
    watched = timeline.last("driver", "watched")
    after = end is not None and watched is not None and end.at_ms > watched.at_ms  # the attempt's own end
    return None if end is None or after or end.detail["by"] == "proxy" else end


def _reads_behind(timeline: Timeline) -> bool:
    """Whether the proxy that reads is the one between route and app."""
    route = timeline.first("driver", "route")
    return route is not None and route.detail["reads"] == "behind"
