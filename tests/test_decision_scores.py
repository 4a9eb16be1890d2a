"""The arithmetic of a recommendation: what rows are worth and what they add up to."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.small_decision import assessed, books, even_book, kinds, reading, small_decision, small_plan
from wirematrix.decision.answer import Ruling
from wirematrix.decision.assessment import Assessment, again
from wirematrix.decision.book import Book
from wirematrix.decision.model import CANDIDATES, Decision, Profile, RowKey, RowKind

DECISION = small_decision()
PLAN = small_plan(DECISION)
PROFILES = [profile.name for profile in DECISION.profiles]
FEW = settings(max_examples=60, deadline=None)


def scores(assessment: Assessment, factor: str) -> dict[str, float]:
    """The scores of a factor by candidate."""
    return {score.candidate: round(score.score, 6) for score in assessment.factors[factor].scores}


def with_profile(decision: Decision, profile: Profile) -> Decision:
    """The decision with one profile put in the place of that of its name."""
    return replace(
        decision, profiles=tuple(profile if each.name == profile.name else each for each in decision.profiles)
    )


# What rows are worth


def test_equal_rows_are_worth_the_same() -> None:
    """Where every row says the same, candidates differ by the code they take, and by nothing else."""
    points = assessed(DECISION, even_book(DECISION)).points
    assert {name: round(points[name], 6) for name in CANDIDATES[:3]} == dict.fromkeys(CANDIDATES[:3], 100.0)
    assert {name: round(points[name], 6) for name in CANDIDATES[3:]} == dict.fromkeys(CANDIDATES[3:], 95.0)


def test_the_share_that_holds_is_the_score() -> None:
    """One of four rows that fails costs a quarter: engines alike, rows of an engine alike."""
    book = even_book(DECISION, {"returns[chromium-websocket-close]": 0.0})
    assert scores(assessed(DECISION, book), "return")["websocket"] == 0.75


def test_twice_the_best_time_is_a_half() -> None:
    """Numbers are held against the best of their slot, and below the floor they are the same."""
    book = even_book(DECISION, {"pausing[webkit-websocket-direct]": 20.0, "pausing[webkit-eventsource-direct]": 1.0})
    found = scores(assessed(DECISION, book), "pause")
    assert found["websocket"] == 0.75  # of two engines one is half as good
    assert found["eventsource"] == found["fetch-stream"] == 1.0  # 1 ms counts as the floor of 10


def test_more_may_be_better() -> None:
    """Half of the most is a half, across the scenarios that stand for different transports."""
    found = scores(assessed(DECISION, even_book(DECISION, {"sockets": 20.0})), "many")
    assert found == {name: 1.0 if "websocket" in name else 0.5 for name in CANDIDATES}


def test_a_word_in_place_of_a_number_is_worth_nothing() -> None:
    """A page that never comes back has no time to compare: `never` scores 0, and half of it a half."""
    book = even_book(DECISION)
    changed = {
        key: replace(one, number=None if key.build == "webkit" else 10.0, words={"never": 1})
        for key, one in book.readings.items()
        if key.name.startswith("pausing[") and "-websocket-" in key.name
    }
    found = scores(assessed(DECISION, book.with_readings(changed)), "pause")
    assert found["websocket"] == 0.25


def test_impossible_code_is_worth_nothing() -> None:
    """A guarantee that no code can give makes the candidate's effort worth 0."""
    book = even_book(DECISION)
    changed = {
        key: replace(one, impossible="there is no way back")
        for key, one in book.readings.items()
        if key.name == "reconnect, websocket, page"
    }
    found = scores(assessed(DECISION, book.with_readings(changed)), "code")
    assert (found["websocket"], found["websocket+"], found["eventsource+"]) == (1.0, 0.0, 0.5)


def test_a_plus_has_rows_of_its_own_where_the_matrix_has_them() -> None:
    """The policy's rows count for a candidate with a +; where there are none, those of the bare transport."""
    book = even_book(DECISION, {"returns[chromium-websocket-": 0.0, "sockets[": 5.0})
    assessment = assessed(DECISION, book)
    assert (scores(assessment, "return")["websocket"], scores(assessment, "return")["websocket+"]) == (0.5, 1.0)
    assert (scores(assessment, "many")["websocket"], scores(assessment, "many")["websocket+"]) == (0.5, 0.5)


def test_the_audience_weighs_the_engines() -> None:
    """For a profile that knows only WebKit, what Chromium does is of no account."""
    book = even_book(DECISION, {"returns[chromium-websocket-": 0.0, "returns[webkit-eventsource-": 0.0})
    found = scores(assessed(DECISION, book, "apple"), "return")
    assert (found["websocket"], found["eventsource"]) == (1.0, 0.0)


