"""The measure of coming back after a break: every delay there was, `never` where it is over, and no made-up number."""

from __future__ import annotations

import pytest

from tests.timelines import link, page, story
from wirematrix.budgets import REOPEN
from wirematrix.measures import comeback_delay
from wirematrix.model import Held, Observation, Observed

STREAM = "/sse/c-1"


def asked(at_ms: float) -> Observation:
    """The page asks for its stream at the link."""
    return link(at_ms, "request", link=1, target=STREAM)


@pytest.mark.parametrize(
    ("observations", "observed"),
    [
        (
            (asked(1), page(100, "error"), asked(3101), page(5000, "error"), asked(8004)),
            (3001, 3004),
        ),
        ((asked(1), page(100, "error"), asked(3101), page(5000, "error")), (3001,)),
        ((asked(1), page(100, "close"), page(100, "over", because="no reconnect of its own")), ("never",)),
        ((asked(1), page(100, "error")), (REOPEN.ms,)),
        ((asked(1),), ()),
    ],
)
def test_each_end_has_its_delay(observations: tuple[Observation, ...], observed: tuple[Observed, ...]) -> None:
    """Each return counts; without any it is `never` where it is over, else at least the time it was waited for."""
    assert comeback_delay().fact(story(*observations)).observed == observed


def test_nothing_ended_is_no_record() -> None:
    """Without an end there was nothing to come back from, and the judge is told so."""
    finding = comeback_delay().finding(story(asked(1)))
    assert finding.held is Held.UNDECIDED
    assert finding.because == "delay before it asks again: 0 of 1 observed"


def test_the_wait_is_a_bound() -> None:
    """One that is not back when watching ends is shown as a bound, never as a delay."""
    finding = comeback_delay().finding(story(asked(1), page(100, "error")))
    assert finding.because == f"delay before it asks again: ≥ {REOPEN.ms:,.0f} ms"
