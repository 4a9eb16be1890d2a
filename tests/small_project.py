"""A project small enough to read, with scenarios for the plugin's tests, and a campaign that only pretends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.small_matrix import BASE, write
from wirematrix.attempts import Job
from wirematrix.campaign import Watcher
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Cell, Observation, Status, Verdict
from wirematrix.runner import RunOptions

CONFTEST: Final = 'pytest_plugins = ["wirematrix.plugin"]'
SETTINGS: Final = """
[pytest]
strict = true
addopts = --import-mode=importlib
filterwarnings =
    error
    ignore::pytest.PytestRemovedIn10Warning
    ignore:Module already imported:pytest.PytestAssertRewriteWarning
"""
CONNECT: Final = '''from wirematrix import LiveCell
async def test_opens(cell: LiveCell):
    """The transport opens
    and says so.

    A second paragraph.
    """
'''
RECONNECT: Final = '''
import pytest
from wirematrix import LiveCell

@pytest.mark.check
async def test_reopens(cell: LiveCell):
    """It opens again."""
'''
ORDINARY: Final = '''
def test_sums():
    """Adds up."""
    assert 1 + 1 == 2
'''
FILES: Final = {
    "conftest.py": CONFTEST,
    "pytest.ini": SETTINGS,
    "e2e/test_connect.py": CONNECT,
    "e2e/test_reconnect.py": RECONNECT,
    "tests/test_sums.py": ORDINARY,
}


def make_project(folder: Path) -> None:
    """Two scenarios, one ordinary test, and the matrix."""
    write(folder, BASE)
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


class Pretended:
    """A campaign whose attempts end as a table says, scenario by scenario; `made` are the ids of all it made."""

    endings: Mapping[str, Status]
    made: list[str]

    def __init__(
        self, matrix: Matrix, options: RunOptions, watcher: Watcher, *, already: Mapping[Cell, Attempt] | None = None
    ) -> None:
        self._matrix = matrix
        self._watcher = watcher
        self._attempts = dict(already or {})
        self.cpu_s, self.peak_memory_mib = 1.5, 100.0

    def covers(self, cell: Cell) -> bool:
        """Whether it was asked for."""
        return cell in self._attempts

    def start(self, jobs: Iterable[Job]) -> None:
        """Make every attempt at once."""
        for job in jobs:
            if job.cell not in self._attempts:
                self._watcher.began(job)
                self._attempts[job.cell] = self._ended(job)
                self._watcher.ended(self._attempts[job.cell])
                self.made.append(job.cell.id)

    def attempt(self, cell: Cell) -> Attempt:
        """What it ended as."""
        return self._attempts[cell]

    def stop(self) -> None:
        """Nothing is going on."""

    def _ended(self, job: Job) -> Attempt:
        verdict = Verdict(
            status=self.endings.get(job.cell.scenario, Status.PASS),
            because="so it was told",
            expectation=self._matrix.expectation_for(job.cell, None),
        )
        return Attempt(
            cell=job.cell,
            number=job.number,
            started="2026-01-31T12:00:00+00:00",
            duration_ms=12.5,
            verdict=verdict,
            metrics={},
            timeline=(Observation(at_ms=1.0, source="page", kind="open", detail={"shade": "teal"}),),
        )
