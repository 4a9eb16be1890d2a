"""A campaign: the runner in its own thread, so that a synchronous pytest can wait for single attempts.

Each cell has a future. Whatever ends the campaign (finished, stopped, our own crash), every future is
answered: nobody waits for an attempt that will never be made.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass

from wirematrix.attempts import Job
from wirematrix.budgets import CLOSE_ENGINE
from wirematrix.errors import WirematrixError
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Build, Cell
from wirematrix.runner import Runner, RunOptions

LOOK_EVERY_S = 0.5  # so that Ctrl-C is heard while waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who is told what happens while it happens. Called from the campaign's thread."""

    began: Callable[[Job], None]
    ended: Callable[[Attempt], None]


class Campaign:
    """Makes the attempts of some jobs; attempts that a killed run left behind may be handed in."""

    def __init__(
        self,
        matrix: Matrix,
        options: RunOptions,
        watcher: Watcher,
        *,
        already: Mapping[Cell, Attempt] | None = None,
    ) -> None:
        self._matrix = matrix
        self._options = options
        self._watcher = watcher
        self._already = dict(already or {})
        self._futures: dict[Cell, Future[Attempt]] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._runners: list[Runner] = []

    def covers(self, cell: Cell) -> bool:
        """Whether an attempt of this cell was asked for."""
        return cell in self._futures

    def start(self, jobs: Iterable[Job]) -> None:
        """Begin making these attempts; those already made are answered at once."""
        self._join()
        waiting: list[Job] = []
        for job in jobs:
            future = self._futures[job.cell] = Future()
            if job.cell in self._already:
                future.set_result(self._already[job.cell])
            else:
                waiting.append(job)
        runner = Runner(self._matrix, self._options, began=self._watcher.began, ended=self._ended)
        self._runners.append(runner)
        self._thread = threading.Thread(target=self._make, args=(runner, waiting), name="wirematrix", daemon=True)
        self._thread.start()

    def attempt(self, cell: Cell) -> Attempt:
        """Wait for the attempt of a cell; bounded by the attempts' own budgets."""
        while True:
            try:
                return self._futures[cell].result(timeout=LOOK_EVERY_S)
            except NotYet:
                continue

    def stop(self) -> None:
        """End at once: live attempts are cancelled, processes ended, open futures answered.

        A campaign that has made all its attempts is only waited for: its processes end in good order.
        """
        for runner in self._runners:
            runner.stop()
        unfinished = any(not future.done() for future in self._futures.values())
        if unfinished and self._loop and self._main and self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._join()

    @property
    def builds(self) -> tuple[Build, ...]:
        """The engine builds that were really driven."""
        found: dict[str, Build] = {}
        for runner in self._runners:
            found.update(runner.builds)
        return tuple(found.values())

    @property
    def cpu_s(self) -> float:
        """CPU seconds of everything the campaign started."""
        return sum(runner.resources.cpu_s for runner in self._runners)

    @property
    def peak_memory_mib(self) -> float:
        """The most memory the process tree had at one time."""
        return max((runner.resources.peak_memory_mib for runner in self._runners), default=0.0)

    @property
    def most_live(self) -> int:
        """The most cells that lived at once."""
        return max((runner.admission.most_live for runner in self._runners), default=0)

    def _ended(self, job: Job, attempt: Attempt) -> None:
        self._watcher.ended(attempt)
        self._futures[job.cell].set_result(attempt)

    def _make(self, runner: Runner, jobs: list[Job]) -> None:
        because: BaseException = WirematrixError("the campaign was stopped before this attempt was made")
        try:
            asyncio.run(self._run(runner, jobs))
        except (KeyboardInterrupt, asyncio.CancelledError):
            pass
        except BaseException as broken:  # noqa: BLE001 - the thread must answer its futures whatever happened
            because = broken
        for job in jobs:
            future = self._futures[job.cell]
            if not future.done():
                future.set_exception(because)

    async def _run(self, runner: Runner, jobs: list[Job]) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.create_task(runner.run(jobs), name="runner")
        await self._main

    def _join(self) -> None:
        """Wait for the thread to end its processes."""
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout=CLOSE_ENGINE.seconds * 2)
