"""What the runs observed of a feature in one engine build: works, does not, partly, something else, or nothing.

A cell of the matrix works if its MUSTs held, and does not if one broke or if a checked probe of the page said that the
API is not there. Whatever says nothing about the engine (an error of ours, a skip, a cell that never ran) is not
observed, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wirematrix.documented.questions import Piece, Question
from wirematrix.facts import fact_cell, recorded
from wirematrix.gather import Gathered, Place, RanAttempt
from wirematrix.model import Build, Cell, Fact, Status
from wirematrix.repeats import deciding


class Answer(StrEnum):
    """What was observed."""

    WORKS = "works"
    LACKING = "does not"
    PARTLY = "partly"
    OTHERWISE = "otherwise"
    UNOBSERVED = "not observed"


ANSWER_MEANS: Final[Mapping[Answer, str]] = {
    Answer.WORKS: "every observation that answers for the feature shows it at work",
    Answer.LACKING: "none does: the API is not there, or what a standard demands of it broke",
    Answer.PARTLY: "some do and some do not",
    Answer.OTHERWISE: "something was recorded that answers neither yes nor no",
    Answer.UNOBSERVED: "no cell that answers was run, or what it ended as says nothing about the engine",
}
HOLDS: Final[Mapping[Status, Answer]] = {
    Status.PASS: Answer.WORKS,
    Status.DEGRADED: Answer.WORKS,
    Status.FAIL: Answer.LACKING,
    Status.UNSUPPORTED: Answer.LACKING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """One piece's answer, in a sentence, and the cell whose evidence it is; without a place it was never run."""

    answer: Answer
    sentence: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """All pieces' answers for one build, and what they come to."""

    answer: Answer
    glimpses: tuple[Glimpse, ...]

    @property
    def sentence(self) -> str:
        """What decided: those that do not work where some do not, all of them otherwise."""
        if self.answer in (Answer.PARTLY, Answer.LACKING):
            telling = [one for one in self.glimpses if one.answer is not Answer.WORKS]
        else:
            telling = [one for one in self.glimpses if one.answer is self.answer]
        return "; ".join(dict.fromkeys(one.sentence for one in telling))


def sighted(question: Question, build_key: str, build: Build, gathered: Gathered) -> Sighting:
    """What was observed of a feature in a build."""
    if question.unobserved:
        return Sighting(
            answer=Answer.UNOBSERVED, glimpses=(Glimpse(answer=Answer.UNOBSERVED, sentence=question.unobserved),)
        )
    glimpses = tuple(_glimpse(piece, build_key, build, gathered) for piece in question.pieces)
    return Sighting(answer=summed(one.answer for one in glimpses), glimpses=glimpses)


def summed(answers: Iterable[Answer]) -> Answer:
    """What several answers come to; those that were not observed count only where nothing else was."""
    seen = {one for one in answers if one is not Answer.UNOBSERVED}
    if not seen:
        return Answer.UNOBSERVED
    if len(seen) == 1:
        return seen.pop()
    return Answer.PARTLY if seen <= {Answer.WORKS, Answer.LACKING, Answer.PARTLY} else Answer.OTHERWISE


def _glimpse(piece: Piece, build_key: str, build: Build, gathered: Gathered) -> Glimpse:
    cell = Cell(
        scenario=piece.scenario,
        engine=build.engine,
        transport=piece.transport,
        network=piece.network,
        relation=piece.relation,
    )
    place = Place(build_key, cell)
    attempts = gathered.attempts.get(place)
    if not attempts:
        return Glimpse(answer=Answer.UNOBSERVED, sentence=f"{piece.scenario} over {piece.transport} was not run")
    if piece.fact and (found := _fact(piece, attempts)):
        return Glimpse(answer=found[0], sentence=found[1], place=place)
    verdict = deciding([ran.attempt for ran in attempts]).verdict
    answer = HOLDS.get(verdict.status, Answer.UNOBSERVED)
    if verdict.builds_on or (piece.fact and verdict.status is not Status.UNSUPPORTED):
        answer = Answer.UNOBSERVED  # the cell says nothing of a fact that it has no record of
    word = "" if answer is Answer.WORKS else f"{verdict.status}: "
    return Glimpse(answer=answer, sentence=f"{word}{verdict.because}", place=place)


def _fact(piece: Piece, attempts: Sequence[RanAttempt]) -> tuple[Answer, str] | None:
    """What the words of a fact say, and the fact; None where no attempt has a record of it."""
    facts: list[Fact] = [
        fact for ran in attempts for fact in recorded(ran.attempt) if fact.name == piece.fact and fact.observed
    ]
    if not facts:
        return None
    cell = fact_cell(facts)
    words = [*cell.words, *([f"{cell.spread.p50.value:g}"] if cell.spread else [])]
    answer = summed(_answer(piece, word) for word in words)
    return answer, f"{facts[0].title}: {', '.join(words)}"


def _answer(piece: Piece, word: str) -> Answer:
    if any(fits(pattern, word) for pattern in piece.works):
        return Answer.WORKS
    return Answer.LACKING if any(fits(pattern, word) for pattern in piece.lacks) else Answer.OTHERWISE


def fits(pattern: str, word: str) -> bool:
    """Whether a word is what a pattern describes, in which `*` stands for anything."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), word, re.DOTALL))
