"""`wirematrix expectations update`: exit status, what it prints, what it writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.small_matrix import BASE, write
from tests.upkeep.given import CHROMIUM, WEBKIT, claims, seen
from wirematrix import cli, yamlfile
from wirematrix.errors import InvalidInput
from wirematrix.matrix import load
from wirematrix.runfile import dump

FAILED = {"": "pass", "opens[webkit-websocket": "fail"}
ADDED = "added {scenario: opens, engine: webkit, transport: websocket}: pass → fail; seen: fail ×1 in 1 cell\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a matrix, and a run with one unexpected cell."""
    write(tmp_path, BASE)
    dump(seen(BASE, FAILED, (CHROMIUM, WEBKIT)), tmp_path / "run.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def update(*words: str) -> Result:
    """The command, as a person calls it."""
    return CliRunner().invoke(cli.cli, ["expectations", "update", *words])


def refusal(*words: str) -> str:
    """How it complains."""
    done = update(*words)
    assert isinstance(done.exception, InvalidInput)
    return str(done.exception)


def test_a_check_shows_what_would_change_and_writes_nothing(folder: Path) -> None:
    """The list, then the difference; exit status 1, because something would change."""
    done = update("run.json", "--check")
    assert done.exit_code == 1
    listed, _, difference = done.stdout.partition("--- matrix.yaml\n")
    assert ADDED in listed
    assert difference.startswith("+++ updated\n@@ ")
    assert "+  - cells: {scenario: opens, engine: webkit, transport: websocket}\n" in difference
    assert (folder / "matrix.yaml").read_text() == BASE


def test_an_update_says_the_same_and_writes_it(folder: Path) -> None:
    """The same list; exit status 0; the next check finds nothing to do and exits with 0."""
    checked = update("run.json", "--check").stdout.partition("--- matrix.yaml\n")[0]
    done = update("run.json")
    assert done.exit_code == 0
    assert done.stdout == f"{checked}written: matrix.yaml\n"
    again = update("run.json", "--check")
    assert again.exit_code == 0
    assert "nothing changes\n" in again.stdout
    assert "---" not in again.stdout


def test_the_matrix_is_refused_until_reasons_are_written(folder: Path) -> None:
    """Whatever reads the matrix answers a TODO with its place and what to do; a sentence and a link mend it."""
    update("run.json")
    file = folder / "matrix.yaml"
    with pytest.raises(
        InvalidInput, match=r"matrix\.yaml:18: expectations\[0\]\.because: got 'TODO'; expected a sentence"
    ):
        load(file)
    text = file.read_text().replace("because: TODO", "because: It was seen to.")
    file.write_text(text)
    with pytest.raises(InvalidInput, match=r"matrix\.yaml:19: expectations\[0\]\.see: got 'TODO'; expected a link"):
        load(file)
    file.write_text(text.replace("see: TODO", "see: docs/measuring.md"))
    assert len(load(file).expectations) == 1


def test_several_runs_and_another_matrix(folder: Path) -> None:
    """All run files are taken together; `--matrix` names the file; the switches are handed on."""
    other = claims("scenario: reopens, engine: webkit | [fail, timeout]")
    Path("other.yaml").write_text(other)
    for name, words in (("first", "fail fail"), ("second", "fail crash")):
        dump(seen(other, {"": "pass", "reopens[webkit": words}, (CHROMIUM, WEBKIT)), Path(f"{name}.json"))
    switches = ["--add-intermittents", "--drop-intermittents", "--min-attempts", "4"]
    done = update("first.json", "second.json", "--matrix", "other.yaml", *switches)
    assert done.exit_code == 0
    assert Path("other.yaml").read_text() == other.replace("[fail, timeout]", "[fail, crash]").replace(
        "reason 0", "TODO (was fail/timeout) reason 0"
    )
    assert (folder / "matrix.yaml").read_text() == BASE


def test_nothing_is_dropped_after_fewer_attempts_than_ten_unless_asked_for(folder: Path) -> None:
    """The default is careful, and its figure is said."""
    text = claims("scenario: opens, engine: webkit | [fail, timeout]")
    (folder / "matrix.yaml").write_text(text)
    dump(seen(text, {"": "pass", "opens[webkit": "fail " * 9}, (CHROMIUM, WEBKIT)), folder / "run.json")
    done = update("run.json", "--drop-intermittents")
    assert "has 9 attempts of the 10 it takes (--min-attempts)" in done.stdout
    assert (folder / "matrix.yaml").read_text() == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.json",), "none.json: cannot be read: No such file or directory"),
        (("matrix.yaml",), "matrix.yaml:1: not JSON: "),
        (("run.json", "--matrix", "none.yaml"), "none.yaml: cannot be read: No such file or directory"),
        (("run.json", "--matrix", "run.json"), "run.json:1: schema: unknown key 'schema'"),
    ],
)
def test_bad_input_is_one_sentence(folder: Path, words: tuple[str, ...], said: str) -> None:
    """A file that is missing or something else is named; `main` turns that into exit status 2."""
    assert refusal(*words).startswith(said)


@pytest.mark.parametrize("words", [(), ("run.json", "--min-attempts", "0"), ("run.json", "--min-attempts", "few")])
def test_bad_options_are_usage_errors(folder: Path, words: tuple[str, ...]) -> None:
    """No run at all, or a number that is none."""
    assert update(*words).exit_code == 2


def test_bad_input_ends_with_two(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the shell: one sentence on standard error, no traceback, and exit status 2, with --check as well."""
    (folder / "matrix.yaml").write_text(BASE.replace("close: {", "direct: {"))
    monkeypatch.setattr("sys.argv", ["wirematrix", "expectations", "update", "run.json", "--check"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "wirematrix: matrix.yaml:8: networks.direct: is written twice, first in line 7; expected each key once\n"
    )


def test_what_a_run_file_says_cannot_write_on_the_terminal(folder: Path) -> None:
    """Control characters in names from a run file are shown as escapes."""
    bad = seen(BASE, FAILED, (CHROMIUM, WEBKIT))
    dump(bad, folder / "run.json")
    text = (folder / "run.json").read_text().replace('"product":"webkit"', '"product":"web\\u001bkit"')
    (folder / "run.json").write_text(text)
    assert "web\\u001bkit 2.50.6" in update("run.json", "--check").stdout


# Writing


def test_mode_and_link_stay(tmp_path: Path) -> None:
    """A file that may be read by all still may, and a link still leads to the file."""
    file, link = write(tmp_path, BASE), tmp_path / "link.yaml"
    file.chmod(0o664)
    link.symlink_to(file)
    yamlfile.replace_content(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o664


def test_nobody_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full the file stays as it was, nothing else is left, and the sentence says why."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    file = write(tmp_path, BASE)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match=r"matrix\.yaml: cannot be written: No space left on device"):
        yamlfile.replace_content(file, b"new")
    assert file.read_text() == BASE
    assert list(tmp_path.iterdir()) == [file]
