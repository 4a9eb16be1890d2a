"""Real engines keep the promises of `wirematrix.engines`, each by its own route.

An engine that this machine does not have skips with its reason; with `--require-engines` it fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests_browser.streams import Streams
from wirematrix import budgets
from wirematrix.engines import (
    EnginePage,
    LiveEngine,
    PageError,
    PageWorn,
    Playwright,
    launched,
    locate,
    playwright_driver,
)
from wirematrix.engines.processes import lives, tree
from wirematrix.errors import BudgetSpent, EngineCrashed, EngineUnavailable

pytestmark = pytest.mark.anyio
ENGINES = ("chromium", "firefox", "webkit", "chrome", "msedge")
NEEDED = ("chromium", "firefox", "webkit")
SOON_S = 3  # a crash is noticed within a second or so; this machine may be busy


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    """One driver for all engines, as in a run."""
    async with playwright_driver() as running:
        yield running


@pytest.fixture(scope="module", params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    """Each engine that is here."""
    engine: str = request.param
    try:
        locate(engine)
    except EngineUnavailable as unavailable:
        if engine in NEEDED and request.config.getoption("--require-engines", default=False):
            pytest.fail(str(unavailable), pytrace=False)
        pytest.skip(str(unavailable))
    return engine


@pytest.fixture(scope="module")
async def engine(playwright: Playwright, name: str) -> AsyncIterator[LiveEngine]:
    """A running engine, shared by the tests that leave it whole."""
    async with launched(playwright, name) as running:
        yield running


@asynccontextmanager
async def origins(count: int) -> AsyncIterator[list[Streams]]:
    """Some origins that differ in their port."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Streams.serving()) for _ in range(count)]


async def connect(page: EnginePage, streams: Streams) -> None:
    """Open the page with one EventSource and one WebSocket."""
    await page.goto(streams.url)
    assert await page.evaluate("connect()") == ["1", "hi"]


async def until_live(streams: Streams, count: int) -> None:
    """Wait for the number of open streams, within a budget."""
    async with asyncio.timeout(budgets.SERVER_NOTICE.seconds):
        await streams.until_live(count)


async def test_describes_itself(engine: LiveEngine, name: str) -> None:
    """The build of a running engine is the located one with the version the engine itself states."""
    located = locate(name)
    assert engine.build.engine == name
    assert (engine.build.product, engine.build.origin) == (located.product, located.origin)
    assert engine.build.version.split(".")[0] == located.version.split(".")[0]
    assert "safari" not in engine.build.product.lower()
    assert engine.usage().processes >= 2


async def test_contexts_are_isolated(engine: LiveEngine) -> None:
    """Two pages at one origin share neither cookies nor storage."""
    async with origins(1) as (streams,):
        first, second = await engine.new_page(), await engine.new_page()
        await first.goto(streams.url)
        await first.evaluate("localStorage.mine = 1")
        await second.goto(streams.url)
        assert await second.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert streams.cookies[-1] == ""
        await first.goto(streams.url + "?again")
        assert streams.cookies[-1] == "seen=1"
        assert await first.evaluate("localStorage.mine") == "1"
        await first.close()
        await second.close()


async def test_twenty_pages_come_and_go(engine: LiveEngine) -> None:
    """Pages opened, connected and closed one after the other leave no connection behind."""
    made = engine.contexts_made
    async with origins(1) as (streams,):
        for _ in range(20):
            page = await engine.new_page()
            await connect(page, streams)
            await page.close()
            await until_live(streams, 0)
    assert engine.contexts_made == made + 20
    assert not engine.died.is_set()


async def test_six_pages_at_once(engine: LiveEngine) -> None:
    """Pages in parallel are all visible and their timers all run at full speed."""
    timers = """() => new Promise(ok => {
        let ticks = 0;
        const began = performance.now();
        const tick = () => performance.now() - began > 500 ? ok([ticks, document.visibilityState])
                                                           : (ticks++, setTimeout(tick, 10));
        tick();
    })"""
    async with origins(6) as streams:
        pages = await asyncio.gather(*(engine.new_page() for _ in streams))
        await asyncio.gather(*map(connect, pages, streams))
        for ticks, visibility in await asyncio.gather(*(page.evaluate(timers) for page in pages)):
            assert visibility == "visible"
            assert ticks > 10  # throttled timers tick once a second
        assert [one.live for one in streams] == [2] * 6
        await asyncio.gather(*(page.close() for page in pages))
        for one in streams:
            await until_live(one, 0)


async def test_reset_isolates(engine: LiveEngine) -> None:
    """After a reset connections have ended, cookies are gone, and another origin sees nothing of the first."""
    async with origins(2) as (before, after):
        page = await engine.new_page()
        await connect(page, before)
        await page.evaluate("localStorage.left = sessionStorage.left = 1")
        await page.reset()
        await until_live(before, 0)
        await connect(page, after)
        assert after.cookies[0] == ""
        assert await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, "seen=1"]
        await page.reset()
        await page.goto(before.url)
        assert before.cookies[-1] == ""
        assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        await page.close()


async def test_reset_of_an_untouched_page(engine: LiveEngine) -> None:
    """A fresh page and a page that showed an error can be reset, too."""
    page = await engine.new_page()
    await page.reset()
    with pytest.raises(PageError):
        await page.goto("http://127.0.0.1:1999/")
    await page.reset()
    assert await page.evaluate("1 + 1") == 2
    await page.close()


