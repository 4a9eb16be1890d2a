"""Documented beside observed: what attempts answer, what a build is held against, and where the two disagree."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documented.given import (
    IN_WORKERS,
    KNOWN,
    OPENS,
    SOCKET,
    WORKERS,
    asks,
    documents,
    everywhere,
    in_workers,
    opened,
)
from tests.report.factory import CHROMIUM, FIREFOX, MACOS_WEBKIT, WEBKIT, attempt, cell, conditions, recording, run_of
from wirematrix.documented import Agreement, BesideTable, Question, Says, beside, documentation
from wirematrix.documented.beside import compared
from wirematrix.documented.counterparts import counterpart
from wirematrix.documented.model import Statement
from wirematrix.documented.questions import Piece
from wirematrix.documented.sightings import Answer, fits, summed
from wirematrix.gather import gather
from wirematrix.model import Build, Fact, Run, Status, Verdict

SINCE_1 = Statement(added="1")
NEVER = Statement(added="")


def table_of(*runs: Run, asked: Question, said: Statement = SINCE_1) -> BesideTable:
    """The table of one feature, of which the data says the same in all brands."""
    source = documents(**{asked.feature.replace(".", "__"): everywhere(said)})
    return beside(gather(runs), source=source, asked=[asked])


def answers(table: BesideTable) -> list[tuple[str, str]]:
    """Each build's answer and agreement."""
    return [(str(one.sighting.answer), str(one.agreement)) for one in table.rows[0].cells]


def test_what_works_as_documented_agrees() -> None:
    """A cell that passes in every engine agrees with data that says so of every brand."""
    assert answers(table_of(opened(), asked=asks(SOCKET, OPENS))) == [("works", "agrees")] * 3


def test_a_seeded_disagreement_is_marked() -> None:
    """The same runs disagree with data that says "never", and a failing cell with data that says "since 1"."""
    assert answers(table_of(opened(), asked=asks(SOCKET, OPENS), said=NEVER)) == [("works", "disagrees")] * 3
    table = table_of(opened(Status.FAIL), asked=asks(SOCKET, OPENS))
    assert answers(table) == [("does not", "disagrees")] * 3
    assert [(row.path, number) for row, number in table.disagreements] == [(SOCKET, 0), (SOCKET, 1), (SOCKET, 2)]
    assert table.count(Agreement.DISAGREES) == 3


def test_an_api_that_a_probe_did_not_find_is_lacking() -> None:
    """`unsupported` agrees with data that says "never", also where a fact was asked for."""
    assert answers(table_of(opened(Status.UNSUPPORTED), asked=asks(SOCKET, OPENS), said=NEVER))[0] == (
        "does not",
        "agrees",
    )
    absent = attempt(cell("workers", transport="eventsource"), Status.UNSUPPORTED, "chromium has no eventsource")
    table = table_of(run_of(absent), asked=asks(WORKERS, *IN_WORKERS), said=NEVER)
    assert answers(table) == [("does not", "agrees")]
    assert "chromium has no eventsource" in table.rows[0].cells[0].sighting.sentence


@pytest.mark.parametrize("status", [Status.ERROR, Status.SKIP, Status.CRASH, Status.TIMEOUT, Status.NOT_REACHED])
def test_what_says_nothing_of_the_engine_is_not_observed(status: Status) -> None:
    """Our errors, skips, crashes and timeouts are no answer, whatever the data says; why is said."""
    for said in (SINCE_1, NEVER):
        table = table_of(opened(status, CHROMIUM), asked=asks(SOCKET, OPENS), said=said)
        assert answers(table) == [("not observed", "open")]
        assert str(status) in table.rows[0].cells[0].sighting.sentence


def test_a_cell_that_was_not_begun_is_not_observed() -> None:
    """A failure of what a cell builds on is no failure of the cell."""
    first = attempt(cell(), Status.FAIL)
    cascaded = replace(
        first, verdict=Verdict(status=Status.FAIL, because="opens failed", builds_on="opens[chromium-websocket-direct]")
    )
    assert answers(table_of(run_of(cascaded), asked=asks(SOCKET, OPENS))) == [("not observed", "open")]


