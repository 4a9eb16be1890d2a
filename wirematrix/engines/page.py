"""A page of an engine: what every route offers, each within a budget (see outlasting.py).

Errors that the page's own script throws, and refusals to navigate, pass through as Playwright's `Error`:
they are facts about the page, not about the machinery.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from playwright.async_api import BrowserContext, Error, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from wirematrix import budgets
from wirematrix.engines.outlasting import Death, discard, first_line, outlasting
from wirematrix.engines.settings import Special
from wirematrix.errors import BudgetSpent, EngineCrashed, OursSpent, WirematrixError

if TYPE_CHECKING:
    from wirematrix.engines.live import LiveEngine

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

FOLLOW: Final = "url => { location.href = url; }"
BACK: Final = "() => { history.back(); }"
TURNS: Final = """state => new Promise(turned => {
    const look = () => document.visibilityState === state && turned(true);
    document.addEventListener("visibilitychange", look);
    look();
})"""


class PageWorn(WirematrixError):
    """A page cannot be made as good as new: something of its past would show in its next cell."""

    def __init__(self, engine: str, because: str) -> None:
        self.engine = engine
        self.because = because
        super().__init__(engine, because)

    def __str__(self) -> str:
        return f"{self.engine}: page cannot be made clean: {self.because}"


class EnginePage(ABC):
    """A page in a context of its own; nothing is shared with another page but the engine's processes."""

    has_screencast = True  # whether a trace can show what the page looked like over time

    def __init__(self, engine: LiveEngine, context: BrowserContext, page: Page) -> None:
        self.engine = engine
        self.context = context
        self.page = page
        self.death = Death()
        self.closing = False
        self.offline = False
        self.siblings: set[EnginePage] = set()  # further pages in the same context
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
        for sibling in tuple(self.siblings):
            await sibling.close()
        if self.offline:
            await self.set_offline(offline=False)
        await self.await_work(self._reset(), "the page to become blank", budgets.NAVIGATE.ms)

    @property
    def wear(self) -> str:
        """Why the page cannot be made clean any more, if so; overridden where an engine remembers."""
        return ""

    async def navigate_away(self) -> None:
        """Leave for an empty page as a user who follows a link to another site: nothing is cleared."""
        await self.goto(BLANK)

    async def follow_link(self, url: str) -> None:
        """Leave for another page as by a link in this one, which stays in the history behind it."""
        await self.await_work(self._follow_link(url), f"{url} to load", budgets.NAVIGATE.ms)

    async def go_back(self, to: str) -> None:
        """By the history to the page that was left, whose address is `to`; returns when that one answers.

        Whether it was restored from the back/forward cache or loaded anew the page itself must say (`pageshow`).
        """
        await self.await_work(self._go_back(to), f"{to} to come back", budgets.NAVIGATE.ms)

    async def hide(self) -> None:
        """Put the page out of sight, as by another tab in front of it; returns when the page knows that it is hidden.

        Only in an engine launched as `background`: elsewhere engines are told not to slow down what is hidden.
        """
        await self._turn("hidden", self._hide)

    async def show(self) -> None:
        """Bring the page to the front again; returns when the page knows that it is visible."""
        await self._turn("visible", self._show)

    async def set_offline(self, *, offline: bool) -> str:
        """Have the engine pretend to be without a network, or end that; says by which means.

        This is no network drop: what it does to open streams differs between engines, see docs/measuring.md.
        """
        self.offline = offline
        return await self.await_work(self._set_offline(offline=offline), "the page to go offline", budgets.NAVIGATE.ms)

    async def open_sibling(self) -> EnginePage:
        """A further page in the same context: cookies, storage, workers and the pool of connections are shared.

        It is closed with this one, and by `reset`.
        """
        self.engine.contexts_made += 1  # what wears an engine out is the page, not the context
        sibling = await self.await_work(self._open_sibling(), "a further page", budgets.NEW_PAGE.ms)
        self.siblings.add(sibling)
        return sibling

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
        while self.siblings:
            await self.siblings.pop().close()
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

    async def _follow_link(self, url: str) -> None:
        async with self._leaving(FOLLOW, url), self.page.expect_navigation(url=url, timeout=budgets.NAVIGATE.ms):
            pass  # its end waits

    async def _go_back(self, to: str) -> None:
        async with self._leaving(BACK):
            while await self._where() != to:
                pass  # each look is a round trip; Firefox tells Playwright nothing of a page that is restored

    @asynccontextmanager
    async def _leaving(self, script: str, arg: object = None) -> AsyncIterator[None]:
        """Run a script that leaves its document, whose answer may be lost with it; the body sees where it leads."""
        leaving = asyncio.ensure_future(self.page.evaluate(script, arg))
        try:
            yield
        finally:
            await discard(leaving)

    async def _where(self) -> str:
        """The page's own address; nothing while it is between two documents, which may lose the answer."""
        try:
            async with asyncio.timeout(budgets.A_MOMENT.seconds):
                return str(await self.page.evaluate("location.href"))
        except TimeoutError:
            return ""
        except Error as error:
            if DEAD.search(error.message):
                raise
            return ""

    async def _turn(self, state: str, turning: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self.engine.special is not Special.BACKGROUND:
            raise WirematrixError(
                f"a {state} page means nothing in an ordinary launch; mark the scenario with "
                f"@pytest.mark.launch({str(Special.BACKGROUND)!r})"
            )
        await self.await_work(turning(), f"the page to be made {state}", budgets.NAVIGATE.ms)
        try:
            await self.evaluate(TURNS, state, budget_ms=budgets.NOTICE.ms)
        except BudgetSpent as spent:
            came = f"its document was not {state}"
            raise OursSpent(f"the page to be {state}", budget_ms=spent.budget_ms, came=came) from spent

    @abstractmethod
    async def _hide(self) -> None: ...

    @abstractmethod
    async def _show(self) -> None: ...

    @abstractmethod
    async def _set_offline(self, *, offline: bool) -> str: ...

    @abstractmethod
    async def _open_sibling(self) -> EnginePage: ...

    @abstractmethod
    async def _close(self) -> None: ...

    @abstractmethod
    async def _kill_renderer(self) -> None: ...
