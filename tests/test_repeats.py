"""Several attempts of one cell: which one speaks, what rate of them failed, and what being alone changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from tests.made import attempt, cell, job
from wirematrix.attempts import not_reached
from wirematrix.model import Attempt, Expectation, Status
from wirematrix.repeats import deciding, disagreement, was_made

PASS, FAIL, TIMEOUT, SKIP = Status.PASS, Status.FAIL, Status.TIMEOUT, Status.SKIP
OPENS: Final = cell()


def attempts(*statuses: Status, alone: Status | None = None) -> list[Attempt]:
    """Attempts among others that ended so, and one alone."""
    made = [attempt(OPENS, status, number) for number, status in enumerate(statuses, start=1)]
    return made if alone is None else [*made, attempt(OPENS, alone, len(made) + 1, isolated=True)]


def unreached(number: int) -> Attempt:
    """An attempt that was not made because what it builds on failed."""
    return not_reached(job(OPENS, number=number), attempt(cell("connects"), FAIL), Expectation())


@pytest.mark.parametrize(
    ("made", "number"),
    [
        (attempts(PASS, PASS), 2),  # the last
        (attempts(FAIL, PASS, FAIL, PASS), 3),  # the last surprise
        (attempts(FAIL, PASS, alone=PASS), 1),  # being alone hides nothing
        (attempts(FAIL, PASS, alone=FAIL), 1),
        ([attempt(OPENS), unreached(2)], 1),  # one that was made, if there is one
        ([unreached(1), unreached(2)], 2),
        (attempts(PASS, SKIP), 1),
    ],
)
def test_which_attempt_speaks(made: Sequence[Attempt], number: int) -> None:
    """The last surprise among others speaks for its cell, else the last attempt that was made, else the last."""
    assert deciding(made).number == number


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (attempts(PASS), ""),
        (attempts(FAIL, FAIL), ""),
        (attempts(FAIL, *[PASS] * 7, FAIL, FAIL), "flaky: 3 of 10 fail"),
        (attempts(PASS, FAIL, TIMEOUT, FAIL), "flaky: 2 of 4 fail, 1 of 4 timeout"),
        ([attempt(OPENS), unreached(2)], ""),  # what was not made says nothing
        ([attempt(OPENS), unreached(2), attempt(OPENS, FAIL, 3)], "flaky: 1 of 2 fail"),
        (attempts(PASS, SKIP), ""),
        (attempts(FAIL, alone=PASS), "unexpected among others (fail), as expected alone (pass): load?"),
        (attempts(FAIL, alone=TIMEOUT), "unexpected among others (fail) and alone (timeout)"),
        (
            attempts(PASS, FAIL, alone=PASS),
            "flaky: 1 of 2 fail; unexpected among others (fail), as expected alone (pass): load?",
        ),
        (
            attempts(FAIL, alone=SKIP),
            "unexpected among others (fail), not attempted alone: so it was told",
        ),
    ],
)
def test_how_attempts_differ(made: Sequence[Attempt], sentence: str) -> None:
    """The sentence has the rate of what is not typical, and what the attempt alone adds; nothing where all agree."""
    assert disagreement(made) == sentence


def test_the_rate_is_of_what_was_not_claimed() -> None:
    """Where a fail is the typical status, the rate is that of the passes, however many there are."""
    claimed = Expectation(statuses=(FAIL, PASS), because="seen")
    made = [attempt(OPENS, status, number, expectation=claimed) for number, status in enumerate((PASS, PASS, FAIL), 1)]
    assert disagreement(made) == "flaky: 2 of 3 pass"


def test_what_was_made() -> None:
    """A skip and an attempt that was not reached are none; a scenario's own not-reached is one."""
    assert was_made(attempt(OPENS, Status.NOT_REACHED))
    assert not was_made(attempt(OPENS, SKIP))
    assert not was_made(unreached(1))
