"""`wirematrix documented`: text, Markdown or JSON from run files; mistakes are one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.documented.given import opened
from wirematrix import cli
from wirematrix.runfile import dump


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """A run file of three engines."""
    file = tmp_path / "run.json"
    dump(opened(), file)
    return file


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object, status: int = 0
) -> tuple[str, str]:
    """What `wirematrix documented WORDS` prints, and what it complains of."""
    monkeypatch.setattr(sys, "argv", ["wirematrix", "documented", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == status
    caught = capsys.readouterr()
    return caught.out, caught.err


def test_it_is_printed(run_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A person reads counts, what builds are held against, and every feature."""
    out, _ = said(capsys, monkeypatch, run_file)
    assert "disagreements" in out
    assert "WebSocket" in out
    assert "beside Safari 26" in out


def test_it_is_markdown(run_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`--markdown` prints a document."""
    out, _ = said(capsys, monkeypatch, run_file, "--markdown")
    assert out.startswith("# Documented beside observed\n")


def test_it_is_json(run_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`--json` prints all of it; the WebSocket opens as documented in all three."""
    plain = json.loads(said(capsys, monkeypatch, run_file, "--json")[0])
    (socket,) = (row for row in plain["rows"] if row["feature"] == "api.WebSocket")
    assert [one["agreement"] for one in socket["cells"]] == ["agrees"] * 3


def test_mistakes_are_sentences(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both formats at once, and a file that is not there."""
    _, err = said(capsys, monkeypatch, run_file, "--json", "--markdown", status=2)
    assert err == "wirematrix: wirematrix documented: got --markdown and --json; expected one of them\n"
    _, err = said(capsys, monkeypatch, tmp_path / "none.json", status=2)
    assert "none.json" in err
    assert "Traceback" not in err
