"""The book of readings: every measured row of the runs that a decision may ask for, by its key.

A cell's reading is the share of its attempts that held; one that held its MUSTs and broke a SHOULD counts half.
Attempts that say nothing about the cell (errors of ours, skipped, not begun) are not in it. Nothing is decided here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wirematrix.decision.model import MEASURES, Reading, RowKey, RowKind
from wirematrix.errors import InvalidInput
from wirematrix.facts import fact_cell, recorded
from wirematrix.gather import Gathered, Place, RanAttempt, gather
from wirematrix.load_figures import Summary, medians, unequal_terms
from wirematrix.load_model import Effort, Load
from wirematrix.model import Build, Fact, Kind, Run, Status

HOLDS: Final[Mapping[Status, float]] = {
    Status.PASS: 1.0,
    Status.DEGRADED: 0.5,
    Status.FAIL: 0.0,
    Status.UNSUPPORTED: 0.0,
    Status.TIMEOUT: 0.0,
    Status.CRASH: 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All readings of some runs."""

    readings: Mapping[RowKey, Reading]
    builds: Mapping[str, Build]  # by key
    kinds: Mapping[str, Kind] = field(default_factory=dict)  # of the scenarios
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # that scenarios recorded, sufficient or not
    silent: Mapping[RowKey, str] = field(default_factory=dict)  # rows that were tried, and why they say nothing

    def with_readings(self, changed: Mapping[RowKey, Reading]) -> Book:
        """The same book where some rows say something else."""
        return Book(
            readings={**self.readings, **changed},
            builds=self.builds,
            kinds=self.kinds,
            facts=self.facts,
            silent=self.silent,
        )


def book_of(runs: Sequence[Run]) -> Book:
    """Add up what the runs hold; InvalidInput if their load comparisons cannot be added up."""
    gathered = gather(runs)
    leading = _leading(gathered)
    readings: dict[RowKey, Reading] = {}
    silent: dict[RowKey, str] = {}
    names: dict[str, set[str]] = defaultdict(set)
    for place, attempts in gathered.attempts.items():
        engine, leads = place.cell.engine, place.build_key in leading
        key = RowKey(kind=RowKind.CELL, build=place.build_key, name=place.cell.id)
        if reading := _cell(key, attempts, engine=engine, leads=leads):
            readings[key] = reading
        else:
            silent[key] = attempts[-1].attempt.verdict.because
        for one in _facts(place, attempts, leads=leads):
            readings[one.key] = one
        names[place.cell.scenario].update(fact.name for ran in attempts for fact in ran.attempt.facts)
    loads = [run.load for place, run in enumerate(runs) if run.load is not None and run not in runs[:place]]
    for one in (*_load(loads), *_effort([row for run in runs for row in run.effort])):
        readings[one.key] = one
    return Book(
        readings=readings,
        builds=gathered.builds,
        kinds={name: text.kind for name, text in gathered.scenarios.items()},
        facts={scenario: frozenset(found) for scenario, found in names.items()},
        silent=silent,
    )


def _leading(gathered: Gathered) -> frozenset[str]:
    """The first build of each engine."""
    first: dict[str, str] = {}
    for key, build in gathered.builds.items():
        first.setdefault(build.engine, key)
    return frozenset(first.values())


def _cell(key: RowKey, attempts: Sequence[RanAttempt], *, engine: str, leads: bool) -> Reading | None:
    verdicts = [ran.attempt.verdict for ran in attempts]
    statuses = [verdict.status for verdict in verdicts if verdict.status in HOLDS and not verdict.builds_on]
    if not statuses:
        return None
    return Reading(
        key=key,
        number=sum(HOLDS[status] for status in statuses) / len(statuses),
        attempts=len(statuses),
        engine=engine,
        leads=leads,
        statuses=dict(Counter(map(str, statuses))),
    )


def _facts(place: Place, attempts: Sequence[RanAttempt], *, leads: bool) -> Iterator[Reading]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for ran in attempts:
        for fact in recorded(ran.attempt):
            found[fact.name].append(fact)
    for name, facts in found.items():
        cell = fact_cell(facts)
        spread = cell.spread
        yield Reading(
            key=RowKey(kind=RowKind.FACT, build=place.build_key, name=place.cell.id, figure=name),
            number=spread.p50.value if spread else None,
            words=cell.words,
            numbers=spread.count if spread else 0,
            low=spread.low.value if spread else None,
            high=spread.high.value if spread else None,
            at_least=spread.p50.at_least if spread else False,
            attempts=cell.attempts,
            engine=place.cell.engine,
            leads=leads,
        )


def _load(loads: Sequence[Load]) -> Iterator[Reading]:
    """Medians over the rounds of all comparisons, which must have been made on equal terms."""
    if not loads:
        return
    first = loads[0]
    for other in loads[1:]:
        if differences := unequal_terms(first.conditions, other.conditions):
            problem = f"their load comparisons differ in {'; '.join(differences)}"
            raise InvalidInput("runs", problem, expected="one load comparison, or several on equal terms")
    numbers = sorted({number for load in loads for number in load.conditions.subscribers})
    together = Load(
        conditions=replace(first.conditions, subscribers=tuple(numbers)),
        tiers=tuple({tier.name: tier for load in loads for tier in load.tiers}.values()),
        rounds=tuple(each for load in loads for each in load.rounds),
    )
    for (tier, subscribers), figures in medians(together).items():
        for figure, found in figures.items():
            yield _figure(tier, subscribers, figure, found)


def _figure(tier: str, subscribers: int, figure: str, found: Summary) -> Reading:
    return Reading(
        key=RowKey(kind=RowKind.LOAD, name=tier, figure=figure, subscribers=subscribers),
        number=found.p50,
        numbers=found.count,
        low=found.low,
        high=found.high,
        attempts=found.count,
    )


def _effort(rows: Sequence[Effort]) -> Iterator[Reading]:
    seen: dict[str, Effort] = {}
    for row in rows:
        name = effort_name(row.guarantee, row.transport, row.side)
        if seen.setdefault(name, row) != row:
            raise InvalidInput("runs", f"they differ in the effort of {name}", expected="one measurement of the code")
    for name, row in seen.items():
        counts = {"lines": row.lines, "branches": row.branches, "concepts": len(row.concepts)}
        for measure in MEASURES:
            yield Reading(
                key=RowKey(kind=RowKind.EFFORT, name=name, figure=measure),
                number=float(counts[measure]),
                numbers=1,
                attempts=1,
                impossible="" if row.possible else row.because or "impossible",
            )


def effort_name(guarantee: str, transport: str, side: str) -> str:
    """What a row of effort is known by."""
    return f"{guarantee}, {transport}, {side}"
