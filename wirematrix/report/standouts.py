"""The most important sentences of a report, computed from its cells and ranked by how many cells each stands for.

A sentence never says more than the cells hold. It speaks of all engines only where each of them was tried over each
network it names; a cell that timed out, crashed, was degraded or whose attempts differ supports no sentence but that
it is unexpected; a check judges nothing, so none is spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from wirematrix.model import Kind, Status
from wirematrix.report.claimwords import engine_names, joined, phrase, transport_name, ways_named
from wirematrix.report.tally import counted
from wirematrix.report.text import visible
from wirematrix.report.views import EngineView, JudgedSlot, Look, ReportView, RowView

AT_MOST: Final = 3


class Sort(StrEnum):
    """What a sentence is about, the most pressing first; of each sort but the first one is told."""

    NEWS = "news"
    BROKEN = "broken"
    ONLY = "only"
    DIFFER = "differ"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standout:
    """A sentence, the cells it stands for, and the view of the grid that shows them."""

    sort: Sort
    sentence: str
    cells: frozenset[str]  # anchors
    view: str  # query of the address


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """How one scenario fared over one transport: in which engines, over which ways."""

    slots: tuple[JudgedSlot, ...]
    held: bool  # all of them pass
    broke: bool  # all of them fail
    engines: tuple[str, ...]  # keys, each tried over each of the ways
    ways: tuple[str, ...]

    @property
    def cells(self) -> frozenset[str]:
        return frozenset(slot.anchor for slot in self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A scenario of which all that was tried is settled, over transports that were all tried alike."""

    name: str
    title: str
    trials: dict[str, _Trial]  # by transport

    def over(self, *, held: bool) -> tuple[str, ...]:
        return tuple(one for one, trial in self.trials.items() if (trial.held if held else trial.broke))

    def cells(self, transports: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self.trials[one].cells for one in transports))


def standouts(view: ReportView) -> tuple[Standout, ...]:
    """At most three sentences: what is unexpected first, then of each other sort the one that covers most."""
    told: list[Standout] = []
    candidates = list(_candidates(view))
    covered: set[str] = set()
    while candidates and len(told) < AT_MOST:
        best = min(candidates, key=lambda one: _rank(one, covered))
        told.append(best)
        covered |= best.cells
        candidates = [
            one
            for one in candidates
            if one.cells - covered and (one.sort is Sort.NEWS or one.sort not in {each.sort for each in told})
        ]
    return tuple(told)


def _rank(candidate: Standout, covered: set[str]) -> tuple[int, int]:
    order = (Sort.NEWS, None, Sort.HOLDS)  # those between are weighed by their cells alone
    place = order.index(candidate.sort) if candidate.sort in order else 1
    return place, -len(candidate.cells - covered)


def _candidates(view: ReportView) -> Iterator[Standout]:
    yield from _news(view)
    claims = [claim for rows in _by_scenario(view) if (claim := _claim(rows))]
    yield from _broken(view, claims)
    yield from _only(view, claims)
    yield from _differ(view)
    yield from _holds(view)


def _news(view: ReportView) -> Iterator[Standout]:
    together: dict[tuple[str, Status], list[JudgedSlot]] = {}
    for slot in view.unexpected:
        together.setdefault((slot.scenario.name, slot.status), []).append(slot)
    for (name, status), slots in together.items():
        engines = [engine for engine in view.engines if any(slot.engine.key == engine.key for slot in slots)]
        over = dict.fromkeys(transport_name(slot.cell.transport) for slot in slots)
        ways = dict.fromkeys(slot.cell.network for slot in slots)
        sentence = (
            f"Unexpected: {status} in {engine_names(engines, view.engines)} over {joined(over)}"
            f"{ways_named(tuple(ways))}, {counted(len(slots), 'cell')}: “{slots[0].scenario.title}”"
        )
        cells = frozenset(slot.anchor for slot in slots)
        yield Standout(sort=Sort.NEWS, sentence=sentence, cells=cells, view=_query(q=name, only="unexpected"))


