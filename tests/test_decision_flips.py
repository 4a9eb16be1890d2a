"""What would change an answer: the nearest weight by its formula, and the single rows that are really decisive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_decision import assessed, books, even_book, small_decision
from wirematrix.decision.assessment import Assessment, again, reweighed
from wirematrix.decision.book import Book
from wirematrix.decision.flips import row_flips, weight_flips
from wirematrix.decision.model import RowKind

DECISION = small_decision()
FEW = settings(max_examples=50, deadline=None)


def best_with(assessment: Assessment, factor: str, weight: float) -> str:
    """Who is best with another weight of one factor."""
    points = reweighed(assessment, {**assessment.case.profile.weights, factor: weight})
    return max(assessment.ranking, key=lambda name: round(points.get(name, 0.0), 9)) if points else ""


# Weights


@FEW
@given(book=books(DECISION))
def test_a_weight_flips_where_the_formula_says(book: Book) -> None:
    """Just short of it the choice stands, just beyond it is the one that the flip names."""
    assessment = assessed(DECISION, book)
    for flip in weight_flips(assessment):
        direction = 1 if flip.flips_at > flip.weight else -1
        step = 1e-4 * (1 + flip.flips_at)
        points = reweighed(assessment, {**assessment.case.profile.weights, flip.factor: flip.flips_at})
        if points:
            assert points[flip.to] == pytest.approx(points[assessment.choice], abs=1e-6)
        short = flip.flips_at - direction * step
        if (short - flip.weight) * direction > 0:
            assert best_with(assessment, flip.factor, short) == assessment.choice


@FEW
@given(book=books(DECISION), share=st.floats(0, 1))
def test_no_flip_is_nearer_than_the_one_that_is_named(book: Book, share: float) -> None:
    """Between a weight and its nearest flips there is none; without a flip no weight of that factor changes the choice."""
    assessment = assessed(DECISION, book)
    if not assessment.choice or not assessment.points:
        return
    flips = weight_flips(assessment)
    for factor in assessment.factors:
        weight = assessment.case.profile.weights.get(factor, 0.0)
        above = [flip.flips_at for flip in flips if flip.factor == factor and flip.flips_at >= weight]
        below = [flip.flips_at for flip in flips if flip.factor == factor and flip.flips_at <= weight]
        high = min(above, default=weight + 1000.0)
        low = max(below, default=0.0)
        tried = low + share * (high - low)
        if low + 1e-6 < tried < high - 1e-6:
            assert best_with(assessment, factor, tried) == assessment.choice


def test_the_smallest_change_comes_first() -> None:
    """Flips are in the order of how little has to change."""
    book = even_book(DECISION, {"returns[chromium-websocket": 0.0, "app-websocket": 5.0, "sockets[": 12.0})
    flips = weight_flips(assessed(DECISION, book))
    assert [flip.change for flip in flips] == sorted(flip.change for flip in flips)
    assert flips


def test_a_rival_that_is_level_hides_no_other() -> None:
    """With a second at as many points, which falls behind as a weight grows, the third's flip is still found."""
    book = even_book(DECISION)
    numbers = {"returns": {"eventsource": 1.0, "websocket+": 1.0}, "opens": {"eventsource": 0.5, "fetch-stream+": 1.0}}
    changed = {
        key: replace(row, number=numbers[scenario].get(params.partition("-")[2].rpartition("-")[0], 0.0))
        for key, row in book.readings.items()
        for scenario, _, params in [key.name.partition("[")]
        if scenario in numbers
    }
    (plain,) = [profile for profile in DECISION.profiles if profile.name == "plain"]
    decision = replace(DECISION, profiles=(replace(plain, weights={"return": 3}),))
    assessment = assessed(decision, book.with_readings(changed))
    assert [assessment.choice, *assessment.ranking[1:2]] == ["eventsource", "websocket+"]
    (flip,) = [flip for flip in weight_flips(assessment) if flip.factor == "both" and flip.flips_at > 0]
    assert flip.to == "fetch-stream+"


# Rows


