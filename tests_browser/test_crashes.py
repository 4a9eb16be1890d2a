"""What dies in the middle of a run costs what was in it and nothing else: real engines, real processes, a real app."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import psutil
import pytest

from wirematrix import budgets, opened, said_hello
from wirematrix.admission import Limits
from wirematrix.agenda import Agenda
from wirematrix.attempts import Job, Scenario
from wirematrix.budgets import Budget, scale_factor
from wirematrix.driver import LiveCell
from wirematrix.engines import Artifacts, LaunchOptions, locate
from wirematrix.errors import EngineUnavailable
from wirematrix.journal import read_journals
from wirematrix.matrix import Matrix, load
from wirematrix.model import Attempt, Cell, Kind, ScenarioText, Status
from wirematrix.pool import Pages
from wirematrix.runfile import load as load_run
from wirematrix.runner import Runner, RunOptions, Watcher
from wirematrix.server import reference_app

ROOT: Final = Path(__file__).resolve().parent.parent
PLAIN: Final = ("opens", "delivers_the_first_message", "sends_uplink_messages", "stays_closed_when_told")
HUNG: Final = Budget("hung", 3_000)
WHOLE_S: Final = 180  # one run of a handful of cells
KILLED_AFTER: Final = 5  # attempts in the journal when pytest is killed
FEW: Final = "direct and (test_opens or first_message or uplink or navigated)"
pytestmark = pytest.mark.anyio


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that is here."""
    name: str = request.param
    try:
        locate(name)
    except EngineUnavailable as unavailable:
        if request.config.getoption("--require-engines", default=False):
            pytest.fail(str(unavailable), pytrace=False)
        pytest.skip(str(unavailable))
    return name


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """The matrix of this project; the scenarios here are the tests' own."""
    return load(ROOT / "matrix.yaml")


async def lives(cell: LiveCell) -> None:
    """A cell that harms nobody."""
    cell.judge(opened, said_hello)
    await cell.open()
    await cell.publish()
    await cell.catch_up()


async def kills_its_renderer(cell: LiveCell) -> None:
    """The page's process dies, as in a crash."""
    cell.judge(opened)
    await cell.open()
    await cell._page.kill_renderer()
    await cell.wait_for(type="hello")


async def kills_its_engine(cell: LiveCell) -> None:
    """The engine that it shares with other cells dies."""
    cell.judge(opened)
    await cell.open()
    await cell._page.engine.kill()
    await cell.wait_for(type="hello")


async def hangs(cell: LiveCell) -> None:
    """The page never gives its thread back."""
    cell.judge(opened)
    await cell.open()
    await cell._page.evaluate("() => { while (true); }", budget_ms=HUNG.ms)


