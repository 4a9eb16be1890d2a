"""`wirematrix show`: one cell is shown, several are listed, none is answered by what is near."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.report.exports.variety import NEVER, SURPRISE, VARIETY
from wirematrix import cli
from wirematrix.errors import InvalidInput
from wirematrix.runfile import dump


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the run file where runs put it."""
    dump(VARIETY, tmp_path / "results" / "run.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(*words: str) -> Result:
    """`wirematrix show ...`."""
    return CliRunner().invoke(cli.cli, ["show", *words])


def refused(*words: str) -> str:
    """The sentence by which it is refused."""
    mistake = shown(*words).exception
    assert isinstance(mistake, InvalidInput)
    return str(mistake)


def test_one_cell_is_shown(folder: Path) -> None:
    """A part that only one id has shows that cell, from the usual run file or a named one."""
    done = shown("opens firefox direct")
    assert done.exit_code == 0
    assert "fail, UNEXPECTED, expected pass: open never came" in done.stdout
    assert shown("opens firefox direct", "results/run.json").stdout == done.stdout


def test_several_are_listed(folder: Path) -> None:
    """A part that many ids have lists them and asks for more."""
    done = shown("opens[")
    assert done.stderr.splitlines() == [
        f"opens[{engine}-websocket-direct]" for engine in ("chromium", "firefox", "webkit")
    ]
    assert refused("opens[") == (
        "wirematrix show 'opens[': names 3 cells; expected one; more of the id tells them apart"
    )


def test_none_is_answered_by_the_nearest(folder: Path) -> None:
    """A mistyped id is answered by ids like it."""
    assert refused("opns[firefox-websocket-direct]").startswith(
        "wirematrix show 'opns[firefox-websocket-direct]': names no cell; expected one such as opens[firefox-websocket"
    )
    assert refused("\x1b$") == "wirematrix show '\\\\u001b$': names no cell; expected a cell's id"


def test_cells_that_never_ran_say_so(folder: Path) -> None:
    """A declared cell without an attempt has no evidence, and that is what is said."""
    assert shown(NEVER.id).stdout == f"{NEVER.id}\nmissing: declared, but no attempt of it was received\n"


def test_attempts_are_chosen_by_number(folder: Path) -> None:
    """An attempt that there is is shown; one that there is not is refused with those there are."""
    assert "attempt 2 of run 1, made alone, " in shown(SURPRISE.id, "--attempt", "2").stdout
    assert refused(SURPRISE.id, "--attempt", "3") == "--attempt: got 3; expected 1 or 2"


def test_without_a_run_file_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no run was made and no file is named, the usual place is named."""
    monkeypatch.chdir(tmp_path)
    assert refused("opens") == "wirematrix show: got no run file; expected results/run.json"
