"""What works where: for each transport in each engine build the share of scenarios that hold, by kind.

A scenario counts once, however many networks it is tried over, and holds only where every cell of it that was
attempted passes (of kind check: has its record). What was skipped or never begun counts neither way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wirematrix.model import Kind, Status
from wirematrix.report.views import JudgedSlot, Look, ReportView


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many scenarios of one kind hold, of those attempted in one engine over one transport."""

    kind: Kind
    engine: str  # key of the build
    transport: str
    good: int
    partly: int  # hold over some networks only
    attempted: int

    @property
    def percent(self) -> int:
        """Rounded down: 100 means all of them."""
        return 100 * self.good // self.attempted if self.attempted else 0

    @property
    def line(self) -> str:
        """`22 of 31 required scenarios hold, 2 more over some networks only`."""
        verb = "have their record" if self.kind is Kind.CHECK else "hold"
        partly = f", {self.partly:,} more over some networks only" if self.partly else ""
        each = "" if self.transport else " × transports"
        return f"{self.good:,} of {self.attempted:,} {self.kind} scenarios{each} {verb}{partly}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One transport: a share for each engine and kind, None where nothing was attempted."""

    transport: str  # empty for all transports together
    shares: tuple[Share | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesView:
    """The table: kinds within engines from left to right, transports from top to bottom, all of them last."""

    kinds: tuple[Kind, ...]
    rows: tuple[ShareRow, ...]


def shares_view(view: ReportView) -> SharesView:
    """Count scenarios, not cells."""
    transports = tuple(dict.fromkeys(column.transport for column in view.columns))
    attempted = [slot for slot in view.judged if slot.status is not Status.SKIP and slot.look is not Look.UNREACHED]
    kinds = tuple(kind for kind in Kind if any(slot.scenario.kind is kind for slot in attempted))
    rows = []
    for transport in (*transports, "") if len(transports) > 1 else transports:
        own = [slot for slot in attempted if transport in ("", slot.cell.transport)]
        places = ((engine.key, kind) for engine in view.engines for kind in kinds)
        shares = tuple(_share(own, engine, transport, kind) for engine, kind in places)
        rows.append(ShareRow(transport=transport, shares=shares))
    return SharesView(kinds=kinds, rows=tuple(rows))


def _share(slots: Iterable[JudgedSlot], engine: str, transport: str, kind: Kind) -> Share | None:
    passed: dict[tuple[str, str], list[bool]] = {}
    for slot in slots:
        if slot.engine.key == engine and slot.scenario.kind is kind:
            passed.setdefault((slot.scenario.name, slot.cell.transport), []).append(slot.status is Status.PASS)
    if not passed:
        return None
    return Share(
        kind=kind,
        engine=engine,
        transport=transport,
        good=sum(map(all, passed.values())),
        partly=sum(any(own) and not all(own) for own in passed.values()),
        attempted=len(passed),
    )
