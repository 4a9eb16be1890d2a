"""axe finds nothing: in reports of every kind, in light and dark colours, and on the pages that are driven or played."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests_browser.report.axe import CONTRAST, findings
from tests_browser.report.seeing import resized
from tests_browser.report.shelf import Shelf

REPORTS = ("matrix", "load", "empty")
OPEN_ALL = "() => { for (const one of document.querySelectorAll('details')) one.open = true; }"
SEEDED = {
    "a picture without words": ("document.querySelector('main').append(new Image())", "image-alt"),
    "a language that is not told": ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
    "words nobody can read": ("document.querySelector('h1').style.color = '#eee8e8'", "color-contrast"),
    "a field without a name": ("document.querySelector('main').append(document.createElement('input'))", "label"),
}


def as_lines(found: list[str]) -> str:
    """Findings as a failure shows them: one a line."""
    return "\n".join(["", *found])


@pytest.mark.parametrize("name", REPORTS)
def test_axe_finds_nothing(page: Page, shelf: Shelf, name: str) -> None:
    """A report has no finding of any rule of axe: a matrix with unexpected cells, one under load, one without cells."""
    page.goto(shelf.url(name))
    found = findings(page)
    assert not found, as_lines(found)


def test_axe_finds_nothing_in_the_evidence(page: Page, shelf: Shelf) -> None:
    """What is folded away has no finding either, when it is opened."""
    page.goto(shelf.url("matrix"))
    page.evaluate(
        "() => { for (const one of [...document.querySelectorAll('details')].slice(0, 14)) one.open = true; }"
    )
    found = findings(page)
    assert not found, as_lines(found)


def test_dark_colours_have_contrast(dark: Page, shelf: Shelf) -> None:
    """What can be read on white can be read on black: no finding of contrast in a dark report."""
    dark.goto(shelf.url("load"))
    assert dark.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = findings(dark, *CONTRAST)
    assert not found, as_lines(found)


def test_a_phone_has_no_finding(page: Page, shelf: Shelf) -> None:
    """On a phone the report is laid out anew, and has no finding."""
    resized(page, 390)
    page.goto(shelf.url("matrix"))
    found = findings(page)
    assert not found, as_lines(found)


def test_the_page_for_people_has_none(page: Page, app: str, channel: str) -> None:
    """The page for people has no finding before and after it connects."""
    page.goto(f"{app}/static/probe.html?channel={channel}")
    expect(page.get_by_role("button", name="Restart the server")).to_be_visible()
    found = findings(page)
    assert not found, as_lines(found)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#phase")).to_have_text("Open")
    found = findings(page)
    assert not found, as_lines(found)


def test_the_page_for_people_has_contrast_in_the_dark(dark: Page, app: str, channel: str) -> None:
    """Its dark colours can be read, too."""
    dark.goto(f"{app}/static/probe.html?channel={channel}")
    expect(dark.get_by_role("button", name="Restart the server")).to_be_visible()
    found = findings(dark, *CONTRAST)
    assert not found, as_lines(found)


@pytest.mark.parametrize("driven", ["probe.html#driven", "raw.html"])
def test_driven_pages_have_none(page: Page, app: str, driven: str) -> None:
    """The pages that are driven are bare, and have a language, a title and a main part all the same."""
    page.goto(f"{app}/static/{driven}")
    found = findings(page)
    assert not found, as_lines(found)


@pytest.mark.parametrize("seed", SEEDED)
def test_axe_would_find_it(page: Page, shelf: Shelf, seed: str) -> None:
    """Each defect that is planted into a report is found, by the rule that is there for it."""
    change, rule = SEEDED[seed]
    page.goto(shelf.url("empty"))
    page.evaluate(f"() => {{ {change}; }}")
    assert {line.partition(":")[0] for line in findings(page)} == {rule}
