"""The runner with pretended engines: what it begins, what it tells, and that it ends, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from anyio.lowlevel import checkpoint

from tests.made import attempt, cell, job
from tests.small_matrix import BASE, write
from wirematrix import runner
from wirematrix.admission import Limits
from wirematrix.agenda import Agenda, Wishes
from wirematrix.attempts import Job
from wirematrix.engines import Artifacts, LaunchOptions
from wirematrix.errors import EngineUnavailable
from wirematrix.matrix import Matrix, load
from wirematrix.model import Attempt, Status
from wirematrix.pool import Pages
from wirematrix.runner import Machines, Runner, RunOptions, Watcher
from wirematrix.server import Command

pytestmark = pytest.mark.anyio

SOON_S: Final = 10  # everything here takes no time at all
ENGINES: Final = ("chromium", "firefox")


class Pool:
    """A pool whose engine comes up, or not, when it is told to."""

    slow: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    closings: ClassVar[list[str]]

    def __init__(self, _: object, name: str, options: LaunchOptions) -> None:
        self.name = name

    async def warm(self) -> None:
        """Up at once, after a while, or never."""
        if self.name in self.slow:
            await checkpoint()
            await checkpoint()
        if self.name in self.broken:
            raise EngineUnavailable(self.name, "no build", remedy="install it")

    async def close(self) -> None:
        """Written down."""
        self.closings.append(self.name)


class Acting(Runner):
    """Makes attempts out of words: they end as a table says, after some turns of the loop."""

    statuses: Mapping[str, Status]
    log: list[str]

    def __init__(self, matrix: Matrix, options: RunOptions, watcher: Watcher) -> None:
        super().__init__(matrix, options, watcher)
        self.statuses = {}
        self.log = []
        self.living = 0
        self.most_living = 0

    async def _attempt(self, job: Job, machines: Machines) -> Attempt:
        self.living += 1
        self.most_living = max(self.most_living, self.living)
        name = f"{job.cell.engine} {job.cell.scenario}{' alone' * job.isolated}"
        self.log.append(name)
        for _ in range(3):
            await checkpoint()
        self.living -= 1
        if job.cell.engine in self.unavailable:
            return self._skipped(job)
        return attempt(job.cell, self.statuses.get(name, Status.PASS), job.number, isolated=job.isolated)


@contextlib.asynccontextmanager
async def no_driver() -> AsyncIterator[object]:
    """There is no Playwright here."""
    yield object()


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> type[Pool]:
    """The pools of a run, and no driver."""

    class Pools(Pool):
        closings: ClassVar[list[str]] = []

    monkeypatch.setattr(runner, "playwright_driver", no_driver)
    monkeypatch.setattr(runner, "EnginePool", Pools)
    return Pools


@pytest.fixture
def matrix(tmp_path: Path) -> Matrix:
    """A matrix that expects passes."""
    return load(write(tmp_path, BASE))


def acting(
    matrix: Matrix, *, at_once: int = 4, pages: Pages = Pages.REUSED
) -> tuple[Acting, list[int], dict[str, Attempt]]:
    """A runner, how many attempts it announced, and those that ended, by cell and number."""
    options = RunOptions(
        command=Command(argv=("app", "{fd}"), folder=Path()),
        launch=dict.fromkeys(ENGINES, LaunchOptions()),
        limits=Limits.for_concurrency(at_once),
        artifacts=Artifacts(),
        pages=pages,
    )
    announced: list[int] = []
    ended: dict[str, Attempt] = {}

    def note(made: Attempt) -> None:
        assert f"{made.cell.id} {made.number}" not in ended
        ended[f"{made.cell.id} {made.number}"] = made

    watcher = Watcher(expects=announced.append, began=lambda _: None, ended=note)
    return Acting(matrix, options, watcher), announced, ended


def agenda(*scenarios: str, **wishes: Any) -> Agenda:
    """These scenarios in both engines, over WebSocket; `reopens` builds on `opens`."""
    cells = [cell(name, engine) for name in scenarios for engine in ENGINES]
    needs = {one: (cell("opens", one.engine),) for one in cells if one.scenario == "reopens" and "opens" in scenarios}
    return Agenda([job(one) for one in cells], Wishes(needs=needs, **wishes))


async def ran(machine: Acting, work: Agenda) -> Acting:
    """Run it to its end."""
    async with asyncio.timeout(SOON_S):
        await machine.run(work)
    return machine


@pytest.mark.parametrize("at_once", [1, 2, 7])
async def test_everything_is_made(pools: type[Pool], matrix: Matrix, at_once: int) -> None:
    """Every attempt is announced, made and told once, never more at once than there are places; pools are closed."""
    machine, announced, ended = acting(matrix, at_once=at_once)
    await ran(machine, agenda("opens", "reopens", "resumes", repeat=2))
    assert announced == [12, 0]
    assert len(ended) == len(machine.log) == 12
    assert machine.most_living == at_once
    assert machine.admission.live == 0
    assert sorted(pools.closings) == sorted(ENGINES)


@pytest.mark.parametrize("at_once", [1, 4])
async def test_a_failed_foundation_is_told_and_not_built_on(pools: type[Pool], matrix: Matrix, at_once: int) -> None:
    """What builds on a failed cell is not begun and ends as not reached, in that engine only; one place is enough."""
    machine, _, ended = acting(matrix, at_once=at_once)
    machine.statuses = {"firefox opens": Status.FAIL}
    await ran(machine, agenda("reopens", "opens", "resumes"))
    assert sorted(machine.log) == [
        "chromium opens",
        "chromium reopens",
        "chromium resumes",
        "firefox opens",
        "firefox resumes",
    ]
    assert ended[f"{cell('reopens').id} 1"].verdict.builds_on == cell("opens").id
    assert len(ended) == 6


async def test_retries_are_alone(pools: type[Pool], matrix: Matrix) -> None:
    """After everything else, one by one, each engine's together, with the other engines closed."""
    machine, announced, ended = acting(matrix)
    machine.statuses = {"firefox opens": Status.FAIL, "chromium resumes": Status.CRASH, "firefox resumes": Status.ERROR}
    await ran(machine, agenda("opens", "resumes", retry_isolated=True))
    assert machine.log[4:] == ["chromium resumes alone", "firefox opens alone", "firefox resumes alone"]
    assert announced == [4, 3]
    alone = ended[f"{cell('opens').id} 2"]
    assert (alone.isolated, alone.verdict.status) == (True, Status.PASS)
    assert pools.closings == [*ENGINES, *ENGINES, *ENGINES]  # before chromium's, before firefox's, at the end


