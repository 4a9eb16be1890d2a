"""Documented beside observed in the report, in Markdown and in a terminal: hostile notes stay words."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from tests.documented.given import KNOWN, OPENS, SOCKET, asks, documents, everywhere, opened
from tests.report.factory import CHROMIUM, FIREFOX, attempt, cell, run_of
from tests.report.pages import Page, parsed
from tests.report.test_markdown import ATTACKS
from wirematrix.documented import BesideTable, beside
from wirematrix.documented.model import Flag, Statement
from wirematrix.gather import gather
from wirematrix.model import Build, Run, Status
from wirematrix.report import render_html
from wirematrix.report.besidepage import beside_as_json, beside_page
from wirematrix.report.besideterminal import print_beside
from wirematrix.report.besideviews import UNEXPLAINED, BesideView
from wirematrix.report.html import _environment
from wirematrix.report.merge import merge_views

MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = (*ATTACKS, "<style>*{display:none}</style>", "\u202egnp.exe \ud800 \x1b[31m", "javascript:alert(1)")


def table_of(run: Run, *said: Statement, words: str = "plain words", see: str = "https://example.org/1") -> BesideTable:
    """The table of one feature, in which these words stand wherever the data or a question has words."""
    notes = tuple(replace(one, notes=(words,)) for one in said)
    thing = everywhere(*notes, title=words, mdn_url=see, spec_urls=(see,))
    source = replace(documents(api__WebSocket=thing), version=words, license=words)
    known = replace(KNOWN, because=f"Because {words}", see=see)
    asked = replace(asks(SOCKET, OPENS, explained=(known,)), group=words)
    return beside(gather([run]), source=source, asked=[asked])


def section_of(run: Run, table: BesideTable) -> str:
    """The section of the report, as HTML."""
    view = BesideView(table=table, anchors=merge_views([run]).facts.anchors)
    module = _environment().get_template("documented.html.jinja").module
    return str(module.documented_section(view))  # type: ignore[attr-defined]


def page_of(run: Run, table: BesideTable) -> Page:
    """The same, parsed."""
    return parsed(section_of(run, table))


def test_both_are_said_and_a_disagreement_is_marked() -> None:
    """What MDN says, with its note, what was seen, a mark where they disagree, and why as far as it is known."""
    run = opened(Status.FAIL, CHROMIUM, FIREFOX)
    page = page_of(run, table_of(run, Statement(added="9"), words="In all workers."))
    for words in (
        "1 feature, 2 disagreements, 0 agree, 0 open",
        "@mdn/browser-compat-data In all workers. of 2026-11-12",
        "Chromium 156.0.7204.92 beside Chrome 156 : the open part of Chrome",
        "documented supported: since 9 In all workers.",
        "observed does not : fail: open 31 ms after it was asked for",
        f"why {UNEXPLAINED}",
        "why MDN: Because In all workers. https://example.org/1",
        "≠ disagrees: since 9",
    ):
        assert words in page.words, words


def test_nothing_disagrees_is_said() -> None:
    """Where all is as documented there is no list, and a sentence says so."""
    run = opened(Status.PASS, CHROMIUM)
    page = page_of(run, table_of(run, Statement(added="9")))
    assert "Nothing that was observed disagrees with what is documented." in page.words
    assert "disagreements" not in [attributes.get("class") for _, attributes in page.tags]


def test_the_observation_leads_to_its_evidence() -> None:
    """What was seen is a link to the cell's evidence, whose lines name the feature in turn."""
    source = render_html([opened(Status.PASS, CHROMIUM)])
    page = parsed(source)
    assert "#opens.chromium-websocket-direct" in page.links
    assert "opens.chromium-websocket-direct" in page.ids
    assert "= Documented: WebSocket api.WebSocket , Chrome 156: since 5. Observed: works (agrees)" in page.words


def test_a_run_that_answers_nothing_has_no_section() -> None:
    """Where nothing was observed that the data speaks of, the section is left out, and so is its link."""
    source = render_html([run_of(attempt(cell("thousand_in_order")))])
    assert 'id="documented"' not in source
    assert "#documented" not in source
    assert 'id="documented"' in render_html([run_of(attempt(cell()))])


