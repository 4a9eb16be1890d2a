"""Whose fault unexpected cells are, as far as their statuses tell: the statuses are made so that they tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.model import Status
from wirematrix.report.tally import counted
from wirematrix.report.views import JudgedSlot

WHOSE: Final[Mapping[Status, str]] = {
    Status.FAIL: "the tested side's: engine, client code or app",
    Status.DEGRADED: "the tested side's: engine, client code or app",
    Status.CRASH: "the engine's",
    Status.UNSUPPORTED: "the engine's",
    Status.NOT_REACHED: "that of what they build on",
    Status.TIMEOUT: "undecided: the evidence did not suffice in time",
    Status.ERROR: "ours: the test machinery's",
    Status.PASS: "nobody's: better than claimed",
    Status.SKIP: "nobody's: not attempted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Cells that have one side to blame."""

    whose: str
    cells: int
    statuses: tuple[Status, ...]

    @property
    def line(self) -> str:
        """`2 cells (error)`."""
        return f"{counted(self.cells, 'cell')} ({', '.join(self.statuses)})"


def blames(slots: Iterable[JudgedSlot]) -> tuple[Blame, ...]:
    """Unexpected cells by whose fault they are, the most first."""
    cells: Counter[str] = Counter()
    statuses: dict[str, dict[Status, None]] = {}
    for slot in slots:
        whose = WHOSE[slot.status]
        cells[whose] += 1
        statuses.setdefault(whose, {})[slot.status] = None
    return tuple(
        Blame(whose=whose, cells=number, statuses=tuple(statuses[whose])) for whose, number in cells.most_common()
    )