def _broken(view: ReportView, claims: Sequence[_Claim]) -> Iterator[Standout]:
    """`None of the 3 engines reopens bare WebSocket after the connection breaks. 8 more scenarios break there, too.`"""
    together: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Claim]] = {}
    for claim in claims:
        if broke := claim.over(held=False):
            together.setdefault((broke, claim.trials[broke[0]].engines), []).append(claim)
    for (broke, keys), own in together.items():
        lead, *further = sorted(own, key=lambda claim: -len(claim.cells(broke)))
        ways = ways_named(lead.trials[broke[0]].ways)
        said = phrase(lead.name, over=broke, bare=_wrapped(view) and not any(one.endswith("+") for one in broke))
        names = joined(map(transport_name, broke), "or")
        none = _nobody(view, keys)
        sentence = f"{none} {said}{ways}." if said else f"{_nowhere(view, keys)} over {names}{ways}: “{lead.title}”"
        if further:
            sentence += f" {counted(len(further), 'more scenario')} break{'s' if len(further) == 1 else ''} there, too."
        yield Standout(
            sort=Sort.BROKEN,
            sentence=sentence,
            cells=frozenset().union(*(claim.cells(broke) for claim in own)),
            view=_query(status="fail", transport=" ".join(broke)),
        )


def _only(view: ReportView, claims: Sequence[_Claim]) -> Iterator[Standout]:
    """`Only the resilient policy notices silence.`"""
    for claim in claims:
        held, broke = claim.over(held=True), claim.over(held=False)
        if not held or not broke or len(held) > len(broke) or len(held) + len(broke) < len(claim.trials):
            continue
        policy = all(one.endswith("+") for one in held) and not any(one.endswith("+") for one in broke)
        who = "the resilient policy" if policy else transport_name(held[0])
        trial = claim.trials[held[0]]
        said = phrase(claim.name) if policy or len(held) == 1 else ""
        where = f"{ways_named(trial.ways)}, in {_those(view, trial.engines)}"
        names = "the resilient policy" if policy else joined(map(transport_name, held))
        sentence = f"Only {who} {said}{where}." if said else f"Only over {names}{where}: “{claim.title}”"
        yield Standout(sort=Sort.ONLY, sentence=sentence, cells=claim.cells(claim.trials), view=_query(q=claim.name))


def _differ(view: ReportView) -> Iterator[Standout]:
    """`Engines differ in 5 scenarios: 3 break in Firefox only, 2 in WebKitGTK only.`"""
    cells: set[str] = set()
    breakers_of: dict[str, set[str]] = {}
    titles: dict[str, str] = {}
    for rows in _by_scenario(view):
        for row in rows:
            for transport in dict.fromkeys(slot.cell.transport for slot in row.judged):
                tried = [slot for slot in _tried(row) if slot.cell.transport == transport]
                broke = [slot for slot in tried if slot.status is Status.FAIL]
                if broke and len(broke) < len(tried) and _settled(tried):
                    breakers_of.setdefault(row.scenario.name, set()).update(slot.engine.key for slot in broke)
                    titles[row.scenario.name] = row.scenario.title
                    cells |= {slot.anchor for slot in tried}
    if not breakers_of:
        return
    counts: dict[tuple[str, ...], int] = {}
    for keys in breakers_of.values():
        group = tuple(engine.key for engine in view.engines if engine.key in keys)
        counts[group] = counts.get(group, 0) + 1
    if len(breakers_of) == 1:
        ((name, keys),) = breakers_of.items()
        names = engine_names(_engines(view, keys), view.engines)
        sentence = f"Engines differ in one scenario, which breaks in {names} only: “{titles[name]}”"
    else:
        most = sorted(counts.items(), key=lambda item: -item[1])
        parts = [f"{number} in {engine_names(_engines(view, keys), view.engines)} only" for keys, number in most]
        parts[0] = parts[0].replace(" in ", " break in " if most[0][1] > 1 else " breaks in ", 1)
        sentence = f"Engines differ in {len(breakers_of)} scenarios: {', '.join(parts)}."
    yield Standout(
        sort=Sort.DIFFER,
        sentence=sentence,
        cells=frozenset(cells),
        view=_query(status="fail", only="disagreeing", columns="transport"),
    )


