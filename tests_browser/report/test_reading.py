"""The report as people read it, in all three engines: by scrolling, by links, from disk, on paper, without JavaScript."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests_browser.report.seeing import printed, resized
from tests_browser.report.shelf import Shelf

PAPER: Final = (1054, 760)  # A4 landscape in CSS pixels, less the margins of the print style
HEADS: Final = """
() => {
  const place = (selector) => document.querySelector(selector).getBoundingClientRect();
  const grid = place(".grid");
  const scrolls = getComputedStyle(document.querySelector(".grid")).overflowY !== "visible";
  return {
    head: place(".grid thead th").top - (scrolls ? grid.top : 0),
    row: place(".grid .row th").left - (scrolls ? grid.left : 0),
    bottom: [...document.querySelectorAll(".grid td a")].at(-1).getBoundingClientRect().bottom,
  };
}
"""
SCROLL: Final = """
([x, y]) => {
  const grid = document.querySelector(".grid");
  if (getComputedStyle(grid).overflowY !== "visible") grid.scrollTo(x, y);
  const last = document.querySelectorAll(".grid tr.row");
  last[last.length - 1].scrollIntoView({block: "end"});
}
"""
CUT_OFF: Final = """
() => [...document.querySelectorAll("table, .grid, .scroll, dl, p, h1, h2, h3")]
  .filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".vh"))
  .map((one) => `${one.localName}.${one.className} ${one.getBoundingClientRect().right}`)
"""
FRAMES: Final = """
async (count) => { for (; count > 0; count -= 1) await new Promise((resolve) => requestAnimationFrame(resolve)); }
"""
COLOURS: Final = """
() => [...document.querySelectorAll(".grid td > a:first-child:not(.why)")].map((one) => {
  const style = getComputedStyle(one);
  return [style.backgroundColor + style.backgroundImage, style.printColorAdjust || style.webkitPrintColorAdjust];
})
"""


@pytest.fixture
def report(page: Page, shelf: Shelf) -> Page:
    """A small matrix that has every look of a cell."""
    page.goto(shelf.url("matrix"))
    return page


@pytest.mark.parametrize("width", [390, 1280])
def test_headers_stay(report: Page, width: int) -> None:
    """However far the grid is scrolled, the engines stay above it and the scenarios at its left."""
    resized(report, width, 240)
    report.evaluate("document.querySelector('#matrix').scrollIntoView()")
    report.evaluate(SCROLL, [400, 4000])
    stays = report.evaluate(HEADS)
    assert 0 <= stays["head"] < 60
    assert -1 <= stays["row"] < 40
    report.evaluate(
        "() => { for (const one of document.querySelectorAll('.grid thead, .grid th')) one.style.position = 'static'; }"
    )
    assert report.evaluate(HEADS)["head"] < 0  # the same measure, where nothing sticks


def test_an_anchor_leads_to_its_evidence(page: Page, shelf: Shelf) -> None:
    """An address with a cell's anchor opens that cell; a cell of the grid leads to the same address."""
    anchor = "notices_silence.webkit-eventsource-stall"
    page.goto(f"{shelf.url('matrix')}#{anchor}")
    opened = page.locator("details.cell[open]", has=page.locator(f"[id='{anchor}']"))
    expect(opened.locator(".unfolded")).to_contain_text("timeline", ignore_case=True)
    expect(opened.locator("summary")).to_be_in_viewport()
    page.goto(shelf.url("matrix"))
    link = page.locator(f".grid a[href='#{anchor}']").first
    link.evaluate("link => link.click()")
    expect(opened.locator("summary")).to_be_in_viewport()
    assert page.evaluate("location.hash") == f"#{anchor}"


