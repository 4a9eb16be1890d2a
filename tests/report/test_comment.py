"""The comment under a pull request: found again, never too long, and read by CommonMark as it was meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from tests.report.exports.variety import HOSTILE_RUNS, VARIETY
from tests.report.factory import CHROMIUM, attempt, cell, conditions, run_of
from tests.report.synthetic import matrix
from tests.report.transitions import EVERY_CHANGE, HOSTILE, transition, transitions
from tools import github
from wirematrix.errors import InvalidInput
from wirematrix.model import Run, Status
from wirematrix.report.changes_markdown import LARGEST
from wirematrix.report.comment import MARKER, NO_BASELINE, comment_markdown
from wirematrix.transitions import Change, Transitions

MARKDOWN = MarkdownIt("commonmark").enable("table")
URL = "https://a.example/(main)/matrix.html?a=1&copy=2"


def test_comment_is_found_again() -> None:
    """Its first line is the marker, which no reader sees."""
    text = comment_markdown([VARIETY], EVERY_CHANGE)
    assert text.splitlines()[0] == MARKER
    assert MARKER == github.MARKER, "the workflow's tool looks for it"
    assert MARKER.startswith("<!--")
    assert MARKER.endswith("-->")
    assert MARKDOWN.render(text).startswith(f"{MARKER}\n<h2>")


def test_news_stands_before_what_is_known() -> None:
    """Headline, absent cells, changes, unexpected cells besides, and a row for each engine, in this order."""
    page = MARKDOWN.render(comment_markdown([VARIETY], EVERY_CHANGE))
    words = (
        "4 of 10 cells unexpected",
        "never arrived",
        "<h3>Changes</h3>",
        "<h3>Unexpected, and no change</h3>",
        "WebKitGTK 2.50.6</td>",
    )
    places = [page.index(word) for word in words]
    assert places == sorted(places)


def test_a_cell_is_told_once() -> None:
    """A cell that is unexpected and changed stands among the changes, and not once more."""
    run = run_of(attempt(cell(), Status.FAIL), attempt(cell("opens_late", network="refuse"), Status.FAIL))
    text = comment_markdown([run], transitions([transition(Change.REGRESSED)]))
    changed, _, besides = text.partition("### Unexpected, and no change")
    assert text.count("<code>opens&#91;") == 1
    assert "opens_late" in besides
    assert "<code>opens&#91;" in changed


def test_cells_lead_to_their_evidence() -> None:
    """With an address the report is linked, and so is each cell that it has evidence of; a cell that went is not."""
    gone = transition(Change.DISAPPEARED, "gone")
    here = transition(Change.REGRESSED)
    page = MARKDOWN.render(comment_markdown([VARIETY], transitions([here, gone]), url=URL))
    base = "https://a.example/(main)/matrix.html?a=1&amp;copy=2"
    assert f'<a href="{base}">The whole report</a>' in page
    assert f'<a href="{base}#opens.chromium-websocket-direct"><code>opens[chromium-websocket-direct]</code></a>' in page
    assert "<td><code>gone[chromium-websocket-direct]</code></td>" in page


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "matrix.html", "https://a.example/m#x", "https://a b", "https://"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """An address that could not become a link is named, with what is accepted."""
    with pytest.raises(InvalidInput, match=r"--url: got .*; expected an absolute http or https address"):
        comment_markdown([VARIETY], None, url=url)


def test_no_baseline_is_said() -> None:
    """The first time there is nothing to compare with, and the comment says so."""
    assert NO_BASELINE in comment_markdown([VARIETY], None)


def test_everything_at_once_fits() -> None:
    """Thousands of changes and of unexpected cells fit GitHub's limit: few are named, all are counted."""
    long = "because " * 60
    surprises = run_of(*(attempt(cell(f"row_{number}"), Status.FAIL, long) for number in range(500)))
    changed = transitions(
        replace(transition(change, f"{change}_row_{number}"), because=long)
        for change in Change
        for number in range(200)
    )
    text = comment_markdown([surprises], changed, url=URL)
    assert 20_000 < len(text) <= LARGEST
    assert "#### regressed (200)" in text
    assert "500 of 500 cells unexpected" in MARKDOWN.render(text)


def test_what_cannot_fit_says_so() -> None:
    """Even where the warnings alone are too much, there is a comment, with the marker and the headline."""
    info = conditions(CHROMIUM, unavailable={f"engine-{number}": "\u202e" * 500 for number in range(200)})
    text = comment_markdown([run_of(attempt(cell()), info=info)], None)
    assert text.startswith(MARKER)
    assert "1 cell, all as expected" in text
    assert len(text) <= LARGEST


def test_whole_matrix_is_a_short_comment() -> None:
    """A matrix of hundreds of cells with a few surprises is a comment that people read."""
    assert len(comment_markdown([matrix(observations=0)], EVERY_CHANGE)) < 20_000


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS, HOSTILE)
def test_any_words_fit_and_stay_words(run: Run, changes: Transitions) -> None:
    """Whatever pages and files say, it fits, is UTF-8, and has no heading, list or table but ours."""
    text = comment_markdown([run], changes, url=URL)
    assert len(text.encode()) <= LARGEST
    page = MARKDOWN.render(text)
    tables = len({one.change for one in changes.changes.values()}) + 1
    assert page.count("<table>") == tables
    assert page.count("<h") <= 6
    assert page.count("<!--") == 1
