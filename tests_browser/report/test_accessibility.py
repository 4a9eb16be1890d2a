"""axe finds nothing: in reports of every kind, in light and dark colours, and on the pages that are driven or played."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests_browser.report.axe import CONTRAST, WCAG, findings
from tests_browser.report.seeing import resized
from tests_browser.report.shelf import Shelf

# Everything that is folded away in the first of its kind: axe passes over what is not shown.
OPEN: Final = "() => { for (const one of [...document.querySelectorAll('main details')].slice(0, 8)) one.open = true; }"
SEEDED: Final = {
    "image-alt": "document.querySelector('main').append(new Image())",
    "html-has-lang": "document.documentElement.removeAttribute('lang')",
    "color-contrast": "document.querySelector('h1').style.color = '#eee8e8'",
    "label": "document.querySelector('main').append(document.createElement('input'))",
}


def as_lines(found: list[str]) -> str:
    """Findings as a failure shows them: one a line."""
    return "\n".join(["", *found])


@pytest.mark.parametrize("name", ["matrix", "load", "empty"])
def test_axe_finds_nothing(page: Page, shelf: Shelf, name: str) -> None:
    """A report has no finding: of a matrix with unexpected cells, of a load comparison, of a run without cells."""
    page.goto(shelf.url(name))
    page.evaluate(OPEN)
    found = findings(page)
    assert not found, as_lines(found)


def test_dark_colours_have_contrast(dark: Page, shelf: Shelf) -> None:
    """What can be read on white can be read on black."""
    dark.goto(shelf.url("matrix"))
    dark.evaluate(OPEN)
    assert dark.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = findings(dark, *CONTRAST)
    assert not found, as_lines(found)


def test_a_phone_has_no_finding(page: Page, shelf: Shelf) -> None:
    """On a phone the report is laid out anew, and has no finding; of colours, which are the same, nothing is asked."""
    page.goto(shelf.url("matrix"))
    resized(page, 390)
    found = findings(page, without=CONTRAST)
    assert not found, as_lines(found)


def test_the_page_for_people_has_none(page: Page, app: str, channel: str) -> None:
    """The page for people has no finding before and after it connects."""
    page.goto(f"{app}/static/probe.html?channel={channel}")
    expect(page.get_by_role("button", name="Restart the server")).to_be_visible()
    found = findings(page)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#phase")).to_have_text("Open")
    found += findings(page)
    assert not found, as_lines(found)


def test_the_page_for_people_has_contrast_in_the_dark(dark: Page, app: str, channel: str) -> None:
    """Its dark colours can be read, too."""
    dark.goto(f"{app}/static/probe.html?channel={channel}")
    expect(dark.get_by_role("button", name="Restart the server")).to_be_visible()
    found = findings(dark, *CONTRAST)
    assert not found, as_lines(found)


@pytest.mark.parametrize("driven", ["probe.html#driven", "raw.html"])
def test_driven_pages_have_none(page: Page, app: str, driven: str) -> None:
    """The pages that are driven are bare, so best practices of a page's parts say nothing; what WCAG asks for holds."""
    page.goto(f"{app}/static/{driven}")
    found = findings(page, *WCAG)
    assert not found, as_lines(found)


def test_axe_would_find_it(page: Page, shelf: Shelf) -> None:
    """Defects planted into a report are found, each by the rule that is there for it, in each engine."""
    page.goto(shelf.url("empty"))
    page.evaluate(f"() => {{ {'; '.join(SEEDED.values())}; }}")
    assert {line.partition(":")[0] for line in findings(page)} == set(SEEDED)
