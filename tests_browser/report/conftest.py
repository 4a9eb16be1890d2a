"""Reports as their readers have them: opened as files, or from a server that writes down who asks for what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.report.factory import run_of
from tests_browser.report import runs
from tests_browser.report.shelf import Desk, Shelf
from wirematrix.report import write_report


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The reports that several tests read."""
    folder = tmp_path_factory.mktemp("reports")
    write_report([runs.mixed()], folder / "matrix.html")
    write_report([runs.mixed(), runs.loaded()], folder / "load.html", advice=runs.advice())
    write_report([run_of()], folder / "empty.html")
    shelf = Shelf(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Desk, shelf=shelf)) as server:
        shelf.origin = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield shelf
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def dark(page: Page, browser_name: str, launch_browser: Callable[..., Any]) -> Iterator[Page]:
    """A page whose reader likes it dark. Firefox over BiDi is told when it starts: it emulates no media."""
    if browser_name != "firefox":
        page.emulate_media(color_scheme="dark")
        yield page
        return
    firefox = launch_browser(firefox_user_prefs={"layout.css.prefers-color-scheme.content-override": 0})
    try:
        yield firefox.new_page()
    finally:
        firefox.close()


@pytest.fixture
def unscripted(page: Page, browser_name: str, new_context: Callable[..., Any]) -> Page:
    """A page whose engine has JavaScript switched off, where that can be; the others are held back by a policy."""
    if browser_name != "chromium":
        return page
    without: Page = new_context(java_script_enabled=False).new_page()
    return without
