"""The document of engine facts: where its numbers are from, and nothing in it that a run could turn into markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tests.report.factory import CHROMIUM, WEBKIT, attempt, cell, conditions, recording, run_of, scenario_text
from tests.report.synthetic import matrix
from tests.report.test_markdown import ATTACKS
from wirematrix.facts import AGREEMENT_MEANS, fact_table
from wirematrix.gather import gather
from wirematrix.model import Fact, Run
from wirematrix.report import facts_page

MARKDOWN = MarkdownIt("commonmark").enable("table")


def page_of(*runs: Run) -> str:
    """The document of some runs, as HTML."""
    return str(MARKDOWN.render(facts_page(fact_table(gather(runs)))))


def test_numbers_have_their_origin() -> None:
    """The document names date, commit, system, budgets' factor and attempts, and each build with what it is not."""
    rendered = page_of(matrix(observations=0, scale_factor=2.0))
    for words in (
        "<td>2026-11-22</td>\n<td>4f2a9c1d77</td>\n<td>Debian GNU/Linux 12</td>\n"
        '<td style="text-align:right">2</td>\n<td style="text-align:right">24</td>',
        "<td>webkit</td>\n<td>WebKitGTK 2.50.6</td>\n<td>system</td>",
        "not Safari: WebKit's GTK port with libsoup",
        "16 rows; engines differ in 16.",
    ):
        assert words in rendered, words
    assert all(means in rendered for means in AGREEMENT_MEANS.values())


def test_rows_stand_under_their_scenario() -> None:
    """Groups and scenarios are headings; a row has fact, transport and network, a place for each build, the mark."""
    rendered = page_of(matrix(observations=0))
    assert "<h2>Reconnect</h2>\n<h3>The server's wish for a reconnect delay is honoured.</h3>" in rendered
    assert (
        "<td>reconnect delay</td>\n<td>eventsource, close</td>\n"
        "<td><strong>3,001 ms</strong> (2,998 to 3,005), n 3</td>\n"
        "<td><strong>5,017 ms</strong> (5,003 to 5,032), n 2</td>\n"
        "<td><strong>≥ 20,000 ms</strong> (3,012 to ≥ 20,000), n 3</td>\n"
        "<td><strong>differ</strong></td>"
    ) in rendered
    assert "<td><strong>CLOSED</strong>, n 2<br /><strong>CONNECTING</strong>, n 1</td>" in rendered.replace(
        "<br>", "<br />"
    )


def test_entries_and_relations_are_named() -> None:
    """A scenario names its entries of the catalogue, a row across origins its relation."""
    across = recording(
        attempt(replace(cell(), relation="cross-origin")), Fact(name="end", title="end", observed=("CLOSED",))
    )
    text = replace(scenario_text(), entries=("C03", "R04"))
    rendered = page_of(run_of(across, scenarios=(text,)))
    assert "<code>opens</code>, required, C03, R04" in rendered
    assert "<td>websocket, direct, cross-origin</td>" in rendered


def test_no_facts_are_said() -> None:
    """Runs that recorded nothing make a document that says so."""
    assert "0 rows; engines differ in 0." in page_of(run_of(attempt(cell())))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_words(attack: str) -> None:
    """Hostile words in titles, facts, builds and networks leave the tags as harmless words do."""
    tags = []
    for words in ("words", attack):
        here = cell(f"opens{words}", network=words)
        fact = Fact(name=f"end{words}", title=f"end {words}", observed=(words, 3, f"{words}{words}"))
        text = replace(scenario_text(), name=here.scenario, group=words, title=words, entries=(words,))
        run = run_of(
            recording(attempt(here), fact),
            info=conditions(replace(CHROMIUM, product=words, system=words), WEBKIT, commit=words, started=words),
            scenarios=(text,),
            networks={words: words},
        )
        tags.append(re.findall(r"<[^>]*>", page_of(run)))
    assert tags[0] == tags[1]
