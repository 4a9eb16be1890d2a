"""What several runs declare, exclude and found, sorted to engine builds. Nothing is decided here.

A build is known by product, version, origin and system: the same build in two runs is one column, two
builds of one engine are two. A run or an attempt handed in twice (the same run file given twice) counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from wirematrix.model import (
    ENGINES,
    RELATIONS,
    SAME_ORIGIN,
    TRANSPORTS,
    Attempt,
    Build,
    Cell,
    Kind,
    Run,
    RunInfo,
    ScenarioText,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of one engine build."""

    build_key: str
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RanAttempt:
    """An attempt and the number of the run it belongs to (1, 2, ... in the order given)."""

    run: int
    attempt: Attempt


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Everything the runs hold, in order of first mention."""

    runs: tuple[RunInfo, ...]
    builds: dict[str, Build] = field(default_factory=dict)
    scenarios: dict[str, ScenarioText] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    declared: dict[Place, str] = field(default_factory=dict)  # to the id it was declared under
    unreadable: list[str] = field(default_factory=list)  # declared ids that name no cell we can place
    excluded: dict[Place, str] = field(default_factory=dict)
    attempts: dict[Place, list[RanAttempt]] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[Place, ...]:
        """Declared and not received."""
        return tuple(place for place in self.declared if place not in self.attempts)

    def transports_of(self, build_key: str) -> tuple[str, ...]:
        """The transports that a build was asked to show, in their usual order."""
        own = {place.cell.transport: None for place in self._asked() if place.build_key == build_key}
        return tuple(sorted(own, key=rank(TRANSPORTS)))

    def ways_of(self, scenario: str) -> tuple[tuple[str, str], ...]:
        """The networks and origin relations over which a scenario was asked for, in the runs' order."""
        own = {
            (place.cell.network, place.cell.relation): None
            for place in self._asked()
            if place.cell.scenario == scenario
        }
        network_rank, relation_rank = rank(tuple(self.networks)), rank(RELATIONS)
        return tuple(sorted(own, key=lambda way: (network_rank(way[0]), relation_rank(way[1]))))

    def _asked(self) -> Iterable[Place]:
        return (*self.declared, *self.attempts)


def gather(runs: Sequence[Run]) -> Gathered:
    """Sort the content of the runs; the first run's order leads."""
    different = [run for place, run in enumerate(runs) if run not in runs[:place]]
    gathered = Gathered(runs=tuple(run.info for run in different))
    for number, run in enumerate(different, start=1):
        _take(gathered, run, number)
    gathered.builds = dict(sorted(gathered.builds.items(), key=lambda item: rank(ENGINES)(item[1].engine)))
    for place in (*gathered.declared, *gathered.attempts):
        name = place.cell.scenario
        gathered.scenarios.setdefault(name, _unknown_scenario(name))
    return gathered


def _take(gathered: Gathered, run: Run, number: int) -> None:
    builds = {build.engine: build for build in run.info.builds}

    def place_of(cell: Cell) -> Place:
        build = builds.setdefault(cell.engine, _absent(cell.engine, run))
        gathered.builds.setdefault(key_of(build), build)
        return Place(key_of(build), cell)

    for text in run.scenarios:
        gathered.scenarios.setdefault(text.name, text)
    for name, about in run.networks.items():
        gathered.networks.setdefault(name, about)
    received_by_id = {attempt.cell.id: attempt.cell for attempt in run.attempts}
    engines = (*builds, *run.info.unavailable)
    for identifier in run.declared:
        cell = received_by_id.get(identifier) or cell_of(identifier, engines=engines)
        if cell is None:
            gathered.unreadable.append(identifier)
        else:
            gathered.declared.setdefault(place_of(cell), identifier)
    for attempt in run.attempts:
        received = gathered.attempts.setdefault(place_of(attempt.cell), [])
        if all(known.attempt != attempt for known in received):
            received.append(RanAttempt(run=number, attempt=attempt))
    for exclusion in run.exclusions:
        build = builds.get(exclusion.cell.engine)
        if build is not None:  # an exclusion alone makes no column
            gathered.excluded.setdefault(Place(key_of(build), exclusion.cell), exclusion.because)


def cell_of(identifier: str, *, engines: Iterable[str] = ()) -> Cell | None:
    """The cell a declared id names; None if its engine or transport is none we know of."""
    scenario, bracket, rest = identifier.removesuffix("]").partition("[")
    if not bracket:
        return None
    for engine in sorted({*ENGINES, *engines}, key=len, reverse=True):
        for transport in sorted(TRANSPORTS, key=len, reverse=True):
            head = f"{engine}-{transport}-"
            if rest.startswith(head) and len(rest) > len(head):
                network, relation = _way(rest.removeprefix(head))
                return Cell(scenario=scenario, engine=engine, transport=transport, network=network, relation=relation)
    return None


def _way(words: str) -> tuple[str, str]:
    """Network and origin relation, from the last part of an id."""
    for relation in RELATIONS:
        if words.endswith(f"-{relation}"):
            return words.removesuffix(f"-{relation}"), relation
    return words, SAME_ORIGIN


def key_of(build: Build) -> str:
    """What a build is known by in all runs."""
    return f"{build.product} {build.version} {build.origin} {build.system}"


def _absent(engine: str, run: Run) -> Build:
    """Stands for an engine that cells name and the run has no build of."""
    return Build(engine=engine, product=engine, version="", origin="absent", executable="", system=run.info.system)


def _unknown_scenario(name: str) -> ScenarioText:
    return ScenarioText(name=name, group="other", title=name, story="", kind=Kind.CHECK, source="")


def rank(known: Sequence[str]) -> Callable[[str], int]:
    """Sort key: place in a known order; what is unknown comes last, in the order met."""
    return lambda name: known.index(name) if name in known else len(known)
