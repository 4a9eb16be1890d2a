"""Documented beside observed in a terminal: disagreements with what is known of them, then every feature."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wirematrix.documented import Agreement, BesideTable
from wirematrix.report.besideviews import MARKS, build_name, explained, observed, source_of, stated, summary_of
from wirematrix.report.text import visible

STYLES: Final = {Agreement.DISAGREES: "bold red", Agreement.AGREES: "", Agreement.OPEN: "dim"}


def print_beside(table: BesideTable, console: Console) -> None:
    """Print it; nothing that a run or a note holds is taken for markup."""
    console.print(Text(visible(f"{summary_of(table)}; MDN: {source_of(table)}"), style="bold"))
    for build, other in zip(table.builds, table.counterparts, strict=True):
        words = ": ".join(filter(None, (f"beside {other.label}" if other.label else "", other.note)))
        console.print(Text(visible(f"{build_name(build)} {words}"), style="dim"))
    for row, number in table.disagreements:
        cell = row.cells[number]
        console.print()
        console.print(
            Text(visible(f"{MARKS[cell.agreement]} {row.title} in {build_name(table.builds[number])}"), "bold")
        )
        console.print(Text(visible(f"  documented: {stated(cell)}")))
        console.print(Text(visible(f"  observed: {observed(cell)}")))
        console.print(Text(visible(f"  why: {explained(cell)}")))
    console.print()
    console.print(_all(table))


def _all(table: BesideTable) -> Table:
    shown = Table(box=None, header_style="bold")
    shown.add_column("feature", overflow="fold")
    for build in table.builds:
        shown.add_column(Text(visible(build_name(build))), overflow="fold")
    for group, rows in table.groups.items():
        shown.add_row(Text(visible(group), style="bold"))
        for row in rows:
            cells = (
                Text(
                    visible(f"{MARKS[cell.agreement]} {cell.word.sentence}, {cell.sighting.answer}"),
                    STYLES[cell.agreement],
                )
                for cell in row.cells
            )
            shown.add_row(Text(visible(row.title)), *cells)
    return shown
