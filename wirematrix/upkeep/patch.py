"""A revision written into the text of `matrix.yaml`: only what it changes is touched.

No YAML library writes here: each changes quotes, line breaks or the place of comments somewhere. Instead the values
that change are replaced where they stand, removed entries lose their lines, and new ones are written below the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wirematrix.expectations import AXES, Axes, BuildCondition, Claim, Selector, Version
from wirematrix.nodes import Node
from wirematrix.upkeep.layout import KEY, Layout, layout
from wirematrix.upkeep.revision import Restated, Revision
from wirematrix.yamlfile import WORDS

WIDTH: Final = 120
BLANK: Final = re.compile(r"\s*")

Edit = tuple[int, int, str]  # from here to there stands this instead


def patched(text: str, top: Node, revision: Revision, axes: Axes) -> str:
    """The text with the revision in it; InvalidInput if the list is written in a way that cannot be edited.

    `top` is what the text says; the order of names in new entries is that of `axes`.
    """
    listed = top.entries().get(KEY)
    newline = "\r\n" if "\r\n" in text else "\n"
    if listed is None:
        lines = [line for claim in revision.added for line in entry_lines(claim, axes, 2)]
        head = "" if text.endswith("\n") else newline
        return text + head + newline + newline.join([f"{KEY}:", *lines, ""])
    found = layout(text, listed)
    edits = [*_restatements(text, found, revision.restated, newline), *_removals(found, revision)]
    edits += _additions(text, found, revision, axes, newline)
    return _applied(text, edits)


def rest(text: str, top: Node) -> tuple[str, str]:
    """What stands before the list and what behind it: no revision may touch that."""
    listed = top.entries().get(KEY)
    if listed is None:
        return text, ""
    found = layout(text, listed)
    return text[: found.colon], text[found.end :]


def entry_lines(claim: Claim, axes: Axes, column: int) -> list[str]:
    """A new entry as lines, its dash in that column."""
    dash, below = " " * column + "- ", " " * (column + 2)
    lines = [f"{dash}cells: {selector_words(claim.selector, axes)}"]
    if len(lines[0]) > WIDTH:
        named = _named(claim.selector, axes).items()
        lines = [f"{dash}cells:", *(f"{below}  {axis}: {_listed(values)}" for axis, values in named)]
    lines.append(f"{below}status: {_listed(claim.expectation.statuses)}")
    if condition := condition_words(claim.build):
        lines.append(f"{below}build: {condition}")
    return [*lines, f"{below}because: {claim.expectation.because}", f"{below}see: {claim.expectation.see}"]


def selector_words(selector: Selector, axes: Axes) -> str:
    """The cells as YAML on one line: `{scenario: opens, engine: [chromium, webkit]}`."""
    return "{" + ", ".join(f"{axis}: {_listed(values)}" for axis, values in _named(selector, axes).items()) + "}"


def condition_words(condition: BuildCondition) -> str:
    """The condition as YAML on one line; empty if there is none."""
    bounds = [(">=", condition.low), ("<", condition.high)]
    version = ",".join(f"{sign}{_dotted(bound)}" for sign, bound in bounds if bound is not None)
    parts = [f"origin: {condition.origin}"] if condition.origin else []
    parts += [f'version: "{version}"'] if version else []
    return "{" + ", ".join(parts) + "}" if parts else ""


def _named(selector: Selector, axes: Axes) -> Mapping[str, Sequence[str]]:
    """The axes a selector names, each with its values in the order of the file."""
    named: dict[str, Sequence[str]] = {}
    for axis in AXES:
        values: frozenset[str] | None = getattr(selector, axis)
        if values is not None:
            named[axis] = [value for value in axes[axis] if value in values]
    return named


def _listed(words: Sequence[str]) -> str:
    plain = [f'"{word}"' if word in WORDS else str(word) for word in words]
    return plain[0] if len(plain) == 1 else f"[{', '.join(plain)}]"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version)) or "0"


def _restatements(text: str, found: Layout, restated: Sequence[Restated], newline: str) -> Iterator[Edit]:
    entries = {entry.node.place: entry for entry in found.entries}
    for each in restated:
        fields = entries[each.before.place].node.entries()
        yield _status_edit(text, fields["status"], each.after.expectation.statuses, newline)
        before, after = each.before.expectation.because, each.after.expectation.because
        if after != before:
            yield _mark_edit(text, fields["because"], after.removesuffix(before))


def _status_edit(text: str, node: Node, statuses: Sequence[str], newline: str) -> Edit:
    end = len(text[: node.end].rstrip())
    if "#" in text[node.start : end]:
        raise node.wrong("cannot be edited: a comment stands within the list", expected="the list without it")
    if text[node.start] != "-":
        return node.start, end, _listed(statuses)
    column = node.start - text.rfind("\n", 0, node.start) - 1
    return node.start, end, (newline + " " * column).join(f"- {status}" for status in statuses)


def _mark_edit(text: str, node: Node, words: str) -> Edit:
    """The words go before the first of the reason, whichever way it is quoted."""
    place = node.start
    if text[place] in "|>":  # a block of text begins on the next line
        blank = BLANK.match(text, text.index("\n", place))
        place = blank.end() if blank else place
    elif text[place] in "\"'":
        place += 1
    return place, place, words


def _removals(found: Layout, revision: Revision) -> Iterator[Edit]:
    gone = {claim.place for claim in revision.removed}
    for block in found.blocks:
        leaving = [entry for entry in block.entries if entry.node.place in gone]
        if len(leaving) < len(block.entries):
            yield from ((entry.begin, entry.end, "") for entry in leaving)
        elif block.blank < block.heading or block is found.blocks[-1]:
            yield block.blank, block.end, ""
        else:
            yield block.heading, block.below, ""


def _additions(text: str, found: Layout, revision: Revision, axes: Axes, newline: str) -> Iterator[Edit]:
    lines = [line for claim in revision.added for line in entry_lines(claim, axes, found.column)]
    stays = len(found.entries) > len(revision.removed)
    if not lines:
        if found.entries and not stays:
            yield found.colon, found.colon, " []"
        return
    if not found.entries:  # written as [], which makes room
        begin = len(text[: found.listed.start].rstrip(" "))
        yield begin, found.listed.end, ""
    head = "" if text.endswith("\n", 0, found.end) else newline
    yield found.end, found.end, head + newline.join([*([""] if stays else []), *lines, ""])


def _applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits, which may touch but not overlap, except removals that share blank lines."""
    pieces: list[str] = []
    done = 0
    for begin, end, instead in sorted(edits):
        pieces += [text[done:begin], instead]
        done = max(done, end)
    return "".join([*pieces, text[done:]])
