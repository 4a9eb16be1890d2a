"""A recommendation's measured rows in words: what a row is called, what it says, and where its evidence is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wirematrix.decision.answer import RowDifference, RowFlip, WeightFlip
from wirematrix.decision.model import Reading, RowKind
from wirematrix.measures import unit_of
from wirematrix.report.figures import duration
from wirematrix.report.text import anchor, visible

LITTLE: Final = 100.0  # numbers below it are shown with three digits


def row_name(reading: Reading) -> str:
    """What a row is known by: the cell's id with the fact, or tier, subscribers and figure, or the code's row."""
    key = reading.key
    match key.kind:
        case RowKind.CELL:
            return key.name
        case RowKind.FACT:
            return f"{key.name} {key.figure}"
        case RowKind.LOAD:
            return f"{key.name}, {key.subscribers:,} subscribers, {key.figure}"
        case RowKind.EFFORT:
            return f"{key.name}: {key.figure}"


def row_anchor(reading: Reading) -> str:
    """The fragment of the cell's evidence in the HTML report; empty for load and effort, which have no cell."""
    key = reading.key
    if key.kind not in (RowKind.CELL, RowKind.FACT):
        return ""
    plain = anchor(key.name)
    return plain if reading.leads else f"{plain}.{anchor(key.build)}"


def says(reading: Reading) -> str:
    """What a row says, in short: `pass`, `2 of 3 pass`, `3.0 s`, `in Authorization`, `never`."""
    if reading.impossible:
        return f"impossible: {visible(reading.impossible)}"
    if reading.key.kind is RowKind.CELL:
        return _statuses(reading)
    parts = [_number(reading)] if reading.number is not None else []
    many = reading.number is not None or len(reading.words) > 1
    parts += [f"{visible(word)} ×{count}" if many else visible(word) for word, count in reading.words.items()]
    return ", ".join(parts)


def number_in_words(figure: str, value: float) -> str:
    """A number with its unit: times in the unit that suits them."""
    unit = unit_of(figure)
    if unit == "ms":
        return duration(value)
    digits = f"{value:,.0f}" if value == int(value) or abs(value) >= LITTLE else f"{value:.3g}"
    return f"{digits} {unit}".strip()


def differing(row: RowDifference) -> tuple[Reading, Reading]:
    """Of the rows of one slot the first two that say different things, else the one that is worse."""
    if len(row.own) == len(row.rival):
        for own, rival in zip(row.own, row.rival, strict=True):
            if says(own) != says(rival):
                return own, rival
    ahead = row.points > 0
    return (row.own[0] if ahead else _lowest(row.own)), (_lowest(row.rival) if ahead else row.rival[0])


def against_in_words(row: RowDifference) -> tuple[str, ...]:
    """What one slot says of the choice and of a rival: one line, or two where their rows are of different scenarios."""
    own, rival = differing(row)
    doubt = "" if row.clear else " (the ranges overlap)"
    if own.key.name.partition("[")[0] == rival.key.name.partition("[")[0]:
        return (f"{says(own)} against {says(rival)}{doubt}: {row_name(own)}",)
    return (f"{says(own)}{doubt}: {row_name(own)}", f"against {says(rival)}: {row_name(rival)}")


def _lowest(rows: Sequence[Reading]) -> Reading:
    return min(rows, key=lambda row: row.number if row.number is not None else 0.0)


def weight_in_words(flip: WeightFlip) -> str:
    """`if it weighed 5.2 or more instead of 2`."""
    word = "more" if flip.flips_at >= flip.weight else "less"
    return f"if it weighed {word} than {flip.flips_at:.3g} (it weighs {flip.weight:g})"


def rows_of_flip(flip: RowFlip) -> str:
    """The rows of a flip in one name; those of all engines with a star in place of the engine."""
    first = row_name(flip.rows[0])
    if not flip.whole:
        return first
    scenario, bracket, rest = first.partition("[")
    return f"{scenario}{bracket}*-{rest.removeprefix(f'{flip.rows[0].engine}-')}"


def _statuses(reading: Reading) -> str:
    if len(reading.statuses) == 1:
        return next(iter(reading.statuses))
    return ", ".join(f"{count} of {reading.attempts} {status}" for status, count in reading.statuses.items())


def _number(reading: Reading) -> str:
    figure, value = reading.key.figure, reading.number or 0.0
    shown = number_in_words(figure, value)
    if reading.at_least:
        return f"≥ {shown}"
    if reading.low is None or reading.high is None or reading.low == reading.high:
        return shown
    return f"{shown} ({number_in_words(figure, reading.low)} to {number_in_words(figure, reading.high)})"
