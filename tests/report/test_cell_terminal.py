"""A cell's evidence in a terminal: complete, short unless asked, and with nothing in it that moves a cursor."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from hypothesis import given, settings
from rich.console import Console

from tests.report.exports.variety import HOSTILE_RUNS, SURPRISE
from tests.report.factory import attempt, cell, run_of, timeline
from wirematrix.model import Expectation, Fact, NearMiss, Run, Status
from wirematrix.report.cell_terminal import FIRST_LINES, LAST_LINES, print_cell
from wirematrix.report.merge import merge_views
from wirematrix.report.views import JudgedSlot

CLAIM = Expectation(statuses=(Status.FAIL,), because="nothing asks again", see="https://a.example/why")
TOLD = attempt(
    cell("reopens_after_the_break", network="close"),
    Status.FAIL,
    "not opened again",
    expectation=CLAIM,
    metrics={"open_ms": 31.2, "reopen_ms": None, "lost": 2},
    timeline=timeline(100),
    near_misses=(NearMiss(awaited="message 5", waited_ms=21_400, budget_ms=25_000),),
    facts=(Fact(name="close_code", title="close code", observed=("1006", "1006")),),
    dropped_observations=12,
)


def slots_of(run: Run) -> tuple[JudgedSlot, ...]:
    """The cells of a run that have evidence."""
    return merge_views([run]).judged


def printed(slot: JudgedSlot, *, attempts: tuple[int, ...] = (), full: bool = False, colours: bool = False) -> str:
    """What is printed of a cell."""
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=colours, color_system="standard" if colours else None)
    print_cell(slot, console, attempts=attempts, full=full)
    return stream.getvalue()


def test_everything_is_told() -> None:
    """Place, title, sentence, expectation with link, findings, metrics, records, near misses and the command."""
    text = printed(slots_of(run_of(TOLD))[0])
    for words in (
        "reopens_after_the_break[chromium-websocket-close] in Chromium 156.0.7204.92 (system, Debian GNU/Linux 12)",
        "After the break the connection is opened again without anybody asking. (recommended, e2e/test_reconnect.py:12)",
        "fail, as expected: not opened again",
        "expected: fail, because nothing asks again (https://a.example/why)",
        "  MUST opened broken: not opened again",
        "  open  31.2 ms\n  lost  2\n",
        "  close code: 1006 ×2",
        "near miss: message 5 took 21.4 s of 25.0 s",
        "  12 observations like their neighbours are not in the run file",
        '  .venv/bin/python -m pytest "e2e/test_reconnect.py::test_reopens_after_the_break[chromium-websocket-close]"',
    ):
        assert words in text, words
    assert "reopen " not in text.partition("Timeline")[0].partition("Metrics")[2]


def test_long_timelines_are_cut_unless_asked() -> None:
    """The beginning and the end are shown and the middle counted; with full every observation is a line."""
    (slot,) = slots_of(run_of(TOLD))
    short, full = printed(slot), printed(slot, full=True)
    lines = re.compile(r"^ +[0-9]+\.[0-9]  (?:page|link|server|driver) ", re.MULTILINE)
    assert len(lines.findall(short)) == FIRST_LINES + LAST_LINES
    assert f"... {100 - FIRST_LINES - LAST_LINES} observations more; --full shows them" in short
    assert len(lines.findall(full)) == 100
    assert "--full" not in full


def test_a_very_long_timeline_is_whole_with_full() -> None:
    """Even what the report leaves to the run file is shown when all is asked for."""
    (slot,) = slots_of(run_of(attempt(cell(), timeline=timeline(900))))
    assert "... 855 observations more" in printed(slot)
    assert printed(slot, full=True).count("\n") > 900


def test_surprises_say_so() -> None:
    """An unexpected cell says what was claimed in capitals, and which attempts say otherwise."""
    crashed = attempt(SURPRISE, Status.CRASH, "the page died")
    (slot,) = slots_of(run_of(crashed, attempt(SURPRISE, number=2, isolated=True)))
    text = printed(slot)
    assert "crash, UNEXPECTED, expected pass: the page died" in text
    assert "attempts differ: unexpected among others (crash), as expected alone (pass): load?" in text
    assert "  attempt 2 of run 1, made alone: pass: open 31 ms after it was asked for" in text


def test_any_attempt_can_be_shown() -> None:
    """With its number another attempt than the one that speaks is shown, and that one among the others."""
    (slot,) = slots_of(run_of(attempt(SURPRISE, Status.CRASH, "the page died"), attempt(SURPRISE, number=2)))
    text = printed(slot, attempts=(2,))
    assert "attempt 2 of run 1, 2026-11-22" in text
    assert "  attempt 1 of run 1: crash: the page died" in text


def test_pages_cannot_move_the_cursor() -> None:
    """Escape sequences of a page are written out, in colours, too."""
    hostile = attempt(cell(), Status.FAIL, "\x1b[2J\x1b]8;;https://a.example\x07 gone\r\n[bold]x[/bold]")
    (slot,) = slots_of(run_of(replace(hostile, timeline=timeline(8))))
    text = printed(slot, colours=True)
    assert "\\u001b[2J\\u001b]8;;https://a.example\\u0007 gone\\r\\n[bold]x[/bold]" in text
    assert set(re.findall(r"\x1b.", text)) == {"\x1b["}
    assert re.findall(r"\x1b\[(?![0-9;]*m)", text) == []


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS)
def test_any_words_are_lines_of_text(run: Run) -> None:
    """Whatever pages and files say, nothing but line ends of ours is a control character."""
    for slot in slots_of(run):
        text = printed(slot, full=True)
        assert text.replace("\n", "").isprintable() or all(one.isprintable() or one.isspace() for one in text)
        assert not set(text) & {"\x1b", "\r", "\t", "\x00"}
