"""What a person wrote, each value with its place: the typed way out of a YAML file.

A node knows file, line and key, so every complaint says where: `matrix.yaml:14: expectations[2].cells.engine:
unknown engine 'safari'; expected chromium, firefox or webkit`. Nothing here reads a file; matrix.py does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.errors import InvalidInput

Scalar = str | int | float | bool | None
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
SHOWN_CHARS: Final = 60  # how much of a wrong value an error repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value is written; `key` is the way to it from the top, "" for the whole file."""

    file: str
    line: int
    key: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}" if self.key else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the file: a scalar, a list of nodes or a mapping of nodes."""

    place: Place
    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    start: int  # where its text begins and ends in the file's text, in characters, comments behind it left out
    end: int

    def wrong(self, problem: str, *, expected: str = "") -> InvalidInput:
        """The error that names this place."""
        return InvalidInput(str(self.place), problem, expected=expected)

    def mismatch(self, expected: str) -> InvalidInput:
        """The error for a value of the wrong type or out of range."""
        return self.wrong(f"got {self.shown}", expected=expected)

    @property
    def shown(self) -> str:
        """The value as an error repeats it: short, on one line."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
            case tuple():
                return "a list"
            case Mapping():
                return "a mapping"
            case str() if len(self.value) > SHOWN_CHARS:
                return repr(f"{self.value[:SHOWN_CHARS]}...")
            case _:
                return repr(self.value)

    def entries(self) -> Mapping[str, Node]:
        """A mapping whose keys are names that the file itself chooses."""
        if not isinstance(self.value, Mapping):
            raise self.mismatch("a mapping")
        return self.value

    def named_entries(self, what: str) -> Mapping[str, Node]:
        """The same, not empty, each key a name fit for a cell's id."""
        entries = self.entries()
        if not entries:
            raise self.wrong(f"no {what} is listed", expected=f"at least one {what}")
        for name, entry in entries.items():
            if not NAME.fullmatch(name):
                raise entry.wrong(
                    f"{name[:SHOWN_CHARS]!r} is no name for a {what}",
                    expected="lower-case letters, digits, '_' and '-', beginning with a letter, at most 60",
                )
        return entries

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, Node]:
        """A mapping with known keys: unknown and missing ones are errors."""
        entries, known = self.entries(), (*required, *optional)
        for key, entry in entries.items():
            if key not in known:
                raise InvalidInput(
                    str(entry.place), unknown("key", key, known), expected=choice(known) or "no key at all"
                )
        for key in required:
            if key not in entries:
                raise self.wrong(f"key {key!r} is missing", expected=enumeration(required))
        return entries

    def items(self) -> tuple[Node, ...]:
        """A list, possibly empty."""
        if not isinstance(self.value, tuple):
            raise self.mismatch("a list")
        return self.value

    def text(self) -> str:
        """A text that is not empty, spaces around it removed."""
        if isinstance(self.value, (bool, int, float)):
            raise self.mismatch("text (write it in quotes)")
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.mismatch("text that is not empty")
        return self.value.strip()

    def line_of_text(self) -> str:
        """The same on one line, as it is shown in tables."""
        text = self.text()
        if len(text.splitlines()) > 1:
            raise self.mismatch("text on one line")
        return text

    def reason(self) -> str:
        """A sentence somebody wrote on purpose: not empty, not a TODO."""
        text = self.text()
        if is_unfinished(text):
            raise self.mismatch("a sentence that says why (write or correct it, and take TODO away)")
        return text

    def flag(self) -> bool:
        """A switch: true or false."""
        if not isinstance(self.value, bool):
            raise self.mismatch("true or false")
        return self.value

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            raise self.mismatch(f"a whole number from {low} to {high}")
        return self.value

    def one_of(self, what: str, accepted: Collection[str]) -> str:
        """One of the accepted words."""
        if not isinstance(self.value, str):
            raise self.mismatch(choice(accepted))
        if self.value not in accepted:
            raise self.wrong(unknown(what, self.value, accepted), expected=choice(accepted))
        return self.value

    def some_of(self, what: str, accepted: Collection[str]) -> tuple[str, ...]:
        """One accepted word or a list of them, none twice, as written."""
        nodes = self.value if isinstance(self.value, tuple) else (self,)
        if not nodes:
            raise self.wrong(f"no {what} is listed", expected=f"at least one of {enumeration(accepted)}")
        words: list[str] = []
        for node in nodes:
            word = node.one_of(what, accepted)
            if word in words:
                raise node.wrong(f"{what} {word!r} is listed twice", expected="each once")
            words.append(word)
        return tuple(words)


def is_unfinished(text: str) -> bool:
    """Whether a program left this text for a person to write: it begins with TODO."""
    return text.casefold().startswith("todo")


def unknown(what: str, word: str, accepted: Iterable[str]) -> str:
    """The words `unknown engine 'chromum' (did you mean 'chromium'?)`."""
    near = difflib.get_close_matches(word, list(accepted), n=1)
    shown = word if len(word) <= SHOWN_CHARS else f"{word[:SHOWN_CHARS]}..."
    return f"unknown {what} {shown!r}" + (f" (did you mean {near[0]!r}?)" if near else "")


def choice(words: Collection[str]) -> str:
    """The words `chromium, firefox or webkit`."""
    return _joined(words, " or ")


def enumeration(words: Collection[str]) -> str:
    """The words `chromium, firefox and webkit`."""
    return _joined(words, " and ")


def _joined(words: Collection[str], before_last: str) -> str:
    *head, last = words or ("",)
    return before_last.join(filter(None, (", ".join(head), last)))
