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
