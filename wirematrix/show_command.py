"""`wirematrix show`: a cell's evidence in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from wirematrix.command_files import USUAL_RUN, files_or_usual, runs_of
from wirematrix.errors import InvalidInput
from wirematrix.nodes import choice
from wirematrix.report.cell_terminal import print_cell
from wirematrix.report.lookup import matching, named_slots, nearest
from wirematrix.report.merge import merge_views
from wirematrix.report.tally import counted
from wirematrix.report.text import visible
from wirematrix.report.views import JudgedSlot, Slot

LISTED: Final = 20  # cells that a part of an id may mean


def show(
    cell: Annotated[str, typer.Argument(help="a cell's id, its anchor in the report, or parts of its id")],
    runs: Annotated[list[Path] | None, typer.Argument(help="run files; without any, results/run.json")] = None,
    attempt: Annotated[list[int] | None, typer.Option("--attempt", help="this attempt; may be repeated")] = None,
    full: Annotated[bool, typer.Option("--full", help="the whole timeline")] = False,
) -> None:
    """Print a cell's evidence: why it is so, what was claimed, findings, metrics, timeline, how to run it again."""
    view = merge_views(runs_of(files_or_usual(runs, "show", (USUAL_RUN,))))
    slots = named_slots(view)
    name = _one(cell, matching(cell, slots), slots)
    slot = slots[name]
    if not isinstance(slot, JudgedSlot):
        typer.echo(f"{name}\n{slot.blank}: {visible(slot.because)}")
        return
    made = sorted({ran.attempt.number for ran in slot.attempts})
    for number in attempt or ():
        if number not in made:
            raise InvalidInput("--attempt", f"got {number}", expected=choice([str(one) for one in made]))
    print_cell(slot, Console(highlight=False), attempts=attempt or (), full=full)


def _one(words: str, found: list[str], slots: Mapping[str, Slot]) -> str:
    """The one name that is meant; InvalidInput if there are several, which are listed, or none."""
    if len(found) == 1:
        return found[0]
    where = f"wirematrix show {visible(words)!r}"
    if not found:
        near = nearest(words, slots)
        raise InvalidInput(where, "names no cell", expected=f"one such as {choice(near)}" if near else "a cell's id")
    for name in found[:LISTED]:
        typer.echo(name, err=True)
    if (left := len(found) - LISTED) > 0:
        typer.echo(f"and {left:,} more", err=True)
    raise InvalidInput(where, f"names {counted(len(found), 'cell')}", expected="one; more of the id tells them apart")
