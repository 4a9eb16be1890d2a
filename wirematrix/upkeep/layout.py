"""Where the expectations stand in a file's text: which lines belong to an entry, which comment to which entries.

    expectations:
      # A heading: belongs to the entries below it, up to the next blank line or comment, and goes with the last one.
      - cells: ...
        see: ...
        # Indented deeper than the dash: belongs to the entry above.
      - cells: ...

      # The heading of the next block.
      - cells: ...

Everything here is a position in the text, counted in characters; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.nodes import Node

KEY: Final = "expectations"
KEY_LINE: Final = re.compile(rf"^(?:{KEY}|'{KEY}'|\"{KEY}\") *:", re.MULTILINE)
COMMENTS_AT_END: Final = re.compile(r"(?:^ *#[^\n]*\n)*\Z", re.MULTILINE)
BLANKS_AT_END: Final = re.compile(r"(?:^ *\r?\n)*\Z", re.MULTILINE)
BLANKS: Final = re.compile(r"(?: *\r?\n)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, whole lines: from its dash to the last comment that belongs to it."""

    node: Node
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Entries with nothing between them; above them a heading, above that blank lines, each perhaps empty."""

    blank: int
    heading: int
    entries: tuple[Entry, ...]
    below: int  # behind the blank lines that follow

    @property
    def end(self) -> int:
        """Behind the last entry."""
        return self.entries[-1].end


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A list that is there, possibly empty."""

    listed: Node
    colon: int  # behind the colon of its key
    column: int  # of the dashes
    blocks: tuple[Block, ...]

    end: int  # behind the last line of the list

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries in order."""
        return tuple(entry for block in self.blocks for entry in block.entries)


def layout(text: str, listed: Node) -> Layout:
    """How the list is laid out; InvalidInput if it is not one entry after each dash under a key of its own line."""
    items = listed.items()
    keys = list(KEY_LINE.finditer(text, 0, listed.start))
    if not keys or (items and text[listed.start] != "-"):
        raise listed.wrong(
            "cannot be edited as it is written", expected=f"`{KEY}:` and below it one entry after each dash"
        )
    colon = keys[-1].end()
    column = listed.start - _line_begin(text, listed.start) if items else 2
    entries = tuple(_entry(text, item, column) for item in items)
    return Layout(
        listed=listed,
        colon=colon,
        column=column,
        blocks=tuple(_blocks(text, entries, after=_line_end(text, colon))),
        end=entries[-1].end if entries else _line_end(text, listed.end),
    )


def _entry(text: str, node: Node, column: int) -> Entry:
    begin = _line_begin(text, node.start)
    while begin and not text.startswith(" " * column + "-", begin):
        begin = _line_begin(text, begin - 1)
    end = _line_end(text, len(text[: node.end].rstrip()))
    while comment := re.compile(rf" {{{column + 1},}}#[^\n]*(?:\n|\Z)").match(text, end):
        end = comment.end()
    return Entry(node=node, begin=begin, end=end)


def _blocks(text: str, entries: Sequence[Entry], *, after: int) -> Iterator[Block]:
    gathered: list[Entry] = []
    for entry in entries:
        if gathered and entry.begin > gathered[-1].end:
            yield _block(text, gathered, after)
            after, gathered = gathered[-1].end, []
        gathered.append(entry)
    if gathered:
        yield _block(text, gathered, after)


def _block(text: str, entries: Sequence[Entry], after: int) -> Block:
    gap = text[after : entries[0].begin]
    heading = _first(COMMENTS_AT_END, gap)
    blanks_below = BLANKS.match(text, entries[-1].end)
    return Block(
        blank=after + _first(BLANKS_AT_END, gap[:heading]),
        heading=after + heading,
        entries=tuple(entries),
        below=blanks_below.end() if blanks_below else entries[-1].end,
    )


def _first(pattern: re.Pattern[str], gap: str) -> int:
    """Where a pattern that ends with the gap begins in it."""
    found = pattern.search(gap)
    return found.start() if found else len(gap)


def _line_begin(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    """Behind the line's end, or the text's."""
    return text.find("\n", place) + 1 or len(text)
