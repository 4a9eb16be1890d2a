"""Engines that Playwright launches itself: Chromium, Chrome, Edge, Firefox, and its own WebKit."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Final

import psutil
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright

from wirematrix import budgets
from wirematrix.engines import processes
from wirematrix.engines.live import LiveEngine
from wirematrix.engines.outlasting import first_line
from wirematrix.engines.page import BLANK, EnginePage
from wirematrix.engines.settings import VIEWPORT, LaunchOptions, Special, browser_type_name, launch_arguments
from wirematrix.engines.unfocused import unfocused_context
from wirematrix.errors import EngineUnavailable
from wirematrix.model import Build

LACKS_LIBRARIES: Final = "missing dependencies"
FAILURES_ENOUGH: Final = 6  # up to here the delay stays below 5 ms
ERROR_PAGE: Final = "chrome-error://**"
RENDERERS: Final = {  # what a process that runs pages has in its command line
    "chromium": ("--type=renderer",),
    "firefox": ("-contentproc", "tab"),
    "webkit": ("WebProcess",),
}


async def launch_native(playwright: Playwright, build: Build, options: LaunchOptions) -> LiveEngine:
    """Start a build; its version is what the engine itself says, not what the package says."""
    mark = secrets.token_hex(8)
    kind = browser_type_name(build.engine)
    try:
        running: Browser = await getattr(playwright, kind).launch(**launch_arguments(build, options, mark))
    except Error as error:
        raise unusable(build, error) from error
    root = await asyncio.to_thread(processes.marked_root, mark)
    engine = NativeEngine(replace(build, version=running.version), running, root, options.special)
    if kind == "chromium" and options.special is Special.BACKGROUND:
        try:
            engine.only_context = await unfocused_context(playwright, root)
        except BaseException:
            await engine.close()
            raise
    return engine


def unusable(build: Build, error: Error) -> EngineUnavailable:
    """Why a build that is there does not start, in one line and with one command."""
    kind = browser_type_name(build.engine)
    if LACKS_LIBRARIES in error.message:
        because = f"{build.product} {build.version} lacks libraries of this system"
        return EngineUnavailable(build.engine, because, remedy=f"python -m playwright install-deps {kind}")
    because = f"{build.executable} does not start: {first_line(error)}"
    return EngineUnavailable(build.engine, because, remedy=f"{build.executable} --version")


class NativeEngine(LiveEngine):
    """A browser process below Playwright's driver."""

    def __init__(
        self, build: Build, running: Browser, root: psutil.Process | None, special: Special | None = None
    ) -> None:
        super().__init__(build, special)
        self.running = running
        self.root = root
        self.only_context: BrowserContext | None = None  # all pages are in it, see unfocused.py
        running.on("disconnected", lambda _: self.death.tell("its process ended"))

    @property
    def roots(self) -> tuple[psutil.Process, ...]:
        return (self.root,) if self.root else ()

    async def _new_page(self, *, ignore_https_errors: bool) -> EnginePage:
        if self.only_context:
            return NativePage(self, self.only_context, await self.only_context.new_page(), owns_context=False)
        context = await self.running.new_context(viewport=VIEWPORT, ignore_https_errors=ignore_https_errors)
        try:
            return NativePage(self, context, await context.new_page())
        except BaseException:
            with suppress(Error):
                await context.close()
            raise

    async def _close(self) -> None:
        await self.running.close()

    async def _bury(self) -> None:
        """Playwright removes the profile itself when it sees its process end."""


class NativePage(EnginePage):
    """A page whose end Playwright reports: "crash" in Chromium and WebKit, "close" in Firefox over BiDi."""

    def __init__(self, engine: NativeEngine, context: BrowserContext, page: Page, *, owns_context: bool = True) -> None:
        super().__init__(engine, context, page)
        self.owner = engine
        self.owns_context = owns_context
        self._cover: Page | None = None  # the tab that hides this one
        page.on("crash", lambda _: self.death.tell("its renderer process died"))
        page.on("close", self._on_close)
        self.failed_websockets = 0
        page.on("websocket", lambda socket: socket.on("socketerror", self._on_failed_websocket))

    def _on_close(self, _page: Page) -> None:
        if not self.closing:
            self.death.tell("the page vanished, with its process or by its own script")

    def _on_failed_websocket(self, _because: str) -> None:
        self.failed_websockets += 1

    @property
    def wear(self) -> str:
        """Chromium delays a renderer's WebSockets, to any address, the more of them have failed before.

        The delay doubles with each failure (services/network/websocket_throttler.cc); measured: 8 ms to open
        at first, 3 s after thirty failures, also at another origin and for minutes; 40 ms in a fresh page.
        """
        if browser_type_name(self.engine.build.engine) != "chromium" or self.failed_websockets < FAILURES_ENOUGH:
            return ""
        return f"{self.failed_websockets} failed WebSockets make its renderer delay the next"

    async def _goto(self, url: str, budget_ms: float) -> None:
        """Playwright's `goto`; a refusal in Chromium raises when its error page has come, not before.

        The error page is a navigation of its own, a moment later, and would end whatever is done next.
        """
        try:
            await super()._goto(url, budget_ms)
        except Error as error:
            if "net::ERR_" in error.message and "ERR_ABORTED" not in error.message:
                with suppress(Error):
                    await self.page.wait_for_url(ERROR_PAGE, wait_until="commit", timeout=budgets.NOTICE.ms)
            raise

    async def _hide(self) -> None:
        """By another tab of the same window; closing it later would show this page, so it stays."""
        if self._cover is None:
            self._cover = await self._open_cover()
        await self._cover.bring_to_front()

    async def _open_cover(self) -> Page:
        """Playwright opens a window of its own for each page of Firefox, and a window hides none behind it."""
        if browser_type_name(self.engine.build.engine) != "firefox":
            return await self.context.new_page()
        async with self.context.expect_page(timeout=budgets.NAVIGATE.ms) as opening:
            await self.page.evaluate("url => { window.open(url, '_blank', 'noopener'); }", BLANK)
        return await opening.value

    async def _show(self) -> None:
        await self.page.bring_to_front()

    async def _set_offline(self, *, offline: bool) -> str:
        await self.context.set_offline(offline)
        return "Playwright's context.set_offline"

    async def _open_sibling(self) -> EnginePage:
        return NativePage(self.owner, self.context, await self.context.new_page(), owns_context=False)

    async def _close(self) -> None:
        if self.owns_context:
            await self.context.close()
        else:
            await self.page.close()

    async def _kill_renderer(self) -> None:
        """Chromium ends just this page's process; the others offer no way to tell whose process is whose."""
        kind = browser_type_name(self.engine.build.engine)
        if kind == "chromium":
            tools = await self.context.new_cdp_session(self.page)
            await tools.send("Page.crash")  # never answered
            return
        for process in processes.tree(self.engine.roots):
            with suppress(psutil.Error):
                command_line = process.cmdline()
                if all(any(word in part for part in command_line) for word in RENDERERS[kind]):
                    process.kill()
