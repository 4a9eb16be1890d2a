"""A run that says what this repository claims: cells as matrix.yaml expects them, facts as docs/engine-facts.json has them.

So the recommendation can be tested on the whole matrix without a browser, and without a large file. What is under load
and what code takes is made up here, and says so: nothing of it is claimed anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.run_values import INFO, LOAD, ROUND
from wirematrix import factfile
from wirematrix.decision.model import GUARANTEES, SIDES
from wirematrix.facts import FactCell
from wirematrix.load_model import Effort, Limit, Load, LoadTransport, Phase, PhaseEnd, Round, Tier
from wirematrix.marks import marked
from wirematrix.matrix import Matrix, load
from wirematrix.measures import finding_name
from wirematrix.model import (
    Attempt,
    Cell,
    Fact,
    Finding,
    Force,
    Held,
    Kind,
    Run,
    ScenarioText,
    Status,
    Verdict,
)

ROOT = Path(__file__).resolve().parent.parent
PHASES = tuple(PhaseEnd(phase=phase, limit=Limit.NONE, because="made up") for phase in Phase)
FIGURES = {
    "app-sse": 1.0,
    "app-websocket": 1.25,
}


@cache
def committed_matrix() -> Matrix:
    """The matrix of this repository."""
    return load(ROOT / "matrix.yaml")


@cache
def committed_run() -> Run:
    """One attempt of every cell of the required engines, as it is expected to end."""
    matrix = committed_matrix()
    table = factfile.load(ROOT / "docs" / "engine-facts.json")
    builds = {build.engine: build for build in table.builds}
    checks = marked(ROOT / "e2e", "check")
    facts: dict[Cell, list[Fact]] = defaultdict(list)
    for scenario in table.scenarios:
        for row in scenario.rows:
            for build, found in zip(table.builds, row.cells, strict=True):
                cell = Cell(
                    scenario=scenario.name,
                    engine=build.engine,
                    transport=row.transport,
                    network=row.network,
                    relation=row.relation,
                )
                if found.attempts:
                    facts[cell].append(_fact(row.name, row.title, found))
    cells = matrix.cells()
    attempts = tuple(_attempt(cell, matrix, facts.get(cell, [])) for cell in cells)
    return Run(
        schema=3,
        info=replace(INFO, builds=tuple(builds.values()), unavailable={}),
        scenarios=tuple(_text(name, Kind.CHECK if name in checks else Kind.REQUIRED) for name in matrix.scenarios),
        networks={network.name: network.title for network in matrix.networks},
        declared=tuple(cell.id for cell in cells),
        exclusions=(),
        attempts=attempts,
    )


def load_run(*, websocket: float = FIGURES["app-websocket"]) -> Run:
    """A run of nothing but load and effort: every figure of the WebSocket tier is so many times that of SSE."""
    rounds = [_round(tier, factor, repeat) for repeat in (1, 2, 3) for tier, factor in _tiers(websocket)]
    tiers = (
        Tier(name="app-sse", transport=LoadTransport.SSE, title="the app"),
        Tier(name="app-websocket", transport=LoadTransport.WEBSOCKET, title="the app"),
    )
    conditions = replace(LOAD.conditions, subscribers=(100,), repeats=3)
    return replace(
        committed_run(),
        declared=(),
        attempts=(),
        load=Load(conditions=conditions, tiers=tiers, rounds=tuple(rounds)),
        effort=tuple(_effort()),
    )


def _tiers(websocket: float) -> list[tuple[str, float]]:
    return [("app-sse", 1.0), ("app-websocket", websocket)]


def _round(tier: str, factor: float, repeat: int) -> Round:
    figures = {
        "open_p95_ms": 20.0,
        "memory_per_connection_kib": 15.0,
        "open_server_cpu_ms_per_connection": 0.2,
        "latency_p99_ms": 9.0,
        "server_cpu_s_per_100k": 1.0,
        "bytes_per_delivery": 250.0,
        "saturated_per_s": 40_000.0,
        "storm_95_back_ms": 300.0,
        "storm_server_cpu_ms_per_connection": 0.3,
        "idle_server_cpu_us_per_connection_s": 20.0,
        "idle_bytes_per_connection_s": 30.0,
    }
    scattered = 1 + 0.01 * repeat
    return replace(
        ROUND,
        tier=tier,
        subscribers=100,
        repeat=repeat,
        figures={name: value * factor * scattered for name, value in figures.items()},
        phases=PHASES,
        error="",
    )


def _effort() -> list[Effort]:
    return [
        Effort(
            guarantee=guarantee,
            transport=transport,
            side=side,
            lines=4 + place + 2 * number,
            branches=1 + number,
            concepts=(f"{transport}-{guarantee}",),
            files=("examples/made_up.py",),
        )
        for place, transport in enumerate(("eventsource", "fetch-stream", "websocket"))
        for number, guarantee in enumerate(GUARANTEES)
        for side in SIDES
    ]


def _text(name: str, kind: Kind) -> ScenarioText:
    return ScenarioText(name=name, group="all", title=name, story="", kind=kind, source="e2e/test_all.py:1")


def _fact(name: str, title: str, cell: FactCell) -> Fact:
    numbers = [cell.spread.p50] if cell.spread else []
    cap = next((bound.value for bound in numbers if bound.at_least), None)
    words = [word for word, count in cell.words.items() for _ in range(count)]
    return Fact(name=name, title=title, observed=(*(bound.value for bound in numbers), *words), cap=cap)


def _attempt(cell: Cell, matrix: Matrix, facts: list[Fact]) -> Attempt:
    status = matrix.expectation_for(cell, None).statuses[0]
    return Attempt(
        cell=cell,
        number=1,
        started="2026-01-31T12:00:01+00:00",
        duration_ms=1.0,
        verdict=Verdict(
            status=status,
            because="as it is expected",
            findings=tuple(
                Finding(check=finding_name(fact.name), force=Force.MUST, held=Held.HELD, because="recorded")
                for fact in facts
            ),
            expectation=matrix.expectation_for(cell, None),
        ),
        metrics={},
        timeline=(),
        facts=tuple(facts) if status is not Status.SKIP else (),
    )
