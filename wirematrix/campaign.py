"""A campaign: the runner in its own thread, so that a synchronous pytest can wait for single cells.

Each cell has a future: all its attempts. Whatever ends the campaign (finished, stopped, our own crash), every future is
answered: nobody waits for an attempt that will never be made.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace

from wirematrix.agenda import Agenda, Wishes
from wirematrix.attempts import Job
from wirematrix.budgets import CLOSE_ENGINE
from wirematrix.errors import WirematrixError
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Build, Cell
from wirematrix.resources import PARTS
from wirematrix.runner import Runner, RunOptions, Watcher

LOOK_EVERY_S = 0.5  # so that Ctrl-C is heard while waiting


class Campaign:
    """Makes the attempts of some cells; those that a killed run left behind may be handed in."""

    def __init__(
        self, matrix: Matrix, options: RunOptions, watcher: Watcher, *, already: Iterable[Attempt] = ()
    ) -> None:
        self._matrix = matrix
        self._options = options
        self._watcher = watcher
        self._already = tuple(already)
        self._futures: dict[Cell, Future[tuple[Attempt, ...]]] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._runners: list[Runner] = []

    def covers(self, cell: Cell) -> bool:
        """Whether attempts of this cell were asked for."""
        return cell in self._futures

    def start(self, asked: Sequence[Job], wishes: Wishes) -> None:
        """Begin making the attempts of these cells; cells that have all of theirs are answered at once."""
        self._join()
        agenda = Agenda(asked, wishes, self._already)
        for job in asked:
            self._futures[job.cell] = Future()
            self._answer(agenda, job.cell)
        watcher = replace(self._watcher, ended=lambda attempt: self._ended(agenda, attempt))
        runner = Runner(self._matrix, self._options, watcher)
        self._runners.append(runner)
        self._thread = threading.Thread(target=self._make, args=(runner, agenda), name="wirematrix", daemon=True)
        self._thread.start()

    def attempts(self, cell: Cell) -> tuple[Attempt, ...]:
        """Wait for all attempts of a cell; bounded by the attempts' own budgets."""
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
    def cpu_by_part_s(self) -> dict[str, float]:
        """CPU seconds of this process and everything the campaign started, by part."""
        parts = [runner.resources.cpu_by_part_s for runner in self._runners]
        return {part: sum(one[part] for one in parts) for part in PARTS}

    @property
    def peak_memory_mib(self) -> float:
        """The most memory the process tree had at one time."""
        return max((runner.resources.peak_memory_mib for runner in self._runners), default=0.0)

    @property
    def most_live(self) -> int:
        """The most cells that lived at once."""
        return max((runner.admission.most_live for runner in self._runners), default=0)

    def _ended(self, agenda: Agenda, attempt: Attempt) -> None:
        self._watcher.ended(attempt)
        self._answer(agenda, attempt.cell)

    def _answer(self, agenda: Agenda, cell: Cell) -> None:
        if agenda.is_complete(cell):
            self._futures[cell].set_result(agenda.attempts_of(cell))

    def _make(self, runner: Runner, agenda: Agenda) -> None:
        because: BaseException = WirematrixError("the campaign was stopped before this attempt was made")
        try:
            asyncio.run(self._run(runner, agenda))
        except (KeyboardInterrupt, asyncio.CancelledError):
            pass
        except BaseException as broken:  # noqa: BLE001 - the thread must answer its futures whatever happened
            because = broken
        for future in self._futures.values():
            if not future.done():
                future.set_exception(because)

    async def _run(self, runner: Runner, agenda: Agenda) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.create_task(runner.run(agenda), name="runner")
        await self._main

    def _join(self) -> None:
        """Wait for the thread to end its processes."""
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout=CLOSE_ENGINE.seconds * 2)
