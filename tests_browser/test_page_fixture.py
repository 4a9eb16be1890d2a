"""pytest-playwright's `page` on all three engines by way of our plugin: the options keep their meaning."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from wirematrix.engines import locate
from wirematrix.errors import EngineUnavailable

pytest_plugins = ["pytester"]
ROOT: Final = Path(__file__).resolve().parent.parent
NEEDED: Final = ("chromium", "firefox", "webkit")
SETTINGS: Final = """
[pytest]
strict = true
addopts = --import-mode=importlib
filterwarnings =
    error
    ignore::pytest.PytestRemovedIn10Warning
"""
ORDINARY: Final = """
import re

from playwright.sync_api import expect

PAGE = "data:text/html,<title>a page</title><button onclick='this.textContent = 1'>0</button>"


def test_click(page, browser_name, tmp_path):
    page.goto(PAGE)
    expect(page).to_have_title("a page")
    page.click("button")
    expect(page.get_by_role("button")).to_have_text("1")
    page.screenshot(path=tmp_path / "mine.png")
    assert (tmp_path / "mine.png").stat().st_size > 500


def test_first_leaves(page):
    page.goto(PAGE)
    page.evaluate("window.mine = 1")


def test_second_finds_nothing(page):
    page.goto(PAGE)
    assert page.evaluate("window.mine") is None
"""
FAILING: Final = """
from playwright.sync_api import expect


def test_fails(page):
    page.set_content("<button>0</button>")
    expect(page.get_by_role("button")).to_have_text("1", timeout=200)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with ordinary browser tests and no matrix, on a machine with every engine."""
    for name in NEEDED:
        try:
            locate(name)
        except EngineUnavailable as unavailable:
            pytest.skip(str(unavailable))
    pytester.makeconftest('pytest_plugins = ["wirematrix.plugin"]')
    pytester.makeini(SETTINGS)
    pytester.makepyfile(test_ordinary=ORDINARY)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Pytest in a process of its own, with an engine chosen three times."""
    engines = [word for name in NEEDED for word in ("--browser", name)]
    return project.runpytest_subprocess(*engines, "-p", "no:cacheprovider", *arguments, timeout=300)


def files_in(folder: Path, pattern: str) -> dict[str, Path]:
    """The files in the folders of the tests, by engine; each engine has as many as the others."""
    found = {name: sorted(folder.glob(f"*{name}*/{pattern}")) for name in NEEDED}
    assert len({len(files) for files in found.values()}) == 1, found
    return {f"{name} {place}": file for name, files in found.items() for place, file in enumerate(files)}


def test_ordinary_tests_run_on_all_engines(project: pytest.Pytester) -> None:
    """Three times --browser: goto, click, expect, screenshot work everywhere, and every test leaves its files."""
    ran = run(project, "--tracing", "on", "--screenshot", "on", "--output", "kept")
    ran.assert_outcomes(passed=9)
    traces = files_in(project.path / "kept", "trace.zip")
    assert len(traces) == 9
    assert all(zipfile.ZipFile(trace).namelist() for trace in traces.values())
    assert len(files_in(project.path / "kept", "*.png")) == 9
    assert not (project.path / "test-results").exists()
    assert not (project.path / "results").exists()


def test_evidence_of_failures_only(project: pytest.Pytester) -> None:
    """retain-on-failure and only-on-failure keep what failed, and nothing of what passed."""
    project.makepyfile(test_failing=FAILING)
    ran = run(project, "--tracing", "retain-on-failure", "--screenshot", "only-on-failure", "-k", "fails or click")
    ran.assert_outcomes(passed=3, failed=3, deselected=6)
    kept = project.path / "test-results"
    assert len(files_in(kept, "trace.zip")) == 3
    assert len(files_in(kept, "*.png")) == 3
    assert all("fails" in folder.name for folder in kept.iterdir())


@pytest.mark.parametrize("engine", NEEDED)
def test_cells_have_evidence_too(project: pytest.Pytester, engine: str) -> None:
    """In `pytest e2e` the same options keep a trace and a screenshot of each cell, in a folder named after it."""
    cell = f"e2e/test_connect.py::test_opens[{engine}-websocket-direct]"
    folders = ("--output", str(project.path / "kept"), "--results", str(project.path / "results"))
    evidence = ("--tracing", "on", "--screenshot", "on")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", cell, "--browser", engine, *evidence, *folders, "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == pytest.ExitCode.OK, ran.stdout
    folder = project.path / "kept" / f"opens-{engine}-websocket-direct"
    assert zipfile.ZipFile(folder / "trace.zip").namelist()
    assert (folder / "page.png").read_bytes().startswith(b"\x89PNG")
