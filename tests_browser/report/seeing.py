"""A page in another window, or on paper."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

ALL_MEDIA: Final = """
([from, to]) => {
  const walk = (rules) => {
    for (const rule of rules) {
      if (rule.media) rule.media.mediaText = rule.media.mediaText.replaceAll(from, to);
      if (rule.cssRules) walk(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) walk(sheet.cssRules);
}
"""


def resized(page: Page, width: int, height: int = 800) -> None:
    """Give a page's window a size, and wait until it has it."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function("width => innerWidth === width", arg=width)


def printed(page: Page, browser_name: str) -> None:
    """Show the page as it is printed. For Firefox, which emulates no media, its style sheet is told by hand."""
    if browser_name == "firefox":
        page.evaluate(ALL_MEDIA, ["screen", "not all"])
        page.evaluate(ALL_MEDIA, ["print", "all"])
    else:
        page.emulate_media(media="print", color_scheme="light")
