"""`wirematrix comment` and `summary`: Markdown from run files, with what changed against a baseline's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.report.factory import attempt, cell, run_of
from wirematrix import cli
from wirematrix.errors import InvalidInput
from wirematrix.model import Status
from wirematrix.report.comment import MARKER
from wirematrix.runfile import dump

BEFORE = run_of(attempt(cell()), attempt(cell("opens_late", network="refuse"), Status.FAIL, "never opened"))
NOW = run_of(attempt(cell(), Status.FAIL, "open never came"), attempt(cell("opens_late", network="refuse")))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a baseline and a newer run."""
    dump(BEFORE, tmp_path / "before.json")
    dump(replace(NOW, info=replace(NOW.info, started="2026-11-23T15:40:58Z")), tmp_path / "now.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str) -> Result:
    """`wirematrix ...`."""
    return CliRunner().invoke(cli.cli, words)


def test_comment_says_what_changed() -> None:
    """What got worse and what got better against the baseline, each cell leading to the report."""
    done = said("comment", "now.json", "--baseline", "before.json", "--url", "https://a.example/matrix.html")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{MARKER}\n## ❌ 1 of 2 cells unexpected\n")
    assert "2 cells compared: 1 regressed, 1 fixed. Baseline: 4f2a9c1d77, begun " in done.stdout
    assert "(<https://a.example/matrix.html#opens.chromium-websocket-direct>)" in done.stdout


def test_comment_needs_no_baseline() -> None:
    """Without a baseline the comment is there and says so."""
    assert "There is no baseline to compare with yet." in said("comment", "now.json").stdout


def test_summary_says_what_changed() -> None:
    """With a baseline the job summary has the changes before the grids; without, it has none."""
    text = said("summary", "now.json", "--baseline", "before.json").stdout
    assert text.index("### Unexpected") < text.index("### Changes") < text.index("<details><summary>Chromium")
    assert "### Changes" not in said("summary", "now.json").stdout


def test_mistakes_are_sentences() -> None:
    """A baseline that is not there, and an address that is none, are refused with place and value."""
    for words, sentence in (
        (("--baseline", "gone.json"), "gone.json: cannot be read: No such file or directory"),
        (("--url", "matrix.html"), "--url: got 'matrix.html'; expected an absolute http or https address"),
    ):
        mistake = said("comment", "now.json", *words).exception
        assert isinstance(mistake, InvalidInput)
        assert str(mistake).startswith(sentence)
