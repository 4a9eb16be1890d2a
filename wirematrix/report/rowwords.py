"""Measured rows of a recommendation as a report names them: which row, what it says, and where its evidence stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from wirematrix.decision.model import Reading, RowKind
from wirematrix.measures import shown_value, unit_of
from wirematrix.report.charts.places import number
from wirematrix.report.loadwords import label, unit
from wirematrix.report.tally import counted
from wirematrix.report.text import anchor, clipped

WORDS_SHOWN = 3
WORD_CLIPPED_AT = 60


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
    transport = code[0].key.name.split(", ")[1]
    total = sum(row.number or 0 for row in code)
    summed = RowWords(
        name=f"code over {transport}: {figure}", says=f"{number(total)} {figure}", seen="counted", evidence="effort"
    )
    return (summed, *(row_words(row, load_anchor) for row in rows if row not in code))


def row_words(reading: Reading, load_anchor: str = "load") -> RowWords:
    """A row in words; `load_anchor` is the load comparison's in the report."""
    key = reading.key
    match key.kind:
        case RowKind.CELL:
            says = ", ".join(
                f"{status} ×{times}" if times > 1 else status for status, times in reading.statuses.items()
            )
            name, seen, evidence = key.name, counted(reading.attempts, "attempt"), _cell(reading)
        case RowKind.FACT:
            name, says = f"{key.name}: {key.figure}", _recorded(reading)
            seen, evidence = counted(reading.attempts, "attempt"), _cell(reading)
        case RowKind.LOAD:
            name = f"{key.name}, {key.subscribers:,} subscribers: {label(key.figure)}"
            says = f"{_number(reading)} {unit(key.figure)}".strip()
            seen, evidence = counted(reading.attempts, "round"), f"{load_anchor}.{key.subscribers}"
        case RowKind.EFFORT:
            name = f"{key.name}: {key.figure}"
            says = f"not possible: {reading.impossible}" if reading.impossible else _number(reading)
            seen, evidence = "counted", "effort"
        case _:
            assert_never(key.kind)
    return RowWords(name=name, says=says, seen=seen, evidence=evidence)


def _cell(reading: Reading) -> str:
    plain = anchor(reading.key.name)
    return plain if reading.leads else f"{plain}.{anchor(reading.key.build)}"


def _recorded(reading: Reading) -> str:
    parts = []
    if reading.number is not None:
        bound = "≥ " if reading.at_least else ""
        parts.append(f"{bound}{shown_value(reading.number)} {unit_of(reading.key.figure)}".strip() + _range(reading))
    words = list(reading.words)
    parts += [clipped(word, WORD_CLIPPED_AT) for word in words[:WORDS_SHOWN]]
    if len(words) > WORDS_SHOWN:
        parts.append(f"and {counted(len(words) - WORDS_SHOWN, 'other word')}")
    return ", ".join(parts) or "none"


def _number(reading: Reading) -> str:
    return "none" if reading.number is None else f"{number(reading.number)}{_range(reading)}"


def _range(reading: Reading) -> str:
    if reading.low is None or reading.high is None or reading.low == reading.high:
        return ""
    return f" ({number(reading.low)} to {number(reading.high)})"
