"""The page's clock on the attempt's clock: inside the round trip that asked, and honest about the rest."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import steady
from wirematrix.pageclock import SLACK_MS, PageClock, page_clock

BEGAN_EPOCH_MS: Final = 1_763_800_000_000.0  # the wall clock when the attempt began
FINE_MS: Final = 0.01  # more than a float of epoch milliseconds can be wrong

moments = st.floats(0, 200_000)
short = st.floats(0, 2_000)
skews = st.floats(-10_000_000, 10_000_000)


def asked(*, now: float, read_ms: float, skew_ms: float, before_ms: float, after_ms: float) -> PageClock:
    """The clock of a page whose `performance.now()` says `now` at `read_ms`; its origin is wrong by `skew_ms`."""
    origin = BEGAN_EPOCH_MS + read_ms - now + skew_ms
    return page_clock(
        {"performance_now": now, "time_origin": origin},
        asked_ms=read_ms - before_ms,
        answered_ms=read_ms + after_ms,
        epoch_offset_ms=-BEGAN_EPOCH_MS,
    )


@steady
@given(now=moments, read_ms=moments, skew_ms=skews, before_ms=short, after_ms=short)
def test_the_reading_lies_inside_the_round_trip(
    now: float, read_ms: float, skew_ms: float, before_ms: float, after_ms: float
) -> None:
    """However wrong the page's origin is, the moment of the reading is never put outside the bracket."""
    clock = asked(now=now, read_ms=read_ms, skew_ms=skew_ms, before_ms=before_ms, after_ms=after_ms)
    low, high = read_ms - before_ms - SLACK_MS - FINE_MS, read_ms + after_ms + SLACK_MS + FINE_MS
    assert low <= clock.at_ms(now) <= high


@steady
@given(now=moments, read_ms=moments, before_ms=short, after_ms=short)
def test_an_agreeing_origin_is_kept(now: float, read_ms: float, before_ms: float, after_ms: float) -> None:
    """Where the clocks agree the answer is exact, however long the round trip took."""
    clock = asked(now=now, read_ms=read_ms, skew_ms=0, before_ms=before_ms, after_ms=after_ms)
    assert clock.at_ms(now) == pytest.approx(read_ms, abs=FINE_MS)
    assert clock.uncertainty_ms == SLACK_MS


@steady
@given(now=moments, read_ms=moments, before_ms=short, after_ms=short, ahead=st.booleans(), far=st.floats(5_000, 1e7))
def test_a_corrected_origin_knows_its_uncertainty(
    now: float, read_ms: float, before_ms: float, after_ms: float, *, ahead: bool, far: float
) -> None:
    """An origin outside the bracket is corrected, and the truth lies within the uncertainty that is recorded."""
    clock = asked(now=now, read_ms=read_ms, skew_ms=far if ahead else -far, before_ms=before_ms, after_ms=after_ms)
    assert clock.uncertainty_ms == pytest.approx((before_ms + after_ms) / 2, abs=FINE_MS)
    assert abs(clock.at_ms(now) - read_ms) <= clock.uncertainty_ms + FINE_MS


@steady
@given(first=moments, then=moments, skew_ms=skews)
def test_durations_stay_as_the_page_measured_them(first: float, then: float, skew_ms: float) -> None:
    """The page's own distances between two entries are not stretched, corrected or not."""
    clock = asked(now=1_000, read_ms=5_000, skew_ms=skew_ms, before_ms=3, after_ms=4)
    assert clock.at_ms(then) - clock.at_ms(first) == pytest.approx(then - first, abs=FINE_MS)


@pytest.mark.parametrize("skew_ms", [-9.0, 9.0])
def test_a_disagreeing_origin_is_put_in_the_middle(skew_ms: float) -> None:
    """An origin 9 ms off in a round trip of 8 ms is replaced by the trip's middle, give or take 4 ms."""
    clock = asked(now=700, read_ms=100, skew_ms=skew_ms, before_ms=2, after_ms=6)
    assert clock.at_ms(700) == pytest.approx(102)
    assert clock.uncertainty_ms == pytest.approx(4)
