"""The matrix finds what is broken and nothing else: each defect put into a copy of the app turns one scenario.

Whole runs of `pytest e2e` over Chromium, minutes in all: one engine shows whether a defect of the app is found.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests_browser.defects import DEFECTS, Defect, copy_of
from wirematrix import runfile
from wirematrix.budgets import scale_factor
from wirematrix.model import Run, Status

ROOT: Final = Path(__file__).resolve().parent.parent
ELSEWHERE: Final = (
    "reset or truncate or kill or test_engine or outage or glitch or 503 or refused or new_epoch or one_way"
)
RUN_S: Final = 600  # one run takes about a minute and a half on two cores that have nothing else to do
NOT_ABOUT_THE_APP: Final = {Status.ERROR, Status.CRASH, Status.TIMEOUT}


def run_matrix(app_root: Path, results: Path) -> tuple[int, Run]:
    """Run the matrix on an app; its exit status and what it found.

    Every guarantee of the app has its scenario there. Left out: scenarios that rest on the same guarantees in another
    guise (an outage, a glitch, a 503), and those of engines, which never meet the app; cells that kill an engine of
    their own (they cost a launch each and see of the app what `server_learns_page_closed` sees); and the networks that
    end a connection as others do.
    """
    chosen = ("--browser", "chromium", "-m", "not own_engine", "-k", f"not ({ELSEWHERE})")
    folders = ("--app-root", str(app_root), "--results", str(results), "--output", str(results / "artifacts"))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "e2e", *chosen, *folders, "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S * scale_factor(),
        check=False,
    )
    file = results / "run.json"
    assert file.exists(), f"exit status {ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    return ended.returncode, runfile.load(file)


def unexpected(run: Run) -> dict[str, list[str]]:
    """What ended unexpectedly, by scenario: cell, status and reason of each."""
    found: dict[str, list[str]] = {}
    for attempt in run.attempts:
        verdict = attempt.verdict
        if not verdict.expected:
            sentence = f"{attempt.cell.params}: {verdict.status}: {verdict.because}"
            found.setdefault(attempt.cell.scenario, []).append(sentence)
    return found


def complain(run: Run) -> str:
    """What ended unexpectedly, for a failing assertion."""
    return "\n".join(f"{name}[{told}" for name, sentences in unexpected(run).items() for told in sentences)


def assert_whole(run: Run) -> None:
    """Every cell was attempted, and no attempt ended as something that says nothing about the app."""
    assert {attempt.cell.id for attempt in run.attempts} == set(run.declared)
    ended = {attempt.verdict.status for attempt in run.attempts}
    assert not ended & {*NOT_ABOUT_THE_APP, Status.SKIP}, complain(run)


def test_a_sound_copy_is_green(tmp_path: Path) -> None:
    """An unchanged copy of the app has no unexpected cell and the exit status 0: a copy is no defect by itself."""
    status, run = run_matrix(copy_of(ROOT, tmp_path / "copy"), tmp_path / "results")
    assert not unexpected(run), complain(run)
    assert status == pytest.ExitCode.OK
    assert_whole(run)


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_a_defect_turns_its_scenario_and_no_other(tmp_path: Path, defect: Defect) -> None:
    """Cells of the one scenario that is about the defect fail, every other cell is as expected, exit status 1."""
    copy = copy_of(ROOT, tmp_path / "copy")
    defect.seed(copy)
    status, run = run_matrix(copy, tmp_path / "results")
    assert set(unexpected(run)) == {defect.scenario}, complain(run)
    assert all(defect.says in told for told in unexpected(run)[defect.scenario]), complain(run)
    assert status == pytest.ExitCode.TESTS_FAILED
    assert_whole(run)


@pytest.mark.parametrize("text", ["nothing of it", "old old"], ids=["missing", "twice"])
def test_a_disarmed_defect_is_loud(tmp_path: Path, text: str) -> None:
    """A defect whose text is not there exactly once is an error, never an unchanged copy."""
    (tmp_path / "app.py").write_text(text, encoding="utf-8")
    defect = Defect(name="a mistake", scenario="opens", file="app.py", old="old", new="new")
    with pytest.raises(ValueError, match=r"app\.py: a mistake: expected 'old' exactly once, got it [02] times"):
        defect.seed(tmp_path)
