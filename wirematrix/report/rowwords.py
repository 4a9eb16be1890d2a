"""Measured rows of a recommendation as a report names them: which row, what it says, and where its evidence stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wirematrix.decision.model import Reading, RowKind
from wirematrix.report.charts.places import number
from wirematrix.report.decisionwords import row_anchor, row_name, says
from wirematrix.report.loadwords import label, unit
from wirematrix.report.tally import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWords:
    """One measured row: its name, what it says, how often it was seen, and its place in the report."""

    name: str
    says: str
    seen: str
    evidence: str


def rows_words(rows: Sequence[Reading], load_anchor: str = "load") -> tuple[RowWords, ...]:
    """Several rows in words; pieces of code are added up, because only their sum is compared."""
    code = [row for row in rows if row.key.kind is RowKind.EFFORT and not row.impossible]
    if len(code) < 2:
        return tuple(row_words(row, load_anchor) for row in rows)
    figure = code[0].key.figure
    total = number(sum(row.number or 0 for row in code))
    summed = RowWords(
        name=f"{figure} of code, {code[0].key.name.split(', ')[1]}",
        says=f"{total} {figure}",
        seen="counted",
        evidence="effort",
    )
    return (summed, *(row_words(row, load_anchor) for row in rows if row not in code))


def row_words(reading: Reading, load_anchor: str = "load") -> RowWords:
    """A row in words; `load_anchor` is the load comparison's in the report."""
    key = reading.key
    seen = counted(reading.attempts, "attempt")
    words, name, evidence = says(reading), row_name(reading), row_anchor(reading)
    if key.kind is RowKind.LOAD:
        name = f"{key.name}, {key.subscribers:,} subscribers: {label(key.figure)}"
        words = f"{_with_range(reading)} {unit(key.figure)}".strip()
        seen, evidence = counted(reading.attempts, "round"), f"{load_anchor}.{key.subscribers}"
    elif key.kind is RowKind.EFFORT:
        seen, evidence = "counted", "effort"
    return RowWords(name=name, says=words or "nothing", seen=seen, evidence=evidence)


def _with_range(reading: Reading) -> str:
    shown = number(reading.number or 0.0)
    if reading.low is None or reading.high is None or reading.low == reading.high:
        return shown
    return f"{shown} ({number(reading.low)} to {number(reading.high)})"
