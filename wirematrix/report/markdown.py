"""The summary for a job page: GitHub-flavoured Markdown, in which nothing that a run holds becomes markup.

Markdown has no safe quoting, so every character that could mean something where it stands is written as a numeric
character reference, which renders as the character and never works as syntax (CommonMark 0.31, 2.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wirematrix.model import Run
from wirematrix.report.merge import merge_views
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped, rerun_command, visible
from wirematrix.report.views import Blank, EngineView, JudgedSlot, Look, ReportView, Slot

PLAIN_AFTER_WORD: Final = frozenset("-+?!")  # mean something only where a line or a word begins
PLAIN: Final = frozenset(" .,;%=/'\"()°·–…×≈≠≥“”")
UNEXPECTED_AT_MOST: Final = 50  # a job summary holds 1 MiB; the report has them all
WORD_JOINER: Final = "&#8288;"
BLANK_MARKS: Final = {Blank.EXCLUDED: "–", Blank.MISSING: "**not run**", Blank.UNSELECTED: ""}


def markdown_summary(runs: Sequence[Run]) -> str:
    """A job summary of one run or several. Raises InvalidInput if there is no run."""
    view = merge_views(runs)
    return "\n".join((*_top(view), *_unexpected(view), *_grids(view))) + "\n"


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


def _top(view: ReportView) -> Iterator[str]:
    yield f"## {'❌' if view.tally.surprises or view.missing else '✅'} {escaped(view.headline)}"
    yield ""
    yield escaped(view.tally.line)
    yield ""
    for gone in view.unavailable:
        why = f"on {escaped(gone.system)}: {escaped(gone.because)}"
        yield f"> **{escaped(gone.engine)} is unavailable** {why}"
        yield ""
    for sentence in view.discords:
        yield f"> Read with care: {escaped(sentence)}"
        yield ""
    if view.missing:
        yield f"> **{counted(len(view.missing), 'declared cell')} never arrived.** This matrix is incomplete."
        yield ""
        yield from (f"> - <code>{escaped(name)}</code>" for name in view.missing[:UNEXPECTED_AT_MOST])
        yield ""
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


def _unexpected(view: ReportView) -> Iterator[str]:
    if not view.unexpected:
        return
    yield "### Unexpected"
    yield ""
    for slot in view.unexpected[:UNEXPECTED_AT_MOST]:
        yield (
            f"- **{slot.status}**, expected {escaped(slot.claimed)}: <code>{escaped(slot.cell.id)}</code> "
            f"in {escaped(slot.engine.name)}<br>"
        )
        yield f"  {escaped(clipped(slot.because))}<br>"
        yield f"  <code>{escaped(rerun_command(slot.scenario, slot.cell))}</code>"
    if len(view.unexpected) > UNEXPECTED_AT_MOST:
        yield f"- and {len(view.unexpected) - UNEXPECTED_AT_MOST:,} more; the report has them all"
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
