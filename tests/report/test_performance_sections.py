"""The report's sections on load, real pages, effort and recommendation: what they show, and when they are not there."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.committed_run import committed_matrix, committed_run
from tests.report.factory import CHROMIUM, attempt, cell, recording, run_of
from tests.report.load_values import EFFORTS, whole_load
from tests.report.pages import Page, parsed
from wirematrix.decision import recommend
from wirematrix.load_model import Limit, LoadConditions, Phase, PhaseEnd
from wirematrix.model import Fact, Run
from wirematrix.report import Advice, render_html

SMALL = whole_load(repeats=2, subscribers=(10, 100))


def loaded() -> Run:
    """A run of a load comparison and nothing else."""
    return replace(run_of(), load=SMALL, effort=EFFORTS, scenarios=(), networks={})


@cache
def whole() -> tuple[str, Page]:
    """The report of the whole matrix, a load comparison, and what they recommend."""
    runs = [committed_run(), loaded()]
    decision = committed_matrix().decision
    assert decision is not None
    source = render_html(runs, advice=Advice(answers=recommend(decision, runs, ("dashboard", "corporate-proxy"))))
    return source, parsed(source)


@cache
def alone() -> tuple[str, Page]:
    """The report of a run without cells."""
    source = render_html([loaded()])
    return source, parsed(source)


def policy(page: Page) -> str:
    """The report's Content-Security-Policy."""
    return next(
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )


