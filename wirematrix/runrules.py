"""What readers of a run may rely on: it agrees with itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from wirematrix.model import Run

Key = TypeVar("Key", bound=Hashable)


def contradiction(run: Run) -> str | None:
    """The first thing in a run that readers may rely on and that does not hold."""
    return next(_contradictions(run), None)


def _contradictions(run: Run) -> Iterator[str]:
    for cell_id in _repeated(run.declared):
        yield f"cell {cell_id} is declared twice"
    for name in _repeated(scenario.name for scenario in run.scenarios):
        yield f"scenario {name} is listed twice"
    for cell_id, number in _repeated((attempt.cell.id, attempt.number) for attempt in run.attempts):
        yield f"attempt {number} of {cell_id} is there twice"
    declared, scenarios = set(run.declared), {scenario.name for scenario in run.scenarios}
    for cell in (attempt.cell for attempt in run.attempts):
        if cell.id not in declared:
            yield f"cell {cell.id} has an attempt and is not declared"
        if cell.scenario not in scenarios:
            yield f"scenario {cell.scenario} has an attempt and is not listed"
        if cell.network not in run.networks:
            yield f"network {cell.network} has an attempt and is not listed"
    yield from _load_contradictions(run)


def _load_contradictions(run: Run) -> Iterator[str]:
    if run.load is None:
        return
    tiers = [tier.name for tier in run.load.tiers]
    for name in _repeated(tiers):
        yield f"tier {name} is listed twice"
    for name in {each.tier for each in run.load.rounds}.difference(tiers):
        yield f"tier {name} has a round and is not listed"
    for tier, subscribers, repeat in _repeated((each.tier, each.subscribers, each.repeat) for each in run.load.rounds):
        yield f"repeat {repeat} of tier {tier} with {subscribers} subscribers is there twice"


def _repeated(values: Iterable[Key]) -> Iterator[Key]:
    seen: set[Key] = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
