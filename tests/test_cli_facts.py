"""`wirematrix facts`: from run files to a document, its table, and back; mistakes are one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.report.factory import attempt, cell, recording, run_of
from tests.test_facts import DELAY, delays
from wirematrix import cli, factfile
from wirematrix.report import facts_page
from wirematrix.runfile import dump

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "engine-facts.md"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """A run file with one fact."""
    file = tmp_path / "run.json"
    dump(run_of(recording(attempt(cell()), delays(3001, 2998, 60_000, cap=60_000))), file)
    return file


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> str:
    """What `wirematrix facts WORDS` prints when it succeeds."""
    monkeypatch.setattr(sys, "argv", ["wirematrix", "facts", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    return capsys.readouterr().out


def test_the_document_is_what_its_table_says() -> None:
    """docs/engine-facts.md is made from docs/engine-facts.json and nothing else."""
    table = factfile.load(DOCUMENT.with_suffix(".json"))
    assert DOCUMENT.read_text(encoding="utf-8") == facts_page(table), (
        "run: wirematrix facts --from docs/engine-facts.json -o docs/engine-facts.md"
    )
    assert DOCUMENT.with_suffix(".json").read_text(encoding="utf-8") == factfile.to_text(table)


def test_an_edited_document_is_noticed() -> None:
    """A number that somebody changed by hand is not what the table says."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.replace(" ms**", "0 ms**") != facts_page(factfile.load(DOCUMENT.with_suffix(".json")))


def test_facts_are_printed(run_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without options the document is printed; `--json` prints the table."""
    assert "| **3,001 ms** (2,998 to ≥ 60,000), n 3 |" in said(capsys, monkeypatch, run_file)
    plain = json.loads(said(capsys, monkeypatch, run_file, "--json"))
    assert plain["scenarios"][0]["rows"][0]["cells"][0]["spread"]["count"] == 3


def test_document_and_table_are_written(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-o` writes the document and its table side by side; `--from` makes the same document of the table again."""
    output = tmp_path / "docs" / "facts.md"
    assert said(capsys, monkeypatch, run_file, "-o", output).splitlines() == [
        f"engine facts: {output}",
        f"engine facts: {output.with_suffix('.json')}",
    ]
    assert said(capsys, monkeypatch, "--from", output.with_suffix(".json")) == output.read_text(encoding="utf-8")


def test_runs_add_up(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several run files make one table; the same one twice counts once."""
    other = tmp_path / "other.json"
    dump(run_of(recording(attempt(cell(), started="2026-11-23T00:00:00Z"), DELAY)), other)
    assert "n 4 |" in said(capsys, monkeypatch, run_file, other, run_file)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "wirematrix: wirematrix facts: got neither; expected run files or --from"),
        (["run.json", "--from", "run.json"], "wirematrix: wirematrix facts: got both; expected run files or --from"),
        (["none.json"], "wirematrix: none.json: cannot be read: No such file or directory"),
        (["--from", "none.json"], "wirematrix: none.json: cannot be read: No such file or directory"),
        (["--from", "run.json"], "wirematrix: run.json: is not a table of engine facts"),
        (["run.json", "-o", "facts.html"], "wirematrix: --output facts.html: ends in '.html'; expected a name that"),
        (["run.json", "-o", "run.json/facts.md"], "wirematrix: run.json/facts.md: cannot be written: "),
    ],
)
def test_mistakes_are_one_sentence(
    words: list[str],
    complaint: str,
    run_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bad input ends with exit status 2 and one line that names it."""
    monkeypatch.chdir(run_file.parent)
    monkeypatch.setattr(sys, "argv", ["wirematrix", "facts", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(complaint)
