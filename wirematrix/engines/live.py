"""A running engine: makes pages, says when it died, and can be closed, killed, put to sleep."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

import psutil
from playwright.async_api import Error

from wirematrix import budgets
from wirematrix.engines import processes
from wirematrix.engines.outlasting import Death, outlasting
from wirematrix.engines.page import EnginePage
from wirematrix.engines.settings import Special, special_changes
from wirematrix.errors import BudgetSpent, EngineCrashed
from wirematrix.model import Build


class LiveEngine(ABC):
    """One running engine: makes pages, says when it died, can be closed or killed.

    `contexts_made` counts what was ever made, for callers that start a leaking engine again in time
    (Firefox keeps about 10 MB of each context for good). `special` says what its launch gave its meaning to.
    """

    def __init__(self, build: Build, special: Special | None = None) -> None:
        self.build = build
        self.special = special
        self._asleep = False
        self.death = Death()
        self.pages: set[EnginePage] = set()
        self.contexts_made = 0

    @property
    def died(self) -> asyncio.Event:
        """Set when the engine is gone, by crash, `kill` or `close`; `death.because` says which."""
        return self.death.happened

    async def new_page(self, *, ignore_https_errors: bool = False) -> EnginePage:
        """A fresh page in a fresh context: own cookies, storage, cache and connections."""
        self.contexts_made += 1
        return await outlasting(
            self._new_page(ignore_https_errors=ignore_https_errors),
            "a new page",
            budgets.NEW_PAGE.ms,
            self.build.engine,
            self.death,
        )

    async def close(self) -> None:
        """End the engine in an orderly way; within its budget, or it is killed."""
        if self._asleep:
            await self.resume()
        with suppress(BudgetSpent, EngineCrashed, Error):
            await outlasting(
                self._close(), "the engine to close", budgets.CLOSE_ENGINE.ms, self.build.engine, self.death
            )
        await self.kill(because="it was closed")

    async def kill(self, because: str = "it was killed on purpose") -> None:
        """SIGKILL every process of this engine and return when they are gone."""
        self.death.tell(because)
        alive = await asyncio.to_thread(processes.kill_tree, self.roots, within_s=budgets.CLOSE_ENGINE.seconds)
        await self._bury()
        if alive:
            raise BudgetSpent("killed processes to end", budget_ms=budgets.CLOSE_ENGINE.ms, came=f"{alive} live")

    async def suspend(self) -> None:
        """Stop every process of this engine, as the sleep of a machine would; nothing in it answers until `resume`.

        An approximation: clocks go on, and the kernel goes on acknowledging what arrives. Only for an engine that
        nobody else uses.
        """
        self._asleep = True
        await asyncio.to_thread(processes.suspend_tree, self.roots)

    async def resume(self) -> None:
        """Let every process of this engine go on."""
        await asyncio.to_thread(processes.resume_tree, self.roots)
        self._asleep = False

    @property
    @abstractmethod
    def roots(self) -> tuple[psutil.Process, ...]:
        """The main process of the engine; everything below it in the process tree belongs to it."""

    @property
    def special_changes(self) -> str:
        """What its special launch changed; nothing in an ordinary one."""
        return special_changes(self.build, self.special) if self.special else ""

    def pids(self) -> tuple[int, ...]:
        """The ids of the main processes."""
        return tuple(root.pid for root in self.roots)

    def usage(self) -> processes.Usage:
        """What the engine's processes have used up to now: CPU seconds, MiB; takes some milliseconds."""
        return processes.usage(self.roots)

    @abstractmethod
    async def _new_page(self, *, ignore_https_errors: bool) -> EnginePage: ...

    @abstractmethod
    async def _close(self) -> None: ...

    @abstractmethod
    async def _bury(self) -> None:
        """Clear away what a dead engine has left."""
