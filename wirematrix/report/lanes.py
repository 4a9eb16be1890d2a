"""The lane picture of a timeline: one lane per source, one clock, marks by what they mean.

Geometry only. x runs from 0 to WIDTH over the attempt's observed time, y in units of one pixel; marks of
one meaning in one lane share one SVG stroke list, so that a picture stays below a kilobyte or two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.model import Observation
from wirematrix.report.figures import duration
from wirematrix.timeline import SOURCES

WIDTH: Final = 1000
LANE_HEIGHT: Final = 22
AXIS_HEIGHT: Final = 16
TICKS_AT_MOST: Final = 8

# What an observation's kind means to a reader; any kind not named here is a "note".
MEANINGS: Final = {
    "flow": ("message", "send", "publish", "published", "passed", "uplink", "sent", "folded"),
    "begin": ("open", "opening", "link-open", "accept", "listening", "request", "mended", "healed", "wake"),
    "end": (
        "error", "close", "gone", "refuse", "break", "silence", "left", "over", "gave-up", "status",
        "send-failed", "stopping", "stopped", "uncaught", "link-end", "fault", "discarded",
    ),
}  # fmt: skip
MEANING_OF: Final = {kind: meaning for meaning, kinds in MEANINGS.items() for kind in kinds}
MARK_HEIGHTS: Final = {"note": 6, "flow": 10, "begin": 16, "end": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """All marks of one meaning, as the `d` of an SVG path."""

    meaning: str
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled time on the axis, as a share of the width."""

    percent: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Lanes from top to bottom and the ticks below them."""

    lanes: tuple[str, ...]
    breaks: str  # the `d` of bands over all lanes: where the network was broken until it was mended
    strokes: tuple[Strokes, ...]
    ticks: tuple[Tick, ...]

    @property
    def height(self) -> int:
        """Height of all lanes, without the axis."""
        return LANE_HEIGHT * len(self.lanes)


def picture(timeline: Sequence[Observation]) -> Picture:
    """Draw a timeline; one without observations has lanes and no marks."""
    begin_ms = min((0.0, *(seen.at_ms for seen in timeline)))
    end_ms = max((begin_ms + 1, *(seen.at_ms for seen in timeline)))
    marks: dict[str, dict[tuple[int, int], None]] = {}
    for seen in timeline:
        x = round((seen.at_ms - begin_ms) / (end_ms - begin_ms) * WIDTH)
        if seen.source in SOURCES:
            meaning = MEANING_OF.get(seen.kind, "note")
            marks.setdefault(meaning, {})[x, SOURCES.index(seen.source)] = None
    return Picture(
        lanes=SOURCES,
        breaks=_bands(timeline, lambda at_ms: round((at_ms - begin_ms) / (end_ms - begin_ms) * WIDTH)),
        strokes=tuple(
            Strokes(meaning=meaning, d=_strokes(marks[meaning], MARK_HEIGHTS[meaning]))
            for meaning in MARK_HEIGHTS
            if meaning in marks
        ),
        ticks=_ticks(begin_ms, end_ms),
    )


def _strokes(places: Iterable[tuple[int, int]], height: int) -> str:
    top = (LANE_HEIGHT - height) // 2
    return "".join(f"M{x} {lane * LANE_HEIGHT + top}v{height}" for x, lane in places)


def _bands(timeline: Sequence[Observation], x_of: Callable[[float], int]) -> str:
    """A break that was mended lasts; one that was not is a moment, which its own mark shows."""
    bands, broken_ms = "", None
    for seen in timeline:
        if seen.source == "driver" and seen.kind == "break":
            broken_ms = seen.at_ms
        elif seen.source == "driver" and seen.kind == "mended" and broken_ms is not None:
            bands += f"M{x_of(broken_ms)} 0H{x_of(seen.at_ms)}V{LANE_HEIGHT * len(SOURCES)}H{x_of(broken_ms)}z"
            broken_ms = None
    return bands


def _ticks(begin_ms: float, end_ms: float) -> tuple[Tick, ...]:
    step_ms = 1.0
    while (end_ms - begin_ms) / step_ms > TICKS_AT_MOST:
        step_ms *= 2.5 if f"{step_ms:e}".startswith("2") else 2
    first = int(-(-begin_ms // step_ms))
    return tuple(
        Tick(
            percent=round((number * step_ms - begin_ms) / (end_ms - begin_ms) * 100, 1),
            label=duration(number * step_ms) if number else "0",
        )
        for number in range(first, int(end_ms // step_ms) + 1)
    )