def test_a_decisive_row_is_found_and_flips() -> None:
    """One row of a rule takes the choice out of the running; the answer then is what the flip says."""
    assessment = assessed(DECISION, even_book(DECISION, {"pausing[webkit-fetch-stream": 11.0}), "strict")
    flips, tried = row_flips(assessment)
    found = {flip.rows[0].key.name: flip for flip in flips if flip.about == "it has to come back"}
    assert set(found) == {"returns[chromium-eventsource-close]", "returns[webkit-eventsource-close]"}
    assert {flip.to for flip in found.values()} == {"websocket"}
    assert tried > 20


@FEW
@given(book=books(DECISION), profile=st.sampled_from(["plain", "strict", "sharing"]))
def test_a_row_that_is_said_to_flip_does(book: Book, profile: str) -> None:
    """Cells and words put to the contrary give the choice that the flip names, worked out anew."""
    assessment = assessed(DECISION, book, profile)
    for flip in row_flips(assessment)[0]:
        kinds = {row.key.kind for row in flip.rows}
        if kinds == {RowKind.CELL}:
            number = {"fail": 0.0, "pass": 1.0}[flip.would_be]
            changed = {row.key: replace(row, number=number) for row in flip.rows}
        elif flip.would_be in {"the cause", "something else"}:
            changed = {row.key: replace(row, number=None, numbers=0, words={flip.would_be: 1}) for row in flip.rows}
        else:
            continue
        assert assessed(DECISION, book.with_readings(changed), profile).choice == flip.to != assessment.choice


@FEW
@given(book=books(DECISION))
def test_no_decisive_cell_is_overlooked(book: Book) -> None:
    """Every cell that alone changes the choice when it says the contrary is among the flips, pruned or not."""
    assessment = assessed(DECISION, book)
    flipping = {row.key for flip in row_flips(assessment)[0] for row in flip.rows if not flip.whole}
    for key, row in book.readings.items():
        if key.kind is RowKind.CELL:
            for number in (0.0, 1.0):
                if (
                    number != row.number
                    and again(assessment, {key: replace(row, number=number)}).choice != assessment.choice
                ):
                    assert key in flipping


def test_a_number_is_narrowed_down_to_where_it_flips() -> None:
    """The flip of a time says the time: there and beyond the choice is another, and short of it it is not."""
    book = even_book(DECISION, {"app-websocket latency_p99_ms": 12.0})
    (profile,) = [profile for profile in DECISION.profiles if profile.name == "plain"]
    light = replace(DECISION, profiles=(replace(profile, weights={"load": 1}),))
    assessment = assessed(light, book)
    flips = [flip for flip in row_flips(assessment)[0] if flip.rows[0].key.name == "app-sse"]
    assert {flip.rows[0].key.subscribers for flip in flips} == {10, 100}
    for flip in flips:
        limit, word = flip.would_be.split(" ", 1)
        assert word == "or more"
        (row,) = flip.rows
        for factor, choice in ((1.02, "websocket"), (0.98, "eventsource")):
            changed = {row.key: replace(row, number=float(limit) * factor)}
            assert again(assessment, changed).choice == choice


def test_a_row_of_the_matrix_may_flip_where_no_reading_of_it_does() -> None:
    """Where one engine's reading is too little, the row in all engines at once is tried."""
    (profile,) = [profile for profile in DECISION.profiles if profile.name == "plain"]
    decision = replace(DECISION, profiles=(replace(profile, weights={"return": 4, "words": 1}),))
    book = even_book(
        decision,
        {
            f"returns[{engine}-{name}-close]": 0.0
            for engine in ("chromium", "webkit")
            for name in ("websocket", "fetch-stream")
        },
    )
    changed = {
        key: replace(row, words={"nothing": 1})
        for key, row in book.readings.items()
        if key.name in ("ending[chromium-eventsource-direct]", "ending[webkit-eventsource-direct]")
    }
    others = {
        key: replace(row, number=0.0)
        for key, row in book.readings.items()
        if key.name.startswith("returns[") and "+" in key.name
    }
    flips, _ = row_flips(assessed(decision, book.with_readings({**changed, **others})))
    wholes = [flip for flip in flips if flip.whole]
    assert wholes
    assert all(len(flip.rows) == 2 for flip in wholes)
