"""Slots: what candidates are compared in, and which measured rows stand in each for each candidate.

A slot is an engine build and a row of the matrix, a number of subscribers, or the code as a whole. A candidate's rows
are those of its own transport; where the matrix has none for it, those of the transport without the policy, which
adds nothing there; and where it has none of that either, those of the transport that stands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from wirematrix.decision.book import effort_name
from wirematrix.decision.model import (
    CANDIDATES,
    LOAD_OF,
    RESILIENT,
    CellSource,
    Decision,
    EffortSource,
    Evidence,
    FactSource,
    LoadSource,
    RowKey,
    RowKind,
    Source,
    Way,
    bare,
)
from wirematrix.model import SAME_ORIGIN, Build, Cell


class Slot(NamedTuple):
    """Where candidates are compared; without a build for load and effort."""

    build: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an evidence asks for of one candidate: the source that has rows of it, and its rows by slot."""

    source: Source
    rows: Mapping[Slot, tuple[RowKey, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What every evidence of a decision asks for, for some engine builds: worked out once."""

    asked: Mapping[tuple[str, str], Asked | None]  # by the evidence's place and the candidate
    builds: Mapping[str, Build]

    def of(self, evidence: Evidence, candidate: str) -> Asked | None:
        """What is asked for; None where the matrix has no row that speaks for the candidate."""
        return self.asked[evidence.place, candidate]


def plan_of(decision: Decision, builds: Mapping[str, Build]) -> Plan:
    """Work out which rows each evidence of the decision asks for."""
    pieces = [piece for factor in decision.factors for piece in factor.evidence]
    for rule in decision.rules:
        pieces += [rule.evidence, *([rule.remedy.evidence] if rule.remedy else [])]
    asked = {(piece.place, candidate): _asked(piece, candidate, builds) for piece in pieces for candidate in CANDIDATES}
    return Plan(asked, builds)


def keys_of(plan: Plan, evidence: Evidence) -> frozenset[RowKey]:
    """All rows that an evidence asks for."""
    found = (plan.of(evidence, candidate) for candidate in CANDIDATES)
    return frozenset(key for asked in found if asked for keys in asked.rows.values() for key in keys)


def described(source: Source) -> str:
    """What a source asks for, in short."""
    match source:
        case CellSource():
            return ", ".join(dict.fromkeys(way.scenario for way in source.ways))
        case FactSource():
            return f"{source.way.scenario}: {', '.join(source.facts)}"
        case LoadSource():
            return f"{source.figure} with {' and '.join(map(str, source.subscribers))} subscribers"
        case EffortSource():
            return f"{source.measure} of code"
        case _:
            assert_never(source)


def row_transport(transports: tuple[str, ...], stand_in: Mapping[str, str], candidate: str) -> str:
    """Whose rows speak for a candidate; empty if nobody's do."""
    plain = bare(candidate)
    other = stand_in.get(plain, "")
    policy = RESILIENT if candidate != plain else ""
    return next((each for each in (candidate, plain, f"{other}{policy}", other) if each and each in transports), "")


def _asked(evidence: Evidence, candidate: str, builds: Mapping[str, Build]) -> Asked | None:
    for source in evidence.sources:
        rows = dict(_rows(source, candidate, builds))
        if rows:
            alone = len(evidence.sources) == 1
            return Asked(source=source, rows=rows if alone else _joined(rows))
    return None


def _joined(rows: Mapping[Slot, tuple[RowKey, ...]]) -> Mapping[Slot, tuple[RowKey, ...]]:
    """Rows of different sources have nothing in common but the engine build."""
    joined: dict[Slot, tuple[RowKey, ...]] = {}
    for slot, keys in rows.items():
        whole = Slot(slot.build, "")
        joined[whole] = (*joined.get(whole, ()), *keys)
    return joined


def _rows(source: Source, candidate: str, builds: Mapping[str, Build]) -> Iterator[tuple[Slot, tuple[RowKey, ...]]]:
    match source:
        case CellSource():
            yield from _cells(source, row_transport(source.transports, source.stand_in, candidate), builds)
        case FactSource():
            yield from _facts(source, row_transport(source.transports, source.stand_in, candidate), builds)
        case LoadSource():
            tier = source.tiers[LOAD_OF[bare(candidate)]]
            for number in source.subscribers:
                key = RowKey(kind=RowKind.LOAD, name=tier, figure=source.figure, subscribers=number)
                yield Slot("", f"{number} subscribers"), (key,)
        case EffortSource():
            yield Slot("", f"{source.measure} of code"), tuple(_effort(source, candidate))
        case _:
            assert_never(source)


def _cells(
    source: CellSource, transport: str, builds: Mapping[str, Build]
) -> Iterator[tuple[Slot, tuple[RowKey, ...]]]:
    for build, about in builds.items() if transport else ():
        for way in source.ways:
            name = _cell(way, about, transport).id
            yield Slot(build, _label(way)), (RowKey(kind=RowKind.CELL, build=build, name=name),)


def _facts(
    source: FactSource, transport: str, builds: Mapping[str, Build]
) -> Iterator[tuple[Slot, tuple[RowKey, ...]]]:
    for build, about in builds.items() if transport else ():
        name = _cell(source.way, about, transport).id
        for fact in source.facts:
            key = RowKey(kind=RowKind.FACT, build=build, name=name, figure=fact)
            yield Slot(build, f"{_label(source.way)} {fact}"), (key,)


def _effort(source: EffortSource, candidate: str) -> Iterator[RowKey]:
    plain = bare(candidate)
    for guarantee in source.bare[plain] if candidate == plain else source.resilient:
        for side in source.sides:
            yield RowKey(kind=RowKind.EFFORT, name=effort_name(guarantee, plain, side), figure=source.measure)


def _cell(way: Way, build: Build, transport: str) -> Cell:
    return Cell(
        scenario=way.scenario,
        engine=build.engine,
        transport=transport,
        network=way.network,
        relation=way.relation,
    )


def _label(way: Way) -> str:
    across = "" if way.relation == SAME_ORIGIN else f" {way.relation}"
    return f"{way.scenario} {way.network}{across}"
