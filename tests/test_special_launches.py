"""Special launches: what they change, how a scenario asks for one, and what becomes of one that means nothing here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.small_project import make_project
from wirematrix import engines
from wirematrix.engines import LaunchOptions, Special, settings
from wirematrix.engines.unfocused import debugging_port, profile_of
from wirematrix.errors import EngineCrashed, Skipped, WirematrixError
from wirematrix.model import Build
from wirematrix.pool import EnginePool, Pages

pytest_plugins = ["pytester"]


def build_of(engine: str, origin: str = "system", product: str = "") -> Build:
    """A build for the settings below."""
    return Build(engine=engine, product=product, version="1", origin=origin, executable="/there", system="here")


def arguments(engine: str, special: Special | None, origin: str = "system", **preferences: int) -> dict[str, Any]:
    """How Playwright is asked to launch it."""
    options = LaunchOptions(special=special, preferences=preferences)
    return settings.launch_arguments(build_of(engine, origin), options, "mark")


# What they change


def test_chromium_keeps_its_back_forward_cache() -> None:
    """For the back/forward cache Chromium is launched without the one argument that turns it off."""
    assert arguments("chromium", Special.BFCACHE)["ignore_default_args"] == ["--disable-back-forward-cache"]
    assert "ignore_default_args" not in arguments("chromium", None)


@pytest.mark.parametrize("engine", ["chromium", "chrome", "msedge"])
def test_chromium_slows_down_what_is_hidden(engine: str) -> None:
    """In the background launch nothing keeps hidden pages awake, and Playwright's own feature stays enabled."""
    asked = arguments(engine, Special.BACKGROUND)
    assert asked["ignore_default_args"] == [
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
    ]
    (features,) = (one for one in asked["args"] if one.startswith("--enable-features="))
    assert features.endswith(",CDPScreenshotNewSurface")
    assert settings.LOOPBACK_ONLY in asked["args"]


def test_firefox_is_given_its_own_defaults_back() -> None:
    """A special launch sets Firefox's preferences, in Playwright's build, too, and the caller's wishes win."""
    for origin in ("system", "playwright"):
        asked = arguments("firefox", Special.BACKGROUND, origin, **{"dom.timeout.throttling_delay": 5})
        assert asked["firefox_user_prefs"]["dom.min_background_timeout_value"] == 1000
        assert asked["firefox_user_prefs"]["dom.timeout.throttling_delay"] == 5
        assert arguments("firefox", Special.BFCACHE, origin)["firefox_user_prefs"]["fission.bfcacheInParent"] is True


@pytest.mark.parametrize(
    ("build", "special", "said"),
    [
        (build_of("chromium"), Special.BFCACHE, "without --disable-back-forward-cache"),
        (build_of("msedge"), Special.BACKGROUND, "--disable-renderer-backgrounding; with --remote-debugging-port=0"),
        (build_of("firefox"), Special.BACKGROUND, "dom.min_background_timeout_value = 1000; "),
        (build_of("webkit", product="WebKitGTK"), Special.BFCACHE, "its page cache is on"),
        (build_of("webkit", product="WebKitGTK"), Special.BACKGROUND, "nothing: it slows hidden pages down anyway"),
        (build_of("webkit", "playwright"), Special.BFCACHE, "nothing"),
    ],
)
def test_changes_are_evidence(build: Build, special: Special, said: str) -> None:
    """What was changed can be written into a cell's timeline."""
    assert said in settings.special_changes(build, special)


def test_debugging_port_is_waited_for(tmp_path: Path) -> None:
    """Chromium's port is the first line of the file it writes, and a file that never comes ends the wait."""
    file = tmp_path / "DevToolsActivePort"
    with pytest.raises(WirematrixError, match="did not write DevToolsActivePort within 0 s"):
        debugging_port(file, within_s=0)
    file.write_text("4711\n/devtools/browser/1\n")
    assert debugging_port(file, within_s=0) == 4711


def test_profile_of_nobody() -> None:
    """A Chromium that is not among our processes has no profile to look into."""
    with pytest.raises(WirematrixError, match="nowhere to be found"):
        profile_of(None)
    process = cast("Any", SimpleNamespace(cmdline=lambda: ["chromium", "--user-data-dir=/a b"]))
    assert profile_of(process) == Path("/a b")


# How a scenario asks for one


