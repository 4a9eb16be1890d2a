"""Axes and labels: ticks are round and around the values, labels keep apart, in order and on the axis."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirematrix.report.charts import places

VALUES = st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20)
SHARES = st.lists(st.floats(0, 1), max_size=12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0254, "0.0254"),
        (0.1, "0.1"),
        (1, "1"),
        (1.944, "1.94"),
        (19.44, "19.4"),
        (99.96, "100"),
        (194.4, "194"),
        (1944.4, "1,944"),
        (-2.5, "-2.5"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """Three digits, or all before the point, and no idle zeros."""
    assert places.number(value) == text


@given(VALUES)
def test_a_linear_axis_holds_its_values(values: list[float]) -> None:
    """It begins at 0, ends on a tick at or above the largest value, and has few ticks."""
    axis = places.linear(values, "x")
    assert axis.low == 0
    assert axis.high >= max(values)
    assert max(axis.ticks) == axis.high
    assert 2 <= len(axis.ticks) <= places.MOST_TICKS + 1


@given(VALUES)
def test_a_logarithmic_axis_holds_its_values(values: list[float]) -> None:
    """Every value stands strictly within it, and so does every tick."""
    axis = places.logarithmic(values, "x")
    assert axis.low < min(values)
    assert axis.high > max(values)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)


def test_what_is_not_above_zero_has_no_place_on_a_logarithmic_axis() -> None:
    """A zero is left out of the range; without any value there still is an axis."""
    assert places.logarithmic([0, 2, 5], "x").low > 1
    assert places.logarithmic([], "x").low < 1 < places.logarithmic([], "x").high


@given(VALUES)
def test_a_place_on_an_axis_is_found_again(values: list[float]) -> None:
    """Share and value are each other's opposite, on both kinds of axis."""
    for axis in (places.linear(values, "x"), places.logarithmic(values, "x")):
        assert places.value_at(axis, places.share(axis, values[0])) == pytest.approx(values[0])


@given(SHARES, st.floats(0.01, 0.3))
def test_labels_keep_apart(wanted: list[float], gap: float) -> None:
    """In the order that was wanted, on the axis, and as far apart as asked, or as there is room for."""
    placed = places.apart(wanted, gap, low=0, high=1)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    fits = min(gap, 1 / max(1, len(wanted) - 1))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in placed)
    assert all(placed[after] - placed[before] >= fits - 1e-9 for before, after in pairwise(order))


@given(SHARES)
def test_labels_that_are_apart_stay(wanted: list[float]) -> None:
    """Nothing is moved without need."""
    distinct = sorted({round(place, 1) for place in wanted})
    assert places.apart(distinct, 0.1, low=0, high=1) == pytest.approx(distinct)
