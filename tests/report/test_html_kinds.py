"""Kinds and engine facts in the HTML report: a check is never drawn as passed, and every number leads to evidence."""

from __future__ import annotations

import re

import pytest

from tests.report.factory import attempt, cell, run_of
from tests.report.pages import Page, parsed
from tests.report.synthetic import NEVER_AGAIN, matrix
from wirematrix.model import Kind
from wirematrix.report import render_html


@pytest.fixture(scope="module")
def source() -> str:
    """The report of a whole matrix."""
    return render_html([matrix(observations=0)])


@pytest.fixture(scope="module")
def tree(source: str) -> Page:
    """The same, parsed."""
    return parsed(source)


def test_checks_never_look_like_ticks(source: str) -> None:
    """A cell of kind check that has its record says `recorded`, with what was recorded, and neither pass nor tick."""
    row = source.partition('id="scenario.honours_the_retry_delay"')[2].partition("</tbody>")[0]
    cells = re.findall(r'<a class="recorded pass"[^>]*>(.*?)</a>', row, re.DOTALL)
    assert len(cells) == 24
    assert all("recorded" in inner and "i-pass" not in inner and ">pass" not in inner for inner in cells)
    assert sum("<i>3.0 s</i>" in inner for inner in cells) == 8
    assert sum("<i>≥ 20.0 s</i>" in inner for inner in cells) == 8


def test_an_unexpected_check_is_news() -> None:
    """A check that should have had no record, and has one, is drawn as news and keeps its status."""
    surprise = attempt(cell("honours_the_retry_delay"), expectation=NEVER_AGAIN)
    source = render_html([run_of(surprise)])
    assert '<a class="news pass"' in source
    assert "1 unexpected (1 pass)" in source


def test_kinds_are_words_and_shapes(source: str, tree: Page) -> None:
    """Each row says its scenario's kind as a shape and, for those who do not see it, a word; each kind is explained."""
    for kind in Kind:
        assert f"k-{kind}" in tree.ids
    heads = re.findall(r'<tbody role="rowgroup" id="scenario[^"]*" data-kind="(\w+)">(.*?)</tbody>', source, re.DOTALL)
    assert len(heads) == 15
    for kind, body in heads:
        mark = rf'<svg[^>]*><use href="#k-{kind}"/></svg><span class="vh">{kind}: </span>'
        assert len(re.findall(mark, body)) == body.count('<tr role="row" class="row') > 0


def test_kinds_are_counted_apart(tree: Page) -> None:
    """The headline and the table of engines say for each kind how much of it holds or was recorded."""
    assert "required: 313 of 412 hold recommended: 124 of 178 hold check: 24 of 30 recorded" in tree.words
    assert "109 of 136 42 of 60 8 of 10" in tree.words


def test_facts_stand_side_by_side(source: str, tree: Page) -> None:
    """Engine facts have a table with units, ranges, counts and bounds, and every value leads to its evidence."""
    assert "Engine facts 16 rows, engines differ in 16" in tree.words
    assert "reconnect delay eventsource close 3,001 ms 2,998 to 3,005 n 3" in tree.words
    assert "≥ 20,000 ms 3,012 to ≥ 20,000 n 3 ≠ differ" in tree.words
    assert "CLOSED n 2 CONNECTING n 1" in tree.words
    table = source.partition('<table class="facts">')[2].partition("</table>")[0]
    assert table.count('href="#honours_the_retry_delay.') == 48
    assert '<td data-build="WebKitGTK 2.50.6"><a href="#honours_the_retry_delay.webkit-eventsource-close">' in table


def test_facts_are_part_of_the_evidence(tree: Page) -> None:
    """The evidence of a cell has each observation of its facts, in their order."""
    assert "reconnect delay 3,001, 2,998, 3,005 ms state after a 503 CLOSED ×2" in tree.words


def test_no_facts_no_section() -> None:
    """A report of runs that recorded nothing has no empty table and no link to one."""
    page = parsed(render_html([run_of(attempt(cell()))]))
    assert "facts" not in page.ids
    assert "#facts" not in page.links
