"""The evidence of a cell: every attempt with findings, metrics, timeline, what went by on the wire, and its files.

Views of evidence are made one cell at a time while a report is written, so that a report of thousands of
cells never holds all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Final

from wirematrix.gather import RanAttempt
from wirematrix.model import Artifact, Fact, Finding, NearMiss, Observation, Status
from wirematrix.report.figures import duration, metric_label, quantity
from wirematrix.report.flows import flows
from wirematrix.report.lanes import Mark, marks
from wirematrix.report.text import described, rerun_command
from wirematrix.report.views import JudgedSlot, Look
from wirematrix.report.wireviews import Table, tables

LINES_FIRST: Final = 240  # of a timeline that is too long to show
LINES_LAST: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One observation as a line of text, with its mark in the picture."""

    at_ms: float
    source: str
    kind: str
    detail: str
    mark: Mark

    @property
    def at(self) -> str:
        """The time in ms, to a tenth."""
        return f"{self.at_ms:.1f}"


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
    lines: tuple[Line, ...]
    later_lines: tuple[Line, ...]  # after those left out
    breaks_ms: tuple[tuple[float, float], ...]  # from a break until it was mended
    flows: tuple[tuple[int, int], ...]  # places among all lines between which a message went; none if some are left out
    tables: tuple[Table, ...]
    artifacts: tuple[Artifact, ...]
    left_out: int  # observations that only the run file has
    dropped: int  # observations that not even the run file has


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A cell's evidence: the deciding attempt first, the others after it in their order."""

    slot: JudgedSlot
    rerun: str
    deciding: AttemptEvidence
    others: tuple[AttemptEvidence, ...]

    @property
    def sentence_says_it(self) -> bool:
        """Whether the sentence of the cell is all its findings in a row, as it is where they held."""
        return self.slot.look in (Look.FINE, Look.RECORDED)


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
    marked = tuple(zip(timeline, marks(timeline), strict=True))
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
        lines=tuple(starmap(_line, marked[:LINES_FIRST] if long else marked)),
        later_lines=tuple(starmap(_line, marked[-LINES_LAST:] if long else ())),
        breaks_ms=_breaks_ms(timeline),
        flows=() if long else flows(timeline),
        tables=tables(timeline),
        artifacts=attempt.artifacts,
        left_out=len(timeline) - LINES_FIRST - LINES_LAST if long else 0,
        dropped=attempt.dropped_observations,
    )


def _measures(metrics: Mapping[str, float | int | None]) -> tuple[Measure, ...]:
    return tuple(
        Measure(label=metric_label(name), value=quantity(name, value))
        for name, value in metrics.items()
        if value is not None  # nothing to measure: the attempt had no break, sent no uplink, ...
    )


def _line(seen: Observation, mark: Mark) -> Line:
    return Line(
        at_ms=seen.at_ms,
        source=seen.source,
        kind=seen.kind,
        detail=described(seen.kind, seen.detail),
        mark=mark,
    )


def _breaks_ms(timeline: Sequence[Observation]) -> tuple[tuple[float, float], ...]:
    """A break that was mended lasts; one that was not is a moment, which its own mark shows."""
    breaks: list[tuple[float, float]] = []
    broken_ms: float | None = None
    for seen in timeline:
        if seen.source == "driver" and seen.kind == "break":
            broken_ms = seen.at_ms
        elif seen.source == "driver" and seen.kind == "mended" and broken_ms is not None:
            breaks.append((broken_ms, seen.at_ms))
            broken_ms = None
    return tuple(breaks)