async def test_worn_page_is_not_reused(engine: LiveEngine) -> None:
    """A page whose failed WebSockets would slow down the next cell's refuses to be reset; a fresh one is fast."""
    if engine.build.engine not in {"chromium", "chrome", "msedge"}:
        pytest.skip("only Chromium delays by renderer; Firefox by address and port, WebKit not at all")
    fail = """async times => {
        for (let n = 0; n < times; n++)
            await new Promise(ok => { new WebSocket("ws://127.0.0.1:1998/").onclose = ok; });
    }"""
    async with origins(1) as (streams,):
        page = await engine.new_page()
        await page.goto(streams.url)
        await page.evaluate(fail, 4)
        await page.reset()
        await page.goto(streams.url)
        await page.evaluate(fail, 6)
        with pytest.raises(PageWorn, match="10 failed WebSockets"):
            await page.reset()
        await page.close()


async def test_leaving_ends_connections(engine: LiveEngine) -> None:
    """Navigating away closes what the page had open; cookies stay."""
    async with origins(1) as (streams,):
        page = await engine.new_page()
        await connect(page, streams)
        await page.navigate_away()
        await until_live(streams, 0)
        await page.goto(streams.url)
        assert streams.cookies[-1] == "seen=1"
        await page.close()


async def test_evaluate_ends_by_budget(engine: LiveEngine) -> None:
    """A script that never answers ends when its budget is spent, and the page can be closed."""
    page = await engine.new_page()
    with pytest.raises(BudgetSpent):
        await page.evaluate("new Promise(() => {})", budget_ms=100)
    with pytest.raises(BudgetSpent):
        await page.evaluate("() => { while (true); }", budget_ms=300)
    async with asyncio.timeout(budgets.CLOSE_PAGE.seconds):
        await page.close()
    assert not engine.died.is_set()


async def test_refused_navigation_raises(engine: LiveEngine) -> None:
    """Nobody listens there: an error on every route, within the budget."""
    page = await engine.new_page()
    with pytest.raises(PageError):
        await page.goto("http://127.0.0.1:1999/")
    await page.close()


async def test_fragment_does_not_hang(engine: LiveEngine) -> None:
    """Another place in the same document is reached, and the document stays."""
    async with origins(1) as (streams,):
        page = await engine.new_page()
        await page.goto(streams.url)
        await page.evaluate("window.same = true")
        await page.goto(streams.url + "#there")
        assert await page.evaluate("[location.hash, window.same]") == ["#there", True]
        await page.close()


async def test_trace_and_screenshot(engine: LiveEngine, tmp_path: Path) -> None:
    """Both can be had on every route."""
    async with origins(1) as (streams,):
        page = await engine.new_page()
        await page.start_trace()
        await page.goto(streams.url)
        await page.screenshot(tmp_path / "page.png")
        await page.stop_trace(tmp_path / "trace.zip")
        await page.close()
    assert (tmp_path / "page.png").stat().st_size > 500
    assert (tmp_path / "trace.zip").stat().st_size > 1000


async def test_renderer_crash_is_noticed(playwright: Playwright, name: str) -> None:
    """A dead renderer ends the wait on it in a moment; the other page goes on, or the engine says that it died."""
    async with launched(playwright, name) as engine, origins(1) as (streams,):
        dying, other = await engine.new_page(), await engine.new_page()
        await connect(dying, streams)
        waiting = asyncio.ensure_future(dying.evaluate("new Promise(() => {})"))
        await asyncio.sleep(0)
        await dying.kill_renderer()
        async with asyncio.timeout(SOON_S):
            with pytest.raises(EngineCrashed):
                await waiting
        assert dying.crashed.is_set() or engine.died.is_set()
        async with asyncio.timeout(SOON_S):
            with pytest.raises(EngineCrashed):
                await dying.evaluate("1")
        await until_live(streams, 0)
        await dying.close()
        if name == "firefox":  # Playwright has Firefox end itself when a content process crashes
            async with asyncio.timeout(SOON_S):
                await engine.died.wait()
            return
        assert await other.evaluate("1 + 1") == 2
        another = await engine.new_page()
        await connect(another, streams)


async def test_kill_leaves_no_process(playwright: Playwright, name: str) -> None:
    """Killing an engine ends all its processes, its connections and every wait on it."""
    async with launched(playwright, name) as engine, origins(1) as (streams,):
        page = await engine.new_page()
        await connect(page, streams)
        processes = tree(engine.roots)
        assert len(processes) >= 3
        waiting = asyncio.ensure_future(page.evaluate("new Promise(() => {})"))
        await asyncio.sleep(0)
        await engine.kill()
        with pytest.raises(EngineCrashed, match="killed on purpose"):
            await waiting
        assert not [process for process in processes if lives(process)]
        await until_live(streams, 0)
        with pytest.raises(EngineCrashed):
            await engine.new_page()
        assert engine.died.is_set()


async def test_close_leaves_no_process(playwright: Playwright, name: str) -> None:
    """Closing an engine in an orderly way leaves none either."""
    async with launched(playwright, name) as engine:
        page = await engine.new_page()
        processes = tree(engine.roots)
    assert not [process for process in processes if lives(process)]
    with pytest.raises(EngineCrashed):
        await page.evaluate("1")


async def test_two_of_a_kind(playwright: Playwright, name: str) -> None:
    """Two engines of one kind run beside each other, and the end of one leaves the other alone."""
    async with launched(playwright, name) as first, launched(playwright, name) as second, origins(1) as (streams,):
        assert set(first.pids()).isdisjoint(second.pids())
        page = await second.new_page()
        await connect(page, streams)
        await first.kill()
        assert await page.evaluate("1 + 1") == 2
        assert not second.died.is_set()
