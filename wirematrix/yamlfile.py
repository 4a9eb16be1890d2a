"""A YAML file as nodes that know their place; the only module that knows the YAML library.

Where this reads YAML more narrowly than the standard allows, on purpose:

1. No anchors, aliases, tags or second documents: people read this file line by line, and without them nothing
   can grow in memory beyond what is written.
2. A key written twice is an error, not a quiet overwrite.
3. Plain words are text unless they are `true`, `false`, `null` or a decimal number: `on`, `yes`, `0o7`
   are text.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from wirematrix.errors import InvalidInput
from wirematrix.nodes import Node, Place, Scalar

LARGEST_BYTES: Final = 1 << 20
DEEPEST: Final = 12
SHOWN_CHARS: Final = 160  # how much of the library's own words an error repeats
WHOLE_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,15}")
DECIMAL_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")
TAB_INDENTATION: Final = re.compile(r"^ *\t[ \t]*[^\s#]", re.MULTILINE)
WORDS: Final[Mapping[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}


def content_of(file: Path) -> bytes:
    """The file's bytes; InvalidInput if it is missing, unreadable or implausibly large."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(str(file), f"cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST_BYTES:
        raise InvalidInput(str(file), "is too large", expected=f"at most {LARGEST_BYTES} bytes")
    return content


def replace_content(file: Path, content: bytes) -> None:
    """Write the file's new content, whole or not at all; its mode stays, and a link stays a link.

    InvalidInput if it cannot be written.
    """
    target = file.resolve()
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        shutil.copymode(target, unfinished)
        unfinished.replace(target)
    except OSError as error:
        raise InvalidInput(str(file), f"cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


@lru_cache(maxsize=8)  # nobody changes a node; an update reads the same text as matrix and as layout
def parse(content: bytes, file: str) -> Node:
    """The file's one document; InvalidInput names the line that is not YAML as we accept it."""
    text = text_of(content, file)
    reading = YAML(typ="safe", pure=True).parse(text)
    try:
        return _document(iter(reading), file)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        raise InvalidInput(place, f"not YAML: {_one_line(error.problem or error.context or '')}") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character {error.character:#06x} is not allowed"
        raise InvalidInput(f"{file}:{line}", problem, expected="printable text") from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # ruamel.yaml 0.19.1 meets some malformed input with an exception that is not its own (a test has some).
        raise InvalidInput(file, f"not YAML: {_one_line(str(error))}") from error


def text_of(content: bytes, file: str) -> str:
    """The file's text without a byte order mark; InvalidInput if it is none, or indents with tabs."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"byte {content[error.start]:#04x} is not UTF-8"
        raise InvalidInput(f"{file}:{line}", problem, expected="a text in UTF-8") from error
    if not text.strip():
        raise InvalidInput(file, "is empty", expected="a matrix")
    if tab := TAB_INDENTATION.search(text):
        line = text.count("\n", 0, tab.start()) + 1
        raise InvalidInput(f"{file}:{line}", "a tab indents the line", expected="spaces")
    return text


def _document(events: Iterator[Event], file: str) -> Node:
    top: Node | None = None
    for event in events:
        if not isinstance(event, DocumentStartEvent):
            continue
        line = event.start_mark.line + 1
        if top is not None:
            raise InvalidInput(f"{file}:{line}", "a second document begins", expected="one document")
        top = _node(next(events), events, Place(file=file, line=line, key=""), 0)
    if top is None:
        raise InvalidInput(file, "is empty", expected="a matrix")
    return top


def _node(event: Event, events: Iterator[Event], place: Place, depth: int) -> Node:
    _refuse_special(event, place, depth)
    start = event.start_mark.index
    if isinstance(event, ScalarEvent):
        return Node(place=place, value=_scalar(event), start=start, end=event.end_mark.index)
    value: tuple[Node, ...] | Mapping[str, Node]
    if isinstance(event, SequenceStartEvent):
        value, closed = _items(events, place, depth + 1)
        last = value[-1:]
    else:
        value, closed = _entries(events, place, depth + 1)
        last = tuple(value.values())[-1:]
    # Where a block ends is only known when the next thing begins, behind any comments: its last child ends it.
    bracketed = isinstance(event, CollectionStartEvent) and event.flow_style
    return Node(place=place, value=value, start=start, end=closed if bracketed or not last else last[0].end)


def _refuse_special(event: Event, place: Place, depth: int) -> None:
    here = str(Place(file=place.file, line=event.start_mark.line + 1, key=place.key))
    if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor is not None):
        raise InvalidInput(here, "anchors and aliases are not accepted", expected="the value itself")
    if not isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
        raise InvalidInput(here, "a value is missing")
    if event.tag is not None:
        raise InvalidInput(here, f"tag {_one_line(str(event.tag))!r} is not accepted", expected="no tag")
    if depth > DEEPEST:
        raise InvalidInput(here, "is nested too deeply", expected=f"at most {DEEPEST} levels")


def _items(events: Iterator[Event], place: Place, depth: int) -> tuple[tuple[Node, ...], int]:
    """The items of a list, and where its closing bracket ends."""
    items: list[Node] = []
    for event in events:
        if isinstance(event, SequenceEndEvent):
            return tuple(items), event.end_mark.index
        key = f"{place.key}[{len(items)}]"
        items.append(_node(event, events, Place(file=place.file, line=event.start_mark.line + 1, key=key), depth))
    raise InvalidInput(str(place), "the list does not end")


def _entries(events: Iterator[Event], place: Place, depth: int) -> tuple[Mapping[str, Node], int]:
    """The entries of a mapping, and where its closing brace ends."""
    entries: dict[str, Node] = {}
    for event in events:
        if isinstance(event, MappingEndEvent):
            return entries, event.end_mark.index
        line = event.start_mark.line + 1
        _refuse_special(event, Place(file=place.file, line=line, key=place.key), depth)
        if not isinstance(event, ScalarEvent):
            raise InvalidInput(f"{place.file}:{line}: {place.key or 'top level'}", "a key is not a word")
        name = event.value
        here = Place(file=place.file, line=line, key=f"{place.key}.{_key(name)}" if place.key else _key(name))
        if name in entries:
            problem = f"is written twice, first in line {entries[name].place.line}"
            raise InvalidInput(str(here), problem, expected="each key once")
        entries[name] = _node(next(events), events, here, depth)
    raise InvalidInput(str(place), "the mapping does not end")


def _scalar(event: ScalarEvent) -> Scalar:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in WORDS:
        return WORDS[text]
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if DECIMAL_NUMBER.fullmatch(text):
        return float(text)
    return text


def _key(name: str) -> str:
    return name if name.isprintable() and len(name) <= SHOWN_CHARS else repr(name[:SHOWN_CHARS])


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN_CHARS else f"{words[:SHOWN_CHARS]}..."
