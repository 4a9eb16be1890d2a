"""Histograms of latencies: percentiles, merging, what cannot be read."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirematrix.errors import InvalidInput
from wirematrix.latency_hdr import count, encoded, merged, percentiles_ms

LATENCIES = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=200)


@given(LATENCIES)
def test_percentiles_are_right_to_a_thousandth(latencies_us: list[int]) -> None:
    """The slowest and the median are what sorting says, to three digits."""
    histogram = encoded(Counter(latencies_us))
    median, slowest = percentiles_ms(histogram, (50, 100))
    assert slowest == pytest.approx(max(latencies_us) / 1000, rel=0.002)
    assert median == pytest.approx(sorted(latencies_us)[(len(latencies_us) - 1) // 2] / 1000, rel=0.002)


@given(LATENCIES, LATENCIES)
def test_merging_is_counting_together(some: list[int], others: list[int]) -> None:
    """Two histograms merged say what one of everything says."""
    both = merged([encoded(Counter(some)), "", encoded(Counter(others))])
    shares = (50, 95, 99, 100)
    assert percentiles_ms(both, shares) == percentiles_ms(encoded(Counter(some + others)), shares)
    assert count(both) == len(some) + len(others)


def test_nothing_has_no_percentiles() -> None:
    """Without a delivery there is no histogram and no number."""
    assert encoded({}) == ""
    assert merged(["", ""]) == ""
    assert percentiles_ms("", (50,)) == ()
    assert count("") == 0


@pytest.mark.parametrize("text", ["x", "HISTFAAA", "!!!!"])
def test_a_broken_histogram_is_named(text: str) -> None:
    """What is no histogram is InvalidInput, whatever the library raises."""
    with pytest.raises(InvalidInput, match="latency_hdr: cannot be read"):
        percentiles_ms(text, (50,))
