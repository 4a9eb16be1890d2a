"""The same measures seen by a real page: what each engine adds to each transport, from facts that a run recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wirematrix.facts import FactCell, FactRow, FactScenario, FactTable
from wirematrix.report.factviews import place_of, said
from wirematrix.report.views import ReportView

RATES: Final = (1, 10, 100)
LARGE: Final = ((1, "large_message"), (4, "large_message"), (8, "very_large_message"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One measure: what it is, and where it is recorded; of several places the first that a run has."""

    title: str
    sources: tuple[tuple[str, str], ...]  # scenario, fact


COLUMNS: Final = (
    Column(
        title="time to open",
        sources=(
            ("handful_of_subscribers", "open_1_per_second_ms"),
            ("time_to_open", "open_new_tcp_connection_ms"),
        ),
    ),
    *(
        Column(
            title=f"latency at {rate} per s, p{share}",
            sources=(
                ("handful_of_subscribers", f"delay_of_5_p{share}_{rate}_per_second_ms"),
                ("steady_push", f"delay_p{share}_{rate}_per_second_ms"),
            ),
        )
        for rate in RATES
        for share in (50, 99)
    ),
    *(
        Column(title=f"a message of {size} MiB", sources=((scenario, f"all_taken_{size}_mib_ms"),))
        for size, scenario in LARGE
    ),
    Column(title="a burst of 5,000", sources=(("burst_of_small_messages", "all_taken_ms"),)),
    Column(title="longest gap in it", sources=(("burst_of_small_messages", "longest_gap_ms"),)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCell:
    """A number with its range and count, and where its evidence stands."""

    value: str
    spread: str
    evidence: str  # anchor in the report; empty without a record


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One engine build over one transport."""

    build: str
    transport: str
    leads: bool  # the first of its build
    cells: tuple[PageCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The table."""

    columns: tuple[str, ...]
    rows: tuple[PageRow, ...]


def page_view(view: ReportView) -> PageView | None:
    """The table of what pages recorded; None where they recorded nothing of it."""
    table = view.facts.table
    chosen = [(column, _source(table, column)) for column in COLUMNS]
    known = {column.title: source for column, source in chosen if source}
    if not known:
        return None
    transports = dict.fromkeys(row.transport for _, rows in known.values() for row in rows)
    rows = []
    for place, build in enumerate(table.builds):
        own: list[PageRow] = []
        for transport in transports:
            cells = tuple(
                _cell(view, *known[column.title], transport, place) if column.title in known else NOTHING
                for column in COLUMNS
            )
            if any(cell.evidence for cell in cells):
                name = f"{build.product} {build.version}"
                own.append(PageRow(build=name, transport=transport, leads=not own, cells=cells))
        rows += own
    return PageView(columns=tuple(column.title for column in COLUMNS), rows=tuple(rows))


NOTHING: Final = PageCell(value="not measured", spread="", evidence="")


def _source(table: FactTable, column: Column) -> tuple[FactScenario, list[FactRow]] | None:
    """The scenario that recorded a column's fact, and the fact's rows, one a transport."""
    by_name = {scenario.name: scenario for scenario in table.scenarios}
    for name, fact in column.sources:
        scenario = by_name.get(name)
        rows = [row for row in scenario.rows if row.name == fact] if scenario else []
        if scenario and rows:
            return scenario, rows
    return None


def _cell(view: ReportView, scenario: FactScenario, rows: list[FactRow], transport: str, place: int) -> PageCell:
    row = next((one for one in rows if one.transport == transport), None)
    found: FactCell | None = row.cells[place] if row else None
    if row is None or found is None or not found.attempts:
        return NOTHING
    first = said(row.name, found)[0]
    spread = f"{first.spread}, n {first.count}" if first.spread else f"n {first.count}"
    anchor = view.facts.anchors.get(place_of(view.facts.table, scenario, row, place), "")
    return PageCell(value=first.value, spread=spread, evidence=anchor)
