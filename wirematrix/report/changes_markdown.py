"""What changed against a baseline, as GitHub-flavoured Markdown: one sentence of counts, then a table for each way.

What got worse stands open and first; what nobody has to act on is folded. Like every text of ours for GitHub, nothing
that a run holds becomes markup: see `markdown.escaped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wirematrix.report.markdown import Link, escaped, linked, no_link
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped
from wirematrix.transitions import CHANGE_MEANS, Change, Transition, Transitions

READ_FIRST: Final = (Change.REGRESSED, Change.NEW, Change.FIXED, Change.ALTERED, Change.NUMBER)
FOLDED: Final = frozenset({Change.ALTERED, Change.NUMBER, Change.APPEARED, Change.DISAPPEARED})
ORDER: Final = (*READ_FIRST, Change.APPEARED, Change.DISAPPEARED)
WORDS: Final = {  # of the counts, which are of cells but for one
    **{change: str(change) for change in Change},
    Change.NUMBER: "with another number",
}
AT_MOST: Final = 50  # cells of one change that are named
BECAUSE_CHARS: Final = 300
NOTHING: Final = "–"


def changes_markdown(found: Transitions, *, at_most: int = AT_MOST, link: Link = no_link) -> str:
    """All changes; of each kind so many cells are named, and the rest counted.

    `link` gives the address of a cell's evidence, or the empty string; one that `text.web_link` would let through.
    """
    return "\n".join(_lines(found, at_most, link)) + "\n"


def counts_of(found: Transitions) -> str:
    """`2 regressed, 1 new, 3 fixed; 1,281 cells compared with main 4f2a9c1`, in words that need no table."""
    parts = [f"{len(own):,} {WORDS[change]}" for change in ORDER if (own := found.of(change))]
    return f"{', '.join(parts) or 'no change'}; {counted(found.compared, 'cell')} compared with {found.baseline}"


def _lines(found: Transitions, at_most: int, link: Link) -> Iterator[str]:
    yield "### Changes"
    yield ""
    yield escaped(counts_of(found)) + "."
    for sentence in found.builds:
        yield ""
        yield f"> Another build: {escaped(clipped(sentence, BECAUSE_CHARS))}"
    named = has_namesakes(found)
    for change in ORDER:
        if own := found.of(change):
            yield ""
            yield from _table(change, own, at_most, link, builds=named)


def has_namesakes(found: Transitions) -> bool:
    """Whether cells of two builds of one engine changed, so that their ids alone do not tell them apart."""
    builds: dict[str, set[str]] = {}
    for place in found.changes:
        builds.setdefault(place.cell.engine, set()).add(place.build_key)
    return any(len(keys) > 1 for keys in builds.values())


def _table(change: Change, own: tuple[Transition, ...], at_most: int, link: Link, *, builds: bool) -> Iterator[str]:
    head = f"{counted(len(own), 'cell')} {WORDS[change]}"
    folded = change in FOLDED
    if folded:
        yield f"<details><summary>{escaped(head)}: {escaped(CHANGE_MEANS[change])}</summary>"
    else:
        yield f"**{escaped(head)}**: {escaped(CHANGE_MEANS[change])}"
    if at_most:
        yield ""
        yield f"| cell |{' build |' if builds else ''} was | now | because |"
        yield f"| --- |{' --- |' if builds else ''} --- | --- | --- |"
        yield from (_row(one, link(one.place), build=builds) for one in own[:at_most])
    if (left := len(own) - at_most) > 0:
        yield ""
        yield f"{left:,}{' more' if at_most else ''} not named here; the report has them all."
    if folded:
        yield ""
        yield "</details>"


def _row(one: Transition, address: str, *, build: bool) -> str:
    name = f"<code>{escaped(one.place.cell.id)}</code>"
    words = (
        linked(name, address) if address else name,
        *([escaped(one.place.build_key)] if build else ()),
        escaped(clipped(one.was)) or NOTHING,
        escaped(clipped(one.now)) or NOTHING,
        escaped(clipped(one.because, BECAUSE_CHARS)),
    )
    return f"| {' | '.join(words)} |"
