"""A project small enough to read, with scenarios for the plugin's tests, and a campaign that only pretends.

The fixtures `project` and `pretend` are in conftest.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from tests.small_matrix import BASE, write
from wirematrix import runfile
from wirematrix.agenda import Agenda, Wishes
from wirematrix.attempts import Job, not_reached
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Cell, Expectation, Observation, Run, Status, Verdict
from wirematrix.runner import RunOptions, Watcher

SCHEMA: Final = Path(__file__).resolve().parent.parent / "wirematrix/schema/run.schema.json"
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


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """`pytest ARGUMENTS` in the project, in this process."""
    return project.runpytest_inprocess(*arguments, "-p", "no:cacheprovider")


def written(project: pytest.Pytester) -> Run:
    """The run file, which fits its published schema; the report is beside it."""
    results = project.path / "results"
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator.validate(json.loads((results / "run.json").read_bytes()))
    assert "</html>" in (results / "matrix.html").read_text(encoding="utf-8")
    return runfile.load(results / "run.json")


class Pretended:
    """A campaign whose attempts end as a table says; `made` are the ids of all cells it attempted, in order.

    `endings` has a status per scenario, or several: the first attempt's, the second's, ... the last for all further.
    """

    endings: Mapping[str, Status | Sequence[Status]]
    made: list[str]

    def __init__(
        self, matrix: Matrix, options: RunOptions, watcher: Watcher, *, already: Iterable[Attempt] = ()
    ) -> None:
        self._matrix = matrix
        self._watcher = watcher
        self._already = already
        self._agenda = Agenda(())
        self._covered: set[Cell] = set()
        self.cpu_by_part_s, self.peak_memory_mib = {"engines": 1.0, "python": 0.5}, 100.0

    def covers(self, cell: Cell) -> bool:
        """Whether it was asked for."""
        return cell in self._covered

    def start(self, asked: Sequence[Job], wishes: Wishes) -> None:
        """Make every attempt at once, in the order of the agenda."""
        agenda = self._agenda = Agenda(asked, wishes, self._already)
        self._covered.update(job.cell for job in asked)
        self._watcher.expects(agenda.left)
        while True:
            for job, needed in agenda.unreached():
                self._ended(job, not_reached(job, needed, self._expectation(job)))
            if (next_one := agenda.take(agenda.engines)) is None:
                break
            self._make(next_one)
        for job in agenda.retries():
            self._make(job)

    def attempts(self, cell: Cell) -> tuple[Attempt, ...]:
        """What they ended as."""
        assert self._agenda.is_complete(cell)
        return self._agenda.attempts_of(cell)

    def stop(self) -> None:
        """Nothing is going on."""

    def _make(self, job: Job) -> None:
        self._watcher.began(job)
        self.made.append(job.cell.id)
        self._ended(job, self._attempt(job))

    def _ended(self, job: Job, attempt: Attempt) -> None:
        self._agenda.ended(attempt)
        self._watcher.ended(attempt)

    def _expectation(self, job: Job) -> Expectation:
        return self._matrix.expectation_for(job.cell, None)

    def _attempt(self, job: Job) -> Attempt:
        told = self.endings.get(job.cell.scenario, Status.PASS)
        statuses = (told,) if isinstance(told, Status) else tuple(told)
        status = statuses[min(job.number, len(statuses)) - 1]
        return Attempt(
            cell=job.cell,
            number=job.number,
            started="2026-01-31T12:00:00+00:00",
            duration_ms=12.5,
            verdict=Verdict(status=status, because="so it was told", expectation=self._expectation(job)),
            metrics={},
            timeline=(Observation(at_ms=1.0, source="page", kind="open", detail={"shade": "teal"}),),
            isolated=job.isolated,
        )
