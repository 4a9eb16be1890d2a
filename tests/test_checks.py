"""Every check is shown a timeline on which it holds, the same with one seeded defect, and the same without evidence."""

from __future__ import annotations

import inspect
from typing import Final

import pytest

from tests.case import Case
from tests.check_cases import CASES as APP_CASES
from tests.check_cases import LAST_WORD, OPENED, REFUSED
from tests.delivery_cases import DELIVERED
from tests.delivery_check_cases import DELIVERY_CASES
from tests.raw_check_cases import RAW_CASES
from tests.stream_check_cases import STREAM_CASES
from tests.timelines import Change, page
from wirematrix import checks
from wirematrix.checks import Claim, how_it_ended, must, should
from wirematrix.model import Force, Held, Observation
from wirematrix.timeline import Timeline

CASES: Final = APP_CASES | RAW_CASES | DELIVERY_CASES | STREAM_CASES
NO_CHECKS: Final = {"Check", "Claim", "Dispatched", "how_it_ended", "must", "should"}


def of(answer: Held) -> list[object]:
    """The cases of one answer: check, timeline, change, sentence."""
    return [
        pytest.param(case, change, because, id=f"{name} {number}")
        for name, case in CASES.items()
        for number, (change, because) in enumerate(case.broken if answer is Held.BROKEN else case.undecided, 1)
    ]


def test_every_public_check_is_covered() -> None:
    """No check without a case here, and none that can be undecided without a case of that."""
    public = set(checks.__all__) - NO_CHECKS
    assert set(CASES) == public
    assert all(CASES[name].broken for name in public)
    undecidable = {name for name in public if "UNDECIDED" in inspect.getsource(getattr(checks, name))}
    assert undecidable <= {name for name, case in CASES.items() if case.undecided}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_holds_on_good_evidence(case: Case) -> None:
    """On evidence that bears it out a check holds, and its sentence has the numbers."""
    assert case.check(case.timeline) == (Held.HELD, case.held)


@pytest.mark.parametrize(("case", "change", "because"), of(Held.BROKEN))
def test_breaks_on_one_defect(case: Case, change: Change, because: str) -> None:
    """One seeded defect in the same evidence breaks it, and the sentence says what and how much."""
    assert case.check(change(case.timeline)) == (Held.BROKEN, because)


@pytest.mark.parametrize(("case", "change", "because"), of(Held.UNDECIDED))
def test_is_undecided_without_evidence(case: Case, change: Change, because: str) -> None:
    """Where what a check is about never took place, it neither holds nor breaks, and says what is missing."""
    assert case.check(change(case.timeline)) == (Held.UNDECIDED, because)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_seen_never_holds(case: Case) -> None:
    """A timeline without a single observation is in nobody's favour."""
    held, because = case.check(Timeline(()))
    assert held is not Held.HELD
    assert because


@pytest.mark.parametrize(
    ("seen", "because"),
    [
        (page(20, "status", status=401), "the page could see: 401"),
        (page(20, "close", code=4401), "the page could see: 4401"),
        (page(20, "gave-up", because="HTTP 403"), "the page could see: HTTP 403"),
    ],
)
def test_each_way_of_being_told_counts(seen: Observation, because: str) -> None:
    """A status, a close code that was on the wire, and the policy's giving up all tell the page why."""
    assert checks.told_why(Timeline((seen,))) == (Held.HELD, because)


def test_a_claim_has_a_weight() -> None:
    """By itself a check is a MUST; `should` makes it good practice, and `must` leaves a claim as it is."""
    assert must(checks.opened) == Claim(checks.opened, Force.MUST)
    assert should(checks.opened) == Claim(checks.opened, Force.SHOULD)
    assert must(should(checks.opened)).force is Force.SHOULD


def test_a_finding_is_named_after_its_check() -> None:
    """A claim's finding carries the check's name, its weight, its answer and its sentence."""
    finding = should(checks.opened).finding(OPENED)
    assert (finding.check, finding.force, finding.held) == ("opened", Force.SHOULD, Held.HELD)
    assert finding.because == "open 20 ms after it was asked for"


@pytest.mark.parametrize(
    ("timeline", "because"),
    [
        (Timeline(()), "the page recorded nothing"),
        (DELIVERED, "the page recorded nothing"),
        (OPENED, f"{LAST_WORD}: open at 30 ms"),
        (REFUSED, "over: code 4401"),
    ],
)
def test_the_last_word_is_the_pages(timeline: Timeline, because: str) -> None:
    """How it ended is the page's verdict that it is over, or else the last thing it did about connections."""
    assert how_it_ended(timeline) == because
