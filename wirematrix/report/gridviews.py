"""What the grid needs beside rows and slots: short names for its columns' address, and the rows that disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from wirematrix.facts import Agreement
from wirematrix.model import Status
from wirematrix.report.shares import Share
from wirematrix.report.text import anchor, visible
from wirematrix.report.views import EngineView, JudgedSlot, Look, ReportView, RowView

RowKey = tuple[str, str, str]  # scenario, network, origin relation


@dataclass(frozen=True, slots=True, kw_only=True)
class GridView:
    """Names and choices of the grid."""

    slugs: Mapping[str, str]  # engine key -> what the address of a view calls it
    words: tuple[str, ...]  # the statuses that are there, as cells say them
    networks: tuple[str, ...]
    differing: Mapping[RowKey, tuple[str, ...]]  # the transports over which engines recorded different facts

    def differ(self, row: RowView) -> str:
        """The transports of a row over which engines recorded different facts, separated by spaces."""
        return " ".join(self.differing.get((row.scenario.name, row.network, row.relation), ()))


def grid_view(view: ReportView) -> GridView:
    """What can be chosen in this grid."""
    there = {slot.word for slot in view.judged}
    known = (*Status, Look.RECORDED)
    differing: dict[RowKey, list[str]] = {}
    for scenario in view.facts.table.scenarios:
        for row in scenario.rows:
            if row.agreement is Agreement.DIFFER:
                over = differing.setdefault((scenario.name, row.network, row.relation), [])
                if row.transport not in over:
                    over.append(row.transport)
    return GridView(
        slugs=slugs(view.engines),
        words=tuple(str(word) for word in known if word in there),
        networks=tuple(dict.fromkeys(row.network for row in view.rows)),
        differing={key: tuple(over) for key, over in differing.items()},
    )


def slugs(engines: Sequence[EngineView]) -> Mapping[str, str]:
    """A short name for each engine build, by its key: `webkit`, or where there are several `webkit-2.50.6`."""
    alike = Counter(engine.build.engine for engine in engines)
    taken: Counter[str] = Counter()
    names = {}
    for engine in engines:
        build = engine.build
        name = build.engine if alike[build.engine] == 1 else f"{build.engine}-{build.version}"
        taken[name] += 1
        names[engine.key] = anchor(name if taken[name] == 1 else f"{name}-{taken[name]}")
    return names


def view_of(grid: GridView, share: Share) -> str:
    """The query of the address that shows the rows a share counts."""
    chosen = {"kind": str(share.kind), "engine": grid.slugs[share.engine], "transport": share.transport}
    return urlencode({key: visible(words) for key, words in chosen.items() if words})


def hint(slot: JudgedSlot) -> str:
    """A cell in one sentence, for whoever points at it: how it ended, why, and what was claimed if it is known."""
    said = f"{slot.look}: " if slot.word == slot.look else f"{slot.look} {slot.status}: "
    known = f" Expected: {slot.expectation.because}" if slot.look is Look.KNOWN else ""
    unsettled = f" ({slot.unsettled})" if slot.unsettled else ""
    return f"{said}{slot.because}{unsettled}{known}"
