"""What changed against a baseline, as GitHub-flavoured Markdown: one sentence of counts, then a table for each way.

What got worse stands open and first; what nobody has to act on is folded. Like every text of ours for GitHub, nothing
that a run holds becomes markup: see `markdown.escaped`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from wirematrix.gather import Place
from wirematrix.report.changepage import headline, place_names
from wirematrix.report.markdown import Link, escaped, linked, no_link
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped
from wirematrix.transitions import CHANGE_MEANS, Change, Transition, Transitions

LOUD: Final = (Change.REGRESSED, Change.NEW, Change.FIXED)  # shown at once; the rest is folded
ALARMS: Final = (Change.REGRESSED, Change.NEW)
ORDER: Final = (*LOUD, *(change for change in Change if change not in LOUD))
LARGEST: Final = 64_000  # bytes; a comment on GitHub holds 65,536 characters, and a workflow may add a line or two
AT_MOST: Final = 50  # cells of one change that are named
NAMED: Final = (AT_MOST, 20, 10, 5, 2, 0)  # tried in turn until the whole has room
BECAUSE_CHARS: Final = 300
NOTHING: Final = "–"
NO_BREAK: Final = "\u00a0"
SHORT_CHARS: Final = 16


def changes_markdown(found: Transitions, *, at_most: int = AT_MOST, link: Link = no_link) -> str:
    """All changes as a section of a summary or a comment; of each kind so many cells are named, and the rest counted.

    `link` gives the address of a cell's evidence, or the empty string; one that `text.web_link` would let through.
    """
    lines = ("### Changes", "", *_top(found, f"{headline(found)}. "), *_parts(found, at_most, link, level="####"))
    return "\n".join(lines) + "\n"


def diff_markdown(found: Transitions, missing: Sequence[str]) -> str:
    """All changes as a text of its own that fits into a comment; `missing` names declared cells without an attempt."""
    return fitting(lambda at_most: _page(found, missing, at_most)) or "\n".join(_head(found, missing)) + "\n"


def fitting(lines: Callable[[int], Iterable[str]]) -> str:
    """The text whose lists are as long as GitHub has room for; empty if it has none for the text without them."""
    texts = ("\n".join(lines(at_most)) + "\n" for at_most in NAMED)
    return next((text for text in texts if len(text.encode()) <= LARGEST), "")


def _page(found: Transitions, missing: Sequence[str], at_most: int) -> Iterator[str]:
    yield from _head(found, missing)
    yield from _top(found, "")
    yield from _parts(found, at_most, no_link, level="###")


def _head(found: Transitions, missing: Sequence[str]) -> Iterator[str]:
    mark = "❌" if missing or any(map(found.of, ALARMS)) else "✅" if not found.changes else "ℹ️"
    yield f"## {mark} {escaped(headline(found))}"
    yield ""
    if missing:
        yield f"> **{counted(len(missing), 'declared cell')} never arrived**, and say nothing."
        yield ""


def _top(found: Transitions, counts: str) -> Iterator[str]:
    yield f"{escaped(counts)}Baseline: {escaped(clipped(found.baseline, BECAUSE_CHARS))}."
    yield ""
    for sentence in found.builds:
        yield f"> {escaped(clipped(sentence, BECAUSE_CHARS))}"
        yield ""


def _parts(found: Transitions, at_most: int, link: Link, *, level: str) -> Iterator[str]:
    names = place_names(found)
    for change in ORDER:
        if own := found.of(change):
            heading = escaped(f"{change} ({len(own):,}): {CHANGE_MEANS[change]}")
            folded = change not in LOUD
            yield f"<details><summary>{heading}</summary>" if folded else f"{level} {heading}"
            yield ""
            yield from _table(own, at_most, link, names)
            if folded:
                yield "</details>"
                yield ""


def _table(own: Sequence[Transition], at_most: int, link: Link, names: Mapping[Place, str]) -> Iterator[str]:
    if at_most:
        yield "| cell | was | now | because |"
        yield "| --- | --- | --- | --- |"
        yield from (_row(one, names[one.place], link(one.place)) for one in own[:at_most])
        yield ""
    if (left := len(own) - at_most) > 0:
        yield f"and {left:,} more; the report has them all" if at_most else "The report has them."
        yield ""


def _row(one: Transition, name: str, address: str) -> str:
    shown = f"<code>{escaped(name)}</code>"
    words = (
        linked(shown, address) if address else shown,
        _value(one.was),
        _value(one.now),
        escaped(clipped(one.because, BECAUSE_CHARS)),
    )
    return f"| {' | '.join(words)} |"


def _value(text: str) -> str:
    """A status or a number; a short one stays on one line, with its unit."""
    shown = text.replace(" ", NO_BREAK) if len(text) <= SHORT_CHARS else clipped(text)
    return escaped(shown) or NOTHING
