"""The evidence of a cell: every attempt with findings, metrics, timeline and lane picture.

Views of evidence are made one cell at a time while a report is written, so that a report of thousands of
cells never holds all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.gather import RanAttempt
from wirematrix.model import Fact, Finding, NearMiss, Observation, Status
from wirematrix.report.figures import duration, metric_label, quantity
from wirematrix.report.lanes import Picture, picture
from wirematrix.report.text import described, rerun_command
from wirematrix.report.views import JudgedSlot

LINES_FIRST: Final = 240  # of a timeline that is too long to show
LINES_LAST: Final = 160
BEGINNING_OF_SOURCE: Final = {"page": "p", "link": "l", "server": "s", "driver": "d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One observation as a line of text."""

    at: str
    source: str
    kind: str
    detail: str
    lane: str  # one letter, of a closed set, for the source's colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One metric, with its unit."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEvidence:
    """Everything kept of one attempt."""

    run: int
    number: int
    alone: bool  # made by itself at the end of the run
    started: str
    took: str
    status: Status
    expected: bool
    because: str
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...]
    near_misses: tuple[NearMiss, ...]
    facts: tuple[Fact, ...]
    picture: Picture
    lines: tuple[Line, ...]
    later_lines: tuple[Line, ...]  # after those left out
    left_out: int  # observations that only the run file has
    dropped: int  # observations that not even the run file has


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A cell's evidence: the deciding attempt first, the others after it in their order."""

    slot: JudgedSlot
    rerun: str
    deciding: AttemptEvidence
    others: tuple[AttemptEvidence, ...]


def evidence_of(slot: JudgedSlot) -> Evidence:
    """Lay out what is known of a cell."""
    return Evidence(
        slot=slot,
        rerun=rerun_command(slot.scenario, slot.cell),
        deciding=_attempt(slot.deciding),
        others=tuple(_attempt(ran) for ran in slot.attempts if ran is not slot.deciding),
    )


def _attempt(ran: RanAttempt) -> AttemptEvidence:
    attempt = ran.attempt
    verdict = attempt.verdict
    timeline = attempt.timeline
    long = len(timeline) > LINES_FIRST + LINES_LAST
    return AttemptEvidence(
        run=ran.run,
        number=attempt.number,
        alone=attempt.isolated,
        started=attempt.started,
        took=duration(attempt.duration_ms),
        status=verdict.status,
        expected=verdict.expected,
        because=verdict.because,
        findings=verdict.findings,
        measures=_measures(attempt.metrics),
        near_misses=attempt.near_misses,
        facts=attempt.facts,
        picture=picture(timeline),
        lines=tuple(map(_line, timeline[:LINES_FIRST] if long else timeline)),
        later_lines=tuple(map(_line, timeline[-LINES_LAST:] if long else ())),
        left_out=len(timeline) - LINES_FIRST - LINES_LAST if long else 0,
        dropped=attempt.dropped_observations,
    )


def _measures(metrics: Mapping[str, float | int | None]) -> tuple[Measure, ...]:
    return tuple(
        Measure(label=metric_label(name), value=quantity(name, value))
        for name, value in metrics.items()
        if value is not None  # nothing to measure: the attempt had no break, sent no uplink, ...
    )


def _line(seen: Observation) -> Line:
    return Line(
        at=f"{seen.at_ms:.1f}",
        source=seen.source,
        kind=seen.kind,
        detail=described(seen.kind, seen.detail),
        lane=BEGINNING_OF_SOURCE.get(seen.source, "o"),
    )
