"""Attempts that are not made: a skip, or not reached because what it builds on failed; and attempts made alone."""

from __future__ import annotations

import pytest

from tests.made import attempt, cell, job
from wirematrix.attempts import Stage, not_attempted, not_reached
from wirematrix.model import Expectation, Status

EXPECTATION = Expectation()


def test_what_was_not_attempted_is_a_skip_with_its_reason() -> None:
    """An attempt that was not made has no evidence and no metrics, only the reason, and is nobody's news."""
    made = not_attempted(job(cell(), number=2), "webkit: no build; mend it with: make browsers", EXPECTATION)
    assert (made.verdict.status, made.verdict.expected) == (Status.SKIP, True)
    assert made.verdict.because == "webkit: no build; mend it with: make browsers"
    assert (made.cell, made.number, made.duration_ms) == (cell(), 2, 0)
    assert (made.timeline, dict(made.metrics)) == ((), {})


def test_what_was_not_reached_names_what_failed() -> None:
    """A cell that was not begun says which cell it builds on and how that ended, and makes no news of its own."""
    made = not_reached(job(cell("reopens")), attempt(cell(), Status.TIMEOUT), EXPECTATION)
    assert (made.verdict.status, made.verdict.expected, made.duration_ms) == (Status.NOT_REACHED, True, 0)
    assert made.verdict.builds_on == "opens[firefox-websocket-direct]"
    assert made.verdict.because == ("builds on opens[firefox-websocket-direct], which ended as timeout: so it was told")


def test_a_reason_is_handed_on() -> None:
    """What builds on a cell that was itself not begun names the first that failed, and repeats its sentence."""
    first = not_reached(job(cell("reopens")), attempt(cell(), Status.FAIL), EXPECTATION)
    second = not_reached(job(cell("resumes")), first, EXPECTATION)
    assert (second.verdict.builds_on, second.verdict.because) == (first.verdict.builds_on, first.verdict.because)


@pytest.mark.parametrize("isolated", [True, False])
def test_an_attempt_alone_says_so(*, isolated: bool) -> None:
    """That an attempt was made alone is kept with it, made or not."""
    alone = job(cell(), isolated=isolated)
    assert Stage(alone).attempt(EXPECTATION).isolated is isolated
    assert not_attempted(alone, "no such engine", EXPECTATION).isolated is isolated
