"""What changed against a baseline, as the report says it: a mark in the cell, a list at the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from wirematrix.gather import Place
from wirematrix.report.tally import counted
from wirematrix.report.views import JudgedSlot, ReportView
from wirematrix.transitions import Change, Transition, Transitions

CHANGE_SIGNS: Final[Mapping[Change, str]] = {  # differ in shape, so that no colour is needed to tell them apart
    Change.REGRESSED: "▼",
    Change.FIXED: "▲",
    Change.NEW: "✱",
    Change.ALTERED: "◆",
    Change.NUMBER: "Δ",
    Change.APPEARED: "+",
    Change.DISAPPEARED: "−",
}
UNREMARKABLE: Final = (Change.NUMBER, Change.APPEARED, Change.DISAPPEARED)  # folded at first: seldom what one fears
WORDS_OF: Final[Mapping[Change, str]] = {
    Change.REGRESSED: "regressed",
    Change.FIXED: "fixed",
    Change.NEW: "newly unexpected",
    Change.ALTERED: "ended otherwise",
    Change.NUMBER: "with another number",
    Change.APPEARED: "appeared",
    Change.DISAPPEARED: "disappeared",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCell:
    """One change and, where the grid has the cell, the cell."""

    transition: Transition
    slot: JudgedSlot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedList:
    """All cells that changed in one way."""

    change: Change
    cells: tuple[ChangedCell, ...]

    @property
    def folded(self) -> bool:
        """Whether the list is closed at first."""
        return self.change in UNREMARKABLE

    @property
    def line(self) -> str:
        """`3 regressed`."""
        return f"{len(self.cells):,} {WORDS_OF[self.change]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesView:
    """The comparison with a baseline; without one, nothing has changed."""

    baseline: str = ""
    compared: int = 0
    builds: tuple[str, ...] = ()
    lists: tuple[ChangedList, ...] = ()
    places: Mapping[Place, Transition] = field(default_factory=dict)

    def of(self, slot: JudgedSlot) -> Transition | None:
        """How a cell changed; None if it did not."""
        return self.places.get(Place(slot.engine.key, slot.cell))

    @property
    def line(self) -> str:
        """`1 regressed, 2 fixed; 1,281 of 1,284 compared cells are as they were`."""
        parts = ", ".join(one.line for one in self.lists) or "nothing changed"
        touched = sum(len(one.cells) for one in self.lists if one.change not in (Change.APPEARED, Change.DISAPPEARED))
        same = max(0, self.compared - touched)
        are = "is as it was" if same == 1 else "are as they were"
        return f"{parts}; {same:,} of {counted(self.compared, 'compared cell')} {are}"


def changes_view(view: ReportView, changes: Transitions | None) -> ChangesView | None:
    """The changes by kind, in the order in which `Change` names them; None without a baseline."""
    if changes is None:
        return None
    slots = {Place(slot.engine.key, slot.cell): slot for slot in view.judged}
    lists = (ChangedList(change=change, cells=_cells(changes.of(change), slots)) for change in Change)
    return ChangesView(
        baseline=changes.baseline,
        compared=changes.compared,
        builds=changes.builds,
        lists=tuple(one for one in lists if one.cells),
        places=changes.changes,
    )


def _cells(transitions: Sequence[Transition], slots: Mapping[Place, JudgedSlot]) -> tuple[ChangedCell, ...]:
    return tuple(ChangedCell(transition=one, slot=slots.get(one.place)) for one in transitions)
