"""A measure: what it makes of a timeline, when that is a record, and how it is spoken."""

from __future__ import annotations

import pytest

from tests.timelines import page, story
from wirematrix.measures import Measure, shown_value, spoken
from wirematrix.model import Fact, Force, Held, Observed
from wirematrix.timeline import Timeline


def measure(*observed: Observed, name: str = "delay_ms", least: int = 1, cap: float | None = None) -> Measure:
    """A measure that always finds the same."""
    return Measure(name=name, title="delay", of=lambda _: observed, least=least, cap=cap)


def fact(*observed: Observed, name: str = "delay_ms", cap: float | None = None) -> Fact:
    """A fact with these observations."""
    return Fact(name=name, title="delay", observed=observed, cap=cap)


def test_a_fact_has_every_observation_in_order() -> None:
    """Numbers are rounded to hundredths, counts and words stay as they are, the cap is kept."""
    found = measure(3.14159, 2, "word", 2, cap=60.0).fact(story())
    assert found == Fact(name="delay_ms", title="delay", observed=(3.14, 2, "word", 2), cap=60.0)
    assert isinstance(found.observed[1], int)


def test_a_measure_sees_the_whole_timeline() -> None:
    """What `of` is given is the timeline itself, and it may yield."""

    def of(timeline: Timeline) -> list[Observed]:
        return [seen.at_ms for seen in timeline]

    assert Measure(name="x", title="x", of=of).fact(story(page(2, "open"), page(1, "open"))).observed == (1, 2)


@pytest.mark.parametrize(
    ("observed", "least", "held", "because"),
    [
        ((3001.4, 3004), 2, Held.HELD, "delay: 3,001, 3,004 ms"),
        ((3001,), 2, Held.UNDECIDED, "delay: 1 of 2 observed"),
        ((), 1, Held.UNDECIDED, "delay: 0 of 1 observed"),
        ((), 0, Held.HELD, "delay: none"),
    ],
)
def test_enough_of_it_is_a_record(observed: tuple[Observed, ...], least: int, held: Held, because: str) -> None:
    """Enough observations hold whatever they are; too few are no record, and never a broken one."""
    finding = measure(*observed, least=least).finding(story())
    assert (finding.held, finding.because, finding.force) == (held, because, Force.MUST)
    assert finding.check == "recorded_delay_ms"


@pytest.mark.parametrize(
    ("value", "cap", "shown"),
    [
        (3, None, "3"),
        (3.0, None, "3"),
        (3.14, None, "3.1"),
        (9.96, None, "10.0"),
        (10.6, None, "11"),
        (-0.5, None, "-0.5"),
        (0, None, "0"),
        (59_999.6, 60_000, "60,000"),
        (60_000, 60_000, "≥ 60,000"),
        (60_007.2, 60_000, "≥ 60,000"),
        ("CLOSED", 60_000, "CLOSED"),
    ],
)
def test_values_are_shown_short(value: Observed, cap: float | None, shown: str) -> None:
    """A number without idle digits, "at least" where it was cut off, a word as it is."""
    assert shown_value(value, cap) == shown


def test_a_fact_is_spoken() -> None:
    """Equal neighbours once with their count, the unit once, "none" for nothing, and no more than twelve."""
    assert spoken(fact("CLOSED", "CLOSED", "OPEN", "CLOSED", name="state")) == "delay: CLOSED ×2, OPEN, CLOSED"
    assert spoken(fact(5, 5, 60_000, cap=60_000)) == "delay: 5 ×2, ≥ 60,000 ms"
    assert spoken(fact(1, name="share_percent")) == "delay: 1 %"
    assert spoken(fact(1, name="streams")) == "delay: 1"
    assert spoken(fact()) == "delay: none"
    assert spoken(fact(*range(14))) == "delay: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ms and 2 more"
