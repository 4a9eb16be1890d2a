"""Evidence as it is written in `matrix.yaml`: cells, facts, load figures and effort, each checked to exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from wirematrix.decision.model import (
    GUARANTEES,
    LOAD_OF,
    MEASURES,
    SIDES,
    Better,
    CellSource,
    EffortSource,
    Evidence,
    FactSource,
    LoadSource,
    Ratio,
    Scale,
    Source,
    Threshold,
    Way,
    Words,
)
from wirematrix.load_figures import FIGURES
from wirematrix.load_model import LoadTransport
from wirematrix.model import SAME_ORIGIN, TRANSPORTS
from wirematrix.nodes import NAME, Node, choice, enumeration

KINDS: Final = ("cells", "fact", "load", "effort", "first_of")
SCALES: Final = ("better", "at_least", "at_most", "holds")
LARGEST: Final = 1e9
MOST_SUBSCRIBERS: Final = 100_000
DEFAULT_TIERS: Final[Mapping[LoadTransport, str]] = MappingProxyType(
    {LoadTransport.SSE: "app-sse", LoadTransport.WEBSOCKET: "app-websocket"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which rows the matrix has of a scenario."""

    networks: tuple[str, ...]
    usual: tuple[str, ...]  # of these, what is meant where evidence names none: those that every run is over
    transports: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What evidence may name."""

    scenarios: Mapping[str, Rows]
    networks: tuple[str, ...]
    relations: tuple[str, ...]
    engines: tuple[str, ...]
    tiers: Mapping[LoadTransport, str] = field(default_factory=lambda: DEFAULT_TIERS)

    def with_tiers(self, node: Node | None) -> Known:
        """The same with the tiers that stand for the two transports under load."""
        if node is None:
            return self
        written = node.fields(tuple(map(str, LoadTransport)))
        return replace(self, tiers={each: _name(written[each], "tier") for each in LoadTransport})


def evidence_of(node: Node, known: Known, *, decides: bool = False) -> Evidence:
    """One piece; if it `decides` (a rule's), it has to be something that holds or does not."""
    if "first_of" not in node.entries():
        return Evidence(sources=(_source(node, known, decides=decides),), place=str(node.place))
    items = node.fields(("first_of",))["first_of"].items()
    if not items:
        raise node.wrong("no evidence is listed", expected="at least one piece")
    sources = tuple(_source(item, known, decides=decides) for item in items)
    for item, source in zip(items, sources, strict=True):
        if isinstance(source, FactSource) and isinstance(source.scale, Ratio) and len(source.facts) > 1:
            raise item.wrong("several facts are held against the best", expected="one fact inside first_of")
    return Evidence(sources=sources, place=str(node.place))


def amount(node: Node, low: float, high: float) -> float:
    """A number from `low` to `high`, both included."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise node.mismatch(f"a number from {low:g} to {high:g}")
    return float(value)


def _source(node: Node, known: Known, *, decides: bool) -> Source:
    kinds = [kind for kind in KINDS if kind in node.entries()]
    if len(kinds) != 1:
        problem = f"says {enumeration(kinds)}" if kinds else "says no evidence"
        raise node.wrong(problem, expected=f"one of {choice(KINDS)}")
    match kinds[0]:
        case "cells":
            return _cells(node, known)
        case "fact":
            return _fact(node, known, decides=decides)
        case "load":
            return _load(node, known, decides=decides)
        case "effort" if not decides:
            return _effort(node)
        case kind:
            raise node.wrong(f"{kind} cannot stand here", expected=choice(KINDS[:3]))


def _cells(node: Node, known: Known) -> CellSource:
    keys = node.fields(("cells",), ("stand_in",))
    cells = keys["cells"].fields(("scenario",), ("network", "relation"))
    scenarios = cells["scenario"].some_of("scenario", known.scenarios)
    wanted = [_rows(cells, known.scenarios[name], name, known) for name in scenarios]
    transports = {rows.transports for rows in wanted}
    if len(transports) > 1:
        problem = f"{enumeration(scenarios)} have rows of different transports"
        raise cells["scenario"].wrong(problem, expected="one piece of evidence for each")
    ways = (
        Way(scenario=name, network=network, relation=relation)
        for name, rows in zip(scenarios, wanted, strict=True)
        for network in rows.networks
        for relation in rows.relations
    )
    return CellSource(
        ways=tuple(ways),
        transports=transports.pop(),
        stand_in=_stand_in(keys.get("stand_in")),
        place=str(node.place),
    )


def _rows(cells: Mapping[str, Node], rows: Rows, scenario: str, known: Known) -> Rows:
    """Those of a scenario's rows that are meant; InvalidInput where it has none."""
    networks = _meant(cells.get("network"), "network", known.networks, rows.networks, scenario)
    return Rows(
        networks=networks if "network" in cells else rows.usual,
        usual=rows.usual,
        transports=rows.transports,
        relations=_meant(cells.get("relation"), "relation", known.relations, rows.relations, scenario),
    )


def _meant(
    node: Node | None, what: str, accepted: Collection[str], own: tuple[str, ...], scenario: str
) -> tuple[str, ...]:
    if node is None:
        return own
    names = node.some_of(what, accepted)
    for name in names:
        if name not in own:
            raise node.wrong(f"{scenario} has no row over {what} {name!r}", expected=choice(own))
    return names


def _fact(node: Node, known: Known, *, decides: bool) -> FactSource:
    keys = node.fields(("fact", "scenario"), ("network", "relation", "stand_in", "floor", *SCALES))
    scenario = keys["scenario"].one_of("scenario", known.scenarios)
    rows = _rows(keys, known.scenarios[scenario], scenario, known)
    relations = (SAME_ORIGIN,) if SAME_ORIGIN in rows.relations else rows.relations
    for what, ways in (("network", rows.networks), ("relation", relations)):
        if len(ways) > 1:
            raise node.wrong(f"{scenario} has several rows", expected=f"one {what}: {choice(ways)}")
    facts = keys["fact"].value
    return FactSource(
        facts=tuple(_name(item, "fact") for item in (facts if isinstance(facts, tuple) else (keys["fact"],))),
        way=Way(scenario=scenario, network=rows.networks[0], relation=relations[0]),
        scale=_scale(node, keys, decides=decides),
        transports=rows.transports,
        stand_in=_stand_in(keys.get("stand_in")),
        place=str(node.place),
    )


def _load(node: Node, known: Known, *, decides: bool) -> LoadSource:
    keys = node.fields(("load", "subscribers"), ("floor", "at_least", "at_most"))
    figure = keys["load"].one_of("figure", tuple(FIGURES))
    numbers = keys["subscribers"].value
    nodes = numbers if isinstance(numbers, tuple) else (keys["subscribers"],)
    scale: Scale = Ratio(better=Better.MORE if FIGURES[figure].more_is_better else Better.LESS, floor=_floor(keys))
    if decides or "at_least" in keys or "at_most" in keys:
        scale = _scale(node, keys, decides=decides)
    if isinstance(scale, Words) or not nodes:
        raise node.wrong("a figure is a number", expected="subscribers, and at_least or at_most")
    return LoadSource(
        figure=figure,
        subscribers=tuple(each.whole(1, MOST_SUBSCRIBERS) for each in nodes),
        scale=scale,
        tiers=known.tiers,
        place=str(node.place),
    )


def _effort(node: Node) -> EffortSource:
    keys = node.fields(("effort", "side", "bare", "resilient"), ("floor",))
    return EffortSource(
        measure=keys["effort"].one_of("measure", MEASURES),
        sides=keys["side"].some_of("side", SIDES),
        bare=_bare(keys["bare"]),
        resilient=keys["resilient"].some_of("guarantee", GUARANTEES),
        floor=_floor(keys),
        place=str(node.place),
    )


def _bare(node: Node) -> Mapping[str, tuple[str, ...]]:
    """The guarantees of each bare transport, or of all of them alike."""
    if not isinstance(node.value, Mapping):
        return dict.fromkeys(LOAD_OF, node.some_of("guarantee", GUARANTEES))
    return {name: entry.some_of("guarantee", GUARANTEES) for name, entry in node.fields(tuple(LOAD_OF)).items()}


def _scale(node: Node, keys: Mapping[str, Node], *, decides: bool) -> Scale:
    accepted = SCALES[1:] if decides else SCALES
    said = [name for name in SCALES if name in keys]
    if len(said) != 1 or said[0] not in accepted:
        raise node.wrong(f"says {enumeration(said) or 'no scale'}", expected=f"one of {choice(accepted)}")
    entry = keys[said[0]]
    if "floor" in keys and said[0] != "better":
        raise keys["floor"].wrong("means nothing here", expected="floor only with better")
    match said[0]:
        case "better":
            return Ratio(better=Better(entry.one_of("direction", tuple(Better))), floor=_floor(keys))
        case "at_least":
            return Threshold(at_least=amount(entry, 0, LARGEST))
        case "at_most":
            return Threshold(at_most=amount(entry, 0, LARGEST))
        case _:
            return Words(accepted=_words(entry))


def _words(node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, tuple) else (node,)
    if not items:
        raise node.wrong("no word is listed", expected="at least one")
    return tuple(item.line_of_text() for item in items)


def _floor(keys: Mapping[str, Node]) -> float:
    return amount(keys["floor"], 0, LARGEST) if "floor" in keys else 0.0


def _stand_in(node: Node | None) -> Mapping[str, str]:
    bare = tuple(name for name in TRANSPORTS if not name.endswith("+"))
    if node is None:
        return {}
    return {name: entry.one_of("transport", bare) for name, entry in node.fields((), bare).items()}


def _name(node: Node, what: str) -> str:
    """The name of something that the matrix does not list: it is looked for in the runs."""
    text = node.text()
    if not NAME.fullmatch(text):
        raise node.wrong(f"{text[:60]!r} is no name for a {what}", expected="lower-case letters, digits, '_' and '-'")
    return text
