"""The judge: the whole truth table from the glossary's definitions, and the sentence that decides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import pytest

from tests.timelines import page, story
from wirematrix.checks import Claim
from wirematrix.checks.claims import Answer
from wirematrix.judge import judge
from wirematrix.model import Expectation, Force, Held, Kind, Status, Verdict
from wirematrix.timeline import Timeline

NOTHING: Final = Timeline(())
EXPECTATION: Final = Expectation()
OPINIONS: Final = tuple(product(Force, Held))
HELD, BROKEN, UNDECIDED = Held.HELD, Held.BROKEN, Held.UNDECIDED
MUST, SHOULD = Force.MUST, Force.SHOULD

Opinion = tuple[Force, Held]


def claim(force: Force, held: Held, name: str = "some_check") -> Claim:
    """A claim whose check always says the same."""

    def check(timeline: Timeline) -> Answer:
        return held, f"{held} with {len(timeline.observations)} observations"

    check.__name__ = name
    return Claim(check, force)


def judged(opinions: Sequence[Opinion], kind: Kind = Kind.REQUIRED) -> Verdict:
    """The verdict on these opinions, named check_1, check_2, ..."""
    claims = [claim(force, held, f"check_{number}") for number, (force, held) in enumerate(opinions, 1)]
    return judge(NOTHING, claims, kind=kind, expectation=EXPECTATION)


def defined(opinions: Sequence[Opinion], kind: Kind) -> Status:
    """The status by the glossary: the best that no opinion forbids."""
    musts, shoulds = ({held for force, held in opinions if force is one} for one in (MUST, SHOULD))
    if not opinions:
        return Status.ERROR
    if kind is Kind.CHECK:  # records, never fails: only missing evidence keeps it from passing
        return Status.TIMEOUT if UNDECIDED in musts | shoulds else Status.PASS
    if BROKEN in musts:
        return Status.FAIL
    if musts <= {HELD} and BROKEN in shoulds:
        return Status.DEGRADED
    return Status.PASS if musts | shoulds == {HELD} else Status.TIMEOUT


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_whole_truth_table(count: int, kind: Kind) -> None:
    """For up to three claims of any weight and answer, in any order, the status is the one the glossary defines."""
    for opinions in product(OPINIONS, repeat=count):
        assert judged(opinions, kind).status is defined(opinions, kind), opinions


@pytest.mark.parametrize(
    ("opinions", "status"),
    [
        ([], Status.ERROR),
        ([(MUST, HELD)], Status.PASS),
        ([(SHOULD, HELD)], Status.PASS),
        ([(MUST, BROKEN)], Status.FAIL),
        ([(SHOULD, BROKEN)], Status.DEGRADED),
        ([(MUST, UNDECIDED)], Status.TIMEOUT),
        ([(SHOULD, UNDECIDED)], Status.TIMEOUT),
        ([(MUST, UNDECIDED), (SHOULD, BROKEN)], Status.TIMEOUT),
        ([(MUST, UNDECIDED), (MUST, BROKEN)], Status.FAIL),
        ([(MUST, BROKEN), (SHOULD, UNDECIDED)], Status.FAIL),
        ([(MUST, HELD), (SHOULD, BROKEN), (SHOULD, UNDECIDED)], Status.DEGRADED),
        ([(MUST, HELD), (SHOULD, BROKEN)], Status.DEGRADED),
    ],
)
@pytest.mark.parametrize("kind", [Kind.REQUIRED, Kind.RECOMMENDED])
def test_a_duty_outweighs_good_practice(opinions: list[Opinion], status: Status, kind: Kind) -> None:
    """A broken MUST fails, an undecided one is a timeout, a broken SHOULD degrades, and no claim is an error."""
    assert judged(opinions, kind).status is status


@pytest.mark.parametrize(
    ("opinions", "status"),
    [
        ([], Status.ERROR),
        ([(MUST, BROKEN), (SHOULD, BROKEN)], Status.PASS),
        ([(MUST, UNDECIDED)], Status.TIMEOUT),
        ([(MUST, BROKEN), (MUST, UNDECIDED)], Status.TIMEOUT),
        ([(MUST, BROKEN), (SHOULD, UNDECIDED)], Status.TIMEOUT),
    ],
)
def test_a_check_records_and_never_fails(opinions: list[Opinion], status: Status) -> None:
    """A scenario of kind check passes whatever it found, but missing evidence is no finding."""
    assert judged(opinions, Kind.CHECK).status is status


@pytest.mark.parametrize(
    ("opinions", "because"),
    [
        ([(MUST, HELD), (SHOULD, BROKEN), (MUST, BROKEN)], "check_3: broken with 0 observations"),
        ([(MUST, BROKEN), (MUST, BROKEN)], "check_1: broken with 0 observations"),
        ([(MUST, HELD), (SHOULD, BROKEN)], "check_2: broken with 0 observations"),
        ([(SHOULD, UNDECIDED), (MUST, UNDECIDED)], "check_2: undecided with 0 observations"),
        ([(MUST, HELD), (SHOULD, HELD)], "held with 0 observations; held with 0 observations"),
        ([], "the scenario claimed and recorded nothing, so nothing was judged"),
    ],
)
def test_the_sentence_is_the_deciding_ones(opinions: list[Opinion], because: str) -> None:
    """A verdict's sentence names the check that decided it; a pass says what was seen."""
    assert judged(opinions).because == because


def test_a_check_says_what_it_recorded() -> None:
    """A scenario of kind check gives every finding's sentence, the broken ones, too."""
    verdict = judged([(MUST, HELD), (MUST, BROKEN)], Kind.CHECK)
    assert verdict.because == "recorded: held with 0 observations; broken with 0 observations"


def test_findings_are_kept_in_order_with_their_weight() -> None:
    """A verdict keeps every finding in the order of the claims, whichever decided it, and the expectation."""
    timeline = story(page(1, "open"))
    expectation = Expectation(statuses=(Status.FAIL,), because="it was always so")
    claims = [claim(SHOULD, HELD, "a"), claim(MUST, BROKEN, "b"), claim(MUST, UNDECIDED, "c")]
    verdict = judge(timeline, claims, kind=Kind.REQUIRED, expectation=expectation)
    assert [(one.check, one.force, one.held) for one in verdict.findings] == [
        ("a", SHOULD, HELD),
        ("b", MUST, BROKEN),
        ("c", MUST, UNDECIDED),
    ]
    assert verdict.findings[1].because == "broken with 1 observations"
    assert verdict.expectation is expectation
    assert verdict.expected


@pytest.mark.parametrize(
    ("statuses", "held", "expected"),
    [
        ((Status.PASS,), HELD, True),
        ((Status.PASS,), BROKEN, False),
        ((Status.FAIL,), HELD, False),  # an unexpected pass is news, too
        ((Status.FAIL, Status.TIMEOUT), UNDECIDED, True),
    ],
)
def test_expected_means_named_by_the_expectation(statuses: tuple[Status, ...], held: Held, *, expected: bool) -> None:
    """A status is expected exactly if the expectation lists it, in both directions."""
    expectation = Expectation(statuses=statuses, because="measured")
    verdict = judge(NOTHING, [claim(MUST, held)], kind=Kind.REQUIRED, expectation=expectation)
    assert verdict.expected is expected
