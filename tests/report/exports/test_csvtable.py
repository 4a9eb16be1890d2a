"""CSV, read by Python's reader and as a spreadsheet would take it: nothing is a formula, and everything comes back."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.exports.variety import HOSTILE_RUNS, NEVER, SHAKY, VARIETY
from tests.report.factory import attempt, cell, run_of
from tests.report.synthetic import matrix
from wirematrix.metrics import METRICS
from wirematrix.model import Run
from wirematrix.report.exports import csv_table
from wirematrix.report.exports.csvtable import BYTE_ORDER_MARK, COLUMNS, neutral, read_back
from wirematrix.report.text import visible

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "exports.md"
ANY_TEXT = st.text(st.characters(codec=None)) | st.from_regex(re.compile(r"[;='@+\-x]*"), fullmatch=True)


def read(run: Run) -> list[dict[str, str]]:
    """The rows as a reader that knows UTF-8's mark gives them."""
    text = csv_table([run]).encode().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_every_attempt_is_a_row() -> None:
    """Each attempt has a row, and each cell that was never attempted has one without an attempt."""
    rows = read(VARIETY)
    assert len(rows) == len(VARIETY.attempts) + 2
    (never,) = [row for row in rows if row["cell"] == NEVER.id]
    assert (never["outcome"], never["attempt"], never["status"]) == ("not run", "", "")
    shaky = [(row["attempt"], row["decides"], row["status"]) for row in rows if row["cell"] == SHAKY.id]
    assert shaky == [("1", "no", "timeout"), ("2", "yes", "pass")]


def test_columns_are_those_documented() -> None:
    """The columns are in the documented order, and the document names and explains each."""
    assert list(read(VARIETY)[0]) == [*COLUMNS, *METRICS]
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name, means in COLUMNS.items() if f"| `{name}` | {means} |" not in text] == []


def test_values_come_back() -> None:
    """What a run says of an attempt is what the row says, number by number and word by word."""
    run = matrix(observations=0)
    rows = [row for row in read(run) if row["attempt"]]
    by_key = {(row["cell"], int(row["attempt"])): row for row in rows}
    assert len(rows) == len(run.attempts) == len(by_key)
    for one in run.attempts:
        row = by_key[one.cell.id, one.number]
        assert read_back(row["because"]) == visible(one.verdict.because)
        assert float(row["duration_ms"]) == one.duration_ms
        assert row["status"] == one.verdict.status
        assert (row["expected"] == "yes") == one.verdict.expected
        metrics = {name: float(row[name]) for name in METRICS if row[name]}
        assert metrics == {name: value for name, value in one.metrics.items() if value is not None}


def test_metrics_without_a_column_are_kept() -> None:
    """A metric that the table has no column for is in the column for others, never left out."""
    (row,) = read(run_of(attempt(cell(), metrics={"open_ms": 1.5, "own_ms": 2})))
    assert (row["open_ms"], row["other_metrics"]) == ("1.5", '{"own_ms": 2}')


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ("a;=1;b", "a;'=1;b"),
        ("\t=1", "\\t=1"),
        ("a = 1", "a = 1"),
    ],
)
def test_formulas_are_words(text: str, written: str) -> None:
    """What a spreadsheet would compute, at the beginning or behind a semicolon, has an apostrophe before it."""
    assert neutral(text) == written
    assert read_back(written) == visible(text)


@settings(deadline=None, max_examples=60)
@given(ANY_TEXT)
def test_any_text_is_read_back(text: str) -> None:
    """Every text comes back as it is shown, and none of its parts begins as a formula does."""
    assert read_back(neutral(text)) == visible(text)
    assert not any(part.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")) for part in neutral(text).split(";"))


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS)
def test_any_words_stay_in_their_column(run: Run) -> None:
    """Whatever pages and files say, rows have all columns, one line each, and no cell of text is a formula."""
    text = csv_table([run])
    assert text.startswith(BYTE_ORDER_MARK)
    rows = read(run)
    assert len(rows) == text.count("\r\n") - 1
    numbers = {"duration_ms", *METRICS}
    for row in rows:
        assert None not in row
        assert None not in row.values()
        assert not any(value[:1] in "=+-@" for name, value in row.items() if value and name not in numbers)