def jobs(engine: str, *plays: object) -> list[Job]:
    """One job per scenario function, each a cell of its own over the direct network."""
    made = []
    for number, play in enumerate(plays):
        scenario, transport = PLAIN[number % len(PLAIN)], ("eventsource", "websocket")[number // len(PLAIN)]
        text = ScenarioText(name=scenario, group="", title="", story="", kind=Kind.REQUIRED, source="")
        cell = Cell(scenario=scenario, engine=engine, transport=transport, network="direct")
        made.append(Job(cell=cell, scenario=Scenario(text=text, play=play)))  # type: ignore[arg-type]
    return made


async def attempts_of(matrix: Matrix, work: Sequence[Job], *, at_once: int) -> list[Attempt]:
    """Run jobs of one engine; the attempts in the order of the jobs."""
    engine = work[0].cell.engine
    made: dict[Cell, Attempt] = {}
    options = RunOptions(
        command=reference_app(ROOT),
        launch={engine: LaunchOptions()},
        limits=Limits.for_concurrency(at_once),
        artifacts=Artifacts(),
        pages=Pages.REUSED,
    )
    watcher = Watcher(
        expects=lambda _: None, began=lambda _: None, ended=lambda attempt: made.__setitem__(attempt.cell, attempt)
    )
    async with asyncio.timeout(WHOLE_S * scale_factor()):
        await Runner(matrix, options, watcher).run(Agenda(work))
    return [made[job.cell] for job in work]


def told(attempts: Sequence[Attempt]) -> list[tuple[Status, str]]:
    """Status and reason of each."""
    return [(attempt.verdict.status, attempt.verdict.because) for attempt in attempts]


async def test_a_crashed_renderer_costs_its_own_cell(matrix: Matrix, engine: str) -> None:
    """One by one: the cell whose page dies is a crash, the cells before and after it pass, in the same engine or not."""
    made = await attempts_of(matrix, jobs(engine, lives, kills_its_renderer, lives, lives), at_once=1)
    assert [status for status, _ in told(made)] == [Status.PASS, Status.CRASH, Status.PASS, Status.PASS], told(made)
    assert made[1].verdict.because.startswith(f"{engine} crashed: ")
    assert not made[1].verdict.expected


async def test_a_killed_engine_costs_the_cells_in_it(matrix: Matrix, engine: str) -> None:
    """Three at once: what lives in the engine that dies is a crash at most, and what begins later passes."""
    work = jobs(engine, kills_its_engine, lives, lives, lives, lives, lives, lives, lives)
    made = await attempts_of(matrix, work, at_once=3)
    ended = Counter(attempt.verdict.status for attempt in made)
    assert set(ended) == {Status.PASS, Status.CRASH}, told(made)
    assert made[0].verdict.status is Status.CRASH, told(made)
    assert ended[Status.CRASH] <= 3, told(made)
    assert {attempt.verdict.status for attempt in made[-3:]} == {Status.PASS}, told(made)


async def test_a_hung_page_ends_by_its_budget(matrix: Matrix, engine: str) -> None:
    """A page that computes for ever is a timeout, soon; cells beside it and after it pass."""
    made = await attempts_of(matrix, jobs(engine, lives, hangs, lives, lives), at_once=2)
    assert [status for status, _ in told(made)] == [Status.PASS, Status.TIMEOUT, Status.PASS, Status.PASS], told(made)
    assert made[1].verdict.because.startswith(f"waited {HUNG.ms:.0f} ms for the page to answer")
    assert made[1].duration_ms < HUNG.ms + budgets.OPEN.ms + budgets.CLOSE_PAGE.ms + budgets.NEW_PAGE.ms


# The whole program


def pytest_command(engine: str, results: Path, *more: str) -> list[str]:
    """`pytest e2e` over the cells without faults, two at a time so that there is a middle to be killed in."""
    chosen = ("--browser", engine, "-k", FEW, "--concurrency", "2")
    folders = ("--results", str(results), "--output", str(results / "artifacts"))
    return [sys.executable, "-m", "pytest", "e2e", "-q", "-p", "no:cacheprovider", *chosen, *folders, *more]


def of_this_run(token: str) -> list[psutil.Process]:
    """Every process that was started with our variable in its environment and still lives."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WIREMATRIX_TEST") == token and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:  # gone, or somebody else's
            continue
    return found


def ended_attempts(results: Path) -> int:
    """How many attempts the journal has."""
    return len(read_journals(results / "journal").attempts)


def test_a_killed_run_is_resumed(tmp_path: Path, engine: str) -> None:
    """SIGKILL in mid-run loses no attempt that had ended and leaves no process; --resume makes only the rest."""
    token, results = f"{os.getpid()} {tmp_path}", tmp_path / "results"
    environment = {**os.environ, "WIREMATRIX_TEST": token}
    with (tmp_path / "output").open("wb") as output:
        running = subprocess.Popen(
            pytest_command(engine, results), cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: ended_attempts(results) >= KILLED_AFTER, WHOLE_S, "attempts in the journal")
    finally:
        running.kill()
        running.wait()
    kept = read_journals(results / "journal").attempts
    assert len(kept) >= KILLED_AFTER
    assert not (results / "run.json").exists()
    until(lambda: not of_this_run(token), 2 * budgets.CLOSE_ENGINE.seconds, "the end of every process of the run")

    again = subprocess.run(
        pytest_command(engine, results, "--resume"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WHOLE_S * scale_factor(),
        check=False,
    )
    assert again.returncode == pytest.ExitCode.OK, again.stdout[-3000:]
    run = load_run(results / "run.json")
    made = {attempt.cell: attempt for attempt in run.attempts}
    assert len(run.attempts) == len(made) == len(run.declared)
    assert all(made[attempt.cell] == attempt for attempt in kept)
    assert not of_this_run(token)


def until(happened: Callable[[], bool], budget_s: float, what: str) -> None:
    """Look again and again, ten times a second; nobody tells us what another process does to files and processes."""
    end_s = time.monotonic() + budget_s * scale_factor()
    while not happened():
        assert time.monotonic() < end_s, f"waited {budget_s:.0f} s for {what}"
        time.sleep(0.1)
