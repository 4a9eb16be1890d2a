"""The judge: from a timeline and claims to findings, and from findings to a verdict.

It never sees a page and it starts from the worst: a verdict that nothing earned is `error`.
"""

from __future__ import annotations

from collections.abc import Sequence

from wirematrix.checks import Claim
from wirematrix.measures import Measure
from wirematrix.model import Expectation, Finding, Force, Held, Kind, Status, Verdict
from wirematrix.timeline import Timeline

DECIDES = (  # the first that some finding is decides
    (Force.MUST, Held.BROKEN, Status.FAIL),
    (Force.MUST, Held.UNDECIDED, Status.TIMEOUT),
    (Force.SHOULD, Held.BROKEN, Status.DEGRADED),
    (Force.SHOULD, Held.UNDECIDED, Status.TIMEOUT),
)


def judge(
    timeline: Timeline,
    claims: Sequence[Claim],
    measures: Sequence[Measure] = (),
    *,
    kind: Kind,
    expectation: Expectation,
) -> Verdict:
    """What the claims come to on this timeline, and whether there is enough of what was to be recorded.

    A broken MUST fails; an undecided one is a timeout (the evidence never sufficed); then a broken SHOULD
    degrades and an undecided one is a timeout. A scenario of kind *check* records differences: its broken
    findings never fail, but undecided ones are no record.
    """
    findings = (*(claim.finding(timeline) for claim in claims), *(measure.finding(timeline) for measure in measures))
    status, because = _decide(findings, kind)
    return Verdict(status=status, because=because, findings=findings, expectation=expectation)


def _decide(findings: Sequence[Finding], kind: Kind) -> tuple[Status, str]:
    if not findings:
        return Status.ERROR, "the scenario claimed and recorded nothing, so nothing was judged"
    for force, held, status in DECIDES:
        if kind is Kind.CHECK and held is Held.BROKEN:
            continue
        for one in findings:
            if (one.force, one.held) == (force, held):
                return status, f"{one.check}: {one.because}"
    seen = "; ".join(one.because for one in findings)
    return Status.PASS, f"recorded: {seen}" if kind is Kind.CHECK else seen
