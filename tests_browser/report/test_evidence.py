"""The evidence of a cell in all three engines: it unfolds when it is asked for, and hostile words stay words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.report.factory import attempt, cell, run_of, timeline
from tests_browser.report.test_grid_and_facts import served  # noqa: F401 - a fixture
from wirematrix.model import Artifact, Observation, Run, Status
from wirematrix.report import write_report

HERE = "opens.chromium-websocket-direct"
TRACE = Artifact(kind="trace", file="evidence/opens/trace.zip")
ABOVE = Artifact(kind="screenshot", file="../page.png")
ATTACKS = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "\u202egnp.exe\ud800\x00\x1b[2J",
)
OBSERVED = (
    Observation(at_ms=5, source="page", kind="opening", detail={"transport": "websocket", "attempt": 1}),
    Observation(at_ms=8, source="link", kind="request", detail={"link": 1, "method": "GET", "target": "/ws/c1"}),
    Observation(at_ms=9, source="server", kind="frame", detail={"name": "close", "bytes": 2, "code": 1001}),
    Observation(at_ms=9.5, source="page", kind="console", detail={"level": "error", "text": "refused", "where": ""}),
)


def hostile(words: str) -> Run:
    """A run that says the words wherever a page or a server could."""
    said = (
        Observation(at_ms=1, source="page", kind="console", detail={"level": "error", "text": words, "where": words}),
        Observation(at_ms=2, source="page", kind="close", detail={"code": 1006, "reason": words, "clean": False}),
        Observation(
            at_ms=3,
            source="server",
            kind="request",
            detail={"method": words, "target": words, "last_event_id": words, "headers": [["Origin", words]]},
        ),
        Observation(at_ms=4, source="page", kind="message", detail={"id": words, "type": words, "chars": 3}),
        Observation(at_ms=5, source=words, kind=words, detail={words: words}),
    )
    files = (Artifact(kind=words, file=words), Artifact(kind="trace", file=words))
    first = attempt(cell(), Status.FAIL, f"because {words}", timeline=said, artifacts=files)
    return run_of(first, attempt(cell(), Status.PASS, f"then {words}", number=2, timeline=said))


@pytest.fixture
def evidence(page: Page, tmp_path: Path, served: str) -> Page:  # noqa: F811 - the fixture
    """A report whose one cell has a timeline, a second attempt and two files, opened by its anchor."""
    (tmp_path / "evidence" / "opens").mkdir(parents=True)
    (tmp_path / "evidence" / "opens" / "trace.zip").write_bytes(b"PK")
    (tmp_path.parent / "page.png").write_bytes(b"not for the report")
    first = attempt(cell(), Status.FAIL, timeline=(*timeline(40), *OBSERVED), artifacts=(TRACE, ABOVE))
    other = attempt(cell(), Status.PASS, "the second time it held", number=2, timeline=timeline(12))
    run = run_of(first, other)
    page.goto(f"{served}/{write_report([run], tmp_path / 'matrix.html').name}#{HERE}")
    return page


def unfolded(page: Page) -> None:
    """The cell is open, and its evidence is there."""
    expect(page.locator("details.cell[open]")).to_have_count(1)
    expect(page.locator(".unfolded .lines tbody tr").first).to_be_visible()


def test_an_anchor_opens_its_cell(evidence: Page) -> None:
    """A link from an issue shows the cell with its picture, its legend, its timeline and its tables."""
    unfolded(evidence)
    assert evidence.locator(".picture use").count() > 20
    legend = evidence.locator(".picture figcaption")
    expect(legend).to_contain_text("cut on purpose")
    expect(legend).to_contain_text("error, refusal or reset")
    for words in ("GET /ws/c1", "close frame from the page", "code 1001", "refused"):
        expect(evidence.locator(".unfolded")).to_contain_text(words)


def test_nothing_is_built_before_it_is_asked_for(evidence: Page) -> None:
    """A further attempt is one line until it is opened."""
    unfolded(evidence)
    further = evidence.locator(".further")
    expect(further).to_contain_text("pass, expected: the second time it held")
    expect(further.locator("tr")).to_have_count(0)
    further.locator("summary").click()
    expect(further.locator(".lines tbody tr")).to_have_count(12)


def test_files_are_linked_only_beside_the_report(evidence: Page) -> None:
    """A trace below the report's folder is a link with the command that opens it; a file above is only named."""
    unfolded(evidence)
    expect(evidence.get_by_role("link", name=TRACE.file)).to_have_attribute("href", f"./{TRACE.file}")
    expect(evidence.locator(".unfolded")).to_contain_text(f"playwright show-trace {TRACE.file}")
    expect(evidence.locator(".unfolded")).to_contain_text("../page.png (not beside this report)")
    expect(evidence.get_by_role("link", name="../page.png")).to_have_count(0)


def test_the_way_back_leads_to_the_cell_in_the_grid(evidence: Page) -> None:
    """From the evidence back to the matrix, the cell that leads here has the focus."""
    unfolded(evidence)
    evidence.get_by_role("button", name="back to the matrix").click()
    assert evidence.evaluate("document.activeElement.getAttribute('href')") == f"#{HERE}"


def test_a_button_says_what_became_of_it(evidence: Page) -> None:
    """The command is copied, or selected where the browser lets no page write to the clipboard."""
    unfolded(evidence)
    button = evidence.locator(".rerun button")
    button.click()
    expect(button).to_have_text(re.compile("^(copied|selected: now copy)$"))


@pytest.mark.parametrize("words", ATTACKS)
def test_hostile_words_stay_words(page: Page, tmp_path: Path, served: str, words: str) -> None:  # noqa: F811
    """Whatever a page or server said is shown as it was said: nothing runs, no element is made, nothing is hidden."""
    harmless = write_report([hostile("words")], tmp_path / "harmless.html")
    attacked = write_report([hostile(words)], tmp_path / "attacked.html")
    elements = []
    for file in (harmless, attacked):
        page.goto(f"{served}/{file.name}#{HERE}")
        unfolded(page)
        page.locator(".further summary").click()
        expect(page.locator(".further .lines tbody tr")).to_have_count(5)
        elements.append(page.evaluate("[...document.querySelectorAll('*')].map(each => each.localName).sort().join()"))
    assert elements[0] == elements[1]
    assert "owned" not in page.title()
    shown = page.locator(".unfolded").text_content() or ""
    assert (words if words.isprintable() else "\\u202egnp.exe\\ud800\\u0000\\u001b[2J") in shown
    assert all(character.isprintable() for character in shown)


@pytest.mark.parametrize("width", [390, 1280])
def test_evidence_fits_the_window(evidence: Page, width: int) -> None:
    """Nothing sticks out of a phone or a desk; long tables scroll in their own frame."""
    unfolded(evidence)
    evidence.set_viewport_size({"width": width, "height": 800})
    evidence.wait_for_function("width => innerWidth === width", arg=width)
    assert evidence.evaluate("document.documentElement.scrollWidth") <= width
