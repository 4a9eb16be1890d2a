"""Special launches in real engines: the controls hold, can fail, and the verbs do what they say.

An engine that this machine does not have skips with its reason, and so does one in which a launch means nothing;
with `--require-engines` both fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests_browser.streams import Streams
from wirematrix import budgets, engines
from wirematrix.engines import (
    EnginePage,
    LaunchOptions,
    LiveEngine,
    Playwright,
    Special,
    launched,
    locate,
    playwright_driver,
)
from wirematrix.engines.processes import tree
from wirematrix.errors import EngineUnavailable, Skipped

pytestmark = pytest.mark.anyio
ENGINES = ("chromium", "firefox", "webkit")
ASLEEP_S = 2
SEEDED = {  # what undoes a special launch behind its back; with a value, or Playwright takes it out with its own
    ("chromium", Special.BFCACHE): LaunchOptions(arguments=("--disable-back-forward-cache=seeded",)),
    ("firefox", Special.BFCACHE): LaunchOptions(preferences={"browser.sessionhistory.max_total_viewers": 0}),
    ("chromium", Special.BACKGROUND): LaunchOptions(arguments=("--disable-background-timer-throttling=seeded",)),
    ("firefox", Special.BACKGROUND): LaunchOptions(
        preferences={
            "dom.min_background_timeout_value": 0,
            "dom.min_background_timeout_value_without_budget_throttling": 0,
        }
    ),
}
REMEMBER = """() => {
    window.log = [];
    for (const name of ["pagehide", "pageshow"]) addEventListener(name, shown => log.push([name, shown.persisted]));
    document.addEventListener("visibilitychange", () => log.push(document.visibilityState));
}"""
SHOWN = "log.filter(Array.isArray)"  # engines differ in whether a page that leaves also turns hidden
LISTEN = """() => {
    localStorage.mine = 1;
    window.heard = new Promise(ok => {
        window.channel = new BroadcastChannel("all");
        channel.onmessage = message => ok(message.data);
    });
}"""
FETCHES = "fetch('/other').then(answer => answer.status, refusal => refusal.name)"


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
        give_up(request, unavailable)
    return engine


def give_up(request: pytest.FixtureRequest, reason: EngineUnavailable | Skipped) -> None:
    """Skip with the reason, or fail where engines are required."""
    if request.config.getoption("--require-engines", default=False):
        pytest.fail(str(reason), pytrace=False)
    pytest.skip(str(reason))


@pytest.fixture
async def streams() -> AsyncIterator[Streams]:
    """An origin with streams."""
    async with Streams.serving() as serving:
        yield serving


@pytest.fixture
async def engine(playwright: Playwright, name: str, request: pytest.FixtureRequest) -> AsyncIterator[LiveEngine]:
    """An engine launched as the test's parameter says, in which that means something."""
    special: Special | None = getattr(request, "param", None)
    async with launched(playwright, name, LaunchOptions(special=special)) as running:
        try:
            await engines.require(running)
        except Skipped as reason:
            give_up(request, reason)
        yield running


@pytest.mark.parametrize("special", list(Special))
async def test_control_fails_where_the_launch_is_undone(playwright: Playwright, name: str, special: Special) -> None:
    """A control is no formality: where something undoes the launch, it says what was seen instead."""
    if (name, special) not in SEEDED:
        pytest.skip("WebKitGTK has nothing that could undo its launch from outside")
    options = SEEDED[name, special]
    undone = LaunchOptions(special=special, arguments=options.arguments, preferences=options.preferences)
    async with launched(playwright, name, undone) as running:
        with pytest.raises(Skipped, match=r"launched for (bfcache: a page with|background: timers of a hidden page)"):
            await engines.require(running)


@pytest.mark.parametrize("engine", [Special.BFCACHE], indirect=True)
async def test_page_comes_back_from_the_cache(engine: LiveEngine, streams: Streams) -> None:
    """A page with nothing open is restored with its script's state, several times, and can be asked and used again."""
    page = await engine.new_page()
    await page.goto(streams.url)
    await page.evaluate(REMEMBER)
    for times in (1, 2, 3):
        await page.follow_link(f"{streams.url}?elsewhere")
        await page.go_back(streams.url)
        assert await page.evaluate(SHOWN) == [["pagehide", True], ["pageshow", True]] * times
    assert await page.evaluate("connect()") == ["1", "hi"]
    await page.close()
    async with asyncio.timeout(budgets.SERVER_NOTICE.seconds):
        await streams.until_live(0)


