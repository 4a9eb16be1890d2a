"""Counting: how many cells ended as what, and how many of those nobody expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.model import Status

UNREMARKABLE: Final = (Status.PASS, Status.SKIP)  # statuses that need no "expected" before them


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Cells by status, those we claim apart from those that are news."""

    expected: Mapping[Status, int]
    unexpected: Mapping[Status, int]
    missing: int  # declared, and no attempt was received

    @property
    def cells(self) -> int:
        """Cells with a verdict."""
        return sum(self.expected.values()) + self.surprises

    @property
    def surprises(self) -> int:
        """Cells whose status is not one we claim."""
        return sum(self.unexpected.values())

    @property
    def known(self) -> int:
        """Cells that do not pass, as claimed."""
        return sum(number for status, number in self.expected.items() if status not in UNREMARKABLE)

    def of(self, status: Status) -> int:
        """All cells of a status."""
        return self.expected.get(status, 0) + self.unexpected.get(status, 0)

    @property
    def line(self) -> str:
        """`630 cells: 512 pass, 96 expected fail, 22 skip, 0 unexpected`."""
        parts = [
            f"{self.expected[status]:,} {status if status in UNREMARKABLE else f'expected {status}'}"
            for status in Status
            if self.expected.get(status)
        ]
        which = ", ".join(f"{self.unexpected[one]:,} {one}" for one in Status if self.unexpected.get(one))
        parts.append(f"{self.surprises:,} unexpected{f' ({which})' if which else ''}")
        if self.missing:
            parts.append(f"{self.missing:,} declared but not run")
        return f"{counted(self.cells, 'cell')}: {', '.join(parts)}"


def tally(verdicts: Iterable[tuple[Status, bool]], *, missing: int = 0) -> Tally:
    """Count pairs of a status and whether it was expected."""
    numbers = Counter(verdicts)
    return Tally(
        expected={status: number for (status, expected), number in numbers.items() if expected},
        unexpected={status: number for (status, expected), number in numbers.items() if not expected},
        missing=missing,
    )


def counted(number: int, noun: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