def test_what_was_not_run_is_said() -> None:
    """A scenario that no run has is not observed, and is named; so is a question that nothing answers."""
    table = table_of(opened(Status.PASS, CHROMIUM), asked=asks(WORKERS, *IN_WORKERS))
    assert answers(table) == [("not observed", "open")]
    assert table.rows[0].cells[0].sighting.sentence == "workers over eventsource was not run"
    table = table_of(opened(Status.PASS, CHROMIUM), asked=asks(SOCKET, unobserved="It takes HTTP/3."))
    assert table.rows[0].cells[0].sighting.sentence == "It takes HTTP/3."


@pytest.mark.parametrize(
    ("words", "answer", "agreement"),
    [
        (("opens", "opens"), "works", "agrees"),
        (("opens", "fails: NetworkError"), "partly", "disagrees"),
        (("fails: x", "fails: y"), "does not", "disagrees"),
        (("opens", "says nothing"), "otherwise", "open"),
        (("opens",), "works", "agrees"),
    ],
)
def test_words_of_facts_answer(words: tuple[str, ...], answer: str, agreement: str) -> None:
    """Facts answer by their words; some of both is partly; a word that nobody foresaw is an answer to nothing."""
    assert answers(table_of(in_workers(*words), asked=asks(WORKERS, *IN_WORKERS))) == [(answer, agreement)]


def test_partial_support_is_seen_in_part_or_left_open() -> None:
    """Data that says "partly" agrees with an observation of some; where all works, what is missing was not looked at."""
    partly = Statement(added="1", partial=True, notes=("Not in service workers.",))
    asked = asks(WORKERS, *IN_WORKERS)
    assert answers(table_of(in_workers("opens", "fails: x"), asked=asked, said=partly)) == [("partly", "agrees")]
    assert answers(table_of(in_workers("opens", "opens"), asked=asked, said=partly)) == [("works", "open")]
    assert answers(table_of(in_workers("fails", "fails"), asked=asked, said=partly)) == [("does not", "disagrees")]


def test_attempts_that_differ_are_partly() -> None:
    """A fact that came out both ways in two attempts is neither yes nor no."""
    here = cell("workers", transport="eventsource")
    runs = [
        recording(attempt(here, number=number), Fact(name="in_service", title="t", observed=(word,)))
        for number, word in enumerate(("opens", "fails: x"), start=1)
    ]
    assert answers(table_of(run_of(*runs), asked=asks(WORKERS, IN_WORKERS[1]))) == [("partly", "disagrees")]


def test_an_explanation_is_for_its_engine_and_for_disagreements_only() -> None:
    """What is known of Firefox is said of Firefox, and not where nothing disagrees."""
    asked = asks(SOCKET, OPENS, explained=(KNOWN,))
    known = [one.explanation for one in table_of(opened(), asked=asked, said=NEVER).rows[0].cells]
    assert known == [None, KNOWN, None]
    assert [one.explanation for one in table_of(opened(), asked=asked).rows[0].cells] == [None] * 3


def test_each_place_knows_what_it_answers_for() -> None:
    """From a cell of the matrix back to the features, each once, however many facts of it are asked for."""
    table = table_of(in_workers("opens", "opens"), asked=asks(WORKERS, *IN_WORKERS))
    ((place, rows),) = table.places().items()
    assert place.cell.id == "workers[chromium-eventsource-direct]"
    assert [(row.path, number) for row, number in rows] == [(WORKERS, 0)]


def test_no_build_no_rows() -> None:
    """Runs without engines (load comparisons) make a table without rows."""
    table = beside(gather([run_of(info=conditions())]), source=documents(), asked=[])
    assert (table.rows, list(table.disagreements)) == ((), [])


