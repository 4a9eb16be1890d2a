"""The badge as engines draw it: a picture of its size, with its texts inside, and a name for those who do not see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.report.factory import attempt, cell, run_of
from tests.report.synthetic import matrix
from wirematrix.model import Run
from wirematrix.report.exports import badge_svg

TEXTS_FIT = """() => [...document.querySelectorAll("text")].every((text, place) => {
  const own = text.getBoundingClientRect();
  const box = document.querySelectorAll("g rect")[place].getBoundingClientRect();
  return own.width > 10 && own.left >= box.left && own.right <= box.right && own.top >= box.top && own.bottom <= box.bottom;
})"""
NOT_SQUEEZED = """() => [...document.querySelectorAll("text")].map((text) => {
  const told = text.textLength.baseVal.value;
  text.removeAttribute("textLength");
  return text.getComputedTextLength() / told;
})"""


@pytest.mark.parametrize("run", [run_of(attempt(cell())), matrix(observations=0)], ids=["one", "many"])
def test_texts_fit_their_boxes(page: Page, run: Run) -> None:
    """Each text lies inside its half, and is drawn about as wide as the font has it."""
    page.set_content(f"<!doctype html><body style='margin: 20px'>{badge_svg([run])}</body>")
    assert page.evaluate(TEXTS_FIT)
    assert all(0.8 <= ratio <= 1.2 for ratio in page.evaluate(NOT_SQUEEZED))


def test_badge_is_a_picture_with_a_name(page: Page) -> None:
    """Inside a page it is one image, called what it says."""
    page.set_content(f"<!doctype html><body>{badge_svg([run_of(attempt(cell()))])}</body>")
    expect(page.get_by_role("img", name="matrix: 1 cell, 0 unexpected")).to_be_visible()


def test_badge_is_drawn_as_an_image(page: Page) -> None:
    """As a file that a README names, it has its own size."""
    page.set_content("<!doctype html><body><img alt='badge'></body>")
    svg = badge_svg([matrix(observations=0)])
    size = page.evaluate(
        """async (svg) => {
          const image = document.querySelector("img");
          image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
          await image.decode();
          return [image.naturalWidth, image.naturalHeight];
        }""",
        svg,
    )
    assert size[0] > 150
    assert size[1] == 20
