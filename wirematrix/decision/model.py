"""The words of the recommendation: factors with their evidence, knock-out rules, profiles. Data of `matrix.yaml`.

A candidate is a transport, bare or with the resilient policy (`+`). A factor is what a decision weighs; its evidence
says which measured rows speak about it. A profile says how much each factor weighs for one kind of use, and which
rules knock a candidate out, whatever its score. What nothing was measured of is said to be so, and never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from wirematrix.load_model import LoadTransport
from wirematrix.model import TRANSPORTS

CANDIDATES: Final = TRANSPORTS
RESILIENT: Final = "+"  # ends the name of a transport that the policy wraps
GUARANTEES: Final = ("connect", "reconnect", "resume", "notice-silence", "two-way", "auth")
SIDES: Final = ("server", "page")
MEASURES: Final = ("lines", "branches", "concepts")
LOAD_OF: Final[Mapping[str, LoadTransport]] = {
    "eventsource": LoadTransport.SSE,
    "fetch-stream": LoadTransport.SSE,  # a server cannot tell it from EventSource
    "websocket": LoadTransport.WEBSOCKET,
}


def bare(candidate: str) -> str:
    """The transport without the policy."""
    return candidate.removesuffix(RESILIENT)


class Better(StrEnum):
    """Which way a number is better."""

    LESS = "less"
    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A number is held against the best of the candidates: twice the best time scores a half.

    Numbers below `floor` count as the floor: closer to nothing, a difference is no difference.
    """

    better: Better
    floor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number is good enough, or not; one of the two is said."""

    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that count as holding; every other word does not."""

    accepted: tuple[str, ...]


Scale = Ratio | Threshold | Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A row of the matrix: a scenario over one network and origin relation."""

    scenario: str
    network: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSource:
    """Cells: the score is the share of their attempts that hold."""

    ways: tuple[Way, ...]
    transports: tuple[str, ...]  # for which the matrix has them
    stand_in: Mapping[str, str]  # bare transport -> the one whose rows speak for it, where it has none
    place: str  # where it is written


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """What a scenario recorded of an engine, on a scale."""

    facts: tuple[str, ...]
    way: Way
    scale: Scale
    transports: tuple[str, ...]
    stand_in: Mapping[str, str]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSource:
    """A figure under load with some numbers of subscribers, of the tier that stands for each transport."""

    figure: str
    subscribers: tuple[int, ...]
    scale: Ratio | Threshold
    tiers: Mapping[LoadTransport, str]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortSource:
    """Code to write: what the bare transport takes, and what all its guarantees take; less is better."""

    measure: str  # lines, branches or concepts
    sides: tuple[str, ...]
    bare: Mapping[str, tuple[str, ...]]  # by transport: the guarantees that a bare candidate has, and pays for
    resilient: tuple[str, ...]
    floor: float
    place: str


Source = CellSource | FactSource | LoadSource | EffortSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One question with its answer: for each candidate from the first source that has rows of its transport."""

    sources: tuple[Source, ...]
    place: str  # where it is written; no two have the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Something that a decision weighs."""

    name: str
    title: str
    number: int | None  # in section 2 of the scenario catalogue
    evidence: tuple[Evidence, ...]
    unmeasured: str  # why nothing here measures it: a judgement, or something that is not built; empty with evidence
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Code that a person would have to write, and the rows that say that it is possible."""

    what: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A need: a candidate that a measured row says cannot meet it is out, unless the remedy's rows hold."""

    name: str
    title: str
    evidence: Evidence
    remedy: Remedy | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of use: weights of factors, the rules that apply, and optionally whose engines count how much."""

    name: str
    title: str
    because: str  # why these weights
    weights: Mapping[str, float]  # by factor; one that is not named weighs nothing
    rules: tuple[str, ...]
    audience: Mapping[str, float]  # by engine; empty: every engine of the runs alike
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The section `decision:` of a matrix."""

    factors: tuple[Factor, ...]
    rules: tuple[Rule, ...]
    profiles: tuple[Profile, ...]
    place: str = ""

    def rule(self, name: str) -> Rule:
        """The rule of that name, which is known to be there."""
        return next(rule for rule in self.rules if rule.name == name)


class RowKind(StrEnum):
    """Where a measured row comes from."""

    CELL = "cell"
    FACT = "fact"
    LOAD = "load"
    EFFORT = "effort"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKey:
    """What a measured row is known by."""

    kind: RowKind
    build: str = ""  # key of the engine build; empty for load and effort
    name: str = ""  # the cell's id, the tier, or guarantee and transport and side
    figure: str = ""  # of a cell: nothing; else the fact, the figure or the measure
    subscribers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measured row: what it says, and how often it was seen.

    `number` is the share of attempts that hold (cells), the p50 of what was recorded (facts), the median over rounds
    (load), or a count (effort). Words were recorded in place of a number or beside it.
    """

    key: RowKey
    number: float | None
    words: Mapping[str, int] = field(default_factory=dict)
    numbers: int = 0  # how many numbers stand behind `number`
    low: float | None = None
    high: float | None = None
    at_least: bool = False  # the number was cut off: nobody waited longer
    attempts: int = 0  # attempts, or rounds
    engine: str = ""
    leads: bool = True  # its engine's first build in the runs: decides the anchor in the report
    statuses: Mapping[str, int] = field(default_factory=dict)  # of a cell's attempts
    impossible: str = ""  # of effort: why no code can give it
