"""The page's clock on the attempt's clock: inside every round trip, sharper with each, exact where clocks agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import steady
from wirematrix.pageclock import PageClock

FINE_MS: Final = 1e-3  # more than float arithmetic on these numbers can be wrong

truths = st.floats(-10_000, 200_000)  # where the document's zero really lies on the attempt's clock
skews = st.floats(-100_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A question to the page: when the page began to answer, by its own clock, and how long each leg took."""

    began: float
    there_ms: float
    inside_ms: float
    back_ms: float


@st.composite
def questions(draw: st.DrawFn) -> list[Trip]:
    """One question or more, in any order of time."""
    legs = st.floats(0, 3_000)
    trip = st.builds(Trip, began=st.floats(0, 200_000), there_ms=legs, inside_ms=legs, back_ms=legs)
    return draw(st.lists(trip, min_size=1, max_size=6))


def ask(clock: PageClock, trip: Trip, truth_ms: float) -> None:
    """One round trip in a world where the page's zero lies at `truth_ms`."""
    began_ms, now = trip.began + truth_ms, trip.began + trip.inside_ms
    clock.bracket(
        asked_ms=began_ms - trip.there_ms, began=trip.began, now=now, answered_ms=now + truth_ms + trip.back_ms
    )


@steady
@given(truth_ms=truths, skew_ms=skews, trips=questions())
def test_no_reading_leaves_its_round_trip(truth_ms: float, skew_ms: float, trips: list[Trip]) -> None:
    """However wrong the origin, what the page read was read after it was asked and before it had answered."""
    clock = PageClock(truth_ms + skew_ms)
    for trip in trips:
        ask(clock, trip, truth_ms)
    for trip in trips:
        assert trip.began + clock.offset_ms >= trip.began + truth_ms - trip.there_ms - FINE_MS
        now = trip.began + trip.inside_ms
        assert now + clock.offset_ms <= now + truth_ms + trip.back_ms + FINE_MS


@steady
@given(truth_ms=truths, trips=questions())
def test_an_agreeing_origin_is_kept(truth_ms: float, trips: list[Trip]) -> None:
    """Where the clocks agree every answer is exact, however long the round trips took."""
    clock = PageClock(truth_ms)
    for trip in trips:
        ask(clock, trip, truth_ms)
        assert clock.offset_ms == pytest.approx(truth_ms, abs=FINE_MS)


@steady
@given(truth_ms=truths, skew_ms=skews, trips=questions())
def test_every_question_sharpens_the_clock(truth_ms: float, skew_ms: float, trips: list[Trip]) -> None:
    """The error is never larger than the uncertainty that is told, and neither ever grows with a question."""
    clock = PageClock(truth_ms + skew_ms)
    error_ms, uncertainty_ms = abs(skew_ms), float("inf")
    for trip in trips:
        ask(clock, trip, truth_ms)
        assert abs(clock.offset_ms - truth_ms) <= min(error_ms, clock.uncertainty_ms) + FINE_MS
        assert clock.uncertainty_ms <= uncertainty_ms + FINE_MS
        error_ms, uncertainty_ms = abs(clock.offset_ms - truth_ms), clock.uncertainty_ms


@pytest.mark.parametrize(
    ("claimed_ms", "offset_ms"),
    [(100, 100), (95, 97), (-1e9, 97), (120, 106), (97, 97), (106, 106)],
)
def test_a_disagreeing_origin_is_moved_to_the_nearest_bound(claimed_ms: float, offset_ms: float) -> None:
    """Asked at 797, read at 700, answered at 806: the offset lies between 97 and 106, and 9 ms are unsure."""
    clock = PageClock(claimed_ms)
    clock.bracket(asked_ms=797, began=700, now=700, answered_ms=806)
    assert clock.offset_ms == offset_ms
    assert clock.uncertainty_ms == 9


def test_clocks_that_drift_apart_meet_in_the_middle() -> None:
    """Round trips that contradict each other leave the middle, off by half of the contradiction at most."""
    clock = PageClock(0)
    clock.bracket(asked_ms=100, began=0, now=0, answered_ms=104)
    clock.bracket(asked_ms=1_110, began=1_000, now=1_000, answered_ms=1_114)
    assert clock.offset_ms == 107
    assert clock.uncertainty_ms == 6


def test_unasked_the_origin_is_all_there_is() -> None:
    """Before the first round trip the page's own claim counts, with no bound on its error."""
    assert PageClock(42.5).offset_ms == 42.5
    assert PageClock(42.5).uncertainty_ms == float("inf")
