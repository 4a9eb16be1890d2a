"""Real browser engines: where they are, how they are launched, and how they describe themselves.

The same three questions for each of `chromium`, `firefox`, `webkit`, `chrome` and `msedge`:

    locate("webkit")                       -> model.Build, or EngineUnavailable with one command
    async with launched(playwright, ...)   -> LiveEngine: new_page, close, kill, died
    engine.build                           -> model.Build with the version the engine itself states

Quirks of an engine or of a route live in this package and nowhere else. The blocking face, for
pytest-playwright's fixtures, is `wirematrix.engines.sync_face`.

    async with playwright_driver() as playwright:          # one driver process for any number of engines
        async with launched(playwright, "firefox") as engine:
            page = await engine.new_page()
            await page.goto(url)

`PageError` is what the page itself did wrong: its script threw, or a navigation was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Error as PageError
from playwright.async_api import Playwright
from playwright.async_api import async_playwright as playwright_driver

from wirematrix.engines.artifacts import Artifacts
from wirematrix.engines.builds import ROUTE_VARIABLE, Route, locate, route
from wirematrix.engines.console import console_heard
from wirematrix.engines.controls import require
from wirematrix.engines.live import LiveEngine
from wirematrix.engines.native import launch_native
from wirematrix.engines.page import EnginePage, PageWorn
from wirematrix.engines.settings import LaunchOptions, Special
from wirematrix.engines.webkitgtk import launch_webkitgtk

__all__ = [
    "ROUTE_VARIABLE",
    "Artifacts",
    "EnginePage",
    "LaunchOptions",
    "LiveEngine",
    "PageError",
    "PageWorn",
    "Playwright",
    "Route",
    "Special",
    "console_heard",
    "launch",
    "launched",
    "locate",
    "playwright_driver",
    "require",
    "route",
]


async def launch(playwright: Playwright, name: str, options: LaunchOptions | None = None) -> LiveEngine:
    """Start an engine. Raises EngineUnavailable with a reason and one command that mends it."""
    options = options or LaunchOptions()
    build = await asyncio.to_thread(
        locate, name, channel=options.channel, executable=options.executable, headless=options.headless
    )
    if build.product == "WebKitGTK":
        return await launch_webkitgtk(playwright, build, options)
    return await launch_native(playwright, build, options)


@asynccontextmanager
async def launched(
    playwright: Playwright, name: str, options: LaunchOptions | None = None
) -> AsyncIterator[LiveEngine]:
    """An engine for the length of a block; afterwards none of its processes is left."""
    engine = await launch(playwright, name, options)
    try:
        yield engine
    finally:
        await engine.close()
