"""The table of engine facts as a small JSON file, from which the document about them is made.

One row a line and in a stable order, so that a difference between two versions shows what an engine changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.facts import SCHEMA, FactScenario, FactTable
from wirematrix.runfile import content_of

ROWS: Final = "rows"


def to_text(table: FactTable) -> str:
    """The file's text; ValueError for what JSON cannot say."""
    head = (
        f'{{"schema": {table.schema},',
        f'"runs": {_lines(map(codec.to_json, table.runs))},',
        f'"builds": {_lines(map(codec.to_json, table.builds))},',
        f'"scenarios": {_lines(map(_scenario, table.scenarios))}}}',
    )
    return "\n".join(head) + "\n"


def load(file: Path) -> FactTable:
    """The table a file holds; InvalidInput names file and JSON path of what cannot be used."""
    where = str(file)
    plain = codec.from_json(content_of(file), where)
    if not isinstance(plain, dict) or not plain.keys() >= {"schema", "builds"}:
        problem = "is not a table of engine facts"
        raise InvalidInput(where, problem, expected='an object with the keys "schema" and "builds"')
    if type(plain["schema"]) is not int or plain["schema"] != SCHEMA:
        problem = f"has version {codec.shown(plain['schema'])}"
        raise InvalidInput(f"{where}: schema", problem, expected=f"version {SCHEMA}, the one this program reads")
    table = codec.decode(FactTable, plain, where)
    for row in (row for scenario in table.scenarios for row in scenario.rows):
        if len(row.cells) != len(table.builds):
            problem = f"{row.name} over {row.transport} has {len(row.cells)} cells"
            raise InvalidInput(where, problem, expected=f"{len(table.builds)}, one for each build")
    return table


def _scenario(scenario: FactScenario) -> str:
    plain = codec.encode(scenario)
    rows = plain.pop(ROWS)
    return f'{codec.spell(plain)[:-1]},"{ROWS}":{_lines(map(codec.spell, rows))}}}'


def _lines(parts: Iterator[str]) -> str:
    """A JSON list with a line for each of its values."""
    text = ",\n".join(parts)
    return f"[\n{text}\n]" if text else "[]"
