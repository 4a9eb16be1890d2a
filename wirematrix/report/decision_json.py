"""A recommendation for machines: the whole view as JSON, each score with the rows it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wirematrix.decision.answer import (
    Comparison,
    FactorDifference,
    FactorOutcome,
    FactorScore,
    Recommendation,
    RowFlip,
    RuleOutcome,
    Standing,
)
from wirematrix.decision.model import Reading
from wirematrix.report.decisionwords import row_anchor, row_name, says

Plain = dict[str, Any]


def recommendations_as_json(found: Sequence[Recommendation]) -> Plain:
    """All answers, in order; points are hundredths, scores and shares 0 to 1."""
    return {"schema": 1, "recommendations": [_recommendation(each) for each in found]}


def _recommendation(found: Recommendation) -> Plain:
    sure = found.sureness
    return {
        "profile": found.profile.name,
        "title": found.profile.title,
        "because": found.profile.because,
        "audience": dict(found.audience),
        "engines_without_runs": list(found.unseen),
        "choice": found.choice,
        "points": found.points,
        "tied": list(found.tied),
        "standings": [_standing(each) for each in found.standings],
        "comparisons": [_comparison(each) for each in found.comparisons],
        "factors": [_factor(each) for each in found.factors],
        "not_measured": [
            {"factor": each.factor, "title": each.title, "weight": each.weight, "because": each.because}
            for each in found.not_measured
        ],
        "confidence": {
            "word": str(sure.confidence),
            "because": list(sure.because),
            "measured_share": sure.measured_share,
            "rows": sure.rows,
            "rows_seen_once": sure.once,
            "fewest_attempts": sure.fewest_attempts,
            "rounds": sure.rounds,
            "flaky": [row_name(row) for row in sure.flaky],
            "engines": [
                {"build": one.build, "engine": one.engine, "choice": one.choice, "agrees": one.agrees}
                for one in sure.engines
            ],
        },
        "weight_flips": [
            {"factor": one.factor, "title": one.title, "weight": one.weight, "flips_at": one.flips_at, "to": one.to}
            for one in found.weight_flips
        ],
        "row_flips": [_row_flip(each) for each in found.row_flips],
        "rows_tried": found.rows_tried,
    }


def _standing(standing: Standing) -> Plain:
    return {
        "candidate": standing.candidate,
        "points": standing.points,
        "out": bool(standing.out),
        "rules": [_outcome(each) for each in standing.outcomes],
    }


def _outcome(outcome: RuleOutcome) -> Plain:
    return {
        "rule": outcome.rule.name,
        "title": outcome.rule.title,
        "ruling": str(outcome.ruling),
        "because": outcome.because,
        "rows": _rows(outcome.rows),
    }


def _comparison(comparison: Comparison) -> Plain:
    return {
        "rival": comparison.rival,
        "points": comparison.points,
        "ahead": [_difference(each) for each in comparison.ahead],
        "behind": [_difference(each) for each in comparison.behind],
    }


def _difference(difference: FactorDifference) -> Plain:
    return {
        "factor": difference.factor,
        "title": difference.title,
        "points": difference.points,
        "own": difference.own,
        "rival": difference.rival,
        "rows": [
            {
                "slot": row.slot,
                "points": row.points,
                "clear": row.clear,
                "own": _rows(row.own),
                "rival": _rows(row.rival),
            }
            for row in difference.rows
        ],
    }


def _factor(factor: FactorOutcome) -> Plain:
    return {
        "factor": factor.factor,
        "title": factor.title,
        "weight": factor.weight,
        "share": factor.share,
        "gaps": list(factor.gaps),
        "scores": [_score(each) for each in factor.scores],
    }


def _score(score: FactorScore) -> Plain:
    return {
        "candidate": score.candidate,
        "score": score.score,
        "contributions": [
            {"slot": one.slot, "weight": one.weight, "score": one.score, "rows": _rows(one.rows)}
            for one in score.contributions
        ],
    }


def _row_flip(flip: RowFlip) -> Plain:
    return {
        "about": flip.about,
        "rows": _rows(flip.rows),
        "all_engines": flip.whole,
        "would_be": flip.would_be,
        "to": flip.to,
    }


def _rows(rows: Sequence[Reading]) -> list[Plain]:
    return [
        {
            "row": row_name(row),
            "kind": str(row.key.kind),
            "says": says(row),
            "number": row.number,
            "attempts": row.attempts,
            "build": row.key.build,
            "anchor": row_anchor(row),
        }
        for row in rows
    ]
