"""What speaks for a transport and what against it: the factors in which its rows lie ahead of another's, or behind.

Nothing here is an opinion. A bare transport is held against the other bare ones, one with the resilient policy against
the others with it; what all do alike speaks for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.decision.answer import Contribution, FactorOutcome, FactorScore, Recommendation
from wirematrix.decision.model import Reading, RowKind
from wirematrix.report.rowwords import RowWords, rows_words
from wirematrix.report.tally import counted

APART: Final = 0.1  # of a factor's scores, which go from 0 to 1; less is no pro and no con
GOOD: Final = 0.75  # of the best, to be worth a word as a pro
ROWS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One factor that speaks for or against a transport, against whom, and the rows that say so."""

    title: str
    scores: str
    rows: tuple[RowWords, ...]
    more: int  # rows that are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """One candidate: what speaks for it, what against it; the clearest first."""

    candidate: str
    pros: tuple[Point, ...]
    cons: tuple[Point, ...]


def widest(answers: Sequence[Recommendation]) -> Recommendation | None:
    """The answer in which the most candidates are compared: its factors say most about all of them."""
    return max(answers, key=lambda answer: sum(not one.out for one in answer.standings), default=None)


def pros_and_cons(answers: Sequence[Recommendation], load_anchor: str = "load") -> tuple[Sides, ...]:
    """For and against each candidate that is compared in the widest of the answers."""
    answer = widest(answers)
    if answer is None:
        return ()
    names = [one.candidate for one in answer.standings if not one.out and one.points is not None]
    return tuple(_sides(answer, name, names, load_anchor) for name in sorted(names, key=_rank))


def _rank(candidate: str) -> tuple[bool, str]:
    return candidate.endswith("+"), candidate


def _sides(answer: Recommendation, candidate: str, names: Sequence[str], load_anchor: str) -> Sides:
    rivals = [name for name in names if name != candidate and name.endswith("+") == candidate.endswith("+")]
    pros: list[tuple[float, Point]] = []
    cons: list[tuple[float, Point]] = []
    for factor in answer.factors:
        scores = {one.candidate: one for one in factor.scores}
        if candidate not in scores:
            continue
        own = scores[candidate]
        others = [scores[name] for name in rivals if name in scores]
        if not others:
            continue
        best, worst = max(others, key=_score), min(others, key=_score)
        if own.score - worst.score >= APART and own.score >= GOOD * max(best.score, own.score):
            pros.append((own.score - worst.score, _point(factor, own, worst, load_anchor)))
        if best.score - own.score >= APART:
            cons.append((best.score - own.score, _point(factor, own, best, load_anchor)))
    return Sides(candidate=candidate, pros=_clearest(pros), cons=_clearest(cons))


def _score(one: FactorScore) -> float:
    return one.score


def _clearest(points: list[tuple[float, Point]]) -> tuple[Point, ...]:
    return tuple(point for _, point in sorted(points, key=lambda each: -each[0]))


def _point(factor: FactorOutcome, own: FactorScore, other: FactorScore, load_anchor: str) -> Point:
    """The factor with the rows in which the two differ most: of each slot the one that says most."""
    theirs = {_slot(each): each.score for each in other.contributions}
    apart = [
        (difference * each.weight, each)
        for each in own.contributions
        # a slot that the other does not have is held against what it has in all
        if (difference := (each.score - theirs.get(_slot(each), other.score)) * (1 if own.score > other.score else -1))
        > 0
    ]
    behind = own.score < other.score
    rows = [
        words
        for _, each in sorted(apart, key=lambda one: -one[0])
        for words in _telling(each.rows, load_anchor, behind=behind)
    ]
    return Point(
        title=factor.title,
        scores=f"{own.score:.2f} against {other.score:.2f} of {other.candidate}",
        rows=tuple(rows[:ROWS_SHOWN]),
        more=max(0, len(rows) - ROWS_SHOWN),
    )


def _slot(one: Contribution) -> tuple[str, str]:
    return one.slot, next((row.engine for row in one.rows), "")


def _telling(rows: Sequence[Reading], load_anchor: str, *, behind: bool) -> tuple[RowWords, ...]:
    """Of cells of one slot the one that holds least where the candidate is behind; of anything else all."""
    if behind and len(rows) > 1 and all(row.key.kind is RowKind.CELL for row in rows):
        rows = [min(rows, key=lambda row: row.number or 0.0)]
    return rows_words(rows, load_anchor)


def more_in_words(point: Point) -> str:
    """`and 3 rows more`; empty if all are shown."""
    return f"and {counted(point.more, 'row')} more" if point.more else ""
