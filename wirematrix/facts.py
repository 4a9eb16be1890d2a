"""Engine facts: what attempts recorded about each engine build, added up to one table.

Rows are what was recorded, over which transport, network and origin relation; columns are engine builds. Numbers of
one place become their count, p50, lowest and highest; categories become words with counts. Observations of several
attempts and runs add up; only attempts whose record was judged sufficient count.

A number at or above its cap was cut off there: nobody waited longer, so all that is known is "at least". Whatever
would come out differently if the cut-off numbers had been larger is a bound, too, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from math import inf
from typing import Final, NamedTuple

from wirematrix.gather import Gathered, rank
from wirematrix.measures import finding_name, unit_of
from wirematrix.model import TRANSPORTS, Attempt, Build, Fact, Held, Kind, ScenarioText, Status

SCHEMA: Final = 1
FACTOR: Final = 1.25  # p50s that are closer say the same, unless they are counts
NOISE_MS: Final = 20.0  # and so do times that are closer than what a busy machine adds
ENOUGH: Final = 2  # one observation of a time, a size or a share says nothing about how they scatter
UNJUDGED: Final = (Status.ERROR, Status.CRASH, Status.SKIP, Status.NOT_REACHED, Status.UNSUPPORTED)


class Agreement(StrEnum):
    """Whether the engines of a row did the same. What is true of any two builds decides, the first of these first."""

    DIFFER = "differ"
    UNSURE = "unsure"
    ALIKE = "alike"
    ALONE = "alone"


AGREEMENT_MEANS: Final[Mapping[Agreement, str]] = {
    Agreement.DIFFER: (
        "two builds have other words, or numbers that lie apart. Counts lie apart where their ranges do not overlap; "
        f"what has a unit, where the p50s are more than a factor of {FACTOR:g} apart (times also more than "
        f"{NOISE_MS:.0f} ms), the gap between the ranges is wider than either of them, and each build was observed at "
        "least twice"
    ),
    Agreement.UNSURE: "the p50s are that far apart, but the observations are too few or scatter too much to tell",
    Agreement.ALIKE: "every build that has a record did the same",
    Agreement.ALONE: "only one build has a record, so there is nothing to compare",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A number, or a number that the truth is not below."""

    value: float
    at_least: bool = False

    @property
    def ceiling(self) -> float:
        """The largest the truth can be."""
        return inf if self.at_least else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Numbers in short: how many, the middle one (p50), the lowest and the highest."""

    count: int
    p50: Bound
    low: Bound
    high: Bound

    @property
    def width(self) -> float:
        """From the lowest to the highest, as far as it is known."""
        return self.high.value - self.low.value


@dataclass(frozen=True, slots=True, kw_only=True)
class FactCell:
    """What one engine build was recorded to do; nothing where no attempt has a record."""

    attempts: int
    spread: Spread | None
    words: Mapping[str, int]  # the commonest first


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One fact over one transport and way: a cell for every build of the table."""

    name: str
    title: str
    transport: str
    network: str
    relation: str
    cells: tuple[FactCell, ...]

    @property
    def agreement(self) -> Agreement:
        """Whether the builds with a record did the same."""
        recorded = [cell for cell in self.cells if cell.attempts]
        answers = {_compared(self.name, one, other) for one, other in combinations(recorded, 2)}
        return next((answer for answer in Agreement if answer in answers), Agreement.ALONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactScenario:
    """A scenario and the rows of what it recorded."""

    name: str
    group: str
    title: str
    kind: Kind
    entries: tuple[str, ...]
    rows: tuple[FactRow, ...]

    @property
    def facts(self) -> tuple[FactRow, ...]:
        """The first row of each fact."""
        first: dict[str, FactRow] = {}
        for row in self.rows:
            first.setdefault(row.name, row)
        return tuple(first.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRun:
    """Where numbers come from: a run, and how many of its attempts recorded something."""

    started: str
    commit: str
    system: str
    scale_factor: float
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTable:
    """All facts of one run or several."""

    schema: int
    runs: tuple[FactRun, ...]
    builds: tuple[Build, ...]  # of the columns; where an executable lies is one machine's business and left out
    scenarios: tuple[FactScenario, ...]


class _Row(NamedTuple):
    """What a row is known by."""

    scenario: str
    fact: str
    transport: str
    network: str
    relation: str


def recorded(attempt: Attempt) -> Iterator[Fact]:
    """The facts of an attempt that count: it was judged on its own evidence, and there was enough of them."""
    verdict = attempt.verdict
    if verdict.status in UNJUDGED:
        return
    enough = {finding.check for finding in verdict.findings if finding.held is Held.HELD}
    yield from (fact for fact in attempt.facts if finding_name(fact.name) in enough)


def fact_table(gathered: Gathered) -> FactTable:
    """Add up what the runs recorded; scenarios, builds and networks stand in the runs' order."""
    found: dict[_Row, dict[str, list[Fact]]] = {}
    attempts_by_run: Counter[int] = Counter()
    for place, attempts in gathered.attempts.items():
        cell = place.cell
        for ran in attempts:
            facts = tuple(recorded(ran.attempt))
            attempts_by_run[ran.run] += bool(facts)
            for fact in facts:
                row = _Row(cell.scenario, fact.name, cell.transport, cell.network, cell.relation)
                found.setdefault(row, {}).setdefault(place.build_key, []).append(fact)
    keys = [key for key in gathered.builds if any(key in of_row for of_row in found.values())]
    scenarios = (_scenario(text, found, keys, gathered) for text in gathered.scenarios.values())
    return FactTable(
        schema=SCHEMA,
        runs=tuple(
            FactRun(
                started=info.started,
                commit=info.commit,
                system=info.system,
                scale_factor=info.scale_factor,
                attempts=attempts_by_run[number],
            )
            for number, info in enumerate(gathered.runs, start=1)
        ),
        builds=tuple(replace(gathered.builds[key], executable="") for key in keys),
        scenarios=tuple(scenario for scenario in scenarios if scenario.rows),
    )


def fact_cell(facts: Sequence[Fact]) -> FactCell:
    """The facts of one name that the attempts of one cell have, added up."""
    observed = [(value, fact.cap) for fact in facts for value in fact.observed]
    numbers = [(float(value), cap) for value, cap in observed if not isinstance(value, str)]
    words = Counter(value for value, _ in observed if isinstance(value, str))
    return FactCell(
        attempts=len(facts),
        spread=spread(numbers) if numbers else None,
        words=dict(sorted(words.items(), key=lambda item: (-item[1], item[0]))),
    )


def spread(observed: Sequence[tuple[float, float | None]]) -> Spread:
    """Count, p50, lowest and highest of numbers, each with the cap it may have hit."""
    known = [value if cap is None else min(value, cap) for value, cap in observed]
    possible = [inf if cap is not None and value >= cap else value for value, cap in observed]

    def bound(pick: Callable[[Iterable[float]], float]) -> Bound:
        value = pick(known)
        return Bound(value=round(value, 2), at_least=pick(possible) != value)

    return Spread(count=len(observed), p50=bound(middle), low=bound(min), high=bound(max))


def middle(values: Iterable[float]) -> float:
    """p50: the middle one, or halfway between the middle two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else ordered[half - 1] / 2 + ordered[half] / 2


def _scenario(
    text: ScenarioText, found: Mapping[_Row, Mapping[str, Sequence[Fact]]], keys: Sequence[str], gathered: Gathered
) -> FactScenario:
    own = [row for row in found if row.scenario == text.name]
    facts = rank(tuple(dict.fromkeys(row.fact for row in own)))
    ways = gathered.ways_of(text.name)
    transports = rank(TRANSPORTS)
    own.sort(key=lambda row: (facts(row.fact), transports(row.transport), ways.index((row.network, row.relation))))
    return FactScenario(
        name=text.name,
        group=text.group,
        title=text.title,
        kind=text.kind,
        entries=text.entries,
        rows=tuple(
            FactRow(
                name=row.fact,
                title=next(facts[0].title for facts in found[row].values()),
                transport=row.transport,
                network=row.network,
                relation=row.relation,
                cells=tuple(fact_cell(found[row].get(key, ())) for key in keys),
            )
            for row in own
        ),
    )


def _compared(name: str, one: FactCell, other: FactCell) -> Agreement:
    """What two builds come to, as `AGREEMENT_MEANS` says it."""
    if one.words.keys() != other.words.keys() or (one.spread is None) != (other.spread is None):
        return Agreement.DIFFER
    if one.spread is None or other.spread is None:
        return Agreement.ALIKE
    lower, upper = sorted((one.spread, other.spread), key=lambda each: each.p50.value)
    near, far, gap = lower.p50.value, upper.p50.value, upper.low.value - lower.high.ceiling
    match unit_of(name):
        case "":
            close, clear = near == far, gap > 0
        case unit:
            close = far <= near * FACTOR or (unit == "ms" and far - near <= NOISE_MS)
            clear = gap > max(lower.width, upper.width) and min(lower.count, upper.count) >= ENOUGH
    if close:
        return Agreement.ALIKE
    return Agreement.DIFFER if clear else Agreement.UNSURE