def test_pieces_of_evidence_count_alike() -> None:
    """A factor of two pieces is their mean, however many rows each has."""
    book = even_book(DECISION, {"opens[chromium-websocket-": 0.0, "pausing[webkit-websocket-": 40.0})
    assert scores(assessed(DECISION, book), "both")["websocket"] == pytest.approx((0.5 + (1 + 0.25) / 2) / 2, abs=1e-6)


def test_engines_count_alike_however_many_rows_they_have() -> None:
    """Where one engine lacks a row, its others count the more: half of the score stays its own."""
    book = even_book(DECISION, {"returns[webkit-websocket-reset]": 0.0})
    rest = {key: one for key, one in book.readings.items() if not re.match(r"returns\[webkit-.*-close", key.name)}
    assessment = assessed(DECISION, Book(readings=rest, builds=book.builds))
    assert scores(assessment, "return")["websocket"] == 0.5


def test_load_counts_for_every_transport_that_a_server_cannot_tell_apart() -> None:
    """EventSource and fetch streaming have one tier; each number of subscribers is a slot."""
    book = even_book(DECISION, {"app-websocket latency_p99_ms": 40.0})
    found = scores(assessed(DECISION, book), "load")
    assert found == {name: 0.25 if "websocket" in name else 1.0 for name in CANDIDATES}


# What is not measured


def test_what_is_not_measured_is_left_out_and_said() -> None:
    """A factor without readings is not in the sum, whatever it weighs, and its reason is printed."""
    book = even_book(DECISION)
    without = Book(
        readings={key: one for key, one in book.readings.items() if key.kind is not RowKind.LOAD}, builds=book.builds
    )
    assessment = assessed(DECISION, without)
    assert assessment.points == pytest.approx(
        dict.fromkeys(CANDIDATES[:3], 100.0) | dict.fromkeys(CANDIDATES[3:], 93.75)
    )
    assert assessment.not_measured["load"].because == "latency_p99_ms with 10 and 100 subscribers: not in the runs"
    assert assessment.not_measured["taste"].because == "a judgement"


def test_nobody_gains_by_not_having_been_measured() -> None:
    """A failing row that goes away takes its slot from everybody: the others do not keep what it cost."""
    bad = RowKey(kind=RowKind.CELL, build="webkit", name="returns[webkit-websocket-close]")
    book = even_book(DECISION, {bad.name: 0.0, "returns[webkit-eventsource-close]": 0.0})
    without = Book(readings={key: one for key, one in book.readings.items() if key != bad}, builds=book.builds)
    assessment = assessed(DECISION, without)
    assert set(scores(assessment, "return").values()) == {1.0}
    assert assessment.factors["return"].gaps == ("returns: not measured for websocket, left out where it is missing",)


@FEW
@given(book=books(DECISION), weight=st.floats(0, 1000))
def test_the_weight_of_what_is_not_measured_changes_nothing(book: Book, weight: float) -> None:
    """However much a factor without evidence weighs, the points are the same."""
    before = assessed(DECISION, book)
    (plain,) = [profile for profile in DECISION.profiles if profile.name == "plain"]
    absent = dict.fromkeys(before.not_measured, weight)
    other = with_profile(DECISION, replace(plain, weights={**plain.weights, **absent}))
    assert assessed(other, book).points == pytest.approx(before.points)
    assert all(one.because for one in before.not_measured.values())


# Properties


@FEW
@given(book=books(DECISION), profile=st.sampled_from(PROFILES))
def test_points_are_between_nothing_and_all(book: Book, profile: str) -> None:
    """No score and no sum leaves its range, and contributions weigh as much as they say."""
    assessment = assessed(DECISION, book, profile)
    assert all(-1e-9 <= points <= 100 + 1e-9 for points in assessment.points.values())
    for outcome in assessment.factors.values():
        for score in outcome.scores:
            assert sum(one.weight for one in score.contributions) == pytest.approx(1.0)
            assert all(one.rows for one in score.contributions)


@FEW
@given(book=books(DECISION), factor=st.floats(0.01, 100))
def test_weights_are_free_of_scale(book: Book, factor: float) -> None:
    """Only the proportions of weights count: all of them times something is the same answer."""
    (plain,) = [profile for profile in DECISION.profiles if profile.name == "plain"]
    scaled = replace(plain, weights={name: weight * factor for name, weight in plain.weights.items()})
    before, after = assessed(DECISION, book), assessed(with_profile(DECISION, scaled), book)
    assert after.points == pytest.approx(before.points)
    assert after.choice == before.choice


