"""The sum: rules first, then every factor for whoever is still in, then points. Pure, and cheap to make again.

A factor without evidence in the runs is left out of the sum, whatever it weighs; so weights are relative to what was
measured. `again` makes an assessment anew where some rows say something else, and only as much of it as they touch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirematrix.decision.answer import Contribution, FactorOutcome, FactorScore, NotMeasured, RuleOutcome, Ruling
from wirematrix.decision.book import Book
from wirematrix.decision.model import CANDIDATES, Decision, Factor, Profile, Reading, RowKey
from wirematrix.decision.rules import rulings
from wirematrix.decision.scores import NOT_THERE, Shares, Weighed, weigh
from wirematrix.decision.slots import Plan, keys_of

CLOSE = 1e-9  # points that are closer are the same points


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an assessment is made from."""

    decision: Decision
    profile: Profile
    book: Book
    plan: Plan
    shares: Shares
    keys: Mapping[str, frozenset[RowKey]]  # the rows of each factor
    deciding: frozenset[RowKey]  # the rows of the profile's rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Who is in, what each factor says, and the points."""

    case: Case
    outcomes: Mapping[str, tuple[RuleOutcome, ...]]
    remaining: tuple[str, ...]
    factors: Mapping[str, FactorOutcome]  # those that were compared, whatever they weigh
    not_measured: Mapping[str, NotMeasured]
    points: Mapping[str, float]  # 0 to 100; empty where nothing that weighs was compared

    @property
    def ranking(self) -> tuple[str, ...]:
        """Who is in, the best first; of equals the one that comes first in the order of transports."""
        return tuple(sorted(self.remaining, key=lambda name: (-round(self.points.get(name, 0.0), 9), order(name))))

    @property
    def choice(self) -> str:
        """The best; nobody if nobody is in, or several are and nothing tells them apart."""
        if not self.points and len(self.remaining) != 1:
            return ""
        return self.ranking[0]


def order(candidate: str) -> int:
    """Its place among the candidates."""
    return CANDIDATES.index(candidate)


def shares_of(profile: Profile, book: Book) -> Shares:
    """How much each engine build counts, by the profile's audience; builds of one engine share its part."""
    engines = [build.engine for build in book.builds.values()]
    weights = {engine: profile.audience.get(engine, 0.0 if profile.audience else 1.0) for engine in engines}
    total = sum(weights.values())
    if not total:
        return {"": 1.0}
    shares = {key: weights[one.engine] / total / engines.count(one.engine) for key, one in book.builds.items()}
    return {"": 1.0, **shares}


def case_of(decision: Decision, profile: Profile, book: Book, plan: Plan) -> Case:
    """Put together what an assessment needs."""
    keys = {
        factor.name: frozenset(key for piece in factor.evidence for key in keys_of(plan, piece))
        for factor in decision.factors
    }
    rules = [decision.rule(name) for name in profile.rules]
    deciding = [rule.evidence for rule in rules] + [rule.remedy.evidence for rule in rules if rule.remedy]
    return Case(
        decision=decision,
        profile=profile,
        book=book,
        plan=plan,
        shares=shares_of(profile, book),
        keys=keys,
        deciding=frozenset(key for piece in deciding for key in keys_of(plan, piece)),
    )


def assess(case: Case) -> Assessment:
    """Weigh everything."""
    return _assess(case, _rulings(case), {}, {})


def again(before: Assessment, changed: Mapping[RowKey, Reading]) -> Assessment:
    """The same where some rows say something else."""
    case = before.case
    book = case.book.with_readings(changed)
    touched = {name for name, keys in case.keys.items() if not keys.isdisjoint(changed)}
    factors = {name: one for name, one in before.factors.items() if name not in touched}
    missing = {name: one for name, one in before.not_measured.items() if name not in touched}
    anew = replace(case, book=book)
    outcomes = before.outcomes if case.deciding.isdisjoint(changed) else _rulings(anew)
    return _assess(anew, outcomes, factors, missing, remaining=before.remaining)


def reweighed(before: Assessment, weights: Mapping[str, float]) -> Mapping[str, float]:
    """The points with other weights of factors."""
    return _points(before.factors, weights, before.remaining)


def _rulings(case: Case) -> Mapping[str, tuple[RuleOutcome, ...]]:
    return rulings(case.decision, case.profile, case.book, case.plan, case.shares)


def _assess(
    case: Case,
    outcomes: Mapping[str, tuple[RuleOutcome, ...]],
    factors: Mapping[str, FactorOutcome],
    missing: Mapping[str, NotMeasured],
    *,
    remaining: tuple[str, ...] = (),
) -> Assessment:
    staying = tuple(name for name, found in outcomes.items() if all(each.ruling is not Ruling.OUT for each in found))
    if staying != remaining:  # who is compared decides what can be compared
        factors, missing = {}, {}
    compared: dict[str, FactorOutcome] = {}
    absent: dict[str, NotMeasured] = {}
    for factor in case.decision.factors if staying else ():
        known = factors.get(factor.name) or missing.get(factor.name) or _factor(factor, staying, case)
        if isinstance(known, FactorOutcome):
            compared[factor.name] = known
        else:
            absent[factor.name] = known
    return Assessment(
        case=case,
        outcomes=outcomes,
        remaining=staying,
        factors=compared,
        not_measured=absent,
        points=_points(compared, case.profile.weights, staying),
    )


def _factor(factor: Factor, candidates: tuple[str, ...], case: Case) -> FactorOutcome | NotMeasured:
    """What a factor says of everybody who is in; its pieces of evidence count alike."""
    weight = case.profile.weights.get(factor.name, 0.0)
    found = [weigh(piece, candidates, case.book, case.plan, case.shares) for piece in factor.evidence]
    compared = [each for each in found if each.contributions]
    gaps = _gathered([each.gap for each in found if each.gap])
    if not compared:
        because = factor.unmeasured or "; ".join(gaps)
        return NotMeasured(factor=factor.name, title=factor.title, weight=weight, because=because)
    return FactorOutcome(
        factor=factor.name,
        title=factor.title,
        weight=weight,
        share=0.0,  # known when all are
        scores=tuple(_score(candidate, compared) for candidate in candidates),
        gaps=gaps,
    )


def _gathered(gaps: Sequence[str]) -> tuple[str, ...]:
    """Gaps in as few sentences as can be: what is simply not there is told at once."""
    absent = [gap.removesuffix(NOT_THERE) for gap in gaps if gap.endswith(NOT_THERE)]
    others = [gap for gap in gaps if not gap.endswith(NOT_THERE)]
    return (*([f"{', '.join(absent)}{NOT_THERE}"] if absent else []), *others)


def _score(candidate: str, compared: list[Weighed]) -> FactorScore:
    contributions = tuple(
        Contribution(slot=one.slot, weight=one.weight / len(compared), score=one.score, rows=one.rows)
        for each in compared
        for one in each.contributions[candidate]
    )
    score = math.fsum(one.weight * one.score for one in contributions)
    return FactorScore(candidate=candidate, score=score, contributions=contributions)


def _points(
    factors: Mapping[str, FactorOutcome], weights: Mapping[str, float], candidates: tuple[str, ...]
) -> Mapping[str, float]:
    total = sum(weights.get(name, 0.0) for name in factors)
    if not total:
        return {}
    sums = dict.fromkeys(candidates, 0.0)
    for name, outcome in factors.items():
        for each in outcome.scores:
            sums[each.candidate] += weights.get(name, 0.0) * each.score
    return {candidate: 100 * added / total for candidate, added in sums.items()}
