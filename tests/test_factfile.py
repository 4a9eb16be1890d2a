"""The file of engine facts: what is written is read back, what cannot be used is named in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.report.factory import recording
from tests.report.synthetic import matrix
from tests.run_values import RUN, RUNS
from tests.timelines import steady
from wirematrix import codec, factfile, runfile
from wirematrix.errors import InvalidInput
from wirematrix.facts import FactTable, fact_table
from wirematrix.gather import gather
from wirematrix.model import Run
from wirematrix.report import facts_page


def table_of(*runs: Run) -> FactTable:
    """The table of some runs."""
    return fact_table(gather(runs))


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    file = folder / "facts.json"
    file.write_text(text, encoding="utf-8")
    return file


def changed(folder: Path, change: Any) -> Path:
    """The file of a real table after a change to its JSON."""
    plain = json.loads(factfile.to_text(table_of(matrix(observations=0))))
    change(plain)
    return written(folder, json.dumps(plain))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """A whole table survives, in ASCII, with a line for each row."""
    table = table_of(matrix(observations=0))
    text = factfile.to_text(table)
    assert factfile.load(written(tmp_path, text)) == table
    assert text.isascii()
    assert sum(line.startswith('{"name":"reconnect_delay_ms"') for line in text.splitlines()) == 8


def test_a_table_without_rows_is_one(tmp_path: Path) -> None:
    """Runs that recorded nothing have a file, too."""
    table = table_of(matrix(observations=0, surprises=False))
    empty = FactTable(schema=table.schema, runs=table.runs, builds=(), scenarios=())
    assert factfile.load(written(tmp_path, factfile.to_text(empty))) == empty


@steady
@given(RUNS)
def test_any_run_makes_a_file(run: Run) -> None:
    """Whatever a run file may hold, its facts can be written and put on a page."""
    table = table_of(replace(run, attempts=tuple(recording(one, *one.facts) for one in run.attempts)))
    assert codec.decode(FactTable, codec.from_json(factfile.to_text(table), "text"), "text") == table
    facts_page(table).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "is not a table of engine facts; expected an object with the keys"),
        ('{"schema": 2, "builds": []}', "schema: has version 2; expected version 1"),
        ('{"schema": true, "builds": []}', "schema: has version true; expected version 1"),
        ('{"schema": 1, "builds": [], "runs": []}', "key 'scenarios' is missing"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """What is no table of this version is refused by name."""
    with pytest.raises(InvalidInput) as refused:
        factfile.load(written(tmp_path, text))
    assert str(refused.value).startswith(str(tmp_path / "facts.json"))
    assert complaint in str(refused.value)


def test_a_run_file_is_no_table(tmp_path: Path) -> None:
    """A run file given for a table is told from a table of another version."""
    file = tmp_path / "run.json"
    runfile.dump(RUN, file)
    with pytest.raises(InvalidInput, match="is not a table of engine facts"):
        factfile.load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is one sentence."""
    with pytest.raises(InvalidInput, match=r"none\.json: cannot be read: No such file or directory"):
        factfile.load(tmp_path / "none.json")


def a_word_as_number(plain: Any) -> None:
    """A p50 that is a word."""
    plain["scenarios"][0]["rows"][0]["cells"][0]["spread"]["p50"]["value"] = "long"


def half_a_spread(plain: Any) -> None:
    """A spread without its p50."""
    del plain["scenarios"][0]["rows"][0]["cells"][1]["spread"]["p50"]


def a_column_too_few(plain: Any) -> None:
    """A row without the cell of the last build."""
    plain["scenarios"][0]["rows"][0]["cells"].pop()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (a_word_as_number, "scenarios[0].rows[0].cells[0].spread.p50.value: got 'long'; expected a number"),
        (half_a_spread, "scenarios[0].rows[0].cells[1].spread: key 'p50' is missing"),
        (a_column_too_few, "reconnect_delay_ms over eventsource has 2 cells; expected 3, one for each build"),
    ],
)
def test_broken_tables_are_named_by_place(tmp_path: Path, change: Any, complaint: str) -> None:
    """A table that somebody edited by hand is refused with the way to the mistake."""
    with pytest.raises(InvalidInput) as refused:
        factfile.load(changed(tmp_path, change))
    assert complaint in str(refused.value)