@pytest.mark.parametrize(
    ("build", "label", "port", "words"),
    [
        (CHROMIUM, "Chrome 156", False, "the open part of Chrome"),
        (FIREFOX, "Firefox 153", False, "an ESR keeps to the features of its number"),
        (
            replace(FIREFOX, product="Firefox", version="142.0.1", origin="playwright"),
            "Firefox 142",
            False,
            "Playwright's own build",
        ),
        (replace(CHROMIUM, engine="chrome", product="Chrome", origin="channel"), "Chrome 156", False, ""),
        (replace(CHROMIUM, engine="msedge", product="Edge", origin="channel"), "Edge 156", False, ""),
        (
            WEBKIT,
            "Safari 26 to 26.1",
            True,
            "MDN documents Safari, not this port; WebKitGTK 2.50 came out on 2025-09-17",
        ),
        (replace(WEBKIT, version="2.99.1"), "Safari", True, "which Safari WebKitGTK 2.99 is near to is not known here"),
        (MACOS_WEBKIT, "Safari 27", True, "Playwright dates to Safari 27"),
        (replace(MACOS_WEBKIT, version="unknown"), "Safari", True, "its version 'unknown' is no number"),
        (replace(CHROMIUM, version=""), "Chrome", False, "its version '' is no number"),
        (replace(CHROMIUM, engine="ladybird", product="Ladybird"), "", False, "MDN's data knows no Ladybird"),
    ],
)
def test_a_build_has_its_counterpart(build: Build, label: str, *, port: bool, words: str) -> None:
    """Each build is held against a version of a brand, or it is said why not; a port is called one."""
    other = counterpart(build, documentation())
    assert (other.label, other.port) == (label, port)
    assert words in other.note
    assert bool(words) == bool(other.note)


@pytest.mark.parametrize(
    "build", [replace(WEBKIT, version="2.99.1"), replace(CHROMIUM, version=""), replace(CHROMIUM, engine="x")]
)
def test_without_a_counterpart_nothing_is_compared(build: Build) -> None:
    """A build of which nobody knows what to hold it against neither agrees nor disagrees."""
    table = table_of(opened(Status.FAIL, build), asked=asks(SOCKET, OPENS))
    assert answers(table)[0][1] == "open"
    assert table.rows[0].cells[0].word.says is Says.UNSAID


def test_a_build_between_two_safaris_is_held_against_both() -> None:
    """What came with the second of them is left open for WebKitGTK, and is not for another engine."""
    asked = asks(SOCKET, OPENS)
    table = table_of(opened(), asked=asked, said=Statement(added="26.1"))
    assert [str(one.agreement) for one in table.rows[0].cells] == ["agrees", "agrees", "open"]


@pytest.mark.parametrize(("says", "answer"), list(product(Says, Answer)))
def test_every_pair_is_decided(says: Says, answer: Answer) -> None:
    """Only what is documented and observed can agree or disagree; partly agrees with partial and with nothing else."""
    agreement = compared(says, answer)
    if says in (Says.UNSAID, Says.BEYOND) or answer in (Answer.UNOBSERVED, Answer.OTHERWISE):
        assert agreement is Agreement.OPEN
    elif answer is Answer.PARTLY:
        assert agreement is (Agreement.AGREES if says is Says.PARTIAL else Agreement.DISAGREES)
    elif answer is Answer.LACKING:
        assert agreement is (Agreement.DISAGREES if says in (Says.SUPPORTED, Says.PARTIAL) else Agreement.AGREES)
    else:
        expected = {Says.SUPPORTED: Agreement.AGREES, Says.PARTIAL: Agreement.OPEN}
        assert agreement is expected.get(says, Agreement.DISAGREES)


@given(st.lists(st.sampled_from(Answer)))
def test_answers_sum_up(several: list[Answer]) -> None:
    """All alike is that; some of each is partly; what nobody foresaw spoils the sum; order does not matter."""
    total = summed(several)
    assert total is summed(reversed(several))
    seen = set(several) - {Answer.UNOBSERVED}
    if not seen:
        assert total is Answer.UNOBSERVED
    elif len(seen) == 1:
        assert {total} == seen
    else:
        assert total is (Answer.OTHERWISE if Answer.OTHERWISE in seen else Answer.PARTLY)


@given(st.text(max_size=9), st.text(max_size=9))
def test_patterns_mean_themselves(head: str, tail: str) -> None:
    """A star stands for anything; every other character, brackets and dots among them, for itself."""
    plain = head.replace("*", "")
    assert fits(plain, plain)
    assert fits(f"{plain}*", f"{plain}{tail}")
    assert not fits(plain, f"{plain}{tail}x")


def test_a_number_is_a_word() -> None:
    """A fact of numbers is read by its p50, as a word."""
    here = recording(
        attempt(cell("workers", transport="eventsource")), Fact(name="open", title="open", observed=(6, 6))
    )
    piece = Piece(scenario="workers", transport="eventsource", fact="open", works=("6",), lacks=("0",))
    assert answers(table_of(run_of(here), asked=asks(WORKERS, piece))) == [("works", "agrees")]
