"""How sure an answer is: how much of it was measured, how often, and whether the engines agree.

The confidence is strong if every engine build alone gives the same choice, at least 80 % of the weights were measured,
no rule is open, no row was seen once only, and the lead is at least 5 points, and more than what rows add to it whose
ranges overlap. It is weak if less than half of the weights were measured, a rule is open for a candidate that is in,
the engines disagree by half, or the lead is below 1 point. Everything else is fair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from wirematrix.decision.answer import Comparison, Confidence, EngineAnswer, Ruling, Sureness
from wirematrix.decision.assessment import CLOSE, Assessment, Case, assess
from wirematrix.decision.model import Reading, RowKind

MUCH: Final = 0.8  # of the weights
HALF: Final = 0.5
LEAD: Final = 5.0  # points
LITTLE_LEAD: Final = 1.0
OFTEN: Final = 2  # attempts


def sureness_of(assessment: Assessment, closest: Comparison | None) -> Sureness:
    """What the answer rests on, `closest` being the comparison with the runner-up.

    The reasons are those that keep the confidence from being higher.
    """
    rows = _rows(assessment)
    engines = tuple(_alone(assessment))
    once = sum(row.attempts < OFTEN for row in rows if row.key.kind is not RowKind.EFFORT)
    share = _measured_share(assessment)
    agree = sum(one.agrees for one in engines)
    reasons = (
        *_of_coverage(assessment, share=share, agree=agree, engines=len(engines)),
        *_of_lead(closest),
        *([(f"{once} rows were seen in one attempt only", False)] if once else []),
    )
    weak = [because for because, weakens in reasons if weakens]
    confidence = Confidence.WEAK if weak else Confidence.FAIR if reasons else Confidence.STRONG
    return Sureness(
        confidence=confidence,
        because=tuple(because for because, _ in sorted(reasons, key=lambda reason: not reason[1])),
        measured_share=share,
        rows=len(rows),
        once=once,
        fewest_attempts=min((row.attempts for row in rows), default=0),
        flaky=tuple(row for row in rows if len(row.statuses) > 1),
        rounds=min((row.attempts for row in rows if row.key.kind is RowKind.LOAD), default=0),
        engines=engines,
    )


def _rows(assessment: Assessment) -> tuple[Reading, ...]:
    """The measured rows that count for the choice or the runner-up."""
    names = assessment.ranking[:2] if assessment.choice else ()
    found = {
        row.key: row
        for outcome in assessment.factors.values()
        if outcome.weight > 0
        for name in names
        for contribution in outcome.of(name).contributions
        for row in contribution.rows
    }
    for name in names:
        found.update({row.key: row for ruled in assessment.outcomes[name] for row in ruled.rows})
    return tuple(found.values())


def _measured_share(assessment: Assessment) -> float:
    weights = assessment.case.profile.weights
    return sum(weights.get(name, 0.0) for name in assessment.factors) / sum(weights.values())


def _alone(assessment: Assessment) -> Iterator[EngineAnswer]:
    """The choice if the audience had one engine build only."""
    case = assessment.case
    for key, build in case.book.builds.items():
        if case.shares.get(key, 0.0) > 0:
            choice = assess(_of_build(case, key)).choice
            name = f"{build.product} {build.version}".strip()
            yield EngineAnswer(build=name, engine=build.engine, choice=choice, agrees=choice == assessment.choice)


def _of_build(case: Case, key: str) -> Case:
    return replace(case, shares={"": 1.0, **{each: float(each == key) for each in case.book.builds}})


def _of_coverage(assessment: Assessment, *, share: float, agree: int, engines: int) -> Iterator[tuple[str, bool]]:
    """What was not measured or not agreed upon, and whether that makes the answer weak."""
    if not assessment.choice:
        yield "there is no choice", True
    if share < MUCH:
        yield f"{share:.0%} of the weights were measured", share < HALF
    if agree < engines:
        yield f"{agree} of {engines} engines agree", agree <= engines / 2
    opened = sorted(
        {
            ruled.rule.title
            for name in assessment.remaining
            for ruled in assessment.outcomes[name]
            if ruled.ruling is Ruling.NOT_MEASURED
        }
    )
    if opened:
        yield f"not measured for all who are in: {'; '.join(opened)}", True


def _of_lead(closest: Comparison | None) -> Iterator[tuple[str, bool]]:
    """How much the lead is worth."""
    if closest is None:
        return
    if closest.points < LEAD:
        yield f"the lead is {closest.points:.1f} points", closest.points < LITTLE_LEAD
    doubtful = sum(row.points for factor in closest.ahead for row in factor.rows if row.points > 0 and not row.clear)
    if doubtful and doubtful >= closest.points - CLOSE:
        yield f"rows whose ranges overlap add {doubtful:.1f} points to it", False