async def test_page_is_loaded_anew_without_the_launch(engine: LiveEngine, streams: Streams) -> None:
    """In an ordinary launch going back works as well, and Chromium and WebKitGTK load the page anew."""
    page = await engine.new_page()
    await page.goto(streams.url)
    await page.evaluate("window.kept = 42")
    await page.follow_link(f"{streams.url}?elsewhere")
    await page.go_back(streams.url)
    restored = engine.build.engine == "firefox"  # neither Playwright nor we turn it off over WebDriver BiDi
    assert await page.evaluate("window.kept ?? null") == (42 if restored else None)
    await page.close()


@pytest.mark.parametrize("engine", [Special.BACKGROUND], indirect=True)
async def test_hidden_page_knows_it(engine: LiveEngine, streams: Streams) -> None:
    """A page is hidden and shown again, twice, hears of each, and its streams go on meanwhile."""
    page = await engine.new_page()
    await page.goto(streams.url)
    await page.evaluate(REMEMBER)
    assert await page.evaluate("connect()") == ["1", "hi"]
    for _ in range(2):
        await page.hide()
        assert await page.evaluate("[document.visibilityState, es.readyState, ws.readyState]") == ["hidden", 1, 1]
        await page.show()
        assert await page.evaluate("document.visibilityState") == "visible"
    assert await page.evaluate("log") == ["hidden", "visible"] * 2
    assert streams.live == 2
    await page.close()


async def test_siblings_share_a_context(engine: LiveEngine, streams: Streams) -> None:
    """Further pages of a context share cookies, storage and channels, are visible, and are closed by a reset."""
    page = await engine.new_page()
    await page.goto(streams.url)
    await page.evaluate(LISTEN)
    siblings: list[EnginePage] = [await page.open_sibling() for _ in range(2)]
    for sibling in siblings:
        await sibling.goto(streams.url)
        assert await sibling.evaluate("[localStorage.mine, document.visibilityState]") == ["1", "visible"]
        assert await sibling.evaluate("connect()") == ["1", "hi"]
    assert streams.cookies[-1] == "seen=1"
    await siblings[0].evaluate("new BroadcastChannel('all').postMessage('hello')")
    assert await page.evaluate("heard") == "hello"
    assert streams.live == 4
    await page.reset()
    async with asyncio.timeout(budgets.SERVER_NOTICE.seconds):
        await streams.until_live(0)
    assert engine.pages == {page}
    await page.close()


async def test_offline_refuses_what_is_new(engine: LiveEngine, streams: Streams) -> None:
    """Offline, a new request fails; back online, and after a reset, it works again. The means are told."""
    page = await engine.new_page()
    await page.goto(streams.url)
    means = await page.set_offline(offline=True)
    emulated = "set_offline" in means
    assert emulated or "proxy" in means
    assert await page.evaluate(FETCHES) == "TypeError"
    assert await page.evaluate("navigator.onLine") is not emulated
    await page.set_offline(offline=False)
    assert await page.evaluate(FETCHES) == 200
    await page.set_offline(offline=True)
    await page.reset()
    await page.goto(streams.url)
    assert await page.evaluate(FETCHES) == 200
    await page.close()


async def test_engine_sleeps_and_wakes(engine: LiveEngine, streams: Streams) -> None:
    """A suspended engine answers nothing and loses nothing: resumed, it goes on with its streams open."""
    page = await engine.new_page()
    await page.goto(streams.url)
    assert await page.evaluate("connect()") == ["1", "hi"]
    await engine.suspend()
    assert {process.status() for process in tree(engine.roots)} == {"stopped"}
    asked = asyncio.ensure_future(page.evaluate("[es.readyState, ws.readyState]"))
    await asyncio.wait({asked}, timeout=ASLEEP_S)
    assert not asked.done()
    await engine.resume()
    assert await asked == [1, 1]
    assert streams.live == 2
    await page.close()


async def test_sleeping_engine_can_be_closed(engine: LiveEngine) -> None:
    """Closing an engine that sleeps wakes it first, so that it ends in an orderly way and at once."""
    await engine.new_page()
    await engine.suspend()
    async with asyncio.timeout(budgets.CLOSE_ENGINE.seconds / 2):
        await engine.close()
    assert engine.died.is_set()
