"""A running engine and its pages: what every route offers, and waits that always end.

    evaluate, goto, reset, new_page ... ──┬── happened ────────> the value
                                          ├── page or engine died ─> EngineCrashed
                                          └── budget spent ──────> BudgetSpent

Errors that the page's own script throws, and refusals to navigate, pass through as Playwright's `Error`:
they are facts about the page, not about the machinery. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil
from playwright.async_api import BrowserContext, Error, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from wirematrix import budgets
from wirematrix.engines import processes
from wirematrix.errors import BudgetSpent, EngineCrashed, WirematrixError
from wirematrix.model import Build

T = TypeVar("T")

BLANK: Final = "about:blank"
DEAD: Final = re.compile(
    r"crashed|has been closed|connection closed|browser closed|has been disconnected", re.IGNORECASE
)
CONTEXT_GONE: Final = "context was destroyed"
INTERRUPTED: Final = "interrupted by another navigation"
# Leaving from inside keeps the renderer process: leaving by `goto` costs Firefox a new one (measured: 130
# instead of 290 ms of CPU). Storage of other origins is not reachable from here, and not in the way either.
LEAVE: Final = """() => {
    for (const storage of ["localStorage", "sessionStorage"])
        try { window[storage].clear(); } catch { /* error pages and opaque origins have none */ }
    window.name = ""; // outlives the navigation in Chromium, across origins too
    setTimeout(() => location.replace("about:blank"));  // after this call has been answered
}"""


class PageWorn(WirematrixError):
    """A page cannot be made as good as new: something of its past would show in its next cell."""

    def __init__(self, engine: str, because: str) -> None:
        self.engine = engine
        self.because = because
        super().__init__(engine, because)

    def __str__(self) -> str:
        return f"{self.engine}: page cannot be made clean: {self.because}"


class Death:
    """The end of a page or of an engine: told once, with a reason, to everybody who waits."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(self, because: str) -> None:
        """The first reason counts; later ones are consequences."""
        if not self.told.done():
            self.told.set_result(because)
            self.happened.set()

    @property
    def because(self) -> str:
        """Why, or nothing while it lives."""
        return self.told.result() if self.told.done() else ""


