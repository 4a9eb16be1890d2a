"""From run files to an answer per profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wirematrix.decision.answer import FactorOutcome, NotMeasured, Recommendation, Standing
from wirematrix.decision.assessment import CLOSE, Assessment, assess, case_of, order
from wirematrix.decision.book import Book, book_of
from wirematrix.decision.differences import comparisons
from wirematrix.decision.flips import row_flips, weight_flips
from wirematrix.decision.model import CANDIDATES, CellSource, Decision, Evidence, FactSource, Profile
from wirematrix.decision.slots import Plan, plan_of
from wirematrix.decision.sureness import sureness_of
from wirematrix.errors import InvalidInput
from wirematrix.model import Kind, Run
from wirematrix.nodes import choice, unknown


def recommend(decision: Decision, runs: Sequence[Run], names: Sequence[str] = ()) -> tuple[Recommendation, ...]:
    """An answer for each profile, or for those that are named, in the order of the matrix.

    InvalidInput for an unknown profile, and for evidence that the runs contradict: a fact that a scenario does not
    record, or cells of kind check, which neither pass nor fail.
    """
    profiles = _profiles(decision, names)
    book = book_of(runs)
    _refuse(decision, book)
    plan = plan_of(decision, book.builds)
    return tuple(_answer(decision, profile, book, plan) for profile in profiles)


def _profiles(decision: Decision, names: Sequence[str]) -> tuple[Profile, ...]:
    known = [profile.name for profile in decision.profiles]
    for name in names:
        if name not in known:
            raise InvalidInput(f"--profile {name}", unknown("profile", name, known), expected=choice(known))
    return tuple(profile for profile in decision.profiles if not names or profile.name in names)


def _refuse(decision: Decision, book: Book) -> None:
    for source in _sources(decision):
        if isinstance(source, CellSource):
            for way in source.ways:
                if book.kinds.get(way.scenario) is Kind.CHECK:
                    problem = f"{way.scenario} is of kind check, which neither passes nor fails"
                    raise InvalidInput(source.place, problem, expected="its facts")
        elif known := book.facts.get(source.way.scenario):
            for fact in source.facts:
                if fact not in known:
                    problem = f"in the runs {source.way.scenario} has {unknown('fact', fact, known)}"
                    raise InvalidInput(source.place, problem, expected=choice(sorted(known)))


def _sources(decision: Decision) -> Iterator[CellSource | FactSource]:
    pieces: list[Evidence] = [piece for factor in decision.factors for piece in factor.evidence]
    for rule in decision.rules:
        pieces += [rule.evidence, *([rule.remedy.evidence] if rule.remedy else [])]
    for piece in pieces:
        yield from (each for each in piece.sources if isinstance(each, (CellSource, FactSource)))


def _answer(decision: Decision, profile: Profile, book: Book, plan: Plan) -> Recommendation:
    assessment = assess(case_of(decision, profile, book, plan))
    flips, tried = row_flips(assessment)
    compared = comparisons(assessment)
    found = {build.engine for build in book.builds.values()}
    shares = assessment.case.shares
    return Recommendation(
        profile=profile,
        audience={
            engine: sum(shares.get(key, 0.0) for key, one in book.builds.items() if one.engine == engine)
            for engine in dict.fromkeys(build.engine for build in book.builds.values())
        },
        unseen=tuple(engine for engine, weight in profile.audience.items() if weight and engine not in found),
        choice=assessment.choice,
        tied=_tied(assessment),
        standings=_standings(assessment),
        comparisons=compared,
        factors=_factors(assessment),
        not_measured=_not_measured(assessment),
        sureness=sureness_of(assessment, compared[0] if compared else None),
        weight_flips=weight_flips(assessment),
        row_flips=flips,
        rows_tried=tried,
    )


def _tied(assessment: Assessment) -> tuple[str, ...]:
    best = assessment.points.get(assessment.choice)
    if best is None:
        return ()
    level = (name for name in assessment.ranking if abs(assessment.points[name] - best) <= CLOSE)
    return tuple(name for name in level if name != assessment.choice)


def _standings(assessment: Assessment) -> tuple[Standing, ...]:
    out = sorted(set(CANDIDATES) - set(assessment.remaining), key=order)
    return tuple(
        Standing(candidate=name, points=assessment.points.get(name), outcomes=assessment.outcomes[name])
        for name in (*assessment.ranking, *out)
    )


def _factors(assessment: Assessment) -> tuple[FactorOutcome, ...]:
    """Those that were compared, the heaviest first."""
    total = sum(outcome.weight for outcome in assessment.factors.values())
    outcomes = (
        replace(outcome, share=outcome.weight / total if total else 0.0) for outcome in assessment.factors.values()
    )
    return tuple(sorted(outcomes, key=lambda outcome: -outcome.weight))


def _not_measured(assessment: Assessment) -> tuple[NotMeasured, ...]:
    return tuple(sorted(assessment.not_measured.values(), key=lambda missing: -missing.weight))
