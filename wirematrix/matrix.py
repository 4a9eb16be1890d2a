"""`matrix.yaml`: THE matrix as data, read here and nowhere else.

`load` gives a frozen `Matrix` or raises InvalidInput with file, line, key and what is accepted. The order of
cells is the file's: scenario, then network, origin relation, engine, transport, each axis in the order of its
own list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from wirematrix import jobs as jobs_in
from wirematrix import load_settings, nodes, yamlfile
from wirematrix import needs as needs_in
from wirematrix import network as networks_in
from wirematrix.decision import Decision
from wirematrix.decision import reader as decision_in
from wirematrix.decision.sources import Known, Rows
from wirematrix.errors import InvalidInput
from wirematrix.expectations import (
    Axes,
    CellIndex,
    Claim,
    narrowest,
    parse_claim,
    parse_exclusion,
    refuse_disagreement,
)
from wirematrix.jobs import Job
from wirematrix.load_settings import LoadSettings
from wirematrix.model import ENGINES, RELATIONS, SAME_ORIGIN, TRANSPORTS, Build, Cell, Exclusion, Expectation
from wirematrix.needs import Needs
from wirematrix.network import Network
from wirematrix.nodes import Node, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry:
    """An engine of the matrix; one that is not required runs only when asked for by name."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Over which networks, transports and origin relations a scenario runs, and which scenarios it builds on."""

    scenario: str
    networks: tuple[str, ...]
    transports: tuple[str, ...]
    relations: tuple[str, ...]
    needs: tuple[str, ...]
    place: Place

    def cell(self, engine: str, transport: str, relation: str, network: str) -> Cell:
        """One of its cells, whether it has a meaning or not."""
        return Cell(scenario=self.scenario, engine=engine, transport=transport, network=network, relation=relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The content of one `matrix.yaml`."""

    file: str
    digest: str  # SHA-256 of the file's bytes, hex: runs of the same matrix have the same
    engines: tuple[EngineEntry, ...]
    transports: tuple[str, ...]
    networks: tuple[Network, ...]
    selections: tuple[Selection, ...]
    exclusions: tuple[Exclusion, ...]  # one per excluded cell, for every engine of the file
    expectations: tuple[Claim, ...]  # as they are written
    claims: Mapping[Cell, tuple[Claim, ...]]  # only the cells that an expectation means
    scenarios_place: Place
    load: LoadSettings  # what `wirematrix load` does unless options say otherwise
    decision: Decision | None = None  # what `wirematrix recommend` answers by
    jobs: tuple[Job, ...] = ()  # which machine of CI runs what

    @property
    def required_engines(self) -> tuple[str, ...]:
        """The engines a run uses unless it is asked for others."""
        return tuple(engine.name for engine in self.engines if engine.required)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of all scenarios, in order."""
        return tuple(selection.scenario for selection in self.selections)

    @property
    def axes(self) -> Axes:
        """The names along each axis, in order."""
        return {
            "scenario": self.scenarios,
            "engine": tuple(engine.name for engine in self.engines),
            "transport": self.transports,
            "network": tuple(network.name for network in self.networks),
            "relation": RELATIONS,
        }

    def cells(self, engines: Collection[str] | None = None) -> tuple[Cell, ...]:
        """The cells that have a meaning, in order; None stands for the required engines.

        InvalidInput if the file does not list one of `engines`.
        """
        wanted = self._wanted(engines)
        excluded = {exclusion.cell for exclusion in self.exclusions}
        return tuple(cell for cell in _declared(self.selections, wanted) if cell not in excluded)

    def excluded(self, engines: Collection[str] | None = None) -> tuple[Exclusion, ...]:
        """The exclusions of some engines, in the order of the cells; None: the required engines."""
        wanted = self._wanted(engines)
        return tuple(exclusion for exclusion in self.exclusions if exclusion.cell.engine in wanted)

    def expectation_for(self, cell: Cell, build: Build | None) -> Expectation:
        """The status we claim the cell has with that build; None, an unknown build, meets no condition."""
        claim = narrowest(self.claims.get(cell, ()), build)
        return claim.expectation if claim else Expectation()

    def needs(self, cells: Collection[Cell]) -> Mapping[Cell, tuple[Cell, ...]]:
        """The cells that each cell builds on: of the same engine and transport, one per needed scenario.

        Over the needed scenario's first network with the same route, or like the cell's with none, else over its first;
        and across origins if the cell is and the needed scenario knows that.
        A needed scenario without such a cell is in nobody's way; nor is a cell that is not one of `cells`.
        """
        by_name = {selection.scenario: selection for selection in self.selections}
        excluded = {exclusion.cell for exclusion in self.exclusions}

        def needed(cell: Cell) -> Iterator[Cell]:
            for one in (by_name[name] for name in by_name[cell.scenario].needs):
                relation = cell.relation if cell.relation in one.relations else SAME_ORIGIN
                if cell.transport in one.transports and relation in one.relations:
                    own = self._route_of(cell.network)
                    ways = sorted(one.networks, key=lambda network: self._route_of(network) != own)
                    found = (one.cell(cell.engine, cell.transport, relation, network) for network in ways)
                    yield from [meant for meant in found if meant not in excluded][:1]

        selected = set(cells)
        return {cell: tuple(each for each in needed(cell) if each in selected) for cell in cells}

    def _route_of(self, name: str) -> str:
        """The route that a network leads over; "" if over none."""
        via = self.network(name).via
        return via.route.name if via else ""

    def network(self, name: str) -> Network:
        """The network of that name; InvalidInput if the file lists none."""
        for entry in self.networks:
            if entry.name == name:
                return entry
        names = [entry.name for entry in self.networks]
        raise InvalidInput(self.file, nodes.unknown("network", name, names), expected=nodes.choice(names))

    def check_scenarios(self, known_names: Collection[str], *, complete: bool = True) -> None:
        """InvalidInput unless each of `known_names` has an entry and, if they are `complete`, the reverse."""
        for name in sorted(set(known_names) - set(self.scenarios)):
            problem = f"scenario {name!r} has no entry"
            raise InvalidInput(str(self.scenarios_place), problem, expected=f"a line `{name}: ...`")
        for selection in self.selections if complete else ():
            if selection.scenario not in known_names:
                problem = nodes.unknown("scenario", selection.scenario, known_names)
                expected = f"a scenario function test_{selection.scenario}"
                raise InvalidInput(str(selection.place), problem, expected=expected)

    def _wanted(self, engines: Collection[str] | None) -> tuple[str, ...]:
        if engines is None:
            return self.required_engines
        listed = [entry.name for entry in self.engines]
        for name in engines:
            if name not in listed:
                raise InvalidInput(self.file, nodes.unknown("engine", name, listed), expected=nodes.choice(listed))
        return tuple(name for name in listed if name in engines)


def load(file: Path) -> Matrix:
    """The matrix written in `file`; InvalidInput if it cannot be used."""
    return parse(yamlfile.content_of(file), str(file))


@lru_cache(maxsize=8)  # a matrix never changes, and reading one takes a fifth of a second
def parse(content: bytes, file: str, *, unfinished: bool = False) -> Matrix:
    """The same from a file's bytes; if `unfinished` the reasons of expectations may still be a TODO."""
    top = yamlfile.parse(content, file).fields(
        ("engines", "transports", "networks", "scenarios"),
        ("foundation", "load", "decision", "jobs", "exclusions", "expectations"),
    )
    engines = tuple(_engines(top["engines"]))
    networks = tuple(networks_in.parse(name, node) for name, node in top["networks"].named_entries("network").items())
    axes: Axes = {
        "scenario": tuple(top["scenarios"].named_entries("scenario")),
        "engine": tuple(engine.name for engine in engines),
        "transport": _transports(top["transports"]),
        "network": tuple(entry.name for entry in networks),
        "relation": RELATIONS,
    }
    needs = needs_in.parse(top, axes["scenario"])
    selections = tuple(_selection(name, node, axes, needs[name]) for name, node in top["scenarios"].entries().items())
    declared = tuple(_declared(selections, axes["engine"]))
    exclusions = _exclusions(_items(top, "exclusions"), axes, declared)
    excluded = {exclusion.cell for exclusion in exclusions}
    remaining = tuple(cell for cell in declared if cell not in excluded)
    expectations = tuple(parse_claim(item, axes, unfinished=unfinished) for item in _items(top, "expectations"))
    return Matrix(
        file=file,
        digest=hashlib.sha256(content).hexdigest(),
        engines=engines,
        transports=axes["transport"],
        networks=networks,
        selections=selections,
        exclusions=exclusions,
        expectations=expectations,
        claims=_claims(expectations, remaining),
        scenarios_place=top["scenarios"].place,
        load=load_settings.parse(top.get("load")),
        decision=decision_in.parse(top["decision"], _known(selections, axes, networks)) if "decision" in top else None,
        jobs=jobs_in.parse(top.get("jobs"), axes["engine"]),
    )


def _known(selections: Sequence[Selection], axes: Axes, networks: Sequence[Network]) -> Known:
    """What the evidence of a decision may name; over real servers it has to be named, for not every run has these."""
    over_routes = {network.name for network in networks if network.via}

    def rows(one: Selection) -> Rows:
        usual = tuple(name for name in one.networks if name not in over_routes)
        return Rows(
            networks=one.networks, usual=usual or one.networks, transports=one.transports, relations=one.relations
        )

    return Known(
        scenarios={one.scenario: rows(one) for one in selections},
        networks=tuple(axes["network"]),
        relations=tuple(axes["relation"]),
        engines=tuple(axes["engine"]),
    )


def _items(top: Mapping[str, Node], key: str) -> tuple[Node, ...]:
    return top[key].items() if key in top else ()


def _engines(node: Node) -> Iterator[EngineEntry]:
    seen: set[str] = set()
    for item in node.items():
        entry = item.fields(("name", "required"))
        name = entry["name"].one_of("engine", ENGINES)
        if name in seen:
            raise entry["name"].wrong(f"engine {name!r} is listed twice", expected="each once")
        seen.add(name)
        yield EngineEntry(name=name, required=entry["required"].flag())
    if not seen:
        raise node.wrong("no engine is listed", expected=f"at least one of {nodes.enumeration(ENGINES)}")


def _transports(node: Node) -> tuple[str, ...]:
    node.items()
    return node.some_of("transport", TRANSPORTS)


def _selection(name: str, node: Node, axes: Axes, needs: Needs) -> Selection:
    entry = node.fields(("networks",), ("transports", "relations", "needs"))
    networks = entry["networks"].some_of("network", axes["network"])
    transports = axes["transport"]
    if "transports" in entry:
        transports = entry["transports"].some_of("transport", axes["transport"])
    relations: tuple[str, ...] = (SAME_ORIGIN,)
    if "relations" in entry:
        relations = entry["relations"].some_of("relation", axes["relation"])
    return Selection(
        scenario=name,
        networks=tuple(each for each in axes["network"] if each in networks),
        transports=tuple(each for each in axes["transport"] if each in transports),
        relations=tuple(each for each in axes["relation"] if each in relations),
        needs=needs.scenarios,
        place=node.place,
    )


def _declared(selections: Sequence[Selection], engines: Sequence[str]) -> Iterator[Cell]:
    for selection in selections:
        axes = product(selection.networks, selection.relations, engines, selection.transports)
        for network, relation, engine, transport in axes:
            yield selection.cell(engine, transport, relation, network)


def _exclusions(items: tuple[Node, ...], axes: Axes, declared: Sequence[Cell]) -> tuple[Exclusion, ...]:
    reasons: dict[Cell, str] = {}
    index = CellIndex(declared)
    for item in items:
        rule = parse_exclusion(item, axes)
        found = [cell for cell in index.meant(rule.selector) if cell not in reasons]
        if not found:
            raise item.wrong("excludes no cell that is not excluded already", expected="a cell of the matrix")
        reasons.update(dict.fromkeys(found, rule.because))
    return tuple(Exclusion(cell=cell, because=reasons[cell]) for cell in declared if cell in reasons)


def _claims(expectations: Sequence[Claim], cells: Sequence[Cell]) -> Mapping[Cell, tuple[Claim, ...]]:
    claims: dict[Cell, tuple[Claim, ...]] = {}
    index = CellIndex(cells)
    for claim in expectations:
        found = list(index.meant(claim.selector))
        if not found:
            expected = "a cell of the matrix that is not excluded"
            raise InvalidInput(str(claim.place), "matches no cell", expected=expected)
        for cell in found:
            claims[cell] = (*claims.get(cell, ()), claim)
    for shared in dict.fromkeys(claims.values()):
        refuse_disagreement(shared)
    return claims