def test_charts_are_pictures_within_the_page() -> None:
    """Each drawing is a data: address of SVG with words beside it, and the policy allows just that kind of address."""
    source, page = alone()
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == 14
    for picture in pictures:
        kind, _, content = picture["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b64decode(content).startswith(b"<svg ")
        assert picture["alt"].startswith(("SSE, ", "WebSocket, "))
        assert int(picture["width"]) > 0
        assert int(picture["height"]) > 0
    assert "; img-src data:; " in policy(page)
    assert {tag for tag, attributes in page.tags if "src" in attributes} == {"img"}
    assert "url(" not in source


def test_each_chart_is_there_in_dark_too() -> None:
    """Where the page is dark, a drawing is taken whose dark colours ask for nothing, whether it learns that or not."""
    _, page = alone()
    own = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    dark = [attributes["srcset"] for tag, attributes in page.tags if tag == "source"]
    assert len(dark) == len(own)
    for light, other in zip(own, dark, strict=True):
        adapting, fixed = (b64decode(address.partition(",")[2]).decode() for address in (light, other))
        assert adapting.count("@media (prefers-color-scheme:dark){:root{") == 1
        assert fixed == adapting.replace("(prefers-color-scheme:dark)", "all")


def test_without_charts_no_picture_is_allowed() -> None:
    """A report that has no drawing allows none, and has none of the sections."""
    page = parsed(render_html([run_of(attempt(cell()))]))
    assert "img-src" not in policy(page)
    assert {"load", "in-the-browser", "effort", "advice"}.isdisjoint(page.ids)
    assert {"#load", "#effort", "#advice"}.isdisjoint(page.links)


def test_a_run_without_cells_has_no_matrix() -> None:
    """A load comparison alone is a report: no empty grid, no evidence, no count of cells, and no link that leads nowhere."""
    _, page = alone()
    assert {"matrix", "evidence", "legend", "reasons"}.isdisjoint(page.ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "SSE or WebSocket, under load" in page.words
    assert "No cell was judged" not in page.words


def test_every_number_has_its_range_and_count() -> None:
    """A figure is the p50 with its range and the rounds that count; a ratio is of laps."""
    source, page = alone()
    assert re.search(r"<td><b>1\.\d+</b> <small>1\.\d+ to 1\.\d+, n 2</small></td>", source)
    assert "WebSocket divided by SSE, built alike" in page.words
    assert "the app of this project 10 subscribers" in page.words


def test_what_is_not_compared_is_said_with_its_reason() -> None:
    """A limited phase has no number, is listed with the rounds and the reason, and a server at its limit is marked."""
    source, page = alone()
    assert "not compared the machine was the limit" in page.words
    assert "app-websocket-deflate, 100 subscribers, paced, rounds 1, 2" in page.words
    assert "all cores were busy for 0.98 of the window" in page.words
    assert re.search(r"<b>[\d,]+ ▲</b>", source)


def test_a_round_that_was_given_up_is_said() -> None:
    """An error of a round stands in the report, with what it was about."""
    broken = replace(SMALL.rounds[0], error="the server died", phases=(), figures={})
    load = replace(SMALL, rounds=(broken, *SMALL.rounds[1:]))
    words = parsed(render_html([replace(loaded(), load=load)])).words
    assert "A round was given up: raw-sse with 10 subscribers, round 1: the server died" in words
    assert "the round was given up (the server died)" in words


def test_conditions_and_tiers_are_said() -> None:
    """What all rounds share, and what each tier is, with versions."""
    _, page = alone()
    for words in (
        "20 messages per second of 200 bytes, each for all subscribers",
        "5 s after 0.5 s of warm-up, which is left out",
        "picows 1.9; 1 process of its own",
        "asyncio, bytes encoded once (what others are held against)",
        "uvicorn 0.54.0",
    ):
        assert words in page.words


@pytest.mark.parametrize(("name", "value"), [("rate_per_s", 50.0), ("window_s", 9.0), ("generator", "another")])
def test_comparisons_on_other_terms_are_read_with_care(name: str, value: Any) -> None:
    """Two comparisons stand side by side under their dates; where their terms differ, the report says in what."""
    terms: LoadConditions = replace(SMALL.conditions, **{name: value})
    empty = replace(SMALL, rounds=())
    other = replace(loaded(), load=replace(empty, conditions=terms))
    page = parsed(render_html([replace(loaded(), load=empty), other]))
    assert {"load-1", "load-2"} <= set(page.ids)
    assert f"the comparisons shown here differ in {name}:" in page.words
    assert len(page.ids) == len(set(page.ids))


def test_the_same_comparison_twice_counts_once() -> None:
    """A run file handed in twice is one comparison."""
    one = replace(loaded(), load=replace(SMALL, rounds=()))
    page = parsed(render_html([one, one]))
    assert "load" in page.ids
    assert "differ in" not in page.words


def test_effort_names_code_concepts_and_what_is_impossible() -> None:
    """Lines and branches per side, what one must know, sums, and a reason where no code can do it."""
    _, page = alone()
    for words in (
        "6 lines, 0 branches",
        "9 lines, 1 branch ",
        "page nothing to write",
        "not possible EventSource cannot send a header",
        "Last-Event-ID, retry",
        "resilient: all that is possible server 60 lines, 10 branches without auth: not possible",
    ):
        assert words in page.words


def test_pages_are_a_table_of_facts() -> None:
    """What a page measured stands by engine and transport, links to its evidence, and says where it has nothing."""
    fact = Fact(name="delay_of_5_p99_10_per_second_ms", title="delay", observed=(20, 22))
    attempts = [
        recording(attempt(cell("handful_of_subscribers", transport=name)), fact)
        for name in ("eventsource", "websocket")
    ]
    source = render_html([run_of(*attempts)])
    page = parsed(source)
    assert "Chromium 156.0.7204.92 eventsource not measured" in page.words
    assert "21 ms 20 to 22, n 2" in page.words
    assert page.links.count("#handful_of_subscribers.chromium-websocket-direct") >= 2
    assert CHROMIUM.product in page.words


def test_a_recommendation_shows_its_reasons() -> None:
    """The choice, by how much, how sure, the rows that decide and those against it, what would flip it, what is missing."""
    _, page = whole()
    for words in (
        "Recommendation from measured rows, for 2 kinds of use",
        "of 100 points",
        "What decides",
        "What speaks against it",
        "What would flip it",
        "Not measured",
        "engine builds alone would choose the same",
        "no route of this project leads through a real proxy or CDN yet",
        "For and against",
        "bare EventSource",
    ):
        assert words in page.words, words


def test_every_row_of_a_recommendation_leads_to_its_evidence() -> None:
    """Each link of the section has a target in the report: a cell's evidence, a load table, or the effort table."""
    source, page = whole()
    section = source[source.index('<section id="advice">') : source.index('<section id="load">')]
    links = re.findall(r'href="#([^"]+)"', section)
    assert len(links) > 100
    assert set(links) <= set(page.ids)
    assert any(link.startswith("load.") for link in links)


def test_why_nothing_is_recommended() -> None:
    """Where a recommendation cannot be given, the section says why, and in what sentence."""
    page = parsed(render_html([loaded()], advice=Advice(because="no recommendation can be given: matrix.yaml:1: x")))
    assert "no recommendation can be given: matrix.yaml:1: x" in page.words
    assert "advice" in page.ids


def test_hostile_words_stay_words() -> None:
    """Names, reasons and titles of a run file become no markup, in HTML or in a drawing."""
    evil = "<script>alert(1)</script>"
    tiers = tuple(replace(tier, title=evil) for tier in SMALL.tiers)
    rounds = tuple(
        replace(each, phases=tuple(PhaseEnd(phase=one, limit=Limit.MACHINE, because=evil) for one in Phase))
        if each.tier == "app-sse"
        else each
        for each in SMALL.rounds
    )
    renamed = tuple(replace(tier, name=evil) if tier.name == "websocket" else tier for tier in tiers)
    moved = tuple(replace(each, tier=evil) if each.tier == "websocket" else each for each in rounds)
    effort = tuple(replace(one, because=evil, concepts=(evil,)) for one in EFFORTS)
    load = replace(SMALL, tiers=renamed, rounds=moved)
    source = render_html([replace(loaded(), load=load, effort=effort)])
    page = parsed(source)
    assert evil not in source
    assert evil in page.words
    drawings = [b64decode(attributes["src"].partition(",")[2]) for tag, attributes in page.tags if tag == "img"]
    assert not [drawing for drawing in drawings if b"<script" in drawing]
