"""Changes between two runs, made by hand: what tests of their renderings are given."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from tests.report.factory import CHROMIUM, cell
from wirematrix.gather import Place, key_of
from wirematrix.transitions import Change, Transition, Transitions

ANY_TEXT = st.text(st.characters(codec=None), max_size=40)
BASELINE = "4f2a9c1d77 of 2026-11-22"


def transition(change: Change, scenario: str = "opens", *, was: str = "pass", now: str = "fail") -> Transition:
    """A change of a cell in Chromium."""
    return Transition(
        place=Place(key_of(CHROMIUM), cell(scenario)),
        change=change,
        was="" if change is Change.APPEARED else was,
        now="" if change is Change.DISAPPEARED else now,
        because=f"{was} before, {now} now",
    )


def transitions(own: Iterable[Transition], *, compared: int = 622, builds: tuple[str, ...] = ()) -> Transitions:
    """Changes in the order given."""
    return Transitions(baseline=BASELINE, changes={one.place: one for one in own}, compared=compared, builds=builds)


EVERY_CHANGE = transitions(
    [transition(change, f"{change}_{number}") for change in Change for number in range(3)],
    builds=("Chromium 156 is there where Chromium 155 was",),
)
HOSTILE = st.builds(
    lambda words, baseline, builds: Transitions(
        baseline=baseline,
        compared=1,
        builds=tuple(builds),
        changes={
            (place := Place(build, cell(scenario, network=network))): Transition(
                place=place, change=change, was=was, now=now, because=because
            )
            for change, scenario, network, build, was, now, because in words
        },
    ),
    words=st.lists(
        st.tuples(
            st.sampled_from(Change),
            *[ANY_TEXT] * 5,
            ANY_TEXT.filter(lambda text: bool(text.strip())),
        ),
        max_size=4,
    ),
    baseline=ANY_TEXT,
    builds=st.lists(ANY_TEXT, max_size=2),
)
