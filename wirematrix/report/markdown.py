"""The summary for a job page: GitHub-flavoured Markdown, in which nothing that a run holds becomes markup.

Markdown has no safe quoting, so every character that could mean something where it stands is written as a numeric
character reference, which renders as the character and never works as syntax (CommonMark 0.31, 2.5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from wirematrix.gather import Place
from wirematrix.model import Run
from wirematrix.report.merge import merge_views
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped, rerun_command, visible
from wirematrix.report.views import Blank, EngineView, JudgedSlot, Look, ReportView, Slot

PLAIN_AFTER_WORD: Final = frozenset("-+?!")  # mean something only where a line or a word begins
PLAIN: Final = frozenset(" .,;%=/'\"()°·–…×≈≠≥“”")
UNEXPECTED_AT_MOST: Final = 50  # the report has them all
LARGEST_BYTES: Final = 1 << 20  # of a job summary: GitHub shows none of a larger one
WARNING_CHARS: Final = 600
WORD_JOINER: Final = "&#8288;"
BLANK_MARKS: Final = {Blank.EXCLUDED: "–", Blank.MISSING: "**not run**", Blank.UNSELECTED: ""}


Link = Callable[[Place], str]


def no_link(_: Place) -> str:
    """Cells are named and lead nowhere."""
    return ""


def markdown_summary(runs: Sequence[Run], *, changes: str = "") -> str:
    """A job summary of one run or several: what is news first, the grids last and folded.

    `changes` is Markdown that says what changed against a baseline. A matrix whose grids would not fit on a job page is
    told without them. Raises InvalidInput if there is no run.
    """
    view = merge_views(runs)
    news = (
        *head(view),
        *missing(view),
        *unexpected(view),
        *([changes] if changes else ()),
        *engines(view),
        *unsettled(view),
    )
    whole = "\n".join((*news, *_grids(view))) + "\n"
    if len(whole.encode()) <= LARGEST_BYTES:
        return whole
    return "\n".join((*news, "The grids are too large for a job page; the report has them.")) + "\n"


def escaped(text: str) -> str:
    """Any text as Markdown that renders as just that text: no markup, links, mentions or table cells."""
    shown = visible(text)
    neighbours = zip(f" {shown}", shown, f"{shown[1:]} ", strict=False)
    return "".join(_escaped_character(*three) for three in neighbours).replace("www.", "www&#46;")


def _escaped_character(before: str, character: str, after: str) -> str:
    if character.isalnum() or character in PLAIN:
        return character
    if before.isalnum() and (
        character in PLAIN_AFTER_WORD or (character == ":" and after == " ") or (character == "_" and after.isalnum())
    ):
        return character
    return f"&#{ord(character)};{WORD_JOINER if character == '@' else ''}"


def linked(markup: str, address: str) -> str:
    """A link around what is Markdown already; the address is one that `text.web_link` let through."""
    return f"[{markup}](<{address.replace('&', '&amp;')}>)"


def head(view: ReportView) -> Iterator[str]:
    """The headline, the counts, and whatever must be known before either is believed."""
    mark = "❌" if view.tally.surprises or view.missing else "✅" if view.tally.cells else "⚪"
    yield f"## {mark} {escaped(view.headline)}"
    yield ""
    yield escaped(view.tally.line)
    yield ""
    for gone in view.unavailable:
        why = f"on {escaped(gone.system)}: {escaped(clipped(gone.because, WARNING_CHARS))}"
        yield f"> **{escaped(gone.engine)} is unavailable** {why}"
        yield ""
    for sentence in view.discords:
        yield f"> Read with care: {escaped(clipped(sentence, WARNING_CHARS))}"
        yield ""


def missing(view: ReportView, at_most: int = UNEXPECTED_AT_MOST) -> Iterator[str]:
    """The cells that were declared and never received; nothing if all were."""
    if not view.missing:
        return
    yield f"> **{counted(len(view.missing), 'declared cell')} never arrived.** This matrix is incomplete."
    if at_most:
        yield ">"
        yield from (f"> - <code>{escaped(clipped(name))}</code>" for name in view.missing[:at_most])
    if (left := len(view.missing) - at_most) > 0 and at_most:
        yield f"> - and {left:,} more; the report has them all"
    yield ""


def unexpected(
    view: ReportView,
    at_most: int = UNEXPECTED_AT_MOST,
    link: Link = no_link,
    *,
    besides: Collection[Place] = (),
    title: str = "Unexpected",
) -> Iterator[str]:
    """Every cell that is news, with what was claimed, why, and the command that runs it again; nothing without news.

    `besides` are cells that are told elsewhere.
    """
    news = [slot for slot in view.unexpected if Place(slot.engine.key, slot.cell) not in besides]
    if not news:
        return
    yield f"### {title}"
    yield ""
    for slot in news[:at_most]:
        name = f"<code>{escaped(slot.cell.id)}</code>"
        address = link(Place(slot.engine.key, slot.cell))
        yield (
            f"- **{slot.status}**, expected {escaped(slot.claimed)}: {linked(name, address) if address else name} "
            f"in {escaped(slot.engine.name)}<br>"
        )
        yield f"  {escaped(clipped(slot.because))}<br>"
        yield f"  <code>{escaped(rerun_command(slot.scenario, slot.cell))}</code>"
    if (left := len(news) - at_most) > 0:
        yield f"- {'and ' if at_most else ''}{left:,}{' more' if at_most else ''}; the report has them all"
    yield ""


def unsettled(view: ReportView, at_most: int = UNEXPECTED_AT_MOST) -> Iterator[str]:
    """The cells whose attempts or runs ended differently, folded; nothing if all agree."""
    if not view.unsettled:
        return
    yield f"<details><summary>{counted(len(view.unsettled), 'cell')} whose attempts differ</summary>"
    yield ""
    for slot in view.unsettled[:at_most]:
        yield f"- <code>{escaped(slot.cell.id)}</code> in {escaped(slot.engine.name)}: {escaped(slot.unsettled)}"
    if (left := len(view.unsettled) - at_most) > 0:
        yield f"- and {left:,} more; the report has them all"
    yield ""
    yield "</details>"
    yield ""


def engines(view: ReportView) -> Iterator[str]:
    """A row for each engine build: what it is, and how many of its cells hold, by kind."""
    kinds = [tally.kind for tally in view.kinds]
    heads = "".join(f" {tally.kind} ({tally.verb}) |" for tally in view.kinds)
    yield f"| engine | origin | system | cells |{heads} expected non-pass | unexpected | not run |"
    yield f"| --- | --- | --- | ---: |{' ---: |' * len(kinds)} ---: | ---: | ---: |"
    for engine in view.engines:
        own = view.tallies[engine.key]
        build = engine.build
        names = " | ".join(map(escaped, (engine.name, build.origin, build.system)))
        by_kind = view.kinds_of[engine.key]
        shares = "".join(f" {by_kind[kind].share if kind in by_kind else '–'} |" for kind in kinds)
        yield f"| {names} | {own.cells} |{shares} {own.known} | {own.surprises} | {own.missing} |"
    yield ""


def _grids(view: ReportView) -> Iterator[str]:
    yield (
        "✓ pass · rec recorded (kind check: engines may differ) · ✗ expected shortcoming · **‼ unexpected** · "
        "≠ attempts differ · – excluded"
    )
    for engine in view.engines:
        yield ""
        yield f"<details><summary>{escaped(engine.name)}: {escaped(view.tallies[engine.key].line)}</summary>"
        yield ""
        yield f"| scenario | kind | network | {' | '.join(map(escaped, engine.transports))} |"
        yield f"| --- | --- | --- |{' --- |' * len(engine.transports)}"
        for row in view.rows:
            marks = " | ".join(_marks(view, engine, row.slots))
            yield f"| {escaped(row.scenario.name)} | {row.scenario.kind} | {escaped(row.way)} | {marks} |"
        yield ""
        yield "</details>"


def _marks(view: ReportView, engine: EngineView, slots: Sequence[Slot]) -> Iterator[str]:
    for column, slot in zip(view.columns, slots, strict=True):
        if column.engine.key == engine.key:
            yield _mark(slot) if isinstance(slot, JudgedSlot) else BLANK_MARKS[slot.blank]


def _mark(slot: JudgedSlot) -> str:
    word = escaped(slot.status)
    number = f" {escaped(slot.number)}" if slot.number else ""
    differs = " ≠" if slot.unsettled else ""
    match slot.look:
        case Look.NEWS:
            return f"**‼ {word}**{number}{differs}"
        case Look.KNOWN:
            return f"✗ {word}{number}{differs}"
        case Look.SKIPPED | Look.UNREACHED:
            return word
        case Look.RECORDED:
            return f"rec{number}{differs}"
        case Look.FINE:
            return f"✓{number}{differs}"
