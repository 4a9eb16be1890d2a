"""The report in all three engines: its filters hide what they should, and it fits a phone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.report.factory import CHROMIUM, FIREFOX, attempt, cell, conditions, recording, run_of
from wirematrix.model import Fact
from wirematrix.report import write_report

CHECK = cell("honours_the_retry_delay", transport="eventsource", network="close")
FACTS = {
    "chromium": (("delay_ms", "delay", (3001, 2998)), ("end", "state", ("CLOSED",))),
    "firefox": (("delay_ms", "delay", (5001, 5003)), ("end", "state", ("CLOSED",))),
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The origin of a folder: WebKitGTK's shell opens no files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path))) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


class Silent(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def report(page: Page, tmp_path: Path, served: str) -> Page:
    """A report of a required scenario and a check of two engines, which differ in one fact of two."""
    attempts = [attempt(cell("opens"))]
    for engine, facts in FACTS.items():
        own = (Fact(name=name, title=title, observed=observed) for name, title, observed in facts)
        attempts.append(recording(attempt(replace(CHECK, engine=engine)), *own))
    run = run_of(*attempts, info=conditions(CHROMIUM, FIREFOX))
    page.goto(f"{served}/{write_report([run], tmp_path / 'matrix.html').name}")
    return page


def test_rows_alike_are_hidden_on_demand(report: Page) -> None:
    """Of the engine facts, only those in which engines differ are left when that is asked for."""
    rows = report.locator(".facts tr.row")
    expect(rows.filter(visible=True)).to_have_count(2)
    report.get_by_label("only where engines differ").check()
    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.filter(visible=True)).to_contain_text("5,002 ms 5,001 to 5,003 n 2")
    report.get_by_label("only where engines differ").uncheck()
    expect(rows.filter(visible=True)).to_have_count(2)


def test_one_kind_is_shown_on_demand(report: Page) -> None:
    """Of the matrix, only the rows of one kind are left, and those of the other come back."""
    rows = report.locator(".grid tr.row")
    report.get_by_label("Kind").select_option("check")
    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.filter(visible=True)).to_contain_text("recorded")
    report.get_by_label("Kind").select_option("required")
    expect(rows.filter(visible=True)).to_contain_text("pass")
    report.get_by_label("Kind").select_option("")
    expect(rows.filter(visible=True)).to_have_count(2)


def test_a_fact_leads_to_its_evidence(report: Page) -> None:
    """A click on a number opens the evidence of the cell it was recorded in."""
    report.get_by_role("link", name="5,002 ms").click()
    opened = report.locator("details.cell[open]")
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("delay5,001, 5,003 ms")


@pytest.mark.parametrize("width", [390, 1280])
def test_facts_fit_the_window(report: Page, width: int) -> None:
    """Nothing sticks out of a phone or a desk, and a phone names the build beside each value."""
    report.set_viewport_size({"width": width, "height": 800})
    report.wait_for_function("width => innerWidth === width", arg=width)
    assert report.evaluate("document.documentElement.scrollWidth") <= width
    assert report.evaluate("document.querySelector('.facts').getBoundingClientRect().width") <= width


def test_the_view_stands_in_the_address(report: Page, served: str) -> None:
    """What is chosen is in the query, a link with it shows the same, and the back button undoes it."""
    rows = report.locator(".grid tr.row")
    report.get_by_label("Kind").select_option("check")
    report.get_by_role("button", name="Reconnect").click()
    assert report.evaluate("location.search") == "?kind=check&fold=reconnect"
    report.go_back()
    report.go_back()
    expect(rows.filter(visible=True)).to_have_count(2)
    expect(report.get_by_label("Kind")).to_have_value("")
    report.goto(f"{served}/matrix.html?kind=required&columns=transport&kept=1#matrix")
    expect(rows.filter(visible=True)).to_have_count(1)
    expect(report.locator(".grid .upper th").first).to_have_text("eventsource")
    report.get_by_label("Kind").select_option("")
    assert report.evaluate("location.search") == "?kept=1&columns=transport"
    assert report.evaluate("location.hash") == "#matrix"


def test_groups_fold_to_their_subtotals(report: Page, served: str) -> None:
    """A folded group keeps its line of subtotals, and the address says which are folded."""
    rows = report.locator(".grid tr.row")
    report.get_by_role("button", name="fold all").click()
    expect(rows.filter(visible=True)).to_have_count(0)
    expect(report.locator(".grid .group").filter(visible=True)).to_have_count(2)
    expect(report.locator(".grid .group").first).to_contain_text("1/1")
    assert report.evaluate("location.search") == "?fold=*"
    report.goto(f"{served}/matrix.html?fold=connect")
    expect(rows.filter(visible=True)).to_have_count(1)


def test_the_keyboard_walks_the_grid(report: Page) -> None:
    """The slash searches, arrows go from cell to cell, Enter opens the evidence, Escape comes back to the cell."""
    report.keyboard.press("/")
    assert report.evaluate("document.activeElement.name") == "q"
    report.evaluate("document.querySelector('.grid td a').focus()")
    first = report.evaluate("document.activeElement.hash")
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "End"):  # over the heads: of the row, its group, the next row
        report.keyboard.press(key)
    last = report.evaluate("document.activeElement.hash")
    assert (first, last) == ("#opens.chromium-websocket-direct", "#honours_the_retry_delay.firefox-eventsource-close")
    report.evaluate("document.activeElement.click()")  # Enter on a link; WebKitGTK's shell sends keys to scripts only
    report.wait_for_function("hash => location.hash === hash", arg=last)
    report.evaluate("document.activeElement.blur()")
    report.keyboard.press("Escape")
    assert report.evaluate("document.activeElement.hash") == last
    assert report.evaluate("location.hash") == ""


def test_rows_that_disagree(report: Page) -> None:
    """Of two rows only the check in which engines recorded other facts is left."""
    rows = report.locator(".grid tr.row")
    report.get_by_label("columns that disagree").check()
    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.filter(visible=True)).to_contain_text("recorded")
    report.get_by_role("checkbox", name="Firefox ESR").uncheck()
    expect(rows.filter(visible=True)).to_have_count(0)
    report.get_by_role("button", name="reset").click()
    expect(rows.filter(visible=True)).to_have_count(2)
