"""`wirematrix expectations update`: from the bytes of a matrix and some runs to the bytes it should have.

The outcome is read again before it is given away: it must say exactly what was meant, and outside the expectations no
character may be another. What cannot be brought into that form is refused, never reformatted.
"""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from wirematrix import matrix as matrices
from wirematrix import yamlfile
from wirematrix.errors import InvalidInput
from wirematrix.expectations import Claim
from wirematrix.matrix import Matrix
from wirematrix.model import Run
from wirematrix.upkeep import wording
from wirematrix.upkeep.layout import KEY
from wirematrix.upkeep.patch import patched, rest
from wirematrix.upkeep.revision import Revision, Switches, revise
from wirematrix.upkeep.sightings import collect


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What would become of a file, and the sentences that tell of it."""

    content: bytes
    changed: bool
    lines: tuple[str, ...]
    diff: str  # unified; empty if nothing changed


def update(content: bytes, file: str, runs: Sequence[Run], switches: Switches) -> Update:
    """Bring the expectations of a matrix up to date with runs; nothing is written.

    InvalidInput if the file is no matrix, or its expectations are written in a way that cannot be edited. Reasons
    that still say TODO are no hindrance here.
    """
    matrix = matrices.parse(content, file, unfinished=True)
    sightings = collect(runs, matrix)
    revision = revise(matrix, sightings, switches)
    before = yamlfile.text_of(content, file)
    after = _revised(before, content, matrix, revision) if revision.changes else before
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    diff = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), file, "updated")
    return Update(
        content=mark + after.encode(),
        changed=after != before,
        lines=tuple(wording.lines(runs, matrix, sightings, revision, switches)),
        diff="".join(diff),
    )


def _revised(before: str, content: bytes, matrix: Matrix, revision: Revision) -> str:
    """The text with the revision in it, read again and found to be what was meant."""
    top = yamlfile.parse(content, matrix.file)
    after = patched(before, top, revision, matrix.axes)
    head, tail = rest(before, top)
    untouched = after.startswith(head) and after[len(head) :].endswith(tail)
    if not untouched or not _says(after, matrix.file, revision):
        expected = "one entry after each dash, each key on a line of its own"
        raise InvalidInput(f"{matrix.file}: {KEY}", "cannot be edited as it is written", expected=expected)
    return after


def _says(text: str, file: str, revision: Revision) -> bool:
    """Whether a text says just what a revision means."""
    try:
        read = matrices.parse(text.encode(), file, unfinished=True)
    except InvalidInput:
        return False
    return list(map(_sense, read.expectations)) == list(map(_sense, revision.claims))


def _sense(claim: Claim) -> tuple[object, ...]:
    """A claim without its place."""
    return claim.selector, claim.build, claim.expectation
