"""`wirematrix open`: the report, brought up to date, in a browser that is a real process, or a word that there is none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.exports.variety import VARIETY
from wirematrix.runfile import dump

OPEN_S = 120
OLD_NS = 10**18


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a run file where runs put it, and a browser that writes down what it was given."""
    dump(VARIETY, tmp_path / "results" / "run.json")
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/opened"\n', encoding="ascii")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def opened(folder: Path, *words: str, browser: str = "browser") -> subprocess.CompletedProcess[str]:
    """`wirematrix open ...` in the folder; without a browser there is none anywhere."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    environment = {**kept, "PATH": str(folder / "nothing"), "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    if browser:
        environment["BROWSER"] = f"{folder / browser} %s"
    return subprocess.run(
        [sys.executable, "-m", "wirematrix", "open", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=OPEN_S, check=False,
    )  # fmt: skip


def address(folder: Path) -> str:
    """What the browser was given."""
    return (folder / "opened").read_text(encoding="utf-8").strip()


def test_report_is_rendered_and_opened(folder: Path) -> None:
    """Without a report one is made of the run file; the browser gets its file address, the person its place."""
    done = opened(folder)
    assert (done.returncode, done.stdout) == (0, "report: results/matrix.html\n"), done.stderr
    page = folder / "results" / "matrix.html"
    assert address(folder) == page.as_uri()
    assert "4 of 10 cells unexpected" in page.read_text(encoding="utf-8")


def test_report_is_kept_while_it_is_current(folder: Path) -> None:
    """A report that is as new as its run file is opened as it is; one that is older is rendered again."""
    page = folder / "results" / "matrix.html"
    page.write_text("mine", encoding="ascii")
    assert opened(folder).returncode == 0
    assert page.read_text(encoding="ascii") == "mine"
    os.utime(page, ns=(OLD_NS, OLD_NS))
    assert opened(folder, "results/run.json").returncode == 0
    assert "</html>" in page.read_text(encoding="utf-8")


def test_other_run_files_have_their_own_report(folder: Path) -> None:
    """A run file by another name gets a report by that name, beside it."""
    dump(VARIETY, folder / "before.json")
    assert opened(folder, "before.json").stdout == "report: before.html\n"
    assert address(folder) == (folder / "before.html").as_uri()


def test_reports_are_opened_as_they_are(folder: Path) -> None:
    """A report that is named needs no run file; one that is not there is a mistake in one sentence."""
    (folder / "a b.html").write_text("<p>mine</p>", encoding="ascii")
    assert opened(folder, "a b.html").returncode == 0
    assert address(folder).endswith("/a%20b.html")
    gone = opened(folder, "gone.html")
    assert gone.returncode == 2
    assert gone.stderr == "wirematrix: gone.html: is not there; expected a report, or a run file to make it from\n"


def test_no_browser_is_said(folder: Path) -> None:
    """Where no browser can be opened the path is printed all the same, and the exit status is 1."""
    done = opened(folder, browser="")
    assert (done.returncode, done.stdout) == (1, "report: results/matrix.html\n")
    assert done.stderr.startswith("no browser could be opened here")


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    """In a folder without results the usual places are named."""
    done = opened(tmp_path, browser="")
    assert done.returncode == 2
    assert "wirematrix open: got no file; expected results/run.json, results/matrix.html, or one" in done.stderr
