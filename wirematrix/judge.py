"""The judge: from a timeline and claims to findings, and from findings to a verdict.

It never sees a page and it starts from the worst: a verdict that nothing earned is `error`.
"""

from __future__ import annotations

from collections.abc import Sequence

from wirematrix.checks import Claim
from wirematrix.model import Expectation, Finding, Force, Held, Kind, Status, Verdict
from wirematrix.timeline import Timeline


def judge(timeline: Timeline, claims: Sequence[Claim], *, kind: Kind, expectation: Expectation) -> Verdict:
    """What the claims come to on this timeline.

    A broken MUST fails; an undecided one is a timeout (the evidence never sufficed); a broken SHOULD
    degrades. A scenario of kind *check* records differences: its broken findings never fail.
    """
    findings = tuple(claim.finding(timeline) for claim in claims)
    status, because = _decide(findings, kind)
    return Verdict(status=status, because=because, findings=findings, expectation=expectation)


def _decide(findings: Sequence[Finding], kind: Kind) -> tuple[Status, str]:
    if not findings:
        return Status.ERROR, "the scenario made no claim, so nothing was judged"
    broken = [one for one in findings if one.held is Held.BROKEN]
    undecided = [one for one in findings if one.held is Held.UNDECIDED]
    if undecided and not any(one.force is Force.MUST for one in broken):
        return Status.TIMEOUT, f"{undecided[0].check}: {undecided[0].because}"
    if kind is Kind.CHECK:
        return Status.PASS, f"recorded: {'; '.join(one.because for one in findings)}"
    for one in broken:
        if one.force is Force.MUST:
            return Status.FAIL, f"{one.check}: {one.because}"
    if broken:
        return Status.DEGRADED, f"{broken[0].check}: {broken[0].because}"
    return Status.PASS, "; ".join(one.because for one in findings)
