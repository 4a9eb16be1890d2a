"""The job summary: the same facts as Markdown, and nothing in it that a run could turn into markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.report.factory import CHROMIUM, attempt, cell, conditions, run_of
from tests.report.synthetic import matrix
from wirematrix.model import Status
from wirematrix.report import markdown, markdown_summary
from wirematrix.report.markdown import escaped
from wirematrix.report.text import visible

MARKDOWN = MarkdownIt("commonmark").enable("table")
ATTACKS = (
    "<script>alert(1)</script>",
    "| a | b |",
    "[x](https://a.b) ![y](https://a.b/z.png) <https://a.b>",
    "**bold** _x_ `code` ~~gone~~ # head",
    "</details></td></table>",
    "line\n\n# head\n- item\n\n    code\n```\n",
    "&lt;script&gt; \\",
    "@somebody #1 https://a.b www.a.b",
)


def test_summary_says_what_the_terminal_says() -> None:
    """Headline, counts, unexpected cells with sentence and command, missing cells, a grid per engine."""
    rendered = MARKDOWN.render(markdown_summary([matrix(observations=0)]))
    for words in (
        "7 of 622 cells unexpected",
        "436 pass, 24 recorded, 18 expected degraded, 131 expected fail",
        ">109 of 136</td>",
        ">check (recorded)</th>",
        "<td>check</td>",
        "<td>rec 3.0 s</td>",
        "<td>rec ≥ 20.0 s</td>",
        "2 declared cells never arrived.",
        "reopens_after_the_break[webkit-eventsource-refuse]",
        "the page died 1,204 ms into the attempt",
        "test_notices_the_break[webkit-websocket-close]",
        "<th>fetch-stream+</th>",
        "✗ fail 2 lost",
        "<strong>‼ timeout</strong>",
    ):
        assert words in rendered, words
    assert rendered.count("<table>") == 4


def test_summary_fits_a_job_page() -> None:
    """A whole matrix stays far below the one mebibyte that a job summary may have."""
    assert len(markdown_summary([matrix(observations=0)]).encode()) < 100_000


def test_news_stands_first() -> None:
    """What is unexpected follows the headline, then what changed, then the engines, then the grids."""
    page = MARKDOWN.render(markdown_summary([matrix(observations=0)], changes="### Changes\n\nnone\n"))
    words = ("7 of 622 cells unexpected", "<h3>Unexpected</h3>", "<h3>Changes</h3>", "<th>origin</th>", "<details>")
    places = [page.index(word) for word in words]
    assert places == sorted(places)


def test_flaky_cells_are_named() -> None:
    """Cells whose attempts differ are listed, folded, with how; where all agree there is no such list."""
    shaky = (attempt(cell(), Status.FAIL, "2 lost"), attempt(cell(), number=2))
    page = MARKDOWN.render(markdown_summary([run_of(*shaky)]))
    assert "<details><summary>1 cell whose attempts differ</summary>" in page
    assert (
        "<li><code>opens[chromium-websocket-direct]</code> in Chromium 156.0.7204.92: flaky: 1 of 2 fail</li>" in page
    )
    assert "attempts differ</summary>" not in markdown_summary([run_of(attempt(cell()))])


def test_nothing_judged_is_not_good() -> None:
    """A run without a verdict gets no tick."""
    assert markdown_summary([run_of()]).startswith("## ⚪ No cell was judged\n")


def test_what_no_job_page_holds_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub shows nothing of a summary that is too large, so the grids go and the summary says so."""
    monkeypatch.setattr(markdown, "LARGEST_BYTES", 10_000)
    text = markdown_summary([matrix(observations=0)])
    assert "The grids are too large for a job page" in text
    assert "<th>eventsource</th>" not in MARKDOWN.render(text)
    assert "### Unexpected" in text


def test_nothing_unexpected_is_short() -> None:
    """A run as expected has no list of surprises and says so first."""
    text = markdown_summary([run_of(attempt(cell()))])
    assert text.startswith("## ✅ 1 cell, all as expected\n")
    assert "### Unexpected" not in text


def test_unavailable_engines_are_named() -> None:
    """An engine that was not there is said above the table."""
    info = conditions(CHROMIUM, unavailable={"webkit": "no build; mend it with: apt install x"})
    rendered = MARKDOWN.render(markdown_summary([run_of(attempt(cell()), info=info)]))
    assert "<strong>webkit is unavailable</strong>" in rendered


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_words(attack: str) -> None:
    """Hostile words in a run leave the tags of the rendered summary as harmless words do."""
    tags = []
    for words in ("words", attack):
        here = cell(f"opens{words}", network=words)
        run = run_of(attempt(here, Status.FAIL, f"because {words}"), networks={words: words})
        tags.append(re.findall(r"<[^>]*>", MARKDOWN.render(markdown_summary([run]))))
    assert tags[0] == tags[1]


@given(st.text(st.characters(codec=None)))
def test_any_text_renders_as_itself(text: str) -> None:
    """Escaped text is one paragraph of just that text; a mention only gains an invisible joiner."""
    rendered = MARKDOWN.renderInline(f"a{escaped(text)}z")
    plain = rendered.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain.replace("\u2060", "") == f"a{visible(text)}z"
