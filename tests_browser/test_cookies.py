"""Cookies know no ports: those of one cell must not reach another, neither beside it nor after it, on either name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests_browser.streams import Streams
from tests_browser.test_isolation import CarelessPool
from wirematrix.engines import LaunchOptions, Playwright, locate, playwright_driver
from wirematrix.errors import EngineUnavailable
from wirematrix.pool import EnginePool, Lease, Pages

pytestmark = pytest.mark.anyio


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


async def cookies_of(lease: Lease, server: Streams) -> list[str]:
    """The cookies that a page sends to 127.0.0.1 and to localhost; each answer sets one."""
    before = len(server.cookies)
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        await lease.page.goto(url)
    return server.cookies[before:]


async def told_apart(pool: EnginePool) -> dict[str, list[str]]:
    """A cell sets cookies on both names: what it sends itself, what one beside it sends, and the next in its page."""
    async with Streams.serving() as mine, Streams.serving() as yours:
        try:
            first = await pool.lease(Pages.REUSED)
            await cookies_of(first, mine)
            again = await cookies_of(first, mine)
            second = await pool.lease(Pages.REUSED)
            beside = await cookies_of(second, yours)
            await pool.give_back(first, lambda: True)
            third = await pool.lease(Pages.REUSED)
            assert third.page is first.page
            return {"itself": again, "beside": beside, "after": await cookies_of(third, yours)}
        finally:
            await pool.close()


async def test_cookies_stay_in_their_cell(playwright: Playwright, engine: str) -> None:
    """A cell gets its own cookies back on both names; one beside it and one after it in the same page send none."""
    seen = await told_apart(EnginePool(playwright, engine, LaunchOptions()))
    assert seen == {"itself": ["seen=1", "seen=1"], "beside": ["", ""], "after": ["", ""]}


async def test_a_careless_pool_hands_cookies_on(playwright: Playwright, engine: str) -> None:
    """Where pages are not made clean, the next cell sends the cookies of the last one, on both names."""
    seen = await told_apart(CarelessPool(playwright, engine, LaunchOptions()))
    assert seen == {"itself": ["seen=1", "seen=1"], "beside": ["", ""], "after": ["seen=1", "seen=1"]}