@pytest.mark.parametrize("name", ["matrix", "load"])
def test_links_lead_where_they_say(page: Page, shelf: Shelf, name: str) -> None:
    """Each link at the top brings its section to the top of the window, and it stays there, or the end of the page is."""
    page.goto(shelf.url(name))
    resized(page, 1280, 600)
    for link in page.locator("nav a").all():
        page.evaluate("scrollTo(0, 0)")
        link.evaluate("link => link.click()")
        page.evaluate(FRAMES, 5)
        place, left = page.evaluate(
            "place => [document.querySelector(place).getBoundingClientRect().top,"
            " document.documentElement.scrollHeight - innerHeight - scrollY]",
            link.get_attribute("href"),
        )
        assert -2 <= place < 40 or left < 2, link.get_attribute("href")


@pytest.mark.parametrize("name", ["matrix", "load", "empty"])
def test_a_file_is_enough(page: Page, shelf: Shelf, name: str) -> None:
    """Opened from disk the report is whole and its filter works; nothing but the file is asked for, anywhere."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = len(shelf.asked)
    page.goto(shelf.file(name))
    assert page.url == shelf.file(name)
    expect(page.locator("h1")).to_be_visible()
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    if name != "empty":
        page.get_by_label("Kind").select_option("required")
        expect(page.locator(".grid tr.row").filter(visible=True)).to_have_count(1)
        page.wait_for_function("() => document.querySelector('.unfolded tr') !== null")
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} <= {shelf.file(name)}
    assert len(shelf.asked) == before


def test_it_reads_without_javascript(unscripted: Page, shelf: Shelf) -> None:
    """Without a script there is no filter; the grid, a cell's sentences and command, facts and all links are there."""
    unscripted.goto(shelf.url("matrix", scripts=False))
    expect(unscripted.locator("#choose")).to_be_hidden()
    expect(unscripted.locator(".grid td a").first).to_be_visible()
    cell = unscripted.locator("details.cell:not([open])").first
    cell.locator("summary").evaluate("summary => summary.click()")
    expect(cell.locator(".rerun code")).to_contain_text("-m pytest")
    links = unscripted.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(link => link.getAttribute('href'))"
    )
    lost = unscripted.evaluate("links => links.filter(link => !document.getElementById(link.slice(1)))", links)
    assert len(links) > 50
    assert lost == []
    expect(unscripted.locator("#facts")).to_contain_text("reconnect delay")


def test_it_prints(report: Page, browser_name: str) -> None:
    """On paper nothing is cut off, nothing has to be scrolled, the form is gone, and each status keeps its colour."""
    resized(report, *PAPER)
    on_screen = report.evaluate(COLOURS)
    printed(report, browser_name)
    expect(report.locator("#choose")).to_be_hidden()
    assert report.evaluate(CUT_OFF) == []
    assert report.evaluate("getComputedStyle(document.querySelector('.grid')).overflowX") == "visible"
    colours = report.evaluate(COLOURS)
    assert [colour for colour, _ in colours] == [colour for colour, _ in on_screen]
    assert {kept for _, kept in colours} == {"exact"}
    report.evaluate("document.querySelector('.grid table').style.minWidth = '1300px'")
    assert report.evaluate(CUT_OFF) != []  # a wider grid would be seen


def test_the_keyboard_reaches_everything(report: Page, browser_name: str) -> None:
    """Tab goes over links, fields, the grid as one stop and its frame; what has the focus has an outline."""
    if browser_name == "webkit":
        pytest.skip("WebKitGTK's shell hands keys to scripts only: Tab moves no focus there")
    report.get_by_label("Network").focus()
    stops = []
    for _ in range(30):
        report.keyboard.press("Tab")
        stops.append(
            report.evaluate(
                "(() => { const one = document.activeElement; const style = getComputedStyle(one);"
                " return [one.closest('.grid') ? 'grid' : one.closest('#choose') ? 'form' : one.localName,"
                " style.outlineStyle !== 'none' || style.boxShadow !== 'none']; })()"
            )
        )
    reached = [name for name, _ in stops]
    assert {"a", "form", "grid"} <= set(reached)
    assert reached.count("grid") <= 3  # its frame, its one cell, and a column's head at most
    assert [name for name, outlined in stops if not outlined and name != "body"] == []
