"""What changed against a baseline, as Markdown that a CommonMark reader understands as it was meant."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from tests.report.test_markdown import ATTACKS
from tests.report.transitions import BASELINE, EVERY_CHANGE, HOSTILE, transition, transitions
from wirematrix.report.changes_markdown import changes_markdown
from wirematrix.report.text import anchor
from wirematrix.transitions import CHANGE_MEANS, Change, Transitions

MARKDOWN = MarkdownIt("commonmark").enable("table")


def rendered(found: Transitions) -> str:
    """The changes as a reader of CommonMark with tables shows them."""
    return str(MARKDOWN.render(changes_markdown(found)))


def test_every_change_has_its_table() -> None:
    """Each way to change has a table with its cells, before and after, and says what it means."""
    page = rendered(EVERY_CHANGE)
    assert page.count("<table>") == len(Change)
    for change in Change:
        assert page.count(f"<code>{change}_") == 3
        assert CHANGE_MEANS[change] in page
    assert "Chromium 156 is there where Chromium 155 was" in page


def test_what_got_worse_comes_first() -> None:
    """Regressed and new cells stand open before those that were fixed; numbers and rows that came or went are folded."""
    page = rendered(EVERY_CHANGE)
    places = [page.index(f"{change}_0") for change in (Change.REGRESSED, Change.NEW, Change.FIXED, Change.NUMBER)]
    assert places == sorted(places)
    assert page.index("<details>") > places[2]
    assert page.count("<details>") == page.count("</details>") == 4


def test_nothing_changed_is_one_sentence() -> None:
    """Without a change there is no table, and the number of compared cells is said."""
    page = rendered(transitions([]))
    assert f"622 cells compared: nothing changed. Baseline: {BASELINE}." in page
    assert "<table>" not in page


@pytest.mark.parametrize(
    ("at_most", "named", "said"), [(2, 2, "and 3 more"), (0, 0, "The report has them."), (5, 5, "")]
)
def test_long_lists_are_counted(at_most: int, named: int, said: str) -> None:
    """Beyond the limit cells are counted, never silently left out."""
    found = transitions(transition(Change.REGRESSED, f"row_{number}") for number in range(5))
    text = changes_markdown(found, at_most=at_most)
    assert text.count("<code>") == named
    assert said in text if said else "report has them" not in text


def test_numbers_keep_their_unit() -> None:
    """A number and its unit are not torn apart; words as long as a sentence may be."""
    found = transitions([transition(Change.NUMBER, was="528 ms", now="CLOSED, then OPEN again")])
    page = rendered(found)
    assert "<td>528\u00a0ms</td>" in page
    assert "<td>CLOSED, then OPEN again</td>" in page


def test_cells_lead_to_their_evidence() -> None:
    """With a link a cell's name leads to its evidence in the report."""
    text = changes_markdown(
        transitions([transition(Change.NEW)]), link=lambda place: f"https://a.example/m.html#{anchor(place.cell.id)}"
    )
    link = '<a href="https://a.example/m.html#opens.chromium-websocket-direct">'
    assert link in MARKDOWN.render(text)


def test_builds_of_one_engine_are_told_apart() -> None:
    """Where cells of two builds of an engine changed, each row names its build; else the id is enough."""
    here = transition(Change.NEW)
    there = replace(here, place=replace(here.place, build_key="Chromium 157.0 system Debian"))
    assert "Chromium" not in rendered(transitions([here]))
    assert "opens[chromium-websocket-direct] in Chromium 157.0 system Debian</code>" in rendered(
        transitions([here, there])
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_words(attack: str) -> None:
    """Hostile words leave the tags of the rendered changes as harmless words do."""
    tags = []
    for words in ("words", attack):
        found = transitions(
            [transition(Change.REGRESSED, f"opens{words}", was=words, now=words)], builds=(f"build {words}",)
        )
        tags.append(re.findall(r"<[^>]*>", rendered(found)))
    assert tags[0] == tags[1]


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
def test_any_text_keeps_the_tables(found: Transitions) -> None:
    """Whatever ids, statuses and reasons hold, each cell is one row with all columns, and the text is UTF-8."""
    page = rendered(found)
    assert page.encode()
    assert page.count("<td>") == 4 * len(found.changes)
    assert page.count("<tr>") == len(found.changes) + len({one.change for one in found.changes.values()})
