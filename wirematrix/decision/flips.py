"""What would change an answer: one weight, or one measured row.

With the choice A, a rival B, weights w and scores s, A leads by D = sum of w(f) * (sA(f) - sB(f)), up to a factor that
changes no sign. Changing only w(f) by x changes D by x * (sA(f) - sB(f)), so B comes level at x = -D / (sA(f) - sB(f)).
The nearest rival in each direction is the flip, if the points, worked out again just beyond it, say so: one that is
level already may fall behind instead, and then the next is asked.

Rows have no closed form, since they may knock out: each is changed, and everything is worked out again, unless the
slots it stands in are worth too little to make up for the lead, whatever it says.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wirematrix.decision.answer import RowFlip, WeightFlip
from wirematrix.decision.assessment import CLOSE, Assessment, again, order, reweighed
from wirematrix.decision.model import (
    CellSource,
    FactSource,
    LoadSource,
    Ratio,
    Reading,
    RowKey,
    RowKind,
    Source,
    Threshold,
    Words,
)
from wirematrix.decision.scores import ratio_of

BEYOND: Final = 1e-6  # how far beyond a flip it is tried, as a part of all weights
HALVINGS: Final = 24
SOMETHING_ELSE: Final = "something else"  # stands for a word that nobody accepts
STEPS: Final = (1.25, 2.0, 5.0, 20.0)  # how much a number is changed in turn


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Rows that are changed together, and how they are read."""

    about: str
    source: Source
    keys: tuple[RowKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What rows can do at most: the points of the slots they stand in, which they can turn around, and the lead."""

    points: Mapping[RowKey, float]
    deciding: frozenset[RowKey]  # the rows of rules
    lead: float

    @classmethod
    def of(cls, assessment: Assessment) -> _Reach:
        points = assessment.points
        leads = [points[assessment.ranking[0]] - points[name] for name in assessment.ranking[1:]] if points else []
        return cls(
            points=_slot_points(assessment),
            deciding=assessment.case.deciding,
            lead=min(leads, default=0.0),
        )

    def to_flip(self, asked: _Asked) -> bool:
        """Whether changing the rows could make up for the lead; in a slot a difference of 1 can become one of -1."""
        if not self.deciding.isdisjoint(asked.keys):
            return True
        return 2 * sum(self.points.get(key, 0.0) for key in asked.keys) >= self.lead - CLOSE


def _slot_points(assessment: Assessment) -> Mapping[RowKey, float]:
    """How many points the slots of each row are worth."""
    weights = assessment.case.profile.weights
    total = sum(weights.get(name, 0.0) for name in assessment.factors)
    found: dict[RowKey, float] = defaultdict(float)
    for name, outcome in assessment.factors.items():
        for slot in zip(*(score.contributions for score in outcome.scores), strict=True) if total else ():
            worth = 100 * weights.get(name, 0.0) / total * slot[0].weight
            for key in {row.key for contribution in slot for row in contribution.rows}:
                found[key] += worth
    return found


def weight_flips(assessment: Assessment) -> tuple[WeightFlip, ...]:
    """For each factor the nearest flip upwards and downwards, the smallest change first."""
    choice, weights = assessment.choice, assessment.case.profile.weights
    if not choice or len(assessment.remaining) < 2 or not assessment.points:
        return ()
    found = [
        flip
        for name in assessment.factors
        for flip in _of_weight(assessment, name, weights.get(name, 0.0), _leads(assessment, weights))
    ]
    return tuple(sorted(found, key=lambda flip: (flip.change, flip.factor)))


def row_flips(assessment: Assessment) -> tuple[tuple[RowFlip, ...], int]:
    """The rows that alone would change the choice, and how many were tried.

    First each reading by itself; then each row of the matrix in all engines at once, where no reading of it suffices.
    """
    singles = {(asked.source.place, asked.keys): asked for asked in _single(assessment)}
    able = _Reach.of(assessment)
    flips = [
        flip
        for asked in singles.values()
        if able.to_flip(asked)
        for flip in _first_flip(assessment, asked, whole=False)
    ]
    flipping = {row.key for flip in flips for row in flip.rows}
    wholes = [asked for asked in _whole(singles.values()) if flipping.isdisjoint(asked.keys) and able.to_flip(asked)]
    flips += [flip for asked in wholes for flip in _first_flip(assessment, asked, whole=True)]
    once = {(tuple(row.key for row in flip.rows), flip.to): flip for flip in reversed(flips)}
    tried = len({key for asked in singles.values() for key in asked.keys})
    return tuple(sorted(once.values(), key=lambda flip: (flip.whole, flip.about))), tried


def _leads(assessment: Assessment, weights: Mapping[str, float]) -> Mapping[str, float]:
    """How far the choice is ahead of each rival, in weight times score."""
    total = sum(weights.get(name, 0.0) for name in assessment.factors)
    mine = assessment.points[assessment.choice]
    rivals = (name for name in assessment.remaining if name != assessment.choice)
    return {name: (mine - assessment.points[name]) / 100 * total for name in rivals}


def _of_weight(assessment: Assessment, factor: str, weight: float, leads: Mapping[str, float]) -> Iterator[WeightFlip]:
    outcome = assessment.factors[factor]
    mine = outcome.of(assessment.choice).score
    moves: list[float] = []
    for rival, lead in leads.items():
        difference = mine - outcome.of(rival).score
        if abs(difference) > CLOSE and weight - lead / difference >= -CLOSE:
            moves.append(-lead / difference)
    for direction in (1, -1):
        for move in sorted(abs(move) for move in moves if move * direction >= 0):
            flips_at = max(weight + direction * move, 0.0)
            if to := _beyond(assessment, factor, flips_at, direction):  # else a rival as good, that falls behind
                yield WeightFlip(factor=factor, title=outcome.title, weight=weight, flips_at=flips_at, to=to)
                break


def _beyond(assessment: Assessment, factor: str, flips_at: float, direction: int) -> str:
    """Who is best just beyond a flip; empty if that is nobody else after all."""
    weights = assessment.case.profile.weights
    nudge = BEYOND * (sum(weights.values()) + flips_at) * direction
    changed = {**weights, factor: max(flips_at + nudge, 0.0)}
    points = reweighed(assessment, changed)
    if not points:
        return ""
    best = max(points, key=lambda name: (points[name], -order(name)))
    return "" if best == assessment.choice else best


def _single(assessment: Assessment) -> Iterator[_Asked]:
    """Every row that was asked for and measured, by the sources that read it."""
    case = assessment.case
    pieces = [
        (about, piece)
        for rule in (case.decision.rule(name) for name in case.profile.rules)
        for about, piece in (
            (rule.title, rule.evidence),
            *([(rule.remedy.what, rule.remedy.evidence)] if rule.remedy else ()),
        )
    ]
    for factor in case.decision.factors:
        if case.profile.weights.get(factor.name):
            pieces += [(factor.title, piece) for piece in factor.evidence]
    for about, piece in pieces:
        for candidate in assessment.outcomes:
            asked = case.plan.of(piece, candidate)
            for slot, keys in asked.rows.items() if asked else ():
                for key in keys if case.shares.get(slot.build, 0.0) > 0 else ():
                    if asked and key in case.book.readings:
                        yield _Asked(about=about, source=asked.source, keys=(key,))


def _whole(singles: Iterable[_Asked]) -> Iterator[_Asked]:
    """The same rows, those of one matrix row and transport in all engines together."""
    rows: dict[tuple[str, str, str], list[_Asked]] = {}
    for asked in singles:
        (key,) = asked.keys
        if key.kind in (RowKind.CELL, RowKind.FACT):
            scenario, _, params = key.name.partition("[")
            rows.setdefault((asked.source.place, scenario, f"{params.partition('-')[2]} {key.figure}"), []).append(
                asked
            )
    for group in rows.values():
        if len(group) > 1:
            yield replace(group[0], keys=tuple(one.keys[0] for one in group))


def _first_flip(assessment: Assessment, asked: _Asked, *, whole: bool) -> Iterator[RowFlip]:
    """The smallest change that is tried and flips, if any does."""
    readings = [assessment.case.book.readings[key] for key in asked.keys]
    for steps in _ladders(asked.source, readings):
        previous: float | None = 1.0
        for step in steps:
            to = again(assessment, step.changed(readings)).choice
            if to != assessment.choice:
                would_be = step.would_be
                if isinstance(step, _Times) and previous is not None:
                    would_be = _threshold(assessment, readings, previous, step)
                yield RowFlip(about=asked.about, rows=tuple(readings), whole=whole, would_be=would_be, to=to)
                return
            previous = step.factor if isinstance(step, _Times) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """Numbers are multiplied."""

    factor: float

    @property
    def would_be(self) -> str:
        return f"{self.factor:.3g} times that"

    def changed(self, readings: Sequence[Reading]) -> Mapping[RowKey, Reading]:
        return {one.key: _with_number(one, (one.number or 0.0) * self.factor) for one in readings}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Says:
    """Rows say something else."""

    would_be: str
    number: float | None
    words: tuple[str, ...] = ()

    def changed(self, readings: Sequence[Reading]) -> Mapping[RowKey, Reading]:
        words = dict.fromkeys(self.words, 1)
        return {one.key: replace(_with_number(one, self.number), words=words) for one in readings}


Step = _Times | _Says


def _ladders(source: Source, readings: Sequence[Reading]) -> Iterator[Sequence[Step]]:
    """What is tried: ladders of growing changes in one direction each."""
    match source:
        case CellSource():
            if any(one.number != 0 for one in readings):
                yield [_Says(would_be="fail", number=0.0)]
            if any(one.number != 1 for one in readings):
                yield [_Says(would_be="pass", number=1.0)]
        case FactSource(scale=Words(accepted=accepted)):
            yield [_Says(would_be=SOMETHING_ELSE, number=None, words=(SOMETHING_ELSE,))]
            yield [_Says(would_be=accepted[0], number=None, words=accepted[:1])]
        case FactSource(scale=Threshold() as scale) | LoadSource(scale=Threshold() as scale):
            yield from ([step] for step in _beside(scale))
        case _:
            yield from _multiplied(ratio_of(source), readings)


def _multiplied(ratio: Ratio | None, readings: Sequence[Reading]) -> Iterator[Sequence[Step]]:
    if ratio and all(one.number for one in readings):
        yield [_Times(factor=factor) for factor in STEPS]
        yield [_Times(factor=1 / factor) for factor in STEPS]
    elif ratio and all(one.number is None for one in readings):
        yield [_Says(would_be=f"{ratio.floor:g}", number=ratio.floor)]


def _beside(scale: Threshold) -> Iterator[Step]:
    """Numbers on either side of a threshold."""
    if (low := scale.at_least) is not None:
        yield _Says(would_be=f"{low:g} or more", number=low)
        yield _Says(would_be=f"less than {low:g}", number=math.nextafter(low, -math.inf))
    if (high := scale.at_most) is not None:
        yield _Says(would_be=f"{high:g} or less", number=high)
        yield _Says(would_be=f"more than {high:g}", number=math.nextafter(high, math.inf))


def _with_number(reading: Reading, number: float | None) -> Reading:
    """The reading with another number, which is then all there is."""
    return replace(reading, number=number, numbers=max(reading.numbers, 1) if number is not None else 0, words={})


def _threshold(assessment: Assessment, readings: Sequence[Reading], kept: float, flipped: _Times) -> str:
    """The factor at which the choice changes, between one that keeps it and one that does not; in the row's numbers."""

    def said(factor: float) -> str:
        if len(readings) == 1 and readings[0].number:
            word = "or more" if flipped.factor > 1 else "or less"
            return f"{readings[0].number * factor:.3g} {word}"
        return f"{factor:.3g} times that"

    low, high = kept, flipped.factor
    for _ in range(HALVINGS):
        if said(low) == said(high):
            break
        middle = (low * high) ** 0.5
        same = again(assessment, _Times(factor=middle).changed(readings)).choice == assessment.choice
        low, high = (middle, high) if same else (low, middle)
    return said(high)
