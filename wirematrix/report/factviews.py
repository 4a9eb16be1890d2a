"""Engine facts as a report words them: numbers with unit, range and count, words with counts, and their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.facts import Agreement, Bound, FactCell, FactRow, FactScenario, FactTable
from wirematrix.gather import Place, key_of
from wirematrix.keynumbers import short_number
from wirematrix.measures import shown_value, unit_of
from wirematrix.model import SAME_ORIGIN, Cell
from wirematrix.report.text import clipped

WORDS_SHOWN: Final = 8  # of one place in the table; the run file has them all
WORD_CLIPPED_AT: Final = 60
NARROW_WORD: Final = 26  # characters that a cell of the grid has room for, on three lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing a build was recorded to do: `3,001 ms`, `2,998 to ≥ 60,000`, 4 times."""

    value: str
    spread: str  # lowest to highest; empty for words, and where all numbers read the same
    count: int


def said(name: str, cell: FactCell) -> tuple[Said, ...]:
    """Everything in a place of the table: its numbers in one, then each word, the commonest first."""
    unit = unit_of(name)
    parts = []
    if spread := cell.spread:
        p50, low, high = map(shown_bound, (spread.p50, spread.low, spread.high))
        constant = low == p50 == high
        parts.append(
            Said(
                value=f"{p50} {unit}".strip(),
                spread="" if constant else f"{low} to {high}",
                count=spread.count,
            )
        )
    words = list(cell.words.items())
    parts += [Said(value=clipped(word, WORD_CLIPPED_AT) or "“”", spread="", count=n) for word, n in words[:WORDS_SHOWN]]
    if left := words[WORDS_SHOWN:]:
        parts.append(Said(value=f"and {len(left):,} other words", spread="", count=sum(n for _, n in left)))
    if cell.attempts and not parts:
        parts.append(Said(value="none", spread="", count=cell.attempts))
    return tuple(parts)


def shown_bound(bound: Bound) -> str:
    """`3,001`, or `≥ 60,000` where the truth may be larger."""
    return f"{'≥ ' if bound.at_least else ''}{shown_value(bound.value)}"


def in_short(name: str, cell: FactCell) -> str:
    """A place of the table in the few letters that a cell of the grid has room for: `3.0 s`, `CLOSED +1`."""
    others = len(cell.words) - (cell.spread is None)
    more = f" +{others}" if others > 0 else ""
    if spread := cell.spread:
        return f"{short_number(name, spread.p50)}{more}"
    word = next(iter(cell.words), "none" if cell.attempts else "")
    return f"{_narrow(word)}{more}"


def _narrow(word: str) -> str:
    """A word cut where a cell is full, between the words it is made of if there are several."""
    if len(word) <= NARROW_WORD:
        return word
    head = word[: NARROW_WORD - 1]
    return f"{(head.rpartition(' ')[0] or head).rstrip(' ,;:')}…"


def way_of(row: FactRow) -> str:
    """Network and, where it is not the usual one, origin relation."""
    return row.network if row.relation == SAME_ORIGIN else f"{row.network}, {row.relation}"


def by_group(table: FactTable) -> dict[str, list[FactScenario]]:
    """The scenarios of a table under their groups."""
    groups: dict[str, list[FactScenario]] = {}
    for scenario in table.scenarios:
        groups.setdefault(scenario.group, []).append(scenario)
    return groups


def places(table: FactTable) -> Iterator[tuple[Place, str, FactCell]]:
    """Every place of the table that has a record: the cell it was recorded in, the fact's name, the record."""
    for scenario in table.scenarios:
        for row in scenario.rows:
            for column, cell in enumerate(row.cells):
                if cell.attempts:
                    yield place_of(table, scenario, row, column), row.name, cell


def place_of(table: FactTable, scenario: FactScenario, row: FactRow, column: int) -> Place:
    """The cell of the matrix that a place of the table was recorded in."""
    build = table.builds[column]
    return Place(
        key_of(build),
        Cell(
            scenario=scenario.name,
            engine=build.engine,
            transport=row.transport,
            network=row.network,
            relation=row.relation,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsView:
    """The table with the way from each place to its evidence."""

    table: FactTable
    anchors: Mapping[Place, str]

    @property
    def groups(self) -> Mapping[str, list[FactScenario]]:
        """The scenarios under their groups."""
        return by_group(self.table)

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(len(scenario.rows) for scenario in self.table.scenarios)

    @property
    def differing(self) -> int:
        """How many of them engines differ in."""
        return sum(row.agreement is Agreement.DIFFER for one in self.table.scenarios for row in one.rows)

    def evidence(self, scenario: FactScenario, row: FactRow, column: int) -> str:
        """Where the evidence of a place stands in the report."""
        return self.anchors[place_of(self.table, scenario, row, column)]