def _holds(view: ReportView) -> Iterator[Standout]:
    """`Over EventSource+ and WebSocket+, all 22 scenarios hold in all 3 engines.`"""
    by_transport: dict[str, list[JudgedSlot]] = {}
    for rows in _by_scenario(view):
        for row in rows:
            for slot in _tried(row):
                by_transport.setdefault(slot.cell.transport, []).append(slot)
    held = {one: slots for one, slots in by_transport.items() if _settled(slots) and _all(slots, Status.PASS)}
    held = {one: slots for one, slots in held.items() if _everybody(view, slots)}
    if not held:
        return
    slots = [slot for own in held.values() for slot in own]
    scenarios = {slot.scenario.name for slot in slots}
    keys = tuple(engine.key for engine in view.engines)
    sentence = (
        f"Over {joined(map(transport_name, held))}, all that is required or recommended and was tried holds in "
        f"{_those(view, keys)}: {counted(len(scenarios), 'scenario')}."
    )
    cells = frozenset(slot.anchor for slot in slots)
    yield Standout(sort=Sort.HOLDS, sentence=sentence, cells=cells, view=_query(transport=" ".join(held)))


def _by_scenario(view: ReportView) -> Iterator[tuple[RowView, ...]]:
    for group in view.groups:
        for scenario in group.scenarios:
            if scenario.text.kind is not Kind.CHECK:
                yield scenario.rows


def _tried(row: RowView) -> list[JudgedSlot]:
    return [slot for slot in row.judged if slot.status is not Status.SKIP and slot.look is not Look.UNREACHED]


def _settled(slots: Iterable[JudgedSlot]) -> bool:
    return all(slot.status in (Status.PASS, Status.FAIL) and not slot.unsettled for slot in slots)


def _all(slots: Iterable[JudgedSlot], status: Status) -> bool:
    return all(slot.status is status for slot in slots)


def _everybody(view: ReportView, slots: Sequence[JudgedSlot]) -> bool:
    return {slot.engine.key for slot in slots} == {engine.key for engine in view.engines}


def _claim(rows: Sequence[RowView]) -> _Claim | None:
    """A scenario as far as sentences may speak of it; None where its transports were not tried alike."""
    tried = [(row.way, slot) for row in rows for slot in _tried(row)]
    trials: dict[str, _Trial] = {}
    for transport in dict.fromkeys(slot.cell.transport for _, slot in tried):
        own = [(way, slot) for way, slot in tried if slot.cell.transport == transport]
        slots = tuple(slot for _, slot in own)
        trials[transport] = _Trial(
            slots=slots,
            held=_settled(slots) and _all(slots, Status.PASS),
            broke=_settled(slots) and _all(slots, Status.FAIL),
            engines=tuple(dict.fromkeys(slot.engine.key for slot in slots)),
            ways=tuple(dict.fromkeys(way for way, _ in own)),
        )
    shapes = {(frozenset(trial.engines), trial.ways) for trial in trials.values()}
    if len(shapes) != 1 or any(len(one.slots) < len(one.engines) * len(one.ways) for one in trials.values()):
        return None
    return _Claim(name=rows[0].scenario.name, title=rows[0].scenario.title, trials=trials)


def _wrapped(view: ReportView) -> bool:
    return any(column.transport.endswith("+") for column in view.columns)


def _engines(view: ReportView, keys: Iterable[str]) -> list[EngineView]:
    wanted = set(keys)
    return [engine for engine in view.engines if engine.key in wanted]


def _those(view: ReportView, keys: Sequence[str]) -> str:
    if 1 < len(keys) == len(view.engines):
        return f"all {len(keys)} engines"
    return engine_names(_engines(view, keys), view.engines)


def _nobody(view: ReportView, keys: Sequence[str]) -> str:
    if 1 < len(keys) == len(view.engines):
        return f"None of the {len(keys)} engines"
    return f"Nothing in {engine_names(_engines(view, keys), view.engines)}"


def _nowhere(view: ReportView, keys: Sequence[str]) -> str:
    if 1 < len(keys) == len(view.engines):
        return f"Broken in all {len(keys)} engines"
    return f"Broken in {engine_names(_engines(view, keys), view.engines)}"


def _query(**choices: str) -> str:
    return urlencode({key: visible(words) for key, words in choices.items()})  # as the page shows and searches it