async def test_a_slow_engine_keeps_no_other_waiting(pools: type[Pool], matrix: Matrix) -> None:
    """An engine's cells begin when it is up; those of another engine begin meanwhile, with all the places."""
    pools.slow = frozenset({"chromium"})
    machine, _, _ = acting(matrix, at_once=1)
    await ran(machine, agenda("opens", "resumes"))
    assert machine.log[0] == "firefox opens"
    assert len(machine.log) == 4


async def test_an_engine_that_does_not_start_is_told_by_its_cells(pools: type[Pool], matrix: Matrix) -> None:
    """That an engine could not be launched at the start decides nothing: its cells try again and say what is wrong."""
    pools.broken = frozenset({"firefox"})
    machine, _, ended = acting(matrix)
    machine.unavailable["firefox"] = "no build"
    await ran(machine, agenda("opens", "reopens"))
    statuses = [ended[f"{cell(name).id} 1"].verdict.status for name in ("opens", "reopens")]
    assert statuses == [Status.SKIP, Status.SKIP]


async def test_the_plain_way_launches_nothing_beforehand(
    pools: type[Pool], matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each cell has an engine of its own, none is launched for all."""
    launched: list[str] = []
    monkeypatch.setattr(pools, "warm", lambda self: launched.append(self.name))
    machine, _, _ = acting(matrix, pages=Pages.ENGINE)
    await ran(machine, agenda("opens"))
    assert launched == []


async def test_a_stopped_run_finishes_what_lives(pools: type[Pool], matrix: Matrix) -> None:
    """After a stop nothing is begun, what lives is finished, nothing is retried, and the run ends."""
    machine, announced, ended = acting(matrix, at_once=2)
    machine.statuses = {"firefox opens": Status.FAIL, "chromium opens": Status.FAIL}
    work = agenda("opens", "resumes", "reopens", retry_isolated=True)
    running = asyncio.create_task(machine.run(work))
    while not machine.log:
        await checkpoint()
    machine.stop()
    await asyncio.wait_for(running, SOON_S)
    assert 1 <= len(machine.log) <= 2
    made = [one for one in ended.values() if not one.verdict.builds_on]
    assert len(made) == len(machine.log)
    assert announced == [6, 0]


async def test_our_own_failure_ends_the_run(pools: type[Pool], matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the runner itself breaks, the run ends with that, and everything is closed."""
    machine, _, _ = acting(matrix)

    async def broken(job: Job, machines: Machines) -> Attempt:
        raise LookupError

    monkeypatch.setattr(machine, "_attempt", broken)
    with pytest.raises(ExceptionGroup) as failure:
        await ran(machine, agenda("opens"))
    assert failure.group_contains(LookupError)
    assert sorted(pools.closings) == sorted(ENGINES)
