"""Medians, ratios and what is left out of a load comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.run_values import LOAD
from wirematrix.load_figures import FIGURES, compare, left_out, medians, phase_of, unequal_terms
from wirematrix.load_model import Limit, Load, LoadTransport, Phase, PhaseEnd, Round, Tier

FIGURE = "latency_p50_ms"
VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=9)


def a_round(tier: str, repeat: int, value: float | None, *, limit: Limit = Limit.NONE, error: str = "") -> Round:
    """A round whose paced phase ended so."""
    return Round(
        tier=tier,
        subscribers=10,
        repeat=repeat,
        position=1,
        started="2026-01-31T12:00:00+00:00",
        figures={FIGURE: value},
        phases=() if error else (PhaseEnd(phase=Phase.PACED, limit=limit, because="so it was"),),
        latency_hdr="",
        error=error,
    )


def loaded(*rounds: Round) -> Load:
    """A comparison of two tiers."""
    tiers = tuple(Tier(name=name, transport=LoadTransport.SSE, title=name) for name in ("one", "other"))
    return Load(conditions=LOAD.conditions, tiers=tiers, rounds=rounds)


def measured(tier: str, values: Sequence[float]) -> list[Round]:
    """A repeat for each value."""
    return [a_round(tier, number, value) for number, value in enumerate(values, 1)]


@given(VALUES)
def test_median_lies_in_its_range(values: list[float]) -> None:
    """Count, median and range are those of the rounds, whatever their order."""
    found = medians(loaded(*reversed(measured("one", values))))["one", 10][FIGURE]
    assert (found.count, found.low, found.high) == (len(values), min(values), max(values))
    assert found.low <= found.p50 <= found.high
    assert found == medians(loaded(*measured("one", values)))["one", 10][FIGURE]


@given(VALUES, st.floats(0.1, 10))
def test_ratio_is_taken_within_a_lap(values: list[float], factor: float) -> None:
    """A tier that takes a constant multiple of another in every lap has that ratio, however the laps differ."""
    load = loaded(*measured("other", values), *measured("one", [value * factor for value in values]))
    ratio = compare(load, FIGURE, subscribers=10, tier="one", against="other").ratio
    assert ratio
    assert ratio.count == len(values)
    assert [ratio.p50, ratio.low, ratio.high] == pytest.approx([factor] * 3)


@pytest.mark.parametrize("limit", [Limit.GENERATOR, Limit.MACHINE])
def test_limited_round_is_not_compared(limit: Limit) -> None:
    """A round that generator or machine limited changes no median and no ratio, and is named."""
    spoilt = a_round("one", 2, 900.0, limit=limit)
    load = loaded(*measured("one", [1.0]), spoilt, *measured("other", [2.0, 2.0]))
    assert medians(load)["one", 10][FIGURE].high == 1.0
    ratio = compare(load, FIGURE, subscribers=10, tier="one", against="other").ratio
    assert ratio
    assert (ratio.count, ratio.p50) == (1, 0.5)
    assert [(one.tier, one.repeat, one.phase, one.limit) for one in left_out(load)] == [("one", 2, Phase.PACED, limit)]


def test_limit_of_the_server_counts() -> None:
    """What the server was the limit of are the server's figures: they count, and say so."""
    found = medians(loaded(a_round("one", 1, 9.0, limit=Limit.SERVER)))["one", 10][FIGURE]
    assert (found.count, found.at_limit) == (1, 1)


def test_figure_of_a_phase_that_never_ended_is_left_out() -> None:
    """A round that was given up counts for nothing that it did not finish, and says why."""
    load = loaded(a_round("one", 1, 9.0, error="the server died"))
    assert medians(load) == {}
    assert {one.because for one in left_out(load)} == {"the server died"}


def test_null_is_not_measured() -> None:
    """Null is no number: it is in no median, and a comparison says that it was not measured."""
    load = loaded(a_round("one", 1, None), *measured("other", [1.0]))
    compared = compare(load, FIGURE, subscribers=10, tier="one", against="other")
    assert compared.ratio is None
    assert compared.because == "latency_p50_ms of one was not measured, or is not compared"


def test_nothing_is_divided_by_zero() -> None:
    """Where the other tier's figure is 0 there is no ratio, and a sentence why."""
    load = loaded(*measured("one", [1.0]), *measured("other", [0.0]))
    compared = compare(load, FIGURE, subscribers=10, tier="one", against="other")
    assert compared.ratio is None
    assert "above 0" in compared.because


def test_unknown_figure_is_refused() -> None:
    """A figure that does not exist is a mistake of the caller."""
    with pytest.raises(KeyError):
        compare(loaded(), "speed", subscribers=10, tier="one", against="other")


def test_terms_must_be_equal() -> None:
    """Comparisons of other payloads or rates may not be compared; more repeats or another seed may."""
    conditions = LOAD.conditions
    assert unequal_terms(conditions, replace(conditions, repeats=9, seed=5, subscribers=(1, 2))) == ()
    assert unequal_terms(conditions, replace(conditions, payload_bytes=999)) == ("payload_bytes: 200 and 999",)


def test_every_figure_has_a_phase_and_a_unit() -> None:
    """A figure's name ends in its unit, or is a count or a share."""
    for name in FIGURES:
        assert phase_of(name) in Phase
        assert name.endswith(
            ("_ms", "_per_s", "_s", "_kib", "_connection", "_100k", "_share", "_delivery")
        ) or name.split("_")[-1] in {"opened", "deliveries", "lost", "duplicated", "reordered"}
