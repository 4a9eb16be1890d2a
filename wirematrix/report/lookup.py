"""Finds the cell that somebody means: by its id, by its anchor in a report, or by parts of its id."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from wirematrix.model import Cell
from wirematrix.report.text import visible
from wirematrix.report.views import Blank, EngineView, JudgedSlot, ReportView, Slot

SUGGESTED: Final = 5
NEAR: Final = 0.4  # of 1, what difflib calls alike


def named_slots(view: ReportView) -> dict[str, Slot]:
    """Every cell that was asked for or excluded, by a name of its own."""
    slots: dict[str, Slot] = {}
    for row in view.rows:
        for column, slot in zip(view.columns, row.slots, strict=True):
            if isinstance(slot, JudgedSlot) or slot.blank is not Blank.UNSELECTED:
                slots[own_name(slot.cell, column.engine, view)] = slot
    return slots


def own_name(cell: Cell, engine: EngineView, view: ReportView) -> str:
    """A name that no other cell of the view has: the id, and the build where several builds of its engine are there."""
    twins = any(one.build.engine == engine.build.engine and one.key != engine.key for one in view.engines)
    return visible(f"{cell.id} in {engine.name} on {engine.build.system}" if twins else cell.id)


def matching(words: str, slots: Mapping[str, Slot]) -> list[str]:
    """The names that are meant: whose id or anchor is the text, or which are it; else those that have all its words."""
    exact = [name for name, slot in slots.items() if words in _also_called(name, slot)]
    if exact:
        return exact
    parts = words.lower().split()
    return [name for name in slots if parts and all(part in name.lower() for part in parts)]


def nearest(words: str, slots: Mapping[str, Slot]) -> list[str]:
    """The names that are most like a text that names none."""
    return get_close_matches(words, list(slots), n=SUGGESTED, cutoff=NEAR)


def _also_called(name: str, slot: Slot) -> tuple[str, ...]:
    return (name, slot.cell.id, *((slot.anchor,) if isinstance(slot, JudgedSlot) else ()))
