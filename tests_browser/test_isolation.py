"""What one cell leaves behind is not there for the next: storage, cookies, connections, the window's name.

A reused page is clean for another origin (each cell has a port of its own); what the engine ties to the first
cell's origin and keeps until the context goes (IndexedDB, the session history) is there only for who goes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests_browser.streams import Streams
from wirematrix import budgets
from wirematrix.engines import LaunchOptions, Playwright, locate, playwright_driver
from wirematrix.errors import EngineUnavailable
from wirematrix.pool import EnginePool, Lease, Pages

pytestmark = pytest.mark.anyio
AT_ONCE_S: Final = 1.0  # how long a test waits for what it knows will not come

LEAVE_BEHIND: Final = """async () => {
    document.cookie = "mine=1";
    localStorage.mine = sessionStorage.mine = 1;
    window.name = "mine";
    history.pushState({mine: 1}, "", "/?mine");
    await new Promise((ok, no) => {
        const asked = indexedDB.open("mine");
        asked.onupgradeneeded = () => asked.result.createObjectStore("mine").put(1, 1);
        asked.onsuccess = () => { asked.result.close(); ok(); };
        asked.onerror = () => no(asked.error);
    });
    await connect();
    const reader = (await fetch("/sse")).body.getReader();
    await reader.read();
    window.reading = reader.read();
}"""
STREAMS: Final = 3  # EventSource, WebSocket, fetch
LOOK_AROUND: Final = """async () => ({
    "local storage": Object.keys(localStorage),
    "session storage": Object.keys(sessionStorage),
    "cookies": document.cookie.split("; ").filter(one => one.startsWith("mine")),
    "databases": (await indexedDB.databases()).map(one => one.name),
    "name": window.name,
    "state": history.state,
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a second cell found of the first: on an origin of its own, and on the first one's."""

    streams: int  # still open
    same_page: bool
    here: set[str]
    there: set[str]


class CarelessPool(EnginePool):
    """The defect that this test must find: pages are lent again as they are."""

    async def give_back(self, lease: Lease, clean: Callable[[], bool]) -> None:
        """Nothing is made clean."""
        self._lent[lease.engine] -= 1
        self._idle.append(lease)


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    """One driver for all engines, as in a run."""
    async with playwright_driver() as running:
        yield running


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


async def found_after(pool: EnginePool, pages: Pages, *, patience_s: float) -> Traces:
    """A first cell leaves everything it can behind; what does a second one see of it?"""
    async with AsyncExitStack() as stack:
        mine, yours = [await stack.enter_async_context(Streams.serving()) for _ in range(2)]
        stack.push_async_callback(pool.close)

        first = await pool.lease(pages)
        await first.page.goto(mine.url)
        await first.page.evaluate(LEAVE_BEHIND)
        assert mine.live == STREAMS
        await pool.give_back(first, lambda: True)
        try:
            async with asyncio.timeout(patience_s):
                await mine.until_live(0)
        except TimeoutError:
            pass
        streams = mine.live

        second = await pool.lease(pages)
        await second.page.goto(yours.url)
        here = things_in(await second.page.evaluate(LOOK_AROUND), yours.cookies[0])
        await second.page.goto(mine.url)
        there = things_in(await second.page.evaluate(LOOK_AROUND), mine.cookies[-1])
        return Traces(streams=streams, same_page=second.page is first.page, here=here, there=there)


def things_in(seen: dict[str, Any], cookie: str) -> set[str]:
    """What a page could see of an earlier one, by name; a cookie that the server was sent counts, too."""
    return {name for name, value in seen.items() if value} | ({"cookies"} if "mine" in cookie else set())


@pytest.mark.parametrize("pages", [Pages.REUSED, Pages.FRESH])
async def test_a_cell_finds_nothing_of_the_last_one(playwright: Playwright, engine: str, pages: Pages) -> None:
    """On its own origin a cell finds nothing, and every connection of the cell before it has ended at the server.

    On the first one's origin it finds at most what an engine keeps there until the context goes.
    """
    pool = EnginePool(playwright, engine, LaunchOptions())
    traces = await found_after(pool, pages, patience_s=budgets.SERVER_NOTICE.seconds)
    assert traces.streams == 0
    assert traces.same_page is (pages is Pages.REUSED)
    assert traces.here == set()
    assert traces.there <= ({"databases"} if pages is Pages.REUSED else set())


async def test_a_careless_pool_is_found_out(playwright: Playwright, engine: str) -> None:
    """A pool that lends pages again without making them clean shows in streams, cookies and storage."""
    pool = CarelessPool(playwright, engine, LaunchOptions())
    traces = await found_after(pool, Pages.REUSED, patience_s=AT_ONCE_S)
    assert traces.same_page
    assert traces.streams == STREAMS
    assert "cookies" in traces.here  # they know no ports
    assert {"local storage", "session storage"} <= traces.there
