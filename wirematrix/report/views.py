"""What a report shows, as values: engines, columns, groups, rows and one slot per place in the grid.

Texts are kept as they came; each renderer makes them safe for its medium.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wirematrix.gather import RanAttempt
from wirematrix.model import (
    SAME_ORIGIN,
    Build,
    Cell,
    Expectation,
    Kind,
    NearMiss,
    RunInfo,
    ScenarioText,
    Status,
)
from wirematrix.report.factviews import FactsView
from wirematrix.report.tally import KindTally, Tally, counted


class Look(StrEnum):
    """How a judged cell is drawn: news must be seen first, what is known must not be mistaken for it."""

    FINE = "fine"
    RECORDED = "recorded"
    KNOWN = "known"
    NEWS = "news"
    SKIPPED = "skipped"
    UNREACHED = "unreached"


LOOK_MEANS: Final[Mapping[Look, str]] = {
    Look.FINE: "expected: it passes, as claimed",
    Look.RECORDED: "a cell of kind check: what the engine does was written down; it can neither hold nor break",
    Look.KNOWN: "expected: a known shortcoming with a reason, numbered below the grid",
    Look.NEWS: "unexpected: not what the matrix claims, whether worse or better",
    Look.SKIPPED: "not attempted, with a reason",
    Look.UNREACHED: "not begun: what it builds on failed, which is news once and not once more here",
}


class Blank(StrEnum):
    """Why a place in the grid has no verdict."""

    EXCLUDED = "excluded"
    MISSING = "missing"
    UNSELECTED = "unselected"


BLANK_MEANS: Final[Mapping[Blank, str]] = {
    Blank.EXCLUDED: "has no meaning here, with a reason, lettered below the grid",
    Blank.MISSING: "was declared and no attempt of it was received: the run is incomplete",
    Blank.UNSELECTED: "was not selected for this run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineView:
    """One engine build: the upper header of its columns."""

    key: str  # of the build, the same in any run
    build: Build
    transports: tuple[str, ...]
    note: str  # what people tend to take this build for and it is not

    @property
    def name(self) -> str:
        """Product and version, never the bare engine name alone."""
        return f"{self.build.product} {self.build.version}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """One engine build x transport."""

    engine: EngineView
    transport: str
    leads: bool  # whether it is its engine's first column


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSlot:
    """A cell with a verdict."""

    cell: Cell
    anchor: str
    scenario: ScenarioText
    engine: EngineView
    attempts: tuple[RanAttempt, ...]
    deciding: RanAttempt
    unsettled: str  # the sentence that says how attempts or runs disagree; empty if they agree
    number: str  # the key number, with its unit
    footnote: str  # the mark of the expectation's reason; empty where a pass is expected

    @property
    def status(self) -> Status:
        """The deciding attempt's status."""
        return self.deciding.attempt.verdict.status

    @property
    def because(self) -> str:
        """The sentence that decided it."""
        return self.deciding.attempt.verdict.because

    @property
    def expectation(self) -> Expectation:
        """What was claimed."""
        return self.deciding.attempt.verdict.expectation

    @property
    def claimed(self) -> str:
        """The statuses that were claimed, in words."""
        return " or ".join(self.expectation.statuses)

    @property
    def look(self) -> Look:
        """How it is drawn."""
        if self.status is Status.SKIP:
            return Look.SKIPPED
        if self.deciding.attempt.verdict.builds_on:
            return Look.UNREACHED
        if not self.deciding.attempt.verdict.expected:
            return Look.NEWS
        if self.status is not Status.PASS:
            return Look.KNOWN
        return Look.RECORDED if self.scenario.kind is Kind.CHECK else Look.FINE

    @property
    def word(self) -> str:
        """The status as a reader sees it: a check that has its record neither passed nor failed."""
        return str(Look.RECORDED) if self.look is Look.RECORDED else str(self.status)

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """Waits of any attempt that nearly spent their budget."""
        return tuple(miss for ran in self.attempts for miss in ran.attempt.near_misses)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankSlot:
    """A place in the grid without a verdict: excluded, missing or not selected."""

    cell: Cell
    blank: Blank
    because: str
    footnote: str = ""


