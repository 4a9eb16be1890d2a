"""The choice against a rival, factor by factor and row by row: what decides, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wirematrix.decision.answer import Comparison, Contribution, FactorDifference, FactorOutcome, RowDifference
from wirematrix.decision.assessment import CLOSE, Assessment
from wirematrix.decision.model import Reading, bare


def comparisons(assessment: Assessment) -> tuple[Comparison, ...]:
    """The choice against the runner-up, and against the best of every transport that is neither's."""
    if not assessment.choice or not assessment.points:
        return ()
    rivals: list[str] = []
    for name in assessment.ranking[1:]:
        taken = {bare(each) for each in (assessment.choice, *rivals)}
        if not rivals or bare(name) not in taken:
            rivals.append(name)
    return tuple(_against(assessment, rival) for rival in rivals)


def _against(assessment: Assessment, rival: str) -> Comparison:
    weights = assessment.case.profile.weights
    total = sum(weights.get(name, 0.0) for name in assessment.factors)
    found = [
        _factor(outcome, assessment.choice, rival, 100 * weights[name] / total)
        for name, outcome in assessment.factors.items()
        if weights.get(name)
    ]
    found.sort(key=lambda each: -abs(each.points))
    return Comparison(
        rival=rival,
        points=assessment.points[assessment.choice] - assessment.points[rival],
        ahead=tuple(each for each in found if each.points > CLOSE),
        behind=tuple(each for each in found if each.points < -CLOSE),
    )


def _factor(outcome: FactorOutcome, choice: str, rival: str, points: float) -> FactorDifference:
    """One factor, of which a whole score is worth some points."""
    mine, theirs = outcome.of(choice), outcome.of(rival)
    pairs = zip(mine.contributions, theirs.contributions, strict=True)
    rows = sorted(_rows(outcome.factor, pairs, points), key=lambda each: -abs(each.points))
    return FactorDifference(
        factor=outcome.factor,
        title=outcome.title,
        points=points * (mine.score - theirs.score),
        own=mine.score,
        rival=theirs.score,
        rows=tuple(rows),
    )


def _rows(factor: str, pairs: zip[tuple[Contribution, Contribution]], points: float) -> Iterator[RowDifference]:
    for mine, theirs in pairs:
        difference = points * mine.weight * (mine.score - theirs.score)
        if abs(difference) > CLOSE:
            yield RowDifference(
                factor=factor,
                slot=mine.slot,
                points=difference,
                own=mine.rows,
                rival=theirs.rows,
                clear=_apart(mine.rows, theirs.rows),
            )


def _apart(own: Sequence[Reading], rival: Sequence[Reading]) -> bool:
    """Whether the ranges of single readings do not overlap; without ranges there is nothing to doubt."""
    if len(own) != 1 or len(rival) != 1:
        return True
    (mine,), (theirs,) = own, rival
    if mine.low is None or mine.high is None or theirs.low is None or theirs.high is None:
        return True
    return mine.low > theirs.high or theirs.low > mine.high
