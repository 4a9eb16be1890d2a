"""pytest-playwright's fixtures and options on every route: whole pytest runs inside pytest, with real engines."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from wirematrix.engines import locate
from wirematrix.errors import EngineUnavailable

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parent.parent

CONFTEST = """
import asyncio
import threading

import pytest

from tests_browser.streams import Streams
from wirematrix.engines import sync_face
from wirematrix.errors import EngineUnavailable, InvalidInput


@pytest.fixture(scope="session")
def launch_browser(playwright, browser_name, browser_type, browser_type_launch_args, connect_options, pytestconfig):
    def launch(**options):
        if connect_options:
            return browser_type.connect(**connect_options)
        wanted = {**browser_type_launch_args, **options}
        video = pytestconfig.getoption("--video") != "off"
        try:
            return sync_face.pytest_launch(playwright, browser_name, wanted, video=video)
        except EngineUnavailable as unavailable:
            pytest.skip(str(unavailable))
        except InvalidInput as mistake:
            pytest.fail(str(mistake), pytrace=False)

    return launch


@pytest.fixture(scope="session")
def url():
    started, over = threading.Event(), []

    async def serve():
        async with Streams.serving() as streams:
            over.extend([asyncio.get_running_loop(), asyncio.Event(), streams.url])
            started.set()
            await over[1].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    yield over[2]
    over[0].call_soon_threadsafe(over[1].set)
    thread.join()
"""

ORDINARY_TESTS = """
import re

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect


def test_page(page, url):
    page.goto(url)
    assert isinstance(page, Page)
    expect(page).to_have_title("streams")
    expect(page.locator("body")).to_contain_text("hello")
    assert page.evaluate("connect()") == ["1", "hi"]


def test_input(page):
    page.set_content("<button onclick='this.textContent = 1'>0</button><input>")
    page.click("button")
    expect(page.locator("button")).to_have_text("1")
    page.fill("input", "xyz")
    expect(page.locator("input")).to_have_value("xyz")


def test_viewport(page, url):
    page.goto(url)
    for width in (500, 1600):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_function("width => innerWidth === width && innerHeight === 700", arg=width)


def test_popups(page, url):
    page.goto(url)
    with page.expect_popup() as first:
        page.evaluate("void window.open('/popup?1')")
    with page.expect_popup() as second:
        page.evaluate("void window.open('/popup?2')")
    second.value.wait_for_url("**/popup?2")
    first.value.wait_for_url("**/popup?1")
    assert first.value.evaluate("opener !== null")


def test_refusal(page):
    with pytest.raises(Error):
        page.goto("http://127.0.0.1:1999/")


def test_fragment(page, url):
    page.goto(url)
    page.goto(url + "#there")
    expect(page).to_have_url(re.compile("#there$"))


def test_pages_of_a_context(context, url):
    assert isinstance(context, BrowserContext)
    first, second = context.new_page(), context.new_page()
    first.goto(url)
    second.goto(url)
    first.evaluate("localStorage.mine = 1")
    assert second.evaluate("localStorage.mine") == "1"
    assert context.pages == [first, second]
    assert first.context == context
    first.close()
    assert first.is_closed()
    assert context.pages == [second]
    assert second.evaluate("1 + 1") == 2


def test_contexts(new_context, url):
    first, second = new_context().new_page(), new_context(base_url=url).new_page()
    first.goto(url)
    first.evaluate("localStorage.mine = 1")
    second.goto("/")
    expect(second).to_have_url("/")
    assert second.evaluate("localStorage.length") == 0


def test_routes(page, url):
    page.route("**/mock", lambda route: route.fulfill(body="mocked"))
    page.goto(url)
    assert page.evaluate("fetch('/mock').then(answer => answer.text())") == "mocked"


@pytest.mark.browser_context_args(user_agent="me", locale="de-DE", viewport={"width": 640, "height": 480})
def test_context_options(page, url):
    page.goto(url)
    assert page.evaluate("[navigator.userAgent, navigator.language, innerWidth]") == ["me", "de-DE", 640]


def test_describes_itself(browser):
    assert browser.is_connected()
    assert re.match(r"[0-9]+[.]", browser.version)
"""


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that is here."""
    name: str = request.param
    try:
        locate(name)
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    return name


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with ordinary browser tests and our launcher."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nfilterwarnings = ignore::pytest.PytestRemovedIn10Warning\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_ordinary=ORDINARY_TESTS)
    return pytester


def test_ordinary_tests_pass(inner: pytest.Pytester, engine: str) -> None:
    """Ordinary tests pass with a trace and a screenshot of each, in two processes at once."""
    ran = inner.runpytest_subprocess("--browser", engine, "-n", "2", "--tracing", "on", "--screenshot", "on")
    ran.assert_outcomes(passed=11)
    traces = list((inner.path / "test-results").rglob("trace*.zip"))
    assert len(traces) >= 10  # one per context; test_describes_itself has none
    assert all(zipfile.ZipFile(trace).namelist() for trace in traces)
    assert list((inner.path / "test-results").rglob("*.png"))


def test_crash_costs_one_test(inner: pytest.Pytester, engine: str) -> None:
    """A page that dies in one test fails that test, with a trace file to keep, and no other."""
    if engine == "firefox":
        pytest.skip("Playwright has Firefox end itself when a content process crashes")
    inner.makepyfile(
        test_ordinary="""
        import pytest
        from playwright.sync_api import Error

        def kill(page):
            if hasattr(page, "gtk"):
                page.gtk.command("kill", view=page.target.view)
            else:
                with pytest.raises(Error):
                    page.goto("chrome://crash")

        def test_dies(page, url):
            page.goto(url)
            kill(page)
            page.evaluate("new Promise(() => {})")

        def test_lives(page, url):
            page.goto(url)
            assert page.evaluate("1 + 1") == 2
        """
    )
    ran = inner.runpytest_subprocess("--browser", engine, "--tracing", "retain-on-failure")
    ran.assert_outcomes(passed=1, failed=1)


def test_video_is_refused(inner: pytest.Pytester, engine: str) -> None:
    """Where no video can be made, --video ends with one sentence that names it."""
    ran = inner.runpytest_subprocess("--browser", engine, "--video", "on", "-k", "test_viewport")
    if ran.parseoutcomes().get("errors"):
        ran.stdout.fnmatch_lines(["*--video: * expected off*"])
    else:
        ran.assert_outcomes(passed=1)


def test_named_build_never_falls_back(inner: pytest.Pytester) -> None:
    """A channel that is not installed skips with the reason, although another Chromium is here."""
    ran = inner.runpytest_subprocess("--browser-channel", "chrome-canary", "-k", "test_viewport", "-rs")
    ran.assert_outcomes(skipped=1)
    ran.stdout.fnmatch_lines(["*chrome-canary*"])