Slot = JudgedSlot | BlankSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One scenario over one network and origin relation: a slot for every column."""

    scenario: ScenarioText
    network: str
    relation: str
    about: str  # the network in one line
    number: str  # what the numbers in the cells are; empty for none
    number_means: str
    anchor: str
    back: str  # anchor of its scenario in the grid
    slots: tuple[Slot, ...]

    @property
    def way(self) -> str:
        """The row's label: network and, where it is not the usual one, origin relation."""
        return self.network if self.relation == SAME_ORIGIN else f"{self.network}, {self.relation}"

    @property
    def judged(self) -> tuple[JudgedSlot, ...]:
        """The slots that have evidence."""
        return tuple(slot for slot in self.slots if isinstance(slot, JudgedSlot))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioView:
    """A scenario and its rows, one per network and origin relation."""

    text: ScenarioText
    anchor: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Scenarios of one subject, with their tally over all columns and that of each."""

    name: str
    scenarios: tuple[ScenarioView, ...]
    tally: Tally
    subtotals: tuple[Tally, ...]  # one a column

    @property
    def rows(self) -> int:
        """How many rows the grid has of it."""
        return sum(len(scenario.rows) for scenario in self.scenarios)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """A reason that several cells share, with the mark under which they refer to it."""

    mark: str
    because: str
    see: str
    statuses: tuple[Status, ...]
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableView:
    """An engine that could not be run on one machine, and what would mend it."""

    engine: str
    system: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One run or several as one matrix."""

    runs: tuple[RunInfo, ...]
    engines: tuple[EngineView, ...]
    columns: tuple[ColumnView, ...]
    groups: tuple[GroupView, ...]
    networks: Mapping[str, str]
    tally: Tally
    tallies: Mapping[str, Tally]  # by engine key
    kinds: tuple[KindTally, ...]
    kinds_of: Mapping[str, Mapping[Kind, KindTally]]  # by engine key
    facts: FactsView
    missing: tuple[str, ...]  # ids of cells that were declared and never received
    unavailable: tuple[UnavailableView, ...]
    discords: tuple[str, ...]  # conditions in which the runs differ, one sentence each
    known: tuple[ReasonView, ...]
    exclusions: tuple[ReasonView, ...]

    @property
    def rows(self) -> Iterator[RowView]:
        """All rows in order."""
        return (row for group in self.groups for scenario in group.scenarios for row in scenario.rows)

    @property
    def judged(self) -> tuple[JudgedSlot, ...]:
        """All cells that have a verdict, in the grid's order."""
        return tuple(slot for row in self.rows for slot in row.judged)

    @property
    def unexpected(self) -> tuple[JudgedSlot, ...]:
        """The news."""
        return tuple(slot for slot in self.judged if slot.look is Look.NEWS)

    @property
    def unsettled(self) -> tuple[JudgedSlot, ...]:
        """Cells whose attempts or runs ended in different statuses."""
        return tuple(slot for slot in self.judged if slot.unsettled)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that any attempt has a value of, in order of first mention."""
        attempts = (ran.attempt for slot in self.judged for ran in slot.attempts)
        measured = (name for one in attempts for name, value in one.metrics.items() if value is not None)
        return tuple(dict.fromkeys(measured))

    @property
    def nearly_spent(self) -> tuple[JudgedSlot, ...]:
        """Cells with near misses."""
        return tuple(slot for slot in self.judged if slot.near_misses)

    @property
    def headline(self) -> str:
        """The whole report in one sentence."""
        if not self.tally.cells:
            return "No cell was judged"
        if self.tally.surprises:
            return f"{self.tally.surprises:,} of {counted(self.tally.cells, 'cell')} unexpected"
        if self.missing:
            return f"No cell is unexpected, but {len(self.missing):,} declared never ran"
        return f"{counted(self.tally.cells, 'cell')}, all as expected"
