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
    """From the end of each response of a path to the next request of it: both seen by the origin, on one clock."""
    asked = requests(timeline, place)
    after = dict(zip((one.at_ms for one in asked), asked[1:], strict=False))
    return [after[one.at_ms].at_ms - end.at_ms for one, end in ends(timeline, place) if one.at_ms in after]


def is_over(timeline: Timeline, stream: str) -> bool:
    """Whether the page says that nothing more will come of a stream."""
    return bool(entries(timeline, stream, "over"))
