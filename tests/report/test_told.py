"""What reports tell of repeats, of attempts alone and of those not made, of near misses, and of what a run cost."""

from __future__ import annotations

import io
import re
from typing import Final

import pytest
from rich.console import Console

from tests.report.factory import attempt, cell, conditions, run_of
from wirematrix.model import Attempt, Cell, Expectation, NearMiss, Run, Status, Verdict
from wirematrix.report import markdown_summary, print_summary
from wirematrix.report.cost import cost, left_out
from wirematrix.report.html import render_html
from wirematrix.report.merge import merge_views
from wirematrix.report.terminal import NAMED_AT_MOST
from wirematrix.report.views import Look

OPENS: Final = cell()
LATE: Final = cell("opens_late", network="refuse")


def unreached(of: Cell = LATE, number: int = 1) -> Attempt:
    """An attempt that was not made, because `opens` failed."""
    because = f"builds on {OPENS.id}, which ended as fail: never opened"
    verdict = Verdict(status=Status.NOT_REACHED, because=because, builds_on=OPENS.id)
    return Attempt(cell=of, number=number, started="", duration_ms=0.0, verdict=verdict, metrics={}, timeline=())


def terminal(run: Run) -> str:
    """The terminal's summary, without colours."""
    stream = io.StringIO()
    print_summary(run, Console(file=stream, width=200))
    return stream.getvalue()


def words(html: str) -> str:
    """The text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


FAILED: Final = run_of(attempt(OPENS, Status.FAIL, "never opened"), unreached())


def test_what_was_not_begun_is_muted_and_has_no_claim() -> None:
    """A cell that was not begun is neither news nor known, carries no footnote, and says what it builds on."""
    first, second = merge_views([FAILED]).judged
    assert (first.look, second.look, second.footnote, second.number) == (Look.NEWS, Look.UNREACHED, "", "")
    assert second.because == f"builds on {OPENS.id}, which ended as fail: never opened"


def test_what_was_not_begun_is_counted_apart() -> None:
    """The counts have it as not begun: not as expected, not as unexpected; and nobody's share of known shortcomings."""
    tally = merge_views([FAILED]).tally
    assert tally.line == "2 cells: 1 not begun, 1 unexpected (1 fail)"
    assert (tally.cells, tally.known, tally.surprises, tally.of(Status.NOT_REACHED)) == (2, 0, 1, 1)


def test_what_was_not_begun_is_told_everywhere() -> None:
    """In the page with a legend of its own, in the terminal, in Markdown: as a word, never as a failure."""
    page = render_html([FAILED])
    assert 'class="unreached not-reached"' in page
    assert "not begun: what it builds on failed" in words(page)
    assert "Not begun: not-reached." in words(page)
    assert "1 unexpected (1 fail)" in terminal(FAILED)
    assert "nrch" in terminal(FAILED)
    assert "| opens_late | recommended | refuse | not-reached |" in markdown_summary([FAILED]).replace(
        "&#95;", "_"
    ).replace("&#45;", "-")


def test_an_attempt_that_was_made_speaks_before_one_that_was_not() -> None:
    """Over two runs the cell shows what was found where it was tried, and there is no disagreement."""
    made = run_of(attempt(OPENS), attempt(LATE, started="2026-11-23T00:00:00Z"))
    for runs in ([FAILED, made], [made, FAILED]):
        (slot,) = [one for one in merge_views(runs).judged if one.cell == LATE]
        assert (slot.status, slot.unsettled) == (Status.PASS, "")


def repeated(*statuses: Status, alone: Status | None = None) -> Run:
    """A run of one cell with these attempts."""
    made = [attempt(OPENS, status, "so", number=number) for number, status in enumerate(statuses, start=1)]
    if alone is not None:
        made.append(attempt(OPENS, alone, "so", number=len(made) + 1, isolated=True))
    return run_of(*made)


def test_the_rate_of_a_flaky_cell_is_told() -> None:
    """Terminal and page name the cell with how many of how many."""
    run = repeated(*[Status.PASS] * 7, *[Status.FAIL] * 3)
    assert f"{OPENS.id}: flaky: 3 of 10 fail" in terminal(run)
    assert "flaky: 3 of 10 fail" in words(render_html([run]))


def test_rates_are_of_a_run() -> None:
    """Of several runs each has its own rate."""
    first = repeated(Status.PASS, Status.FAIL)
    second = run_of(*(attempt(OPENS, number=number, started="2026-11-23T00:00:00Z") for number in (1, 2)))
    (slot,) = merge_views([first, second]).judged
    assert slot.unsettled == "flaky: 1 of 2 fail in run 1"


