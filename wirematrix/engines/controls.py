"""Does a special launch mean anything in this engine? Found out by a control, before a cell relies on it.

    bfcache      a page with nothing open leaves and comes back: it must be restored, with its script's state
    background   a page is hidden: its document must know it, and its timers must be slowed down

Where the control does not hold, the cells of that launch are skipped with what was seen instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Error

from wirematrix.engines.live import LiveEngine
from wirematrix.engines.page import EnginePage
from wirematrix.engines.settings import Special
from wirematrix.errors import BudgetSpent, Skipped

PAGE: Final = b"<!doctype html><title>control</title>"
SLOW_MS: Final = 900  # all three engines wake the timers of a hidden page once a second; WebKitGTK from 1 s on
TIMERS: Final = 40
WATCH: Final = (
    "() => { window.kept = 42; addEventListener('pageshow', shown => { window.restored = shown.persisted; }); }"
)
SLOWEST: Final = """async ([times, enough]) => {
    let slowest = 0;
    for (let n = 0; n < times && slowest < enough; n++) {
        const before = performance.now();
        await new Promise(woken => setTimeout(woken, 100));
        slowest = Math.max(slowest, performance.now() - before);
    }
    return slowest;
}"""


async def require(engine: LiveEngine) -> None:
    """See that the engine's special launch has the effect it is for; Skipped if it has not."""
    if engine.special is None:
        return
    control = {Special.BFCACHE: restored, Special.BACKGROUND: slowed_down}[engine.special]
    page = await engine.new_page()
    try:
        async with origin() as url:
            await page.goto(url)
            because = await control(page, url)
    except (BudgetSpent, Error) as error:
        because = f"the control did not come to its end: {str(error).splitlines()[0]}"
    finally:
        await page.close()
    if because:
        raise Skipped(f"{engine.build.product} {engine.build.version} launched for {engine.special}: {because}")


async def restored(page: EnginePage, url: str) -> str:
    """Why the back/forward cache cannot be tried; nothing, if a page with nothing open is restored."""
    await page.evaluate(WATCH)
    await page.follow_link(f"{url}elsewhere")
    await page.go_back(url)
    kept, persisted = await page.evaluate("[window.kept ?? null, window.restored ?? null]")
    if kept == 42 and persisted:
        return ""
    return f"a page with nothing open is not restored by going back (state {kept}, pageshow persisted {persisted})"


async def slowed_down(page: EnginePage, _url: str) -> str:
    """Why a page in the background cannot be tried; nothing, if it is hidden and its timers wait."""
    await page.hide()
    slowest_ms = await page.evaluate(SLOWEST, [TIMERS, SLOW_MS])
    await page.show()
    return (
        "" if slowest_ms >= SLOW_MS else f"timers of a hidden page are not slowed down (100 ms took {slowest_ms:.0f})"
    )


@asynccontextmanager
async def origin() -> AsyncIterator[str]:
    """A page to be restored must come by HTTP; here is one that every path leads to."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            writer.write(head % len(PAGE) + PAGE)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # opened in advance, and never used
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
