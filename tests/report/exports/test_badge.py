"""The badge: an SVG that says in words what its colour says."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.exports.variety import NEVER, ODD, VARIETY
from tests.report.factory import attempt, cell, run_of
from tests.report.synthetic import matrix
from wirematrix.model import Run, Status
from wirematrix.report.exports import badge_svg
from wirematrix.report.exports.badge import GOOD, INCOMPLETE, NEWS
from wirematrix.report.text import visible

SVG = "{http://www.w3.org/2000/svg}"


def read(run: Run, **settings: str) -> ET.Element:
    """The badge as an XML parser reads it."""
    return ET.fromstring(badge_svg([run], **settings).encode())


@pytest.mark.parametrize(
    ("run", "title", "colour"),
    [
        (run_of(attempt(cell())), "matrix: 1 cell, 0 unexpected", GOOD),
        (run_of(attempt(cell(), Status.FAIL)), "matrix: 1 cell, 1 unexpected", NEWS),
        (
            run_of(attempt(cell()), declared=(cell().id, NEVER.id)),
            "matrix: 1 cell, 0 unexpected, 1 not run",
            INCOMPLETE,
        ),
        (VARIETY, "matrix: 10 cells, 4 unexpected, 2 not run", NEWS),
        (matrix(observations=0), "matrix: 622 cells, 7 unexpected, 2 not run", NEWS),
        (run_of(), "matrix: 0 cells, 0 unexpected", INCOMPLETE),
    ],
)
def test_words_and_colour_agree(run: Run, title: str, colour: str) -> None:
    """Title and text say how many cells there are and how many are news; a run that is not whole is never green."""
    badge = read(run)
    assert badge.findtext(f"{SVG}title") == title
    assert ": ".join(text.text or "" for text in badge.iter(f"{SVG}text")) == title
    assert [box.get("fill") for box in badge.iter(f"{SVG}rect")][2] == colour


def test_badge_has_a_name() -> None:
    """For a screen reader it is one picture with a title."""
    badge = read(VARIETY)
    assert badge.get("role") == "img"
    assert badge.get("aria-labelledby") == badge.find(f"{SVG}title").get("id")  # type: ignore[union-attr]


def test_badge_loads_nothing() -> None:
    """No link, script, style or image is in it."""
    tags = {element.tag.removeprefix(SVG) for element in read(VARIETY).iter()}
    assert tags == {"svg", "title", "clipPath", "rect", "g", "text"}


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec=None)) | st.sampled_from(ODD))
def test_any_label_stays_text(label: str) -> None:
    """Whatever the label is, it is text in the same elements, and fits the picture."""
    badge = read(run_of(attempt(cell())), label=label)
    assert badge.findtext(f"{SVG}title") == f"{visible(label)}: 1 cell, 0 unexpected"
    assert len(list(badge.iter())) == 10
    right = max(float(text.get("x", 0)) + float(text.get("textLength", 0)) for text in badge.iter(f"{SVG}text"))
    assert right < float(badge.get("width", 0))
