"""The summary in a terminal: the grid in short words, the counts, and what nobody expected.

Works in a pipe, too: rich leaves colours out there, and every mark is a word as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wirematrix.model import Run, Status
from wirematrix.repeats import was_made
from wirematrix.report.cost import cost, left_out
from wirematrix.report.figures import duration
from wirematrix.report.merge import merge_views
from wirematrix.report.tally import counted
from wirematrix.report.text import rerun_command, visible
from wirematrix.report.views import Blank, EngineView, JudgedSlot, Look, ReportView, RowView, Slot

MARK_WIDTH: Final = 4
SHORT_WORDS: Final = {
    Status.PASS: "ok",
    Status.DEGRADED: "degr",
    Status.FAIL: "fail",
    Status.UNSUPPORTED: "unsu",
    Status.NOT_REACHED: "nrch",
    Status.TIMEOUT: "time",
    Status.CRASH: "cras",
    Status.ERROR: "err",
    Status.SKIP: "skip",
}
RECORDED: Final = "rec"
SHORT_TRANSPORTS: Final = {"eventsource": "es", "fetch-stream": "fs", "websocket": "ws"}
BLANK_MARKS: Final = {Blank.EXCLUDED: "-", Blank.MISSING: "????", Blank.UNSELECTED: ""}
STYLES: Final = {
    Look.FINE: "green",
    Look.RECORDED: "cyan",
    Look.KNOWN: "yellow",
    Look.NEWS: "bold white on red",
    Look.SKIPPED: "dim",
    Look.UNREACHED: "dim",
}
PLAIN_NETWORK: Final = "direct"  # not named where it is a scenario's only one
UNEXPECTED_AT_MOST: Final = 20  # the report has them all
NAMED_AT_MOST: Final = 10  # of flaky cells and of near misses
PIPE_WIDTH: Final = 120
LABEL_WIDTH: Final = 27  # leaves room for three engines of six transports in 120 columns
NAME_WIDTH: Final = 24
LEGEND: Final = (
    "ok pass; rec recorded (engines may differ, nothing fails); other words: expected, shortened from degraded, "
    "fail, unsupported, not-reached (nrch), timeout, crash, error, skip; !FAI unexpected; ~ attempts differ; "
    "- excluded; ???? declared but not run; "
    "nrch also not begun, because what it builds on failed; "
    "es eventsource, fs fetch-stream, ws websocket, + with the resilient policy"
)


def console_on(stream: TextIO) -> Console:
    """A console that writes where `stream` does, as wide as the terminal, 120 columns where there is none."""
    return Console(file=stream) if stream.isatty() else Console(file=stream, width=PIPE_WIDTH)


def print_summary(run: Run | Sequence[Run], console: Console) -> None:
    """Print what one run, or several as one matrix, found.

    Engines stand side by side as far as the console's width allows, else below each other.
    """
    view = merge_views([run] if isinstance(run, Run) else run)
    for table in _tables(view, console.width):
        console.print(table)
    console.print(Padding(Text(LEGEND, style="dim"), (0, 0, 1, 0)))
    for line in _warnings(view):
        console.print(line, soft_wrap=True)
    if view.unexpected:
        console.print(Text("Unexpected", style="bold red"))
        for slot in view.unexpected[:UNEXPECTED_AT_MOST]:
            console.print(_unexpected(slot), soft_wrap=True)
        if (left := len(view.unexpected) - UNEXPECTED_AT_MOST) > 0:
            console.print(Text(f"  and {left:,} more; the report has them all"))
    if view.kinds:
        console.print(Text("; ".join(tally.line for tally in view.kinds)), soft_wrap=True)
    for number, conditions in enumerate(view.runs, start=1):
        attempts = sum(ran.run == number and was_made(ran.attempt) for slot in view.judged for ran in slot.attempts)
        console.print(Text(visible(cost(conditions, attempts=attempts)), style="dim"), soft_wrap=True)
        if sentence := left_out(conditions):
            console.print(Text(sentence, style="dim"), soft_wrap=True)
    style = "bold red" if view.tally.surprises or view.missing else "bold"
    console.print(Text(view.tally.line, style=style), soft_wrap=True)


def _tables(view: ReportView, width: int) -> Iterator[Table]:
    for engines in _side_by_side(view.engines, width):
        keys = {engine.key for engine in engines}
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        table.add_column(Text("scenario\n  network"), no_wrap=True, width=LABEL_WIDTH, overflow="ellipsis")
        for engine in engines:
            table.add_column(_header(engine), no_wrap=True, width=_width(engine))
        for group in view.groups:
            for scenario in group.scenarios:
                name = Text(visible(scenario.text.name), style="bold")
                rows = scenario.rows
                if [row.way for row in rows] == [PLAIN_NETWORK]:
                    table.add_row(name, *_marks_of(rows[0], view, keys))
                    continue
                table.add_row(name)
                for row in rows:
                    table.add_row(Text(f"  {visible(row.way)}"), *_marks_of(row, view, keys))
        yield table


def _side_by_side(engines: Sequence[EngineView], width: int) -> Iterator[list[EngineView]]:
    room = 0
    together: list[EngineView] = []
    for engine in engines:
        needed = _width(engine) + 2
        if together and needed > room:
            yield together
            together = []
        if not together:
            room = width - LABEL_WIDTH  # each engine brings the gap before it
        together.append(engine)
        room -= needed
    if together:
        yield together


def _width(engine: EngineView) -> int:
    """Columns an engine takes: its marks, and where it has few of them, most of its name."""
    marks = (MARK_WIDTH + 1) * len(engine.transports) - 1
    return max(marks, min(len(visible(engine.name)), NAME_WIDTH))


def _header(engine: EngineView) -> Text:
    shorts = (_short(transport) for transport in engine.transports)
    name = visible(engine.name)[: _width(engine)]
    return Text(f"{name}\n{' '.join(short.ljust(MARK_WIDTH) for short in shorts)}")


def _short(transport: str) -> str:
    bare = transport.removesuffix("+")
    return visible(SHORT_TRANSPORTS.get(bare, bare)[:3] + transport[len(bare) :])


def _marks_of(row: RowView, view: ReportView, keys: set[str]) -> list[Text]:
    by_engine: dict[str, list[Slot]] = {}
    for column, slot in zip(view.columns, row.slots, strict=True):
        by_engine.setdefault(column.engine.key, []).append(slot)
    return [Text(" ").join(map(_mark, slots)) for key, slots in by_engine.items() if key in keys]


def _mark(slot: Slot) -> Text:
    if not isinstance(slot, JudgedSlot):
        style = "bold red" if slot.blank is Blank.MISSING else "dim"
        return Text(BLANK_MARKS[slot.blank].ljust(MARK_WIDTH), style=style)
    word = RECORDED if slot.look is Look.RECORDED else SHORT_WORDS[slot.status]
    if slot.look is Look.NEWS:
        return Text(f"!{slot.status[: MARK_WIDTH - 1].upper()}", style=STYLES[slot.look])
    if slot.unsettled:
        word = f"~{word[: MARK_WIDTH - 1]}"
    return Text(word.ljust(MARK_WIDTH), style=STYLES[slot.look])


def _warnings(view: ReportView) -> Iterator[Text]:
    for gone in view.unavailable:
        yield Text(visible(f"{gone.engine} is unavailable: {gone.because}"), style="bold red")
    for sentence in view.discords:
        yield Text(visible(f"read with care: {sentence}"), style="yellow")
    if view.missing:
        names = visible(", ".join(view.missing[:5])) + (", ..." if len(view.missing) > 5 else "")
        yield Text(f"{counted(len(view.missing), 'declared cell')} never arrived: {names}", style="bold red")
    yield from _some([Text(visible(f"{slot.cell.id}: {slot.unsettled}"), style="yellow") for slot in view.unsettled])
    yield from _some([_near_miss(slot) for slot in view.nearly_spent])


def _some(lines: Sequence[Text]) -> Iterator[Text]:
    """The first lines, and how many there are besides."""
    yield from lines[:NAMED_AT_MOST]
    if (left := len(lines) - NAMED_AT_MOST) > 0:
        yield Text(f"  and {left:,} more of these; the report has them all", style="dim")


def _near_miss(slot: JudgedSlot) -> Text:
    worst = max(slot.near_misses, key=lambda miss: miss.waited_ms / miss.budget_ms)
    took = f"{duration(worst.waited_ms)} of {duration(worst.budget_ms)}"
    return Text(visible(f"near miss: {slot.cell.id}: {worst.awaited} took {took}"), style="yellow")


def _unexpected(slot: JudgedSlot) -> Text:
    text = Text("  ").append(str(slot.status), style="bold red")
    text.append(visible(f" (expected {slot.claimed}) {slot.cell.id} in {slot.engine.name}"))
    text.append(f"\n    {visible(slot.because)}")
    return text.append(f"\n    {rerun_command(slot.scenario, slot.cell)}", style="dim")
