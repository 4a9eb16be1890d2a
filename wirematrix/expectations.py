"""Which cells a line of `matrix.yaml` means, and which of two expectations counts.

A claim is an expectation with its selector and, if it holds for some builds only, their origin and versions.
Where two claims mean the same cell for the same build, one must lie within the other; the narrower counts.
Versions compare by their leading numbers: "140.5.0esr" is 140.5.0, "150" is 150.0.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.model import Build, Cell, Expectation, Status
from wirematrix.nodes import Node, Place, enumeration, is_unfinished

AXES: Final = ("scenario", "engine", "transport", "network", "relation")
ORIGINS: Final = ("playwright", "system", "channel")
CLAIMABLE: Final = tuple(status.value for status in Status if status not in (Status.ERROR, Status.SKIP))
NUMBERS: Final = r"\d{1,9}(?:\.\d{1,9}){0,5}"
RANGE: Final = re.compile(rf"(?:>= ?({NUMBERS}))?(?:(?(1), ?)< ?({NUMBERS}))?")
LEADING_NUMBERS: Final = re.compile(NUMBERS)
LINK: Final = re.compile(r"https?://[^\s<>\"]+|[A-Za-z0-9_][A-Za-z0-9_./-]*(?:#[A-Za-z0-9_.-]+)?")

Version = tuple[int, ...]
Axes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """The cells that a line means; None means every value of that axis."""

    scenario: frozenset[str] | None = None
    engine: frozenset[str] | None = None
    transport: frozenset[str] | None = None
    network: frozenset[str] | None = None
    relation: frozenset[str] | None = None

    def matches(self, cell: Cell) -> bool:
        """Whether the cell is meant."""
        return (
            (self.scenario is None or cell.scenario in self.scenario)
            and (self.engine is None or cell.engine in self.engine)
            and (self.transport is None or cell.transport in self.transport)
            and (self.network is None or cell.network in self.network)
            and (self.relation is None or cell.relation in self.relation)
        )

    def within(self, other: Selector) -> bool:
        """Whether every cell meant here is meant there, too."""
        pairs = (
            (self.scenario, other.scenario),
            (self.engine, other.engine),
            (self.transport, other.transport),
            (self.network, other.network),
            (self.relation, other.relation),
        )
        return all(theirs is None or (ours is not None and ours <= theirs) for ours, theirs in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCondition:
    """For which builds of an engine a claim holds: `low` <= version < `high`; None leaves a side open."""

    origin: str | None = None
    low: Version | None = None
    high: Version | None = None

    def holds(self, build: Build | None) -> bool:
        """Whether the claim holds for the build; an unknown build meets only the empty condition."""
        if self == BuildCondition():
            return True
        if build is None or self.origin not in (None, build.origin):
            return False
        if self.low is None and self.high is None:
            return True
        version = comparable(build.version)
        if version is None:
            return False
        return (self.low is None or self.low <= version) and (self.high is None or version < self.high)

    def within(self, other: BuildCondition) -> bool:
        """Whether every build meant here is meant there, too."""
        return (
            other.origin in (None, self.origin)
            and (other.low is None or (self.low is not None and self.low >= other.low))
            and (other.high is None or (self.high is not None and self.high <= other.high))
        )

    def meets(self, other: BuildCondition) -> bool:
        """Whether some build could be meant by both."""
        if None not in (self.origin, other.origin) and self.origin != other.origin:
            return False
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return not lows or not highs or max(lows) < min(highs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One entry of `expectations`."""

    selector: Selector
    build: BuildCondition
    expectation: Expectation
    place: Place

    def within(self, other: Claim) -> bool:
        """Whether this claim is as narrow as the other or narrower."""
        return self.selector.within(other.selector) and self.build.within(other.build)

    def agrees_with(self, other: Claim) -> bool:
        """Whether it is clear which of the two counts for a cell that both mean."""
        return not self.build.meets(other.build) or self.within(other) != other.within(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRule:
    """One entry of `exclusions`."""

    selector: Selector
    because: str
    place: Place


class CellIndex:
    """The cells of a matrix, so that those a selector means are looked for only under the scenarios it names."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._by_scenario: defaultdict[str, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._by_scenario[cell.scenario].append(cell)

    def meant(self, selector: Selector) -> Iterator[Cell]:
        """The cells a selector means, in the order of the matrix."""
        for scenario, cells in self._by_scenario.items():
            if selector.scenario is None or scenario in selector.scenario:
                yield from filter(selector.matches, cells)


def narrowest(claims: Iterable[Claim], build: Build | None) -> Claim | None:
    """The one that counts among the claims that mean one cell; None if none holds for the build."""
    holding = [claim for claim in claims if claim.build.holds(build)]
    for claim in holding:
        if all(claim.within(other) for other in holding):
            return claim
    return None


def refuse_disagreement(claims: Iterable[Claim]) -> None:
    """InvalidInput if two claims mean the same cell and neither lies within the other."""
    for first, second in combinations(claims, 2):
        if not first.agrees_with(second):
            raise InvalidInput(
                str(second.place),
                f"means a cell that {first.place.key} (line {first.place.line}) means, too; neither is narrower",
                expected="one of the two within the other, or no cell in common",
            )


def parse_exclusion(node: Node, axes: Axes) -> ExclusionRule:
    """The exclusion written at `node`."""
    entry = node.fields(("cells", "because"))
    return ExclusionRule(selector=_selector(entry["cells"], axes), because=entry["because"].reason(), place=node.place)


def parse_claim(node: Node, axes: Axes, *, unfinished: bool = False) -> Claim:
    """The expectation written at `node`; if `unfinished` its reason and link may still be a TODO."""
    entry = node.fields(("cells", "status", "because", "see"), ("build",))
    selector = _selector(entry["cells"], axes)
    expectation = Expectation(
        statuses=tuple(Status(word) for word in entry["status"].some_of("status", CLAIMABLE)),
        because=entry["because"].text() if unfinished else entry["because"].reason(),
        see=_link(entry["see"], unfinished=unfinished),
    )
    build = BuildCondition()
    if "build" in entry:
        build = _build(entry["build"], one_engine=selector.engine is not None and len(selector.engine) == 1)
    return Claim(selector=selector, build=build, expectation=expectation, place=node.place)


def comparable(version: str) -> Version | None:
    """A version's leading numbers without trailing zeros; None if it begins with none."""
    found = LEADING_NUMBERS.match(version)
    return _numbers(found.group()) if found else None


def _numbers(text: str) -> Version:
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _selector(node: Node, axes: Axes) -> Selector:
    entry = node.fields((), tuple(axes))
    if not entry:
        raise node.wrong("no axis is named", expected=f"at least one of {enumeration(axes)}")
    return Selector(**{axis: frozenset(value.some_of(axis, axes[axis])) for axis, value in entry.items()})


def _build(node: Node, *, one_engine: bool) -> BuildCondition:
    entry = node.fields((), ("origin", "version"))
    if not entry:
        raise node.wrong("no condition is named", expected="origin, version or both")
    origin = entry["origin"].one_of("origin", ORIGINS) if "origin" in entry else None
    if "version" not in entry:
        return BuildCondition(origin=origin)
    if not one_engine:
        raise entry["version"].wrong(
            "versions of different engines do not compare", expected="exactly one engine in cells"
        )
    low, high = _range(entry["version"])
    return BuildCondition(origin=origin, low=low, high=high)


def _range(node: Node) -> tuple[Version | None, Version | None]:
    expected = 'a range such as ">=150", "<160" or ">=150,<160"'
    found = RANGE.fullmatch(node.text())
    if found is None or not any(found.groups()):
        raise node.mismatch(expected)
    low, high = (None if text is None else _numbers(text) for text in found.groups())
    if low is not None and high is not None and low >= high:
        raise node.wrong(f"no version is in {node.shown}", expected=expected)
    return low, high


def _link(node: Node, *, unfinished: bool) -> str:
    link = node.text()
    if not LINK.fullmatch(link) or (is_unfinished(link) and not unfinished):
        raise node.mismatch("a link (https://...) or a file of this project (docs/...)")
    return link
