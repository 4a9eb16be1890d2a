"""Readings: how attempts, facts, rounds and effort become measured rows, and where their evidence is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.run_values import ATTEMPT, EFFORT, LOAD, ROUND, RUN
from tests.small_decision import BUILDS, assessed, even_book, small_decision
from wirematrix.decision.answer import Confidence
from wirematrix.decision.assessment import shares_of
from wirematrix.decision.book import Book, book_of
from wirematrix.decision.differences import comparisons
from wirematrix.decision.model import Profile, Reading, RowKind
from wirematrix.decision.sureness import sureness_of
from wirematrix.errors import InvalidInput
from wirematrix.model import Attempt, Run, Status, Verdict
from wirematrix.report import merge_views
from wirematrix.report.decisionwords import row_anchor, says


def ended(status: Status, number: int = 1, *, builds_on: str = "") -> Attempt:
    """An attempt of the one cell."""
    return replace(
        ATTEMPT, number=number, verdict=Verdict(status=status, because="told", builds_on=builds_on), facts=()
    )


def cells(*attempts: Attempt) -> list[Reading]:
    """The readings of the cell."""
    book = book_of([replace(RUN, attempts=attempts)])
    return [one for one in book.readings.values() if one.key.kind is RowKind.CELL]


@pytest.mark.parametrize(
    ("statuses", "share", "words"),
    [
        ([Status.PASS], 1.0, "pass"),
        ([Status.DEGRADED], 0.5, "degraded"),
        ([Status.FAIL], 0.0, "fail"),
        ([Status.TIMEOUT], 0.0, "timeout"),
        ([Status.CRASH], 0.0, "crash"),
        ([Status.UNSUPPORTED], 0.0, "unsupported"),
        ([Status.PASS, Status.PASS, Status.FAIL], 2 / 3, "2 of 3 pass, 1 of 3 fail"),
        ([Status.PASS, Status.ERROR, Status.SKIP, Status.NOT_REACHED], 1.0, "pass"),
    ],
)
def test_a_cell_is_the_share_of_attempts_that_hold(statuses: list[Status], share: float, words: str) -> None:
    """Attempts that say something about the cell count, each by how it ended; others do not."""
    (found,) = cells(*(ended(status, number) for number, status in enumerate(statuses, start=1)))
    assert found.number == pytest.approx(share)
    assert says(found) == words


@pytest.mark.parametrize("status", [Status.ERROR, Status.SKIP, Status.NOT_REACHED])
def test_a_cell_that_was_not_judged_has_no_reading(status: Status) -> None:
    """Our own errors, skips and what was not reached are not measured, with their reason kept."""
    book = book_of([replace(RUN, attempts=(ended(status),))])
    assert [one for one in book.readings.values() if one.key.kind is RowKind.CELL] == []
    assert list(book.silent.values()) == ["told"]


def test_a_cell_that_was_not_begun_has_no_reading() -> None:
    """What it builds on failed: that is another cell's row."""
    assert cells(ended(Status.FAIL, builds_on="opens[x]")) == []


def test_rounds_become_their_median() -> None:
    """A figure is the median of the rounds that count, with its range and their number."""
    rounds = tuple(
        replace(ROUND, repeat=number, figures={"latency_p50_ms": value})
        for number, value in enumerate([1.0, 9.0, 2.0], start=1)
    )
    book = book_of([replace(RUN, attempts=(), declared=(), load=replace(LOAD, rounds=rounds))])
    (found,) = [one for one in book.readings.values() if one.key.kind is RowKind.LOAD]
    assert (found.number, found.low, found.high, found.attempts) == (2.0, 1.0, 9.0, 3)
    assert says(found) == "2.0 ms (1.0 ms to 9.0 ms)"


def test_effort_that_differs_is_refused() -> None:
    """Two measurements of the same code that differ are of different code."""
    other = replace(RUN, effort=(replace(EFFORT, lines=99),))
    with pytest.raises(InvalidInput, match="differ in the effort of resume, eventsource, server"):
        book_of([RUN, other])


