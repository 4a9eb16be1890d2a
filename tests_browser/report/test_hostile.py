"""Whatever a run says, its report only shows it: no script runs, nothing is asked for, no element comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from markupsafe import Markup
from playwright.sync_api import Dialog, Page, expect

from tests_browser.report.attacks import ATTACKS, HARMLESS, HIDDEN, SEES, poisoned
from tests_browser.report.shelf import Shelf
from wirematrix.report import Advice, html, write_report

ADDRESSES: Final = (
    "#%E0%A4%A",
    "#<img src=/owned.png onerror=owned=1>",
    "?q=<b>&engine=%00&fold=__proto__&only=%F0&columns=constructor",
)
UNFOLDED: Final = """
() => { for (const one of document.querySelectorAll("details:not([open])")) one.open = true; }
"""
ALL_UNFOLDED: Final = """
() => ![...document.querySelectorAll("details.cell")].some((one) => !one.querySelector(".unfolded > *"))
"""
STIRRED: Final = """
() => {
  for (const one of document.querySelectorAll("*")) {
    for (const type of ["mouseover", "focus", "toggle", "load", "error"]) one.dispatchEvent(new Event(type));
  }
}
"""
ELEMENTS: Final = """
() => [...document.querySelectorAll("*")].map((one) => `${one.localName} ${one.getAttributeNames().sort()}`).sort()
"""
FOUND: Final = """
() => {
  const found = [];
  if ("owned" in window) found.push(`a script ran: ${window.owned}`);
  if (document.querySelector(".owned")) found.push("an element came of words");
  const hidden = /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]|[\\ud800-\\udfff]/;
  const alone = (text) => hidden.test(text.replace(/[\\ud800-\\udbff][\\udc00-\\udfff]/g, ""));
  for (const one of document.querySelectorAll("*")) {
    for (const {name, value} of one.attributes) {
      if (name.startsWith("on") || name === "srcdoc" || name === "style") found.push(`${one.localName} has ${name}`);
      if (alone(value)) found.push(`${name} hides ${JSON.stringify(value)}`);
      if (["href", "src", "action", "formaction"].includes(name) && !/^(#|https?:|data:image[/]svg|[.][/])/.test(value)) {
        found.push(`${one.localName} leads to ${value}`);
      }
    }
  }
  for (const text = document.createTreeWalker(document, NodeFilter.SHOW_TEXT); text.nextNode();) {
    if (alone(text.currentNode.data)) found.push(`a text hides ${JSON.stringify(text.currentNode.data)}`);
  }
  return [...new Set(found)];
}
"""


@pytest.fixture
def fresh() -> Iterator[None]:
    """Whatever a test broke in how reports are written is whole again afterwards."""
    html._environment.cache_clear()
    yield
    html._environment.cache_clear()


@pytest.fixture
def dialogs(page: Page) -> list[str]:
    """What the page asked its reader, if anything."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", answer)
    return asked


def attacked(shelf: Shelf, name: str, *attacks: str, sees: Sequence[str] = SEES) -> str:
    """The address of a report with these attacks in every text of it; under one name it is written once."""
    if not (target := shelf.folder / f"{name}.html").exists():
        run, changes = poisoned(attacks, sees)
        write_report([run], target, title=attacks[0], advice=Advice(because=attacks[0]), changes=changes)
    return shelf.url(name)


def opened(page: Page, url: str) -> list[str]:
    """What is wrong with a report after everything in it was unfolded and touched."""
    page.goto(url)
    page.evaluate(UNFOLDED)
    page.wait_for_function(ALL_UNFOLDED)
    page.evaluate(UNFOLDED)  # further attempts, which were made just now
    page.evaluate(STIRRED)
    wrong: list[str] = page.evaluate(FOUND)
    return wrong


def test_attacks_stay_words(page: Page, shelf: Shelf, dialogs: list[str]) -> None:
    """With attacks in every text a report has the elements of a harmless one; nothing runs, asks or leads away."""
    harmless = attacked(shelf, "harmless", HARMLESS, sees=("see there",))
    hostile = attacked(shelf, "attacked", *ATTACKS)
    assert opened(page, harmless) == []
    elements = page.evaluate(ELEMENTS)
    shelf.asked.clear()
    assert opened(page, hostile) == []
    assert page.evaluate(ELEMENTS) == elements
    assert [one for one in shelf.asked if "owned" in one] == []
    assert dialogs == []
    shown = page.locator("body").text_content() or ""
    assert [attack for attack in ATTACKS if attack not in shown] == []


def test_what_cannot_be_seen_is_shown(page: Page, shelf: Shelf) -> None:
    """Lone surrogates, control characters and those that turn or join text stand there as their escapes."""
    assert opened(page, attacked(shelf, "hidden", *HIDDEN)) == []
    shown = page.locator("body").text_content() or ""
    for escape in ("\\u202egnp.exe", "\\ud83d lone", "nul \\u0000 \\u001b[2J \\u0007", "\\u2028\\u200b\\ufeff"):
        assert escape in shown


def test_an_address_is_only_words(page: Page, shelf: Shelf) -> None:
    """What somebody wrote behind a report's address breaks nothing and becomes nothing."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    for rest in ADDRESSES:
        page.goto(shelf.url("matrix") + rest)
        expect(page.locator("#choose")).to_be_visible()
        assert page.evaluate(FOUND) == []
    assert [error for error in errors if "favicon" not in error] == []  # Firefox asks for one, and the policy says no


@pytest.mark.usefixtures("fresh")
def test_words_that_are_not_escaped_would_be_found(
    page: Page, shelf: Shelf, dialogs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With escaping broken, elements come of words and are found; the policy still lets none of them run or ask."""
    monkeypatch.setattr(html, "_printable", lambda value: Markup(str(value)))
    url = attacked(shelf, "unescaped", *ATTACKS[:2], ATTACKS[6])
    shelf.asked.clear()
    page.goto(url)
    page.evaluate(UNFOLDED)
    page.evaluate(STIRRED)
    found = page.evaluate(FOUND)
    assert "an element came of words" in found
    assert "img has onerror" in found
    assert "details has ontoggle" in found
    assert not any(one.startswith("a script ran") for one in found)
    assert [one for one in shelf.asked if "owned" in one] == []
    assert dialogs == []


@pytest.mark.usefixtures("fresh")
def test_hidden_characters_would_be_found(page: Page, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """With making them visible broken, they are found."""
    monkeypatch.setattr(html, "visible", str)
    found = opened(page, attacked(shelf, "unseen", HIDDEN[0]))
    assert any(one.startswith("a text hides") for one in found)
    assert any(one.startswith("title hides") for one in found)
