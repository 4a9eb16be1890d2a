"""WebKitGTK by Playwright's asyncio face: the same engine and page as the native ones, by another route."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil
from playwright.async_api import Browser, Error, Playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from wirematrix import budgets
from wirematrix.engines.live import LiveEngine
from wirematrix.engines.page import EnginePage
from wirematrix.engines.settings import VIEWPORT, LaunchOptions, Special
from wirematrix.engines.webkitgtk_host import NOWHERE, Target, WebKitGtkHost, is_file, is_fragment_of
from wirematrix.errors import OursSpent
from wirematrix.model import Build


async def launch_webkitgtk(playwright: Playwright, build: Build, options: LaunchOptions) -> LiveEngine:
    """Start WebKitGTK; raises EngineUnavailable."""
    host = await WebKitGtkHost.start(build, headless=options.headless)
    return WebKitGtkEngine(playwright, build, host, options)


class WebKitGtkEngine(LiveEngine):
    """One WebKitGTK process; each page is a context, a view and a connection of Playwright's."""

    def __init__(self, playwright: Playwright, build: Build, host: WebKitGtkHost, options: LaunchOptions) -> None:
        super().__init__(build, options.special)
        self.playwright = playwright
        self.host = host
        self.options = options
        host.on_gone = self._on_gone
        host.process.ended.add_done_callback(lambda ended: self.death.tell(ended.result()))

    @property
    def roots(self) -> tuple[psutil.Process, ...]:
        return (self.host.process.root,) if self.host.process.root else ()

    async def _new_page(self, *, ignore_https_errors: bool) -> EnginePage:
        """Tried twice: of one context in several thousand no view ever comes, however often one is asked of it."""
        with suppress(TimeoutError, PlaywrightTimeout):
            return await self._page_alone(ignore_https_errors=ignore_https_errors)
        try:
            return await self._page_alone(ignore_https_errors=ignore_https_errors)
        except (TimeoutError, PlaywrightTimeout):
            awaited = "a view of WebKitGTK that its inspector lists and answers for"
            raise OursSpent(awaited, budget_ms=2 * budgets.VIEW.ms, came="none came, in two contexts") from None

    async def _page_alone(self, *, ignore_https_errors: bool) -> EnginePage:
        """A page in a context of its own, which goes if the page does not come."""
        context = await self.host.open_context(
            ignore_tls=ignore_https_errors, page_cache=self.special is Special.BFCACHE
        )
        try:
            return await self._page_in(context)
        except BaseException:
            self.host.process.run(self.host.close_context(context))
            raise

    async def _page_in(self, context: int) -> EnginePage:
        async with asyncio.timeout(budgets.VIEW.seconds):
            target = await self.host.open_view(context, **VIEWPORT)
            return WebKitGtkPage(self, await self.connect(target), target)

    async def connect(self, target: Target) -> Browser:
        """Playwright's connection to one view."""
        return await self.playwright.webkit.connect_over_cdp(
            **target.connection, slow_mo=self.options.slow_mo_ms, timeout=budgets.NEW_PAGE.ms
        )

    def _on_gone(self, view: int, because: str) -> None:
        for page in self.pages:
            if isinstance(page, WebKitGtkPage) and page.target.view == view:
                page.death.tell(because)

    async def _close(self) -> None:
        await self.host.close()

    async def _bury(self) -> None:
        await self.host.kill()


class WebKitGtkPage(EnginePage):
    """A view of a WebKitGTK process behind Playwright's page."""

    has_screencast = False

    def __init__(
        self, engine: WebKitGtkEngine, connection: Browser, target: Target, *, owns_context: bool = True
    ) -> None:
        context = connection.contexts[0]
        super().__init__(engine, context, context.pages[0])
        self.owner = engine
        self.host = engine.host
        self.connection = connection
        self.target = target
        self.owns_context = owns_context

    async def _goto(self, url: str, budget_ms: float) -> None:
        """Playwright's `goto`, mended: it hangs on a fragment or a file and returns None for a refusal."""
        if is_fragment_of(url, self.page.url):
            await self.page.evaluate("url => { location.href = url; }", url)
            return
        if is_file(url):
            await self.host.open_file(self.target.view, url)
            # Playwright hears of it a moment later
            await self.page.wait_for_url(lambda shown: shown == url, wait_until="commit", timeout=budgets.NAVIGATE.ms)
            return
        since = self.host.facts_about(self.target.view)
        response = await self.page.goto(url, timeout=budget_ms)
        if response is None and url.startswith("http"):
            await self.host.loaded(self.target.view, since=since)

    async def _go_back(self, to: str) -> None:
        """Without Playwright, which loses a page that comes back from the cache, and connects to it once more."""
        self.host.relay.cut(self.target.socket)
        with suppress(Error):
            await self.connection.close()
        since = self.host.facts_about(self.target.view)
        await self.host.process.command("back", view=self.target.view)
        await self.host.arrived(self.target.view, to, since=since)
        self.connection = await self.owner.connect(self.target)
        self.context = self.connection.contexts[0]
        self.page = self.context.pages[0]

    async def _hide(self) -> None:
        await self.host.process.command("hide", view=self.target.view)

    async def _show(self) -> None:
        await self.host.process.command("show", view=self.target.view)

    async def _set_offline(self, *, offline: bool) -> str:
        """There is no emulation on this route: requests go to a proxy that refuses, those under way are cut."""
        await self.host.process.command("proxy", context=self.target.context, url=NOWHERE if offline else None)
        return "a proxy that refuses, for the whole context; navigator.onLine stays true"

    async def _open_sibling(self) -> EnginePage:
        target = await self.host.open_view(self.target.context, **VIEWPORT)
        return WebKitGtkPage(self.owner, await self.owner.connect(target), target, owns_context=False)

    async def _reset(self) -> None:
        """All website data of the context goes; Playwright's calls for it reach the current site only."""
        await self._leave()
        await self.host.process.command("clear", context=self.target.context)

    async def _close(self) -> None:
        """The view goes first: Playwright's own close only ends its connection and leaves the page alive."""
        if self.owns_context:
            await self.host.close_context(self.target.context)
        else:
            await self.host.close_view(self.target.view)
        with suppress(Error):
            await self.connection.close()

    async def _kill_renderer(self) -> None:
        await self.host.process.command("kill", view=self.target.view)
