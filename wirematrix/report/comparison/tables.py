"""Markdown pieces that the sections of the comparison share; everything that a run holds is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wirematrix.report.loadviews import CellView, LoadTable
from wirematrix.report.markdown import escaped
from wirematrix.report.rowwords import RowWords


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> Iterator[str]:
    """A table of Markdown that is escaped already; with `numbers` all columns but the first stand right."""
    mark = " ---: |" if numbers else " --- |"
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{mark * (len(heads) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def load_table(found: LoadTable, first: str) -> Iterator[str]:
    """A table of load figures with its caption."""
    yield f"**{escaped(found.caption)}**"
    yield ""
    yield from table(
        [first, *map(escaped, found.columns)],
        (
            [f"{escaped(row.head)}{f', {escaped(row.note)}' if row.note else ''}", *map(number, row.cells)]
            for row in found.rows
        ),
    )


def number(cell: CellView) -> str:
    """A number in bold with its spread, or why there is none."""
    if cell.absent:
        return escaped(f"{cell.value}: {cell.spread}" if cell.spread else cell.value)
    return f"**{escaped(cell.value)}** ({escaped(cell.spread)})" if cell.spread else f"**{escaped(cell.value)}**"


def evidence(rows: Iterable[RowWords]) -> str:
    """Rows with what they say: ``503``: `cell`."""
    return "; ".join(f"{escaped(row.says)} (<code>{escaped(row.name)}</code>, {escaped(row.seen)})" for row in rows)
