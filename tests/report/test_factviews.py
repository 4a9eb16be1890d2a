"""Engine facts in words: long for the table, short for a cell of the grid."""

from __future__ import annotations

import pytest

from wirematrix.facts import fact_cell
from wirematrix.model import Fact, Observed
from wirematrix.report.factviews import Said, in_short, said


def words_for(name: str, observed: tuple[Observed, ...], cap: float | None = None) -> tuple[Said, ...]:
    """What the table says of these observations."""
    return said(name, fact_cell([Fact(name=name, title="t", observed=observed, cap=cap)]))


def short_for(name: str, observed: tuple[Observed, ...], cap: float | None = None) -> str:
    """What a cell of the grid says of them."""
    return in_short(name, fact_cell([Fact(name=name, title="t", observed=observed, cap=cap)]))


@pytest.mark.parametrize(
    ("name", "observed", "cap", "expected"),
    [
        ("delay_ms", (3001.2, 2998, 3004.9), None, [("3,001 ms", "2,998 to 3,005", 3)]),
        ("delay_ms", (3001, 2998, 60_000), 60_000, [("3,001 ms", "2,998 to ≥ 60,000", 3)]),
        ("delay_ms", (3001, 60_000, 60_000), 60_000, [("≥ 60,000 ms", "3,001 to ≥ 60,000", 3)]),
        ("delay_ms", (60_000, 60_004), 60_000, [("≥ 60,000 ms", "", 2)]),
        ("delay_ms", (3000.6, 3001.4), None, [("3,001 ms", "", 2)]),
        ("delay_ms", (3001,), None, [("3,001 ms", "", 1)]),
        ("silence_s", (1.25,), None, [("1.2 s", "", 1)]),
        ("body_bytes", (1_048_576, 1_048_576), None, [("1,048,576 bytes", "", 2)]),
        ("streams", (6, 6, 5), None, [("6", "5 to 6", 3)]),
        ("end", ("CLOSED", "OPEN", "CLOSED"), None, [("CLOSED", "", 2), ("OPEN", "", 1)]),
        ("delay_ms", (3001, "never", "never"), None, [("3,001 ms", "", 1), ("never", "", 2)]),
        ("end", ("",), None, [("“”", "", 1)]),
        ("end", (), None, [("none", "", 1)]),
    ],
)
def test_the_table_says_all(
    name: str, observed: tuple[Observed, ...], cap: float | None, expected: list[tuple[str, str, int]]
) -> None:
    """p50 with its unit, the range where it can be seen, bounds, and words by how often they came."""
    assert [(one.value, one.spread, one.count) for one in words_for(name, observed, cap)] == expected


def test_many_words_are_cut() -> None:
    """Many words, and long ones, are cut, and what is missing is said."""
    *_, long, rest = words_for("header", ("w" * 80, *(f"value {number:02}" for number in range(20))))
    assert long.value == "value 07"
    assert rest == Said(value="and 13 other words", spread="", count=13)
    assert words_for("header", ("w" * 80,))[0].value == f"{'w' * 60}… (20 more characters)"


@pytest.mark.parametrize(
    ("name", "observed", "cap", "expected"),
    [
        ("delay_ms", (3001, 3005), None, "3.0 s"),
        ("delay_ms", (60_000,), 60_000, "≥ 1 min 00 s"),
        ("delay_ms", (3001, "never"), None, "3.0 s +1"),
        ("streams", (6,), None, "6"),
        ("load_percent", (12.5,), None, "12 %"),
        ("end", ("CLOSED", "CLOSED"), None, "CLOSED"),
        ("end", ("CONNECTING", "CLOSED", "CONNECTING"), None, "CONNECTING +1"),
        ("end", ("1006 not clean",), None, "1006 not clean"),
        ("end", ("close 1006, not clean, after error",), None, "close 1006, not clean…"),
        ("end", ("x" * 30,), None, f"{'x' * 25}…"),
        ("end", (), None, "none"),
    ],
)
def test_a_cell_says_the_first_thing(
    name: str, observed: tuple[Observed, ...], cap: float | None, expected: str
) -> None:
    """A cell of the grid has the p50 or the commonest word, shortened, and how many others there are."""
    assert short_for(name, observed, cap) == expected
