"""`wirematrix export`: as many formats as are named, each in its file, and none over another."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.report.exports.variety import VARIETY
from wirematrix import cli
from wirematrix.errors import InvalidInput
from wirematrix.runfile import dump


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run file where runs put it."""
    dump(VARIETY, tmp_path / "results" / "run.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exported(*words: str) -> Result:
    """`wirematrix export ...`."""
    return CliRunner().invoke(cli.cli, ["export", *words])


def refused(*words: str) -> str:
    """The sentence by which it is refused."""
    mistake = exported(*words).exception
    assert isinstance(mistake, InvalidInput)
    return str(mistake)


def test_every_format_has_its_file(folder: Path) -> None:
    """All formats at once: each file is there, in a folder made for it, and named."""
    done = exported(
        *("--junit", "a/junit.xml", "--ctrf", "a/ctrf.json", "--csv", "a/matrix.csv"),
        *("--badge", "a/badge.svg", "--wptreport", "a/wpt"),
    )
    assert done.exit_code == 0, done.output
    names = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert names == [
        "a/junit.xml", "a/ctrf.json", "a/matrix.csv", "a/badge.svg",
        "a/wpt/chromium.json", "a/wpt/firefox.json", "a/wpt/webkit.json",
    ]  # fmt: skip
    assert all((folder / name).stat().st_size > 100 for name in names)
    assert (folder / "a/matrix.csv").read_bytes().count(b"\r\n") == len(VARIETY.attempts) + 3


def test_no_format_is_refused() -> None:
    """Without a format there is nothing to do, and all are named."""
    assert refused() == ("wirematrix export: got no format; expected --junit, --ctrf, --csv, --badge or --wptreport")


def test_no_format_overwrites_another(folder: Path) -> None:
    """One file for two formats is refused, also in a folder of reports, before anything is written."""
    assert "for two formats; expected a file for each" in refused("--junit", "a.xml", "--csv", "./a.xml")
    assert "for two formats" in refused("--ctrf", "w/webkit.json", "--wptreport", "w")
    assert not (folder / "a.xml").exists()
    assert not (folder / "w").exists()


def test_mistakes_name_the_place(folder: Path) -> None:
    """A run file that is none, and a place where nothing can be written, are one sentence each."""
    (folder / "odd.json").write_text("[]", encoding="ascii")
    assert (
        refused("odd.json", "--csv", "a.csv") == 'odd.json: is not a run file; expected an object with the key "schema"'
    )
    assert refused("--csv", "odd.json/a.csv").startswith("odd.json/a.csv: cannot be written: ")
