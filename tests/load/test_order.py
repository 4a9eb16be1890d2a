"""In which order rounds go."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from wirematrix.load import catalogue
from wirematrix.load.phases import arrivals_per_step
from wirematrix.load.rounds import turns
from wirematrix.load_settings import TIERS, LoadSettings


@given(st.integers(1, 5), st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True), st.integers(1, 5))
def test_every_round_is_played_once_in_alternating_order(repeats: int, subscribers: list[int], tiers: int) -> None:
    """A lap has every tier once; with each repeat, the order of a lap is the other way round."""
    names = [f"t{number}" for number in range(tiers)]
    played = list(turns(LoadSettings(repeats=repeats, subscribers=tuple(subscribers)), names))
    assert len({(one.tier, one.subscribers, one.repeat) for one in played}) == len(played)
    assert len(played) == repeats * len(subscribers) * tiers
    for (repeat, number), lap in groupby(played, key=lambda one: (one.repeat, one.subscribers)):
        rounds = list(lap)
        assert [one.position for one in rounds] == list(range(1, tiers + 1))
        forward = (repeat + subscribers.index(number)) % 2 == 1
        assert [one.tier for one in rounds] == (names if forward else names[::-1])


def test_every_tier_can_be_started() -> None:
    """The tiers that settings know are those that the catalogue can start, in one order."""
    assert catalogue.NAMES == TIERS


@given(st.lists(st.floats(0, 5000), max_size=50))
def test_arrivals_add_up(back_ms: list[float]) -> None:
    """Everybody who is back is in one step of 100 ms, and the last step is not empty."""
    steps = arrivals_per_step(back_ms)
    assert sum(steps) == len(back_ms)
    assert not steps or steps[-1] > 0
