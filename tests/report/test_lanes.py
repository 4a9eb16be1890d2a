"""The lane picture: every observation in its source's lane, at its time."""

from __future__ import annotations

import re

from tests.report.factory import timeline
from wirematrix.model import Observation
from wirematrix.report.lanes import LANE_HEIGHT, WIDTH, picture


def seen(at_ms: float, source: str, kind: str) -> Observation:
    """One observation without detail."""
    return Observation(at_ms=at_ms, source=source, kind=kind)


def test_marks_lie_in_lane_and_time() -> None:
    """A mark's x is its share of the time, its y its source's lane; kinds of one meaning share a path."""
    drawn = picture((seen(0, "page", "open"), seen(500, "server", "send"), seen(1000, "page", "error")))
    by_meaning = {strokes.meaning: strokes.d for strokes in drawn.strokes}
    assert by_meaning == {
        "flow": f"M500 {2 * LANE_HEIGHT + 6}v10",
        "begin": "M0 3v16",
        "end": f"M{WIDTH} 1v20",
    }


def test_mended_breaks_are_bands() -> None:
    """From a break to its mending a band lies over all lanes; a break nobody mended is only a mark."""
    mended = (seen(0, "page", "open"), seen(250, "driver", "break"), seen(750, "driver", "mended"))
    assert picture((*mended, seen(1000, "driver", "break"))).breaks == "M250 0H750V88H250z"


def test_marks_at_the_same_place_are_drawn_once() -> None:
    """A thousand messages within a millisecond cost no more than one."""
    burst = tuple(seen(1000 + place / 10_000, "page", "message") for place in range(1000))
    assert len(picture((seen(0, "page", "open"), *burst)).strokes[0].d) < 30


def test_axis_has_few_round_ticks() -> None:
    """Ticks are round times, at most nine, from the left edge to the right."""
    ticks = picture(timeline(60)).ticks
    assert [tick.label for tick in ticks] == [
        "0", "500 ms", "1.0 s", "1.5 s", "2.0 s", "2.5 s", "3.0 s", "3.5 s",
    ]  # fmt: skip
    assert all(0 <= tick.percent <= 100 for tick in ticks)


def test_odd_timelines_are_drawn() -> None:
    """No observation, a single one, one before the clock's zero, one of an unknown source: no trouble."""
    assert picture(()).strokes == ()
    odd = picture((seen(-12.5, "page", "open"), seen(3, "moon", "<svg>"), seen(3, "link", "<kind>")))
    for strokes in odd.strokes:
        assert re.fullmatch(r"(M\d+ \d+v\d+)+", strokes.d)