def test_an_attempt_alone_is_told() -> None:
    """Both results stand in terminal and page, and the attempt is called by what it is."""
    run = repeated(Status.FAIL, alone=Status.PASS)
    sentence = "unexpected among others (fail), as expected alone (pass): load?"
    assert f"{OPENS.id}: {sentence}" in terminal(run)
    page = words(render_html([run]))
    assert sentence in page
    assert "Attempt 2, alone: pass" in page
    (slot,) = merge_views([run]).judged
    assert (slot.status, slot.look) == (Status.FAIL, Look.NEWS)


def missed(number: int) -> Attempt:
    """An attempt with a near miss, in a cell of its own."""
    misses = (
        NearMiss(awaited="page open", waited_ms=9_700.0, budget_ms=12_000.0),
        NearMiss(awaited="page message", waited_ms=14_800.0, budget_ms=15_000.0),
    )
    return attempt(cell(f"scenario_{number}"), near_misses=misses)


def test_near_misses_are_named() -> None:
    """The terminal names each cell with its nearest miss, and what was waited for."""
    line = "near miss: scenario_1[chromium-websocket-direct]: page message took 14.8 s of 15.0 s"
    assert line in terminal(run_of(missed(1)))


def test_only_the_first_are_named() -> None:
    """Of many near misses the first few are named, and how many there are besides."""
    told = terminal(run_of(*(missed(number) for number in range(NAMED_AT_MOST + 3))))
    assert told.count("near miss: ") == NAMED_AT_MOST
    assert "and 3 more of these; the report has them all" in told


COSTLY: Final = conditions(wall_s=100.0, cpu_s=150.0, cpu_by_part_s={"engines": 120.4, "python": 29.6}, idle_s=30.0)


@pytest.mark.parametrize(
    ("attempts", "sentence"),
    [
        (
            648,
            "648 attempts in 100.0 s; of the time of 2 cores 75 % used: engines 120 s, python 30 s; "
            "15 % idle, 10 % for other programs",
        ),
        (
            None,
            "100.0 s; of the time of 2 cores 75 % used: engines 120 s, python 30 s; 15 % idle, 10 % for other programs",
        ),
    ],
)
def test_the_cost_in_a_sentence(attempts: int | None, sentence: str) -> None:
    """Time, the share of the cores' time by part, and what the rest was."""
    assert cost(COSTLY, attempts=attempts) == sentence


def test_a_run_of_no_time_costs_nothing() -> None:
    """Nothing is divided by a time that did not pass, and what was measured a little late makes no negative rest."""
    nothing = conditions(wall_s=0.0, cpu_s=0.0, cpu_by_part_s={})
    assert cost(nothing) == "0.0 s; of the time of 2 cores 0 % used; 0 % idle, 0 % for other programs"
    assert cost(conditions(wall_s=10.0, cpu_s=19.0, idle_s=2.0)).endswith("10 % idle, 0 % for other programs")


def test_the_cost_counts_attempts_that_were_made() -> None:
    """The summary's attempts are those that took part in the cost: repeats do, cells that were not begun do not."""
    run = run_of(attempt(OPENS, Status.FAIL), attempt(OPENS, number=2), unreached(), info=COSTLY)
    assert "2 attempts in 100.0 s" in terminal(run)
    assert "120 s" in words(render_html([run]))


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (0, ""),
        (1, "1 cell of slow scenarios was left out; `pytest e2e -m soak` runs just them."),
        (36, "36 cells of slow scenarios were left out; `pytest e2e -m soak` runs just them."),
    ],
)
def test_slow_scenarios_that_were_left_out_are_told(number: int, sentence: str) -> None:
    """One sentence in terminal and page; none where nothing was left out."""
    info = conditions(soak_left_out=number)
    assert left_out(info) == sentence
    run = run_of(attempt(OPENS), info=info)
    assert sentence in terminal(run)
    assert sentence in words(render_html([run]))
    assert ("slow scenarios" in words(render_html([run]))) is bool(sentence)


def test_routes_that_were_left_out_are_told() -> None:
    """A sentence of their own, behind that about slow scenarios."""
    slow = "2 cells of slow scenarios were left out; `pytest e2e -m soak` runs just them."
    over = "1 cell over real servers was left out; `pytest e2e -m routes` runs just them."
    assert left_out(conditions(soak_left_out=2, routes_left_out=1)) == f"{slow} {over}"
    run = run_of(attempt(OPENS), info=conditions(routes_left_out=1))
    assert over in terminal(run)
    assert over in words(render_html([run]))


def test_claims_are_shown_as_claims() -> None:
    """A scenario's own not-reached, as the matrix claims it, is a known shortcoming as ever."""
    claimed = Expectation(statuses=(Status.NOT_REACHED,), because="it was observed")
    view = merge_views([run_of(attempt(OPENS, Status.NOT_REACHED, expectation=claimed))])
    assert view.judged[0].look is Look.KNOWN
    assert view.tally.line == "1 cell: 1 expected not-reached, 0 unexpected"
