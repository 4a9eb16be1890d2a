"""The plan: every cell that would run, what has no meaning, and which job is to run what. `wirematrix plan --json`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.matrix import Matrix
from wirematrix.runfile import content_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCell:
    """A cell, those among them that run only when asked for, and the cells it builds on."""

    id: str
    scenario: str
    engine: str
    transport: str
    network: str
    relation: str
    soak: bool
    needs: tuple[str, ...]
    routes: bool = False  # over a real server, or a middleware: run only when asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedExclusion:
    """A cell without a meaning."""

    id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job as CI needs it: see `jobs.Job`."""

    name: str
    runs_on: str
    container: str
    system: str
    origin: str
    install: str
    selection: str
    cells: tuple[str, ...]  # ids, without those that run only when asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a matrix asks for."""

    cells: tuple[PlannedCell, ...]
    exclusions: tuple[PlannedExclusion, ...]
    jobs: tuple[PlannedJob, ...]


def plan_of(matrix: Matrix, engines: Collection[str] | None, slow: Collection[str]) -> Plan:
    """The plan for some engines, None for those that are required; `slow` are the soak scenarios.

    Jobs run what they are for, required or not; if engines are named, only those.
    """
    cells = matrix.cells(engines)
    needs = matrix.needs(cells)
    over_routes = {network.name for network in matrix.networks if network.via}
    jobs = []
    for job in matrix.jobs:
        own = [each for each in job.engines if engines is None or each in engines]
        if own:
            ids = tuple(
                cell.id for cell in matrix.cells(own) if cell.scenario not in slow and cell.network not in over_routes
            )
            jobs.append(
                PlannedJob(
                    name=job.name,
                    runs_on=job.runs_on,
                    container=job.container,
                    system=job.system,
                    origin=job.origin,
                    install=job.install,
                    selection=job.selection,
                    cells=ids,
                )
            )
    return Plan(
        cells=tuple(
            PlannedCell(
                id=cell.id,
                scenario=cell.scenario,
                engine=cell.engine,
                transport=cell.transport,
                network=cell.network,
                relation=cell.relation,
                soak=cell.scenario in slow,
                needs=tuple(needed.id for needed in needs[cell]),
                routes=cell.network in over_routes,
            )
            for cell in cells
        ),
        exclusions=tuple(PlannedExclusion(id=one.cell.id, because=one.because) for one in matrix.excluded(engines)),
        jobs=tuple(jobs),
    )


def load(file: Path) -> Plan:
    """The plan that a file holds; InvalidInput names file and JSON path of what cannot be used."""
    plain = codec.from_json(content_of(file), str(file))
    if not isinstance(plain, dict) or not plain.keys() >= {"cells", "jobs"}:
        raise InvalidInput(str(file), "is not a plan", expected="what `wirematrix plan --json` prints")
    return codec.decode(Plan, plain, str(file))