class EnginePage(ABC):
    """A page in a context of its own; nothing is shared with another page but the engine's processes."""

    has_screencast = True  # whether a trace can show what the page looked like over time

    def __init__(self, engine: LiveEngine, context: BrowserContext, page: Page) -> None:
        self.engine = engine
        self.context = context
        self.page = page
        self.death = Death()
        self.closing = False
        engine.pages.add(self)

    @property
    def crashed(self) -> asyncio.Event:
        """Set when the page's renderer died under it; not set by `close`."""
        return self.death.happened

    async def goto(self, url: str, *, budget_ms: float | None = None) -> None:
        """Navigate and wait for `load`. A refused or failed navigation raises Playwright's `Error`."""
        budget_ms = budgets.NAVIGATE.ms if budget_ms is None else budget_ms
        try:
            await self.await_work(self._goto(url, budget_ms), f"{url} to load", budget_ms)
        except PlaywrightTimeout as error:
            raise BudgetSpent(f"{url} to load", budget_ms=budget_ms, came="it never finished loading") from error

    async def evaluate(self, expression: str, arg: object = None, *, budget_ms: float | None = None) -> Any:
        """The value of a JavaScript expression or function in the page; awaits a promise.

        Ends within `budget_ms` (`budgets.EVALUATE` by default) whatever the page does. After BudgetSpent
        the script may go on in the page, whose state is unknown: close it rather than reuse it.
        """
        budget_ms = budgets.EVALUATE.ms if budget_ms is None else budget_ms
        return await self.await_work(self.page.evaluate(expression, arg), "the page to answer", budget_ms)

    async def reset(self) -> None:
        """Make the page as good as new for another origin: connections ended, cookies and permissions gone.

        Local and session storage of the document it was on are emptied. What stays until the context goes
        is tied to origins that the next cell does not share (its own port): IndexedDB, caches, service
        workers. Raises PageWorn where that would not be enough; such a page is to be closed.
        """
        if self.wear:
            raise PageWorn(self.engine.build.engine, self.wear)
        await self.await_work(self._reset(), "the page to become blank", budgets.NAVIGATE.ms)

    @property
    def wear(self) -> str:
        """Why the page cannot be made clean any more, if so; overridden where an engine remembers."""
        return ""

    async def navigate_away(self) -> None:
        """Leave for an empty page as a user who follows a link to another site: nothing is cleared."""
        await self.goto(BLANK)

    async def start_trace(self) -> None:
        """Record what Playwright sees from now on: network, console, snapshots, screenshots where the route can."""
        tracing = self.context.tracing.start(snapshots=True, screenshots=self.has_screencast)
        await self.await_work(tracing, "tracing to start", budgets.NEW_PAGE.ms)

    async def stop_trace(self, file: Path | None) -> None:
        """End the recording and keep it in a file, or forget it. A page that died leaves no trace."""
        await self.await_work(self.context.tracing.stop(path=file), "the trace to be saved", budgets.CLOSE_PAGE.ms)

    async def screenshot(self, file: Path) -> None:
        """What the page shows now, as a PNG file."""
        await self.await_work(self.page.screenshot(path=file), "a screenshot", budgets.CLOSE_PAGE.ms)

    async def close(self) -> None:
        """Close page and context for real: connections end, storage goes. A dead page is closed silently."""
        self.closing = True
        self.engine.pages.discard(self)
        with suppress(EngineCrashed, Error):
            await outlasting(
                self._close(), "the page to close", budgets.CLOSE_PAGE.ms, self.engine.build.engine, self.engine.death
            )

    async def kill_renderer(self) -> None:
        """End the process that runs the page's script, as a crash would; returns when it was noticed."""
        budget_ms = budgets.NOTICE.ms
        killing = asyncio.ensure_future(self._kill_renderer())
        try:
            await asyncio.wait(
                {self.death.told, self.engine.death.told}, timeout=budget_ms / 1000, return_when=asyncio.FIRST_COMPLETED
            )
            if not (self.death.because or self.engine.death.because):
                raise BudgetSpent("the renderer's end", budget_ms=budget_ms, came="the page lives")
        finally:
            killing.cancel()
            with suppress(asyncio.CancelledError, Error):
                await killing

    async def await_work(self, work: Coroutine[Any, Any, T], awaited: str, budget_ms: float) -> T:
        """`outlasting`, for work that the end of this page or of its engine makes pointless."""
        try:
            return await outlasting(work, awaited, budget_ms, self.engine.build.engine, self.engine.death, self.death)
        except Error as error:
            if not self.closing and DEAD.search(error.message):
                self.death.tell(first_line(error))
                raise EngineCrashed(self.engine.build.engine, self.death.because) from error
            if CONTEXT_GONE in error.message:
                await self._outlive_navigation()
            raise

    async def _outlive_navigation(self) -> None:
        """A script's context ends when its page navigates, and in Firefox about a second before a crash is told."""
        await self.await_work(self.page.evaluate("1"), "the page to answer", budgets.NOTICE.ms)

    async def _goto(self, url: str, budget_ms: float) -> None:
        await self.page.goto(url, timeout=budget_ms)

    async def _reset(self) -> None:
        await self._leave()
        await self.context.clear_cookies()
        await self.context.clear_permissions()

    async def _leave(self) -> None:
        """To an empty document, so that everything the page had open ends."""
        if self.page.url == BLANK:
            return
        try:
            async with self.page.expect_navigation(url=BLANK, timeout=budgets.NAVIGATE.ms):
                await self.page.evaluate(LEAVE)
        except Error:  # a document that runs no script (an error page) has to be left from outside
            await self._leave_from_outside()

    async def _leave_from_outside(self) -> None:
        """By `goto`; once more if the error page of a refused navigation comes in between (Chromium)."""
        try:
            await self.page.goto(BLANK, timeout=budgets.NAVIGATE.ms)
        except Error as error:
            if INTERRUPTED not in error.message:
                raise
            await self.page.goto(BLANK, timeout=budgets.NAVIGATE.ms)

    @abstractmethod
    async def _close(self) -> None: ...

    @abstractmethod
    async def _kill_renderer(self) -> None: ...


class LiveEngine(ABC):
    """One running engine: makes pages, says when it died, can be closed or killed.

    `contexts_made` counts what was ever made, for callers that start a leaking engine again in time
    (Firefox keeps about 10 MB of each context for good).
    """

    def __init__(self, build: Build) -> None:
        self.build = build
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

    @property
    @abstractmethod
    def roots(self) -> tuple[psutil.Process, ...]:
        """The main process of the engine; everything below it in the process tree belongs to it."""

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


async def outlasting(work: Coroutine[Any, Any, T], awaited: str, budget_ms: float, engine: str, *deaths: Death) -> T:
    """Await `work`, but no longer than its budget and no longer than what it depends on lives."""
    for death in deaths:
        if death.because:
            work.close()
            raise EngineCrashed(engine, death.because)
    task: asyncio.Future[Any] = asyncio.ensure_future(work)
    try:
        await asyncio.wait(
            {task, *(death.told for death in deaths)},
            timeout=budget_ms / 1000,
            return_when=asyncio.FIRST_COMPLETED,
        )
        because = next((death.because for death in deaths if death.because), "")
        if task.done() and not (because and task.exception()):
            value: T = task.result()
            return value
        if because:
            raise EngineCrashed(engine, because)
        raise BudgetSpent(awaited, budget_ms=budget_ms, came="nothing came")
    finally:
        await discard(task)


async def discard(task: asyncio.Future[Any]) -> None:
    """Cancel what nobody waits for any more and take its last exception, so that asyncio does not print it."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0)
    if task.done() and not task.cancelled():
        task.exception()


def first_line(error: Error) -> str:
    """An error's message without Playwright's call log."""
    return error.message.splitlines()[0]
