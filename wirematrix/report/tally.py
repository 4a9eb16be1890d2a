"""Counting: how many cells ended as what, and how many of those nobody expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.model import Kind, Status

Verdict = tuple[Kind, Status, bool]  # of a cell; the last says whether it was expected
UNREMARKABLE: Final = (Status.PASS, Status.SKIP)  # statuses that need no "expected" before them


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Cells by status, those we claim apart from those that are news."""

    expected: Mapping[Status, int]
    unexpected: Mapping[Status, int]
    recorded: int  # cells of kind check that have their record: neither passed nor failed
    missing: int  # declared, and no attempt was received
    unreached: int = 0  # not begun, because what they build on failed

    @property
    def cells(self) -> int:
        """Cells with a verdict."""
        return sum(self.expected.values()) + self.recorded + self.surprises + self.unreached

    @property
    def surprises(self) -> int:
        """Cells whose status is not one we claim."""
        return sum(self.unexpected.values())

    @property
    def known(self) -> int:
        """Cells that do not pass, as claimed."""
        return sum(number for status, number in self.expected.items() if status not in UNREMARKABLE)

    @property
    def attempted(self) -> int:
        """Cells that were begun: neither skipped nor left because of what they build on."""
        return self.cells - self.of(Status.SKIP) - self.unreached

    @property
    def good(self) -> int:
        """Cells that pass or, of kind check, have their record."""
        return self.of(Status.PASS) + self.recorded

    def of(self, status: Status) -> int:
        """All cells of a status, without the recorded ones."""
        unreached = self.unreached if status is Status.NOT_REACHED else 0
        return self.expected.get(status, 0) + self.unexpected.get(status, 0) + unreached

    @property
    def parts(self) -> tuple[tuple[str, str, int], ...]:
        """Look, status and number of cells that look alike, for a bar: what is fine first, news last."""
        known = [(("fine" if status is Status.PASS else "known"), status) for status in Status]
        return (
            *((look, str(status), self.expected[status]) for look, status in known if self.expected.get(status)),
            *([("recorded", "pass", self.recorded)] if self.recorded else ()),
            *(("news", str(status), self.unexpected[status]) for status in Status if self.unexpected.get(status)),
        )

    @property
    def line(self) -> str:
        """`630 cells: 492 pass, 20 recorded, 96 expected fail, 22 skip, 0 unexpected`."""
        parts = [
            f"{self.expected[status]:,} {status if status in UNREMARKABLE else f'expected {status}'}"
            for status in Status
            if self.expected.get(status)
        ]
        if self.recorded:
            parts.insert(bool(self.expected.get(Status.PASS)), f"{self.recorded:,} recorded")
        if self.unreached:
            parts.append(f"{self.unreached:,} not begun")
        which = ", ".join(f"{self.unexpected[one]:,} {one}" for one in Status if self.unexpected.get(one))
        parts.append(f"{self.surprises:,} unexpected{f' ({which})' if which else ''}")
        if self.missing:
            parts.append(f"{self.missing:,} declared but not run")
        return f"{counted(self.cells, 'cell')}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTally:
    """Cells of one kind that were attempted, and how many of them hold (pass) or, of kind check, have their record."""

    kind: Kind
    good: int
    attempted: int

    @property
    def line(self) -> str:
        """`required: 40 of 42 hold`, `check: 12 of 12 recorded`."""
        return f"{self.kind}: {self.share} {self.verb}"

    @property
    def verb(self) -> str:
        """What the good ones do."""
        return "recorded" if self.kind is Kind.CHECK else "hold"

    @property
    def share(self) -> str:
        """`40 of 42`."""
        return f"{self.good:,} of {self.attempted:,}"


def tally(verdicts: Iterable[Verdict], *, missing: int = 0, unreached: int = 0) -> Tally:
    """Count verdicts; `unreached` are the cells that were not begun, left out of the verdicts."""
    numbers = Counter((status, expected, kind is Kind.CHECK) for kind, status, expected in verdicts)
    recorded = numbers.pop((Status.PASS, True, True), 0)
    expected: Counter[Status] = Counter()
    unexpected: Counter[Status] = Counter()
    for (status, is_expected, _), number in numbers.items():
        (expected if is_expected else unexpected)[status] += number
    return Tally(expected=expected, unexpected=unexpected, recorded=recorded, missing=missing, unreached=unreached)


def by_kind(verdicts: Iterable[Verdict]) -> tuple[KindTally, ...]:
    """Count what was attempted by kind; a kind without attempts is left out."""
    attempted: Counter[Kind] = Counter()
    good: Counter[Kind] = Counter()
    for kind, status, _ in verdicts:
        attempted[kind] += status is not Status.SKIP
        good[kind] += status is Status.PASS
    return tuple(KindTally(kind=kind, good=good[kind], attempted=attempted[kind]) for kind in Kind if attempted[kind])


def counted(number: int, noun: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
