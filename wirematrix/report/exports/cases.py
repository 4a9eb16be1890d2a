"""What a cell is to a tool that knows tests: one test case with one of eight outcomes and a sentence.

Other formats know passed, failed and skipped. Which of our cells is which is decided here, once, so that no two
exports of one run disagree. Names and sentences are made visible here; a format only has to quote them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, assert_never

from wirematrix.gather import RanAttempt, gather
from wirematrix.model import Run, ScenarioText, Status
from wirematrix.repeats import was_made
from wirematrix.report.lookup import own_name
from wirematrix.report.merge import merge_views
from wirematrix.report.text import visible
from wirematrix.report.views import (
    Blank,
    BlankSlot,
    ColumnView,
    EngineView,
    JudgedSlot,
    Look,
    ReportView,
    RowView,
    Slot,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NEVER_RAN: Final = "declared, but no attempt of it was received: the run is incomplete"


class Outcome(StrEnum):
    """How a cell ended, as far as a tool for tests can tell it."""

    PASSED = "passed"
    RECORDED = "recorded"  # of kind check: neither passed nor failed, and as it should be
    KNOWN = "known"  # does not pass, as claimed
    UNEXPECTED = "unexpected"  # worse or better than claimed
    ERROR = "error"  # unexpected, and ours
    SKIPPED = "skipped"
    NOT_BEGUN = "not begun"  # what it builds on failed, which is told once
    NOT_RUN = "not run"  # declared and never received


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cell of one engine build."""

    name: str  # the cell's id, and the build where the runs have several of its engine
    outcome: Outcome
    message: str  # one line that says why; empty for what passed
    scenario: ScenarioText | None  # None where a declared id names no cell that we can place
    engine: EngineView | None
    slot: Slot | None

    @property
    def judged(self) -> JudgedSlot | None:
        """The cell's verdict; None if it was never run."""
        return self.slot if isinstance(self.slot, JudgedSlot) else None

    @property
    def flaky(self) -> str:
        """How its attempts or runs disagree, in a sentence; empty if they do not."""
        return self.judged.unsettled if self.judged else ""

    @property
    def failed(self) -> bool:
        """Whether it is news."""
        return self.outcome in (Outcome.UNEXPECTED, Outcome.ERROR, Outcome.NOT_RUN)

    @property
    def others(self) -> tuple[RanAttempt, ...]:
        """The attempts that were made and do not speak for the cell, in order."""
        judged = self.judged
        if judged is None:
            return ()
        return tuple(ran for ran in judged.attempts if ran is not judged.deciding and was_made(ran.attempt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """All cells of one run or several, in the report's order, with the view they were made from."""

    view: ReportView
    cases: tuple[Case, ...]

    def of(self, engine: EngineView) -> tuple[Case, ...]:
        """The cells of one engine build."""
        return tuple(case for case in self.cases if case.engine and case.engine.key == engine.key)

    @property
    def placeless(self) -> tuple[Case, ...]:
        """Declared ids that name no engine or transport we know."""
        return tuple(case for case in self.cases if case.engine is None)


def cases_of(runs: Sequence[Run]) -> Cases:
    """Every cell that was declared or attempted. Raises InvalidInput if there is no run."""
    view = merge_views(runs)
    placed = [_case(row, column.engine, slot, view) for row, column, slot in _slots(view) if _is_asked_for(slot)]
    placeless = [_never_placed(name) for name in gather(runs).unreadable]
    return Cases(view=view, cases=(*placed, *placeless))


def _slots(view: ReportView) -> Iterator[tuple[RowView, ColumnView, Slot]]:
    for row in view.rows:
        for column, slot in zip(view.columns, row.slots, strict=True):
            yield row, column, slot


def _is_asked_for(slot: Slot) -> bool:
    return isinstance(slot, JudgedSlot) or slot.blank is Blank.MISSING


def _case(row: RowView, engine: EngineView, slot: Slot, view: ReportView) -> Case:
    outcome, message = (Outcome.NOT_RUN, NEVER_RAN) if isinstance(slot, BlankSlot) else _told(slot)
    return Case(
        name=own_name(slot.cell, engine, view),
        outcome=outcome,
        message=visible(message),
        scenario=row.scenario,
        engine=engine,
        slot=slot,
    )


def _never_placed(identifier: str) -> Case:
    return Case(
        name=visible(identifier) or "“”",
        outcome=Outcome.NOT_RUN,
        message=NEVER_RAN,
        scenario=None,
        engine=None,
        slot=None,
    )


def _told(slot: JudgedSlot) -> tuple[Outcome, str]:
    """A verdict's outcome, and the sentence beside it."""
    look, status, because = slot.look, slot.status, slot.because
    match look:
        case Look.FINE:
            return Outcome.PASSED, ""
        case Look.RECORDED:
            return Outcome.RECORDED, ""
        case Look.KNOWN:
            see = f" ({slot.expectation.see})" if slot.expectation.see else ""
            return Outcome.KNOWN, f"expected {status}: {slot.expectation.because}{see}; this time: {because}"
        case Look.NEWS:
            outcome = Outcome.ERROR if status is Status.ERROR else Outcome.UNEXPECTED
            return outcome, f"unexpected {status}, expected {slot.claimed}: {because}"
        case Look.SKIPPED:
            return Outcome.SKIPPED, f"skip: {because}"
        case Look.UNREACHED:
            return Outcome.NOT_BEGUN, f"not begun: {because}"
    assert_never(look)


def epoch_ms(moment: str) -> int | None:
    """An ISO 8601 time as milliseconds since 1970, in UTC where it names no zone; None if it is none."""
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return round((aware - EPOCH).total_seconds() * 1000)
