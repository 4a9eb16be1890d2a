"""Versions as browser-compat-data writes them, in order: `17.3`, `≤37`, `preview`.

Between releases nothing is guessed: whether a version lower than N has what was there "at the latest in N" is not
known, and the answer to that is None.
"""

from __future__ import annotations

import re
from typing import Final

from wirematrix.documented.model import AT_MOST, PREVIEW, Statement

PLAIN: Final = re.compile(r"\d+(?:\.\d+)*")
WRITTEN: Final = re.compile(rf"{AT_MOST}?{PLAIN.pattern}|{PREVIEW}")

Rank = tuple[int, ...]


def rank(version: str) -> Rank:
    """Sort key of a plain version: 26 and 26.0 are the same, 9 is before 10; ValueError for anything else."""
    if not PLAIN.fullmatch(version):
        raise ValueError(f"{version!r} is no version")
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def reached(mark: str, version: str) -> bool | None:
    """Whether a release is at or after a mark of a statement; None if the mark leaves that open.

    No release has reached "preview", nor the empty mark, which stands for never.
    """
    if mark in ("", PREVIEW):
        return False
    at_or_after = rank(version) >= rank(mark.removeprefix(AT_MOST))
    return True if at_or_after else None if mark.startswith(AT_MOST) else False


def holds(statement: Statement, version: str) -> bool | None:
    """Whether a statement speaks of a release; None if its marks leave that open."""
    added, removed = reached(statement.added, version), reached(statement.removed, version)
    if added is False or removed is True:
        return False
    return None if added is None or removed is None else True
