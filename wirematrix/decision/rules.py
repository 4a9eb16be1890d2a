"""Knock-out rules: a candidate is out where a measured row says that it cannot do what is needed.

What no row speaks about is no reason to be out: it is said to be not measured, and the candidate stays in.
"""

from __future__ import annotations

from collections.abc import Sequence

from wirematrix.decision.answer import RuleOutcome, Ruling
from wirematrix.decision.book import Book
from wirematrix.decision.model import CANDIDATES, Decision, Evidence, Profile, Reading, Rule
from wirematrix.decision.scores import Shares, holds, measured
from wirematrix.decision.slots import Plan, described


def rulings(
    decision: Decision, profile: Profile, book: Book, plan: Plan, shares: Shares
) -> dict[str, tuple[RuleOutcome, ...]]:
    """What each rule of the profile says of each candidate."""
    rules = [decision.rule(name) for name in profile.rules]
    return {
        candidate: tuple(_outcome(rule, candidate, book, plan, shares) for rule in rules) for candidate in CANDIDATES
    }


def _outcome(rule: Rule, candidate: str, book: Book, plan: Plan, shares: Shares) -> RuleOutcome:
    asked = plan.of(rule.evidence, candidate)
    if asked is None:
        because = f"the matrix has no row of {_what(rule.evidence)} for it"
        return _made(rule, candidate, Ruling.UNCONCERNED, (), because)
    met, unmet = _decided(rule.evidence, candidate, book, plan, shares)
    what = described(asked.source)
    if not met and not unmet:
        return _made(rule, candidate, Ruling.NOT_MEASURED, (), f"{what}: not in the runs")
    if not unmet:
        return _made(rule, candidate, Ruling.MET, met, f"{what}: holds in {_engines(met)}")
    if rule.remedy is not None:
        helped, helpless = _decided(rule.remedy.evidence, candidate, book, plan, shares)
        if helped and not helpless:
            return _made(rule, candidate, Ruling.WITH_CODE, (*unmet, *helped), rule.remedy.what)
    return _made(rule, candidate, Ruling.OUT, unmet, f"{what}: does not hold in {_engines(unmet)}")


def _decided(
    evidence: Evidence, candidate: str, book: Book, plan: Plan, shares: Shares
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """The rows by which a need is met, and those by which it is not."""
    entries = measured(evidence, candidate, book, plan, shares).values()
    met = tuple(row for entry in entries if holds(entry) for row in entry.rows)
    unmet = tuple(row for entry in entries if not holds(entry) for row in entry.rows)
    return met, unmet


def _made(rule: Rule, candidate: str, ruling: Ruling, rows: tuple[Reading, ...], because: str) -> RuleOutcome:
    return RuleOutcome(rule=rule, candidate=candidate, ruling=ruling, rows=rows, because=because)


def _what(evidence: Evidence) -> str:
    return " or ".join(described(source) for source in evidence.sources)


def _engines(rows: Sequence[Reading]) -> str:
    """`chromium, firefox`; for rows of load, which have no engine, what was measured."""
    return ", ".join(dict.fromkeys(row.engine or row.key.name for row in rows))
