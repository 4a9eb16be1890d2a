"""What measures of raw streams read out of a timeline: entries of a stream, requests of a path, their ends."""

from __future__ import annotations

from typing import Final

from wirematrix.budgets import Budget
from wirematrix.model import Observation
from wirematrix.timeline import CLOCK_SLACK_MS, Timeline

WAITED_SHARE: Final = 0.98  # of a cap: a wait begins a little before or after what it is counted from


def entries(timeline: Timeline, stream: str, *kinds: str) -> tuple[Observation, ...]:
    """What the page wrote down of a stream."""
    return timeline.of("page", *kinds, stream=stream)


def place_of(request: Observation) -> str:
    """The path of a request, without its query."""
    return str(request.detail["target"]).partition("?")[0]


def requests(timeline: Timeline, place: str) -> tuple[Observation, ...]:
    """The requests that the origin had for a path, whatever their query."""
    return tuple(seen for seen in timeline.of("server", "request") if place_of(seen) == place)


def header(request: Observation, name: str) -> str | None:
    """A header of a request; None without one."""
    wanted = name.lower()
    return next((str(value) for key, value in request.detail["headers"] if str(key).lower() == wanted), None)


def ends(timeline: Timeline, place: str) -> list[tuple[Observation, Observation]]:
    """Each request of a path with the origin's end of what it was answered with, if there was one.

    The end is the first that the origin did to its connection before the next request on it: for a WebSocket the close
    frame, else the last of the response, FIN or RST.
    """
    found = []
    asking: dict[object, Observation] = {}
    for seen in timeline.of("server", "request", "close-sent", "end"):
        number = seen.detail["connection"]
        if seen.kind == "request":
            asking[number] = seen
        elif (asked := asking.pop(number, None)) is not None and place_of(asked) == place:
            found.append((asked, seen))
    return found


def next_request(timeline: Timeline, asked: Observation) -> Observation | None:
    """The request of the same path that followed, or None."""
    later = iter(requests(timeline, place_of(asked)))
    return next((next(later, None) for one in later if one is asked), None)


def partings(timeline: Timeline) -> tuple[Observation, ...]:
    """The first sign of the peer's leaving on each connection that had a request: its close frame, its FIN or RST.

    Connections that engines open in advance and never use are none of a page's doing.
    """
    asked = {seen.detail["connection"] for seen in timeline.of("server", "request")}
    signs: dict[object, Observation] = {}
    for seen in timeline.of("server", "peer-end", "frame"):
        number = seen.detail["connection"]
        if number in asked and (seen.kind == "peer-end" or seen.detail.get("name") == "close"):
            signs.setdefault(number, seen)
    return tuple(signs.values())


def gaps_ms(timeline: Timeline, place: str) -> list[float]:
    """From the end of each response of a path to the next request of it: both seen by the origin, on one clock.

    A request that came before the end of the one before is another stream's, and no gap.
    """
    pairs = [(end, next_request(timeline, asked)) for asked, end in ends(timeline, place)]
    return [later.at_ms - end.at_ms for end, later in pairs if later is not None and later.at_ms >= end.at_ms]


def slack_ms(timeline: Timeline) -> float:
    """How much the page's clock and the driver's may differ in this attempt."""
    clock = timeline.last("driver", "clock")
    return max(CLOCK_SLACK_MS, float(clock.detail["uncertainty_ms"]) if clock else 0.0)


def capped(timeline: Timeline, since_ms: float, cap: Budget | None) -> list[float]:
    """The cap, where the attempt went on for that long after an instant without what was waited for; else nothing."""
    last_ms = max((seen.at_ms for seen in timeline), default=0.0)
    return [cap.ms] if cap is not None and last_ms - since_ms >= WAITED_SHARE * cap.ms else []


def is_over(timeline: Timeline, stream: str) -> bool:
    """Whether the page says that nothing more will come of a stream."""
    return bool(entries(timeline, stream, "over"))