def two_builds() -> list[Run]:
    """The run, and the same of another build of the engine."""
    (build,) = RUN.info.builds
    newer = replace(build, version="2.99")
    return [RUN, replace(RUN, info=replace(RUN.info, builds=(newer,)))]


def test_builds_of_one_engine_share_its_part() -> None:
    """Two builds of WebKit count together as much as WebKit does."""
    book = book_of(two_builds())
    profile = Profile(name="x", title="x", because="x", weights={"a": 1}, rules=(), audience={}, place="")
    assert sorted(shares_of(profile, book).values()) == [0.5, 0.5, 1.0]
    builds = {**book.builds, "chromium 1": BUILDS["chromium"]}
    shares = shares_of(replace(profile, audience={"webkit": 3, "chromium": 1}), Book(readings={}, builds=builds))
    assert sorted(shares.values()) == [0.25, 0.375, 0.375, 1.0]


def test_the_evidence_is_where_the_report_has_it() -> None:
    """A row's anchor is that of its cell in the HTML report, for every build of an engine."""
    runs = two_builds()
    anchors = {row_anchor(one) for one in book_of(runs).readings.values() if one.key.kind is RowKind.CELL}
    assert anchors == {slot.anchor for slot in merge_views(runs).judged}
    assert len(anchors) == 2


# How sure

DECISION = small_decision()


def sure(book: Book, profile: str = "strict") -> tuple[Confidence, tuple[str, ...]]:
    """The confidence and its reasons."""
    assessment = assessed(DECISION, book, profile)
    compared = comparisons(assessment)
    found = sureness_of(assessment, compared[0] if compared else None)
    return found.confidence, found.because


def ahead(*, attempts: int = 2) -> Book:
    """EventSource is far ahead."""
    rest = {
        f"pausing[{engine}-{name}": 90.0 for engine in BUILDS for name in ("fetch-stream", "websocket", "eventsource+")
    }
    book = even_book(DECISION, rest)
    return book.with_readings({key: replace(one, attempts=attempts) for key, one in book.readings.items()})


def test_an_answer_is_strong_where_nothing_speaks_against_it() -> None:
    """Measured often, by far, and the same in every engine."""
    assert sure(ahead()) == (Confidence.STRONG, ())


def test_rows_that_were_seen_once_make_it_fair() -> None:
    """One attempt is one observation."""
    confidence, because = sure(ahead(attempts=1))
    assert confidence is Confidence.FAIR
    assert because[0].endswith("rows were seen in one attempt only")


def test_a_tie_is_weak() -> None:
    """Where nobody leads, the answer is hardly one."""
    assert sure(even_book(DECISION)) == (Confidence.WEAK, ("the lead is 0.0 points",))


def test_an_open_rule_makes_it_weak() -> None:
    """A need that nothing was measured of may knock out the choice."""
    book = ahead()
    without = {key: one for key, one in book.readings.items() if not key.name.startswith("returns[")}
    confidence, because = sure(Book(readings=without, builds=book.builds))
    assert confidence is Confidence.WEAK
    assert "not measured for all who are in: it has to come back" in because


def test_engines_that_disagree_make_it_weak() -> None:
    """If no more than half of the engines would choose so, the answer depends on who asks."""
    book = even_book(
        DECISION,
        {f"pausing[webkit-{name}": 40.0 for name in ("fetch-stream", "websocket", "eventsource+")}
        | {f"pausing[chromium-{name}": 20.0 for name in ("eventsource", "fetch-stream", "websocket+")},
    )
    confidence, because = sure(book)
    assert confidence is Confidence.WEAK
    assert "1 of 2 engines agree" in because


def test_a_lead_within_the_noise_is_told() -> None:
    """Where the ranges of the rows that lead overlap, the lead may be chance."""
    book = ahead()
    wide = {
        key: replace(one, low=1.0, high=100.0) for key, one in book.readings.items() if key.name.startswith("pausing[")
    }
    confidence, because = sure(book.with_readings(wide))
    assert confidence is Confidence.FAIR
    assert because[-1].startswith("rows whose ranges overlap add ")
