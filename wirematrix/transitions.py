"""What changed between two runs of the matrix, cell by cell: the words. `changes.py` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from wirematrix.gather import Place
from wirematrix.model import require_reason


class Change(StrEnum):
    """How a cell differs from the baseline; a cell has at most one, the first that fits."""

    REGRESSED = "regressed"
    FIXED = "fixed"
    NEW = "new"
    ALTERED = "altered"
    NUMBER = "number"
    APPEARED = "appeared"
    DISAPPEARED = "disappeared"


CHANGE_MEANS: Final[Mapping[Change, str]] = {
    Change.REGRESSED: "its status got worse",
    Change.FIXED: "its status got better",
    Change.NEW: "it is unexpected now, and was not, or was not there",
    Change.ALTERED: "another status or recorded word, neither better nor worse",
    Change.NUMBER: "its key number changed by more than noise",
    Change.APPEARED: "the baseline does not have it",
    Change.DISAPPEARED: "the baseline has it, and this run does not declare it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One cell's change against the baseline."""

    place: Place  # of the new run; of the baseline where the cell disappeared
    change: Change
    was: str  # status or number before; empty where it appeared
    now: str  # status or number now; empty where it disappeared
    because: str  # one sentence with both, and by how much

    def __post_init__(self) -> None:
        require_reason("transition", self.because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """All changes between a baseline and new runs, in the new matrix's order; those that disappeared come last."""

    baseline: str  # what the baseline is called: commit and start of its run
    changes: Mapping[Place, Transition] = field(default_factory=dict)
    compared: int = 0  # cells that both have
    builds: tuple[str, ...] = ()  # a sentence for each engine build that is another than in the baseline

    def of(self, change: Change) -> tuple[Transition, ...]:
        """The cells that changed in one way."""
        return tuple(one for one in self.changes.values() if one.change is change)
