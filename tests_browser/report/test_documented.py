"""The report's section of what is documented, in all three engines: it fits, and leads to its evidence."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.documented.given import opened
from tests_browser.report.test_grid_and_facts import Silent
from wirematrix.model import Status
from wirematrix.report import write_report


@pytest.fixture
def report(page: Page, tmp_path: Path) -> Iterator[Page]:
    """A report in which no WebSocket opens, as nobody documents it; WebKitGTK's shell opens no files, so it is served."""
    write_report([opened(Status.FAIL)], tmp_path / "matrix.html")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path))) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            page.goto(f"http://127.0.0.1:{server.server_port}/matrix.html")
            yield page
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window(report: Page, width: int) -> None:
    """With all features unfolded nothing sticks out of a phone or a desk."""
    report.set_viewport_size({"width": width, "height": 800})
    report.get_by_text(re.compile(r"^All \d+ features$")).click()
    expect(report.locator(".beside tbody tr").first).to_be_visible()
    assert report.evaluate("document.documentElement.scrollWidth") <= width
    assert report.evaluate("document.querySelector('.beside').getBoundingClientRect().width") <= width


def test_a_disagreement_leads_to_its_evidence(report: Page) -> None:
    """The word for what was observed opens the cell's evidence, and the evidence names the feature."""
    disagreement = report.locator(".disagreements li").first
    expect(disagreement).to_contain_text("documented")
    disagreement.get_by_role("link", name="does not").click()
    opened_cell = report.locator("details.cell[open]").filter(has_text="opens[chromium-websocket-direct]")
    expect(opened_cell).to_contain_text("≠ Documented: WebSocket api.WebSocket")