@pytest.mark.parametrize("attack", HOSTILE)
@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
def test_hostile_words_stay_words(attack: str, status: Status) -> None:
    """Whatever stands in titles, notes, flags, versions, reasons and builds: the tags are those of harmless words."""
    tags = []
    for words in ("words", attack):
        build: Build = replace(FIREFOX, product=f"Firefox {words}", version="153.0")
        run = opened(status, build)
        flagged = Statement(added="160", flags=(Flag(name=words, value=words),))
        page = page_of(run, table_of(run, Statement(added="9"), flagged, words=words))
        assert not {"script", "style", "img"} & {tag for tag, _ in page.tags}
        tags.append([(tag, sorted(attributes)) for tag, attributes in page.tags])
    assert tags[0] == tags[1]


@pytest.mark.parametrize("see", ["javascript:alert(1)", "data:text/html,x", "https://a.b/' onclick='x", "", "#top"])
def test_only_web_addresses_are_links(see: str) -> None:
    """An address that is none of the web is never a link, in HTML or in Markdown."""
    run = opened(Status.FAIL, FIREFOX)
    table = table_of(run, Statement(added="9"), see=see)
    assert all(re.match("#opens", link) for link in page_of(run, table).links)
    assert "<a " not in MARKDOWN.render(beside_page(table))


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_words_stay_words_in_markdown(attack: str) -> None:
    """The same for the Markdown document."""
    tags = []
    for words in ("words", attack):
        run = opened(Status.FAIL, replace(FIREFOX, product=words, version="153.0"))
        rendered = str(MARKDOWN.render(beside_page(table_of(run, Statement(added="9"), words=words))))
        tags.append(re.findall(r"<[^>]*>", rendered))
    assert tags[0] == tags[1]


def test_markdown_links_to_mdn_and_to_the_reason() -> None:
    """A feature leads to its page at MDN, an explanation to where it is from."""
    run = opened(Status.FAIL, FIREFOX)
    rendered = str(MARKDOWN.render(beside_page(table_of(run, Statement(added="9"), see="https://example.org/a_(b)"))))
    assert rendered.count('href="https://example.org/a_%28b%29"') == 3


@pytest.mark.parametrize("attack", ["[red]no markup[/red]", "\x1b[31mred", "two\nlines"])
def test_a_terminal_shows_words_as_they_are(attack: str) -> None:
    """Neither rich's markup nor control characters of a note reach the terminal as such."""
    text = io.StringIO()
    run = opened(Status.FAIL, FIREFOX)
    print_beside(table_of(run, Statement(added="9"), words=attack), Console(file=text, width=200))
    assert "\x1b" not in text.getvalue()
    shown = attack.replace("\x1b", "\\x1b").replace("\n", "\\n").replace("\\x1b", "\\u001b")
    assert shown in text.getvalue()


def test_json_has_all_of_it() -> None:
    """For machines: the source, counts, builds with their counterparts, and both words of each cell."""
    run = opened(Status.FAIL, FIREFOX)
    plain = beside_as_json(table_of(run, Statement(added="9")))
    assert plain["counts"] == {"disagrees": 1, "agrees": 0, "open": 0}
    assert plain["builds"][0]["beside"]["versions"] == ["153"]
    ((cell_of,),) = (row["cells"] for row in plain["rows"])
    assert cell_of["documented"] == {"says": "supported", "sentence": "since 9", "notes": ["plain words"]}
    assert cell_of["observed"]["answer"] == "does not"
    assert cell_of["observed"]["cells"] == ["opens[firefox-websocket-direct]"]
    assert cell_of["explanation"]["whose"] == "MDN"


def test_what_decided_is_linked_first() -> None:
    """Where some cells work and some do not, the word leads to one that does not."""
    run = run_of(attempt(cell()), attempt(cell("closes"), Status.FAIL, "the close code was lost"))
    closes = replace(OPENS, scenario="closes")
    source = documents(api__WebSocket=everywhere(Statement(added="9")))
    table = beside(gather([run]), source=source, asked=[asks(SOCKET, OPENS, closes)])
    links = BesideView(table=table, anchors=merge_views([run]).facts.anchors).links(table.rows[0].cells[0])
    assert [one.label for one in links] == ["closes, websocket", "opens, websocket"]
