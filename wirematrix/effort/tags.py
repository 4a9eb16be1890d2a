"""Which guarantee each line of an example belongs to, by the marks in its comments.

A comment `for resume`, with or without `: why` behind it, marks a line when it stands at its end, and the whole
statement below when it has a line of its own. Below a mark the innermost one counts; what has none is for `connect`,
without which there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pygments.lexer import Lexer
from pygments.lexers.html import HtmlLexer
from pygments.lexers.javascript import JavascriptLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, is_token_subtype

from wirematrix.errors import InvalidInput

GUARANTEE_MEANS: Final[Mapping[str, str]] = {
    "connect": "a page is told what happens while it is connected, and sees the server go in good order",
    "reconnect": "after the server was killed and started again, the page is back by itself",
    "resume": "and it is told what happened meanwhile: nothing is missing, nothing comes twice",
    "notice-silence": "a connection that stays open and brings nothing, not even heartbeats, is given up for a new one",
    "two-way": "what a page says reaches the server, and so every page",
    "auth": "who has no token gets nothing, and the page knows that trying again would not help",
}
GUARANTEES: Final = tuple(GUARANTEE_MEANS)  # each stage of an example has one more
LEXERS: Final[dict[str, type[Lexer]]] = {"py": PythonLexer, "js": JavascriptLexer, "html": HtmlLexer}

MARK: Final = re.compile(r"(?:#|//) for (?P<word>[\w-]+)(?:: .*)?")
GOES_ON: Final = re.compile(r"[)\]}]|(?:else|elif|except|finally)\b")  # a statement's later lines at its own indent


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark, and the lines it holds for, counted from 0."""

    guarantee: str
    lines: range


def lexer_of(file: str) -> Lexer:
    """The lexer for a file's language, which its ending says; InvalidInput for another."""
    ending = file.rpartition(".")[2]
    if ending not in LEXERS:
        raise InvalidInput(file, f"ends in {ending!r}", expected=f"one of {', '.join(LEXERS)}")
    return LEXERS[ending](stripnl=False, ensurenl=False)


@lru_cache(maxsize=16)  # every stage of an example asks for the same
def marked_lines(source: str, file: str) -> tuple[str, ...]:
    """The guarantee of each line, the first where no mark says one; InvalidInput for a mark that means nothing.

    A guarantee marked inside another's code must come later in `GUARANTEES`: with the outer one taken away it could
    not stay.
    """
    of_line = [GUARANTEES[0]] * len(source.splitlines())
    for mark in _marks(source, file):
        for number in mark.lines:
            outer = of_line[number]
            if GUARANTEES.index(outer) > GUARANTEES.index(mark.guarantee):
                problem = f"{mark.guarantee} inside the code for {outer}"
                raise InvalidInput(f"{file}:{number + 1}", problem, expected="one that comes after it")
            of_line[number] = mark.guarantee
    return tuple(of_line)


def stage(source: str, file: str, kept: Collection[str]) -> str:
    """The source with the code of the kept guarantees and no other's."""
    of_line = marked_lines(source, file)
    lines = source.splitlines(keepends=True)
    return "".join(line for line, word in zip(lines, of_line, strict=True) if word in kept)


def _marks(source: str, file: str) -> Iterator[Mark]:
    """Every mark, outer ones before those inside them: whatever is inside begins later."""
    lines = source.splitlines()
    for offset, kind, text in lexer_of(file).get_tokens_unprocessed(source):
        found = MARK.fullmatch(text.strip()) if is_token_subtype(kind, Comment) else None
        if found is None:
            continue
        number = source.count("\n", 0, offset)
        if found["word"] not in GUARANTEES:
            problem = f"a mark for {found['word']!r}"
            raise InvalidInput(f"{file}:{number + 1}", problem, expected=f"one of {', '.join(GUARANTEES)}")
        alone = not source[source.rfind("\n", 0, offset) + 1 : offset].strip()
        end = _end_of_statement(lines, number + 1, file) if alone else number
        yield Mark(guarantee=found["word"], lines=range(number, end + 1))


def _end_of_statement(lines: Sequence[str], start: int, file: str) -> int:
    """The last line of the statement that begins at `start`, by its indent: the examples are formatted by a program."""
    if start >= len(lines) or not lines[start].strip():
        raise InvalidInput(f"{file}:{start}", "a mark above nothing", expected="a statement on the next line")
    indent = _indent(lines[start])
    decorated = lines[start].lstrip().startswith("@")
    end = start
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        if not text:
            continue
        if _indent(lines[number]) < indent:
            break
        if _indent(lines[number]) == indent and not GOES_ON.match(text):
            if not decorated:
                break
            decorated = text.startswith("@")
        end = number
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