def test_unknown_launch_is_a_mistake(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark with a launch that does not exist ends the session with one sentence."""
    # One process has one scope for soft assertions, and it does not nest; without Playwright's there is none.
    monkeypatch.setattr("pytest_playwright.pytest_playwright._soft_scope", None)
    make_project(pytester.path)
    scenario = pytester.path / "e2e/test_connect.py"
    for mark in ("'bfcash'", ""):
        scenario.write_text(
            "import pytest\nfrom wirematrix import LiveCell\n"
            f'@pytest.mark.launch({mark})\nasync def test_opens(cell: LiveCell):\n    """It opens."""\n'
        )
        ran = pytester.runpytest_inprocess("e2e", "-p", "no:cacheprovider")
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines(["*mark launch got (*); expected bfcache or background*"])


# What becomes of one


class Launched:
    """An engine that only counts; `controlled` is set when its control begins."""

    made: int = 0
    closed: int = 0
    controlled: asyncio.Event

    contexts_made: int = 0

    def __init__(self, special: Special | None) -> None:
        type(self).made += 1
        self.special = special
        self.died = asyncio.Event()

    async def new_page(self, *, ignore_https_errors: bool) -> SimpleNamespace:
        """A page."""
        return SimpleNamespace(of=self.special, close=self.page_closed, crashed=asyncio.Event(), closing=False)

    async def page_closed(self) -> None:
        """A page of it is gone."""

    async def close(self) -> None:
        """It is gone."""
        type(self).closed += 1


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception | None]]:
    """What the next controls end with, one that is not there never; launches are counted by `Launched`."""
    ends: list[Exception | None] = []

    async def launch(_playwright: object, _name: str, options: LaunchOptions) -> Launched:
        return Launched(options.special)

    async def require(_engine: Launched) -> None:
        Launched.controlled.set()
        if not ends:
            await asyncio.Event().wait()
        if end := ends.pop(0):
            raise end

    Launched.made = Launched.closed = 0
    Launched.controlled = asyncio.Event()
    monkeypatch.setattr(engines, "launch", launch)  # no engine is needed to see who is asked what, and how often
    monkeypatch.setattr(engines, "require", require)
    yield ends
    assert ends == []


def pool() -> EnginePool:
    """The pool of an engine."""
    return EnginePool(cast("Any", None), "chromium", LaunchOptions())


@pytest.mark.anyio
async def test_control_is_made_once(outcomes: list[Exception | None]) -> None:
    """However many cells ask, one control proves the launch, and its engine serves them until the last has ended."""
    outcomes.append(None)
    cells = pool()
    leases = await asyncio.gather(*(cells.lease(Pages.REUSED, Special.BFCACHE) for _ in range(3)))
    assert {cast("Any", lease.page).of for lease in leases} == {Special.BFCACHE}
    assert len({id(lease.page) for lease in leases}) == 3
    assert Launched.made == 1
    for lease in leases:
        assert Launched.closed == 0
        await cells.give_back(lease, lambda: True)
    assert Launched.closed == 1
    later = await cells.lease(Pages.REUSED, Special.BFCACHE)
    assert Launched.made == 2
    await cells.give_back(later, lambda: True)
    await cells.close()
    assert Launched.closed == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("pages", "special"), [(Pages.REUSED, Special.BACKGROUND), (Pages.ENGINE, Special.BFCACHE)], ids=str
)
async def test_pages_that_would_feel_each_other(
    outcomes: list[Exception | None], pages: Pages, special: Special
) -> None:
    """Where one page would hide another, or a whole engine is asked for, each cell has its own, the first the control's."""
    outcomes.append(None)
    cells = pool()
    leases = await asyncio.gather(*(cells.lease(pages, special) for _ in range(3)))
    assert len({id(lease.engine) for lease in leases}) == Launched.made == 3
    for ended, lease in enumerate(leases, 1):
        await cells.give_back(lease, lambda: True)
        assert Launched.closed == ended
    await cells.close()
    assert Launched.closed == 3


@pytest.mark.anyio
async def test_launch_that_means_nothing_is_a_reason(outcomes: list[Exception | None]) -> None:
    """A control that does not hold is the reason of every cell, and no further engine is launched for it."""
    outcomes.append(Skipped("a page with nothing open is not restored"))
    cells = pool()
    asked = [cells.lease(Pages.REUSED, Special.BFCACHE) for _ in range(3)]
    heard = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(one) for one in heard] == ["a page with nothing open is not restored"] * 3
    with pytest.raises(Skipped):
        await cells.lease(Pages.REUSED, Special.BFCACHE)
    assert (Launched.made, Launched.closed) == (1, 1)
    await cells.close()


@pytest.mark.anyio
async def test_control_that_broke_is_tried_again(outcomes: list[Exception | None]) -> None:
    """An engine that died under the control says nothing about the launch: who asks next has it tried again."""
    outcomes.extend([EngineCrashed("chromium", "its process ended"), None])
    cells = pool()
    with pytest.raises(EngineCrashed):
        await cells.lease(Pages.REUSED, Special.BACKGROUND)
    lease = await cells.lease(Pages.REUSED, Special.BACKGROUND)
    assert (Launched.made, Launched.closed) == (2, 1)
    await cells.give_back(lease, lambda: True)
    await cells.close()


@pytest.mark.anyio
async def test_closing_ends_a_control(outcomes: list[Exception | None]) -> None:
    """A run that is stopped does not leave a control's engine behind, and a cell that gave up does not end it."""
    cells = pool()
    asking = asyncio.ensure_future(cells.lease(Pages.REUSED, Special.BFCACHE))
    await Launched.controlled.wait()
    asking.cancel()
    await asyncio.wait({asking})
    assert Launched.closed == 0
    await cells.close()
    assert Launched.closed == 1
