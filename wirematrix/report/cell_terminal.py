"""A cell's evidence in a terminal: why it is as it is, what was claimed, what every check said, and what happened when.

Works in a pipe, too. What pages and servers wrote is quoted with every control character made visible, so no page can
move the cursor or colour its own verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from wirematrix.measures import spoken
from wirematrix.model import Observation, Status
from wirematrix.report.evidence import AttemptEvidence, Line, evidence_of
from wirematrix.report.figures import duration
from wirematrix.report.tally import counted
from wirematrix.report.text import described, visible
from wirematrix.report.views import JudgedSlot

FIRST_LINES: Final = 30  # of a timeline, unless all are asked for
LAST_LINES: Final = 15
Row = tuple[str, str, str, str]  # time, source, kind, detail


def print_cell(slot: JudgedSlot, console: Console, *, attempts: Sequence[int] = (), full: bool = False) -> None:
    """Print the attempt that speaks for a cell, or those with these numbers; with `full` every observation kept."""
    for line in _lines(slot, attempts, full=full):
        console.print(line, soft_wrap=True)


def _lines(slot: JudgedSlot, numbers: Sequence[int], *, full: bool) -> Iterator[Text]:
    scenario = slot.scenario
    build = slot.engine.build
    yield _text(f"{slot.cell.id} in {slot.engine.name} ({build.origin}, {build.system})", "bold")
    yield _text(f"{scenario.title} ({scenario.kind}, {scenario.source})")
    if slot.unsettled:
        yield _text(f"attempts differ: {slot.unsettled}", "yellow")
    evidence = evidence_of(slot)
    told = (evidence.deciding, *evidence.others)
    shown = [one for one in told if one.number in numbers] if numbers else [evidence.deciding]
    timelines = {(ran.run, ran.attempt.number): ran.attempt.timeline for ran in slot.attempts}
    for one in shown:
        yield Text()
        yield from _attempt(one, slot, timelines[one.run, one.number], full=full)
    if others := [one for one in told if one not in shown]:
        yield _head("Other attempts (--attempt N shows one)")
        for one in others:
            yield _text(f"  attempt {_called(one)}: {one.status}: {one.because}")
    yield _head("Run it again")
    yield Text(f"  {evidence.rerun}")


def _attempt(one: AttemptEvidence, slot: JudgedSlot, timeline: Sequence[Observation], *, full: bool) -> Iterator[Text]:
    judged = "as expected" if one.expected else f"UNEXPECTED, expected {slot.claimed}"
    style = "bold red" if not one.expected else "green" if one.status is Status.PASS else "yellow"
    yield _text(f"{one.status}, {judged}: {one.because}", style)
    yield _text(f"attempt {_called(one)}, {one.started}, took {one.took}", "dim")
    claim = slot.expectation
    yield _text(f"expected: {slot.claimed}, because {claim.because}{f' ({claim.see})' if claim.see else ''}")
    if one.findings:
        yield _head("Findings")
        for finding in one.findings:
            yield _text(f"  {finding.force} {finding.check} {finding.held}: {finding.because}")
    if one.measures:
        yield _head("Metrics")
        yield from _columns((measure.label, measure.value) for measure in one.measures)
    if one.facts:
        yield _head("Recorded")
        for fact in one.facts:
            yield _text(f"  {spoken(fact)}")
    for miss in one.near_misses:
        took = f"{duration(miss.waited_ms)} of {duration(miss.budget_ms)}"
        yield _text(f"near miss: {miss.awaited} took {took}", "yellow")
    yield from _timeline(one, timeline, full=full)


def _timeline(one: AttemptEvidence, timeline: Sequence[Observation], *, full: bool) -> Iterator[Text]:
    rows = [_row_of(seen) for seen in timeline] if full else [_row(line) for line in (*one.lines, *one.later_lines)]
    if not rows:
        return
    yield _head("Timeline, in milliseconds")
    cut = not full and len(rows) > FIRST_LINES + LAST_LINES
    yield from _columns(rows[:FIRST_LINES] if cut else rows)
    if cut:
        left = len(timeline) - FIRST_LINES - LAST_LINES
        yield _text(f"  ... {counted(left, 'observation')} more; --full shows them", "dim")
        yield from _columns(rows[-LAST_LINES:])
    if one.dropped:
        yield _text(f"  {counted(one.dropped, 'observation')} like their neighbours are not in the run file", "dim")


def _row(line: Line) -> Row:
    return line.at, line.source, line.kind, line.detail


def _row_of(seen: Observation) -> Row:
    return f"{seen.at_ms:.1f}", seen.source, seen.kind, described(seen.kind, seen.detail)


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[Text]:
    """Rows with all columns but the last as wide as their widest; a first column of times stands to the right."""
    shown = [[visible(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    timed = len(widths) > 2
    for row in shown:
        first = row[0].rjust(widths[0]) if timed else row[0].ljust(widths[0])
        middle = [word.ljust(width) for word, width in zip(row[1:-1], widths[1:-1], strict=True)]
        yield Text("  " + "  ".join((first, *middle, row[-1])).rstrip())


def _called(one: AttemptEvidence) -> str:
    return f"{one.number} of run {one.run}{', made alone' if one.alone else ''}"


def _head(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _text(words: str, style: str = "") -> Text:
    """One line; its indent stays."""
    return Text(visible(words), style=style)
