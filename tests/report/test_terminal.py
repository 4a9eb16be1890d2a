"""The summary in a terminal, and in what is not one."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.report.factory import CHROMIUM, attempt, cell, conditions, run_of
from tests.report.synthetic import NEVER_AGAIN, matrix
from wirematrix.model import Run, Status
from wirematrix.report import print_summary


def printed(run: Run, width: int = 120, *, terminal: bool = False) -> str:
    """What the summary prints."""
    stream = io.StringIO()
    print_summary(run, Console(file=stream, width=width, force_terminal=terminal))
    return stream.getvalue()


def test_three_engines_fit_120_columns() -> None:
    """The grid of three engines with six transports stands side by side and breaks no line."""
    grid = printed(matrix(observations=0)).partition("ok pass;")[0].splitlines()
    assert all(len(line) <= 120 for line in grid)
    assert len(grid) == 46
    assert "Chromium" in grid[0]
    assert "WebKitGTK" in grid[0]
    assert grid[1].split() == ["network", *("es", "fs", "ws", "es+", "fs+", "ws+") * 3]


@pytest.mark.parametrize("width", [60, 80, 240])
def test_narrow_terminals_stack_engines(width: int) -> None:
    """With less room engines stand below each other; no mark is ever cut."""
    grid = printed(matrix(observations=0), width).partition("ok pass;")[0]
    assert grid.count("Firefox ESR") == 1
    assert grid.count("!FAI") == 1
    assert all(len(line) <= width for line in grid.splitlines())


def test_every_status_has_its_mark() -> None:
    """Expected statuses are short words, unexpected ones have an exclamation mark, gaps are marked."""
    grid = printed(matrix(observations=0)).partition("ok pass;")[0]
    marks = set(grid.split())
    assert {"ok", "rec", "fail", "degr", "unsu", "nrch", "skip", "-", "????", "~ok"} <= marks
    assert {"!FAI", "!PAS", "!TIM", "!CRA", "!ERR", "!DEG", "!NOT"} <= marks


def test_unexpected_cells_come_with_sentence_and_command() -> None:
    """What nobody expected is listed with its deciding sentence and the command that runs it again."""
    text = printed(run_of(attempt(cell(), Status.FAIL, "never opened; last word error")))
    assert "fail (expected pass) opens[chromium-websocket-direct] in Chromium 156.0.7204.92" in text
    assert "\n    never opened; last word error\n" in text
    assert '.venv/bin/python -m pytest "e2e/test_connect.py::test_opens[chromium-websocket-direct]"' in text


def test_counts_are_the_last_line() -> None:
    """The last line counts: passes, expected shortcomings, unexpected cells, cells never run."""
    known = attempt(cell(transport="fetch-stream"), Status.FAIL, expectation=NEVER_AGAIN)
    run = run_of(attempt(cell()), known, declared=(cell().id, known.cell.id, "lost"))
    last = printed(run).splitlines()[-1]
    assert last == "2 cells: 1 pass, 1 expected fail, 0 unexpected, 1 declared but not run"


def test_checks_are_recorded() -> None:
    """A cell of kind check is `rec`, never `ok`, and the kinds are counted apart above the last line."""
    lines = printed(run_of(attempt(cell()), attempt(cell("honours_the_retry_delay", network="close")))).splitlines()
    (row,) = [line for line in lines if line.strip().startswith("close")]
    assert row.split() == ["close", "rec"]
    assert "required: 1 of 1 hold; check: 1 of 1 recorded" in lines
    assert lines[-1] == "2 cells: 1 pass, 1 recorded, 0 unexpected"


def test_no_colour_in_a_pipe() -> None:
    """Without a terminal there are no escape sequences; with one there are, and the words are the same."""
    run = matrix(observations=0)
    assert "\x1b" not in printed(run)
    assert "\x1b[" in printed(run, terminal=True)


def test_unavailable_engines_are_named() -> None:
    """An engine that is not there is said before the counts."""
    info = conditions(CHROMIUM, unavailable={"webkit": "no build; mend it with: apt install x"})
    assert "webkit is unavailable: no build; mend it with: apt install x" in printed(run_of(attempt(cell()), info=info))


def test_hostile_words_do_nothing_to_a_terminal() -> None:
    """Escape sequences and rich markup in a run are shown, never obeyed."""
    attack = "\x1b[2J\x1b]0;owned\x07[bold red]x[/] [link=https://a.b]y[/link] \ud800"
    here = replace(cell(network=attack), scenario=f"opens{attack}")
    text = printed(run_of(attempt(here, Status.FAIL, f"because {attack}"), networks={attack: attack}))
    assert "\x1b" not in text
    assert "because \\u001b[2J\\u001b]0;owned\\u0007[bold red]x[/] [link=https://a.b]y[/link] \\ud800" in text