@FEW
@given(chosen=st.data(), book=books(DECISION), profile=st.sampled_from(PROFILES))
def test_a_better_row_never_lowers_a_score(chosen: st.DataObject, book: Book, profile: str) -> None:
    """Whatever row gets better, whoever it belongs to keeps its points at least, while nobody goes or comes."""
    assume(book.readings)
    before = assessed(DECISION, book, profile)
    key = chosen.draw(st.sampled_from(sorted(book.readings, key=str)))
    old = book.readings[key]
    match kinds(DECISION, PLAN)[key]:
        case "share":
            better = replace(old, number=1.0)
        case "word":
            better = replace(old, words={"the cause": 1})
        case _:
            more = key.figure == "at_once"
            better = replace(old, number=(old.number or 0.0) * (2 if more else 0.5))
    after = again(before, {key: better})
    assume(after.remaining == before.remaining)
    for name in after.points:
        own = {
            row.key for outcome in after.factors.values() for one in outcome.of(name).contributions for row in one.rows
        }
        if key in own:
            assert after.points[name] >= before.points[name] - 1e-9


@FEW
@given(chosen=st.data(), book=books(DECISION), profile=st.sampled_from(PROFILES))
def test_making_it_again_is_making_it_anew(chosen: st.DataObject, book: Book, profile: str) -> None:
    """The short way, which works out only what changed rows touch, ends where the long way does."""
    assume(book.readings)
    key = chosen.draw(st.sampled_from(sorted(book.readings, key=str)))
    changed = {key: reading(key, float(chosen.draw(st.integers(0, 1))))}
    short = again(assessed(DECISION, book, profile), changed)
    long = assessed(DECISION, book.with_readings(changed), profile)
    assert (short.choice, short.points, short.remaining) == (long.choice, long.points, long.remaining)
    assert short.factors == long.factors


@FEW
@given(book=books(DECISION), profile=st.sampled_from(["strict", "sharing"]))
def test_who_is_knocked_out_never_wins(book: Book, profile: str) -> None:
    """A candidate that a rule puts out has no points and is never the choice."""
    assessment = assessed(DECISION, book, profile)
    out = {name for name, found in assessment.outcomes.items() if any(one.ruling is Ruling.OUT for one in found)}
    assert assessment.choice not in out
    assert not out & assessment.points.keys()
    assert out | set(assessment.remaining) == set(CANDIDATES)


# Rules


def test_a_row_that_does_not_hold_in_one_engine_knocks_out() -> None:
    """Somebody who uses that engine cannot be served: the rule names the row."""
    assessment = assessed(DECISION, even_book(DECISION, {"returns[webkit-eventsource-close]": 0.0}), "strict")
    assert assessment.choice == "fetch-stream"
    (outcome,) = assessment.outcomes["eventsource"]
    assert (outcome.ruling, outcome.because) == (Ruling.OUT, "returns: does not hold in webkit")
    assert [row.key.name for row in outcome.rows] == ["returns[webkit-eventsource-close]"]


def test_an_engine_that_nobody_uses_knocks_nobody_out() -> None:
    """Rules ask only the engines that count for the profile."""
    (strict,) = [profile for profile in DECISION.profiles if profile.name == "strict"]
    decision = with_profile(DECISION, replace(strict, audience={"chromium": 1.0}))
    book = even_book(DECISION, {"returns[webkit-eventsource-close]": 0.0})
    assert assessed(decision, book, "strict").choice == "eventsource"


def test_a_rule_without_readings_knocks_nobody_out() -> None:
    """What was not measured is no reason to be out: the rule is open."""
    book = even_book(DECISION)
    without = Book(
        readings={key: one for key, one in book.readings.items() if not key.name.startswith("returns[")},
        builds=book.builds,
    )
    outcomes = assessed(DECISION, without, "strict").outcomes
    assert {one.ruling for found in outcomes.values() for one in found} == {Ruling.NOT_MEASURED}


def test_a_remedy_keeps_in_on_a_condition() -> None:
    """Six streams are too few, and sharing one is possible: in, on that condition; else out."""
    few = {"parallel": 6.0, "sockets": 30.0}
    assessment = assessed(DECISION, even_book(DECISION, few), "sharing")
    rulings = {name: found[0].ruling for name, found in assessment.outcomes.items()}
    assert rulings["eventsource+"] is Ruling.WITH_CODE
    assert rulings["websocket"] is Ruling.UNCONCERNED
    book = even_book(DECISION, few)
    silent = {key: replace(one, words={"nothing": 1}) for key, one in book.readings.items() if "ending[" in key.name}
    rulings = {
        name: found[0].ruling
        for name, found in assessed(DECISION, book.with_readings(silent), "sharing").outcomes.items()
    }
    assert rulings["eventsource+"] is Ruling.OUT
    assert rulings["websocket"] is Ruling.UNCONCERNED


def test_nobody_is_chosen_where_everybody_is_out() -> None:
    """A need that nobody meets has no answer, and none is made up."""
    assessment = assessed(DECISION, even_book(DECISION, {"returns[": 0.0}), "strict")
    assert (assessment.choice, assessment.remaining, assessment.points) == ("", (), {})
