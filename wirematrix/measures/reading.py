"""What measures of raw streams read out of a timeline: entries of a stream, requests of a path, their ends."""

from __future__ import annotations

from wirematrix.model import Observation
from wirematrix.timeline import Timeline


def entries(timeline: Timeline, stream: str, *kinds: str) -> tuple[Observation, ...]:
    """What the page wrote down of a stream."""
    return timeline.of("page", *kinds, stream=stream)


def requests(timeline: Timeline, place: str) -> tuple[Observation, ...]:
    """The requests that the origin had for a path, whatever their query."""
    return tuple(
        seen for seen in timeline.of("server", "request") if str(seen.detail["target"]).partition("?")[0] == place
    )


def header(request: Observation, name: str) -> str | None:
    """A header of a request; None without one."""
    wanted = name.lower()
    return next((str(value) for key, value in request.detail["headers"] if str(key).lower() == wanted), None)


def ends(timeline: Timeline, place: str) -> list[tuple[Observation, Observation]]:
    """Each request of a path with the end of its response by the origin, if it had one."""
    found = []
    for asked in requests(timeline, place):
        number = asked.detail["connection"]
        end = timeline.first("server", "end", since_ms=asked.at_ms, connection=number)
        if end is not None:
            found.append((asked, end))
    return found


def gaps_ms(timeline: Timeline, place: str) -> list[float]:
    """From the end of each response of a path to the next request of it: both seen by the origin, on one clock."""
    asked = requests(timeline, place)
    after = dict(zip((one.at_ms for one in asked), asked[1:], strict=False))
    return [after[one.at_ms].at_ms - end.at_ms for one, end in ends(timeline, place) if one.at_ms in after]


def is_over(timeline: Timeline, stream: str) -> bool:
    """Whether the page says that nothing more will come of a stream."""
    return bool(entries(timeline, stream, "over"))
