"""What a cell is to a tool that knows tests: every cell is told, once, and none as what it is not."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.report.exports.variety import MACOS, NOWHERE, SHAKY, SURPRISE, VARIETY
from tests.report.synthetic import matrix
from wirematrix.errors import InvalidInput
from wirematrix.report.exports.cases import Case, Outcome, cases_of, epoch_ms

BY_NAME = {case.name: case for case in cases_of([VARIETY]).cases}


def test_every_outcome_is_told() -> None:
    """What is fine, recorded, known, news, ours, skipped, not begun and not run are eight different things."""
    outcomes = {name: case.outcome for name, case in BY_NAME.items()}
    assert outcomes == {
        "opens[chromium-websocket-direct]": Outcome.PASSED,
        "opens[firefox-websocket-direct]": Outcome.UNEXPECTED,
        "opens[webkit-websocket-direct]": Outcome.ERROR,
        "honours_the_retry_delay[chromium-websocket-close]": Outcome.RECORDED,
        "reopens_after_the_break[chromium-websocket-close]": Outcome.KNOWN,
        "reopens_after_the_break[firefox-websocket-close]": Outcome.UNEXPECTED,
        "notices_silence[chromium-websocket-stall]": Outcome.SKIPPED,
        "resumes_without_a_gap[firefox-websocket-close]": Outcome.NOT_BEGUN,
        SHAKY.id: Outcome.PASSED,
        SURPRISE.id: Outcome.UNEXPECTED,
        "uplink_round_trip[webkit-websocket-direct]": Outcome.NOT_RUN,
        NOWHERE: Outcome.NOT_RUN,
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "reopens_after_the_break[chromium-websocket-close]",
            "expected fail: nothing asks again (https://a.example/why); this time: not opened again",
        ),
        ("opens[firefox-websocket-direct]", "unexpected fail, expected pass: open never came"),
        (
            "reopens_after_the_break[firefox-websocket-close]",
            "unexpected pass, expected fail: open 31 ms after it was asked for",
        ),
        ("opens[chromium-websocket-direct]", ""),
    ],
)
def test_sentences_say_what_was_claimed(name: str, message: str) -> None:
    """A cell's sentence has the status, what was expected, and why; one that passed needs none."""
    assert BY_NAME[name].message == message


def test_other_attempts_are_kept() -> None:
    """The attempts that do not speak for a cell stand beside the one that does, with how they disagree."""
    case = BY_NAME[SURPRISE.id]
    assert [ran.attempt.number for ran in case.others] == [2]
    assert case.flaky == "unexpected among others (crash), as expected alone (pass): load?"


def test_namesakes_are_told_apart() -> None:
    """Cells of two builds of one engine have two names."""
    names = [case.name for case in cases_of([VARIETY, MACOS]).cases]
    assert "opens[webkit-websocket-direct] in WebKit 27.0 on macOS 26.1" in names
    assert len(set(names)) == len(names)


def test_whole_matrix_is_counted_as_in_the_report() -> None:
    """Outcomes of hundreds of cells add up to what the report counts."""
    found = cases_of([matrix(observations=0)])
    numbers = Counter(case.outcome for case in found.cases)
    tally = found.view.tally
    assert numbers[Outcome.UNEXPECTED] + numbers[Outcome.ERROR] == tally.surprises
    assert numbers[Outcome.KNOWN] == tally.known
    assert numbers[Outcome.RECORDED] == tally.recorded
    assert numbers[Outcome.NOT_RUN] == len(found.view.missing)
    assert sum(numbers.values()) == tally.cells + len(found.view.missing)


def test_no_run_is_refused() -> None:
    """There is nothing to export of nothing."""
    with pytest.raises(InvalidInput, match="there is no run"):
        cases_of([])


@pytest.mark.parametrize(
    ("moment", "ms"),
    [
        ("1970-01-01T00:00:01.5+00:00", 1500),
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:02", 2000),
        ("yesterday", None),
        ("", None),
    ],
)
def test_moments_become_milliseconds(moment: str, ms: int | None) -> None:
    """Times are UTC unless they say otherwise; what is no time is not guessed."""
    assert epoch_ms(moment) == ms


def test_failed_is_what_is_news() -> None:
    """Unexpected, error and not run fail; nothing else does."""
    assert {case.outcome for case in BY_NAME.values() if case.failed} == {
        Outcome.UNEXPECTED, Outcome.ERROR, Outcome.NOT_RUN,
    }  # fmt: skip
    assert isinstance(BY_NAME[NOWHERE], Case)
    assert BY_NAME[NOWHERE].judged is None
