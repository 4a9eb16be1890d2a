"""A recommendation as one frozen view: all that a terminal, a page or a machine shows, decided already.

Points are hundredths of what a candidate can have: a candidate that is best in everything that counts has 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wirematrix.decision.model import Profile, Reading, Rule


class Ruling(StrEnum):
    """What a knock-out rule says of a candidate."""

    MET = "met"
    WITH_CODE = "with code"  # not met by itself, but the remedy's rows hold
    OUT = "out"
    UNCONCERNED = "unconcerned"  # the matrix has no such row for it
    NOT_MEASURED = "not measured"  # it has, and the runs do not: the candidate stays in


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """A rule and a candidate: what decided, with its rows."""

    rule: Rule
    candidate: str
    ruling: Ruling
    rows: tuple[Reading, ...]  # those that decided
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What the rows of one slot add to a candidate's score in one factor.

    A slot is what candidates are compared in: an engine build and a row of the matrix, a number of subscribers, or
    the code as a whole. `weight` is its part of the factor (all parts add up to 1), `score` is 0 to 1.
    """

    slot: str
    weight: float
    score: float
    rows: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorScore:
    """One factor for one candidate, 0 to 1, and where that comes from."""

    candidate: str
    score: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorOutcome:
    """One factor for all candidates that are in."""

    factor: str
    title: str
    weight: float  # as the profile says
    share: float  # of all weights that count, 0 to 1
    scores: tuple[FactorScore, ...]
    gaps: tuple[str, ...]  # what of its evidence was not measured, or not for all

    def of(self, candidate: str) -> FactorScore:
        """The score of a candidate that is in."""
        return next(score for score in self.scores if score.candidate == candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A factor that is left out of the sum, and why."""

    factor: str
    title: str
    weight: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A candidate and its points; None if a rule knocked it out, or nothing was measured."""

    candidate: str
    points: float | None
    outcomes: tuple[RuleOutcome, ...]

    @property
    def out(self) -> tuple[RuleOutcome, ...]:
        """The rules that knocked it out."""
        return tuple(one for one in self.outcomes if one.ruling is Ruling.OUT)

    @property
    def conditions(self) -> tuple[RuleOutcome, ...]:
        """The rules it meets only with code that somebody writes."""
        return tuple(one for one in self.outcomes if one.ruling is Ruling.WITH_CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """How far the rows of one slot put the choice ahead of a rival (negative: behind), in points."""

    factor: str
    slot: str
    points: float
    own: tuple[Reading, ...]
    rival: tuple[Reading, ...]
    clear: bool  # the ranges of the two do not overlap, or there is no range


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDifference:
    """The same added up over a factor."""

    factor: str
    title: str
    points: float
    own: float  # scores, 0 to 1
    rival: float
    rows: tuple[RowDifference, ...]  # that differ, the largest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The choice against one rival: the factors that put it ahead and those that hold it back, the largest first."""

    rival: str
    points: float
    ahead: tuple[FactorDifference, ...]
    behind: tuple[FactorDifference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFlip:
    """The change of one weight, all others as they are, at which another candidate comes level; beyond, it wins."""

    factor: str
    title: str
    weight: float
    flips_at: float
    to: str

    @property
    def change(self) -> float:
        """How far that is."""
        return abs(self.flips_at - self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFlip:
    """A measured row that alone would change the choice if it said something else.

    `rows` is one reading, or those of one row of the matrix in all engines (`whole`).
    """

    about: str  # the factor or rule it belongs to
    rows: tuple[Reading, ...]
    whole: bool
    would_be: str  # what it would have to say
    to: str  # the choice then; empty: nothing is left


class Confidence(StrEnum):
    """How sure an answer is; the rules stand in docs/measuring.md."""

    STRONG = "strong"
    FAIR = "fair"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAnswer:
    """The choice if only one engine build counted."""

    build: str
    engine: str
    choice: str
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """What the answer rests on."""

    confidence: Confidence
    because: tuple[str, ...]
    measured_share: float  # of the profile's weights, 0 to 1
    rows: int  # measured rows that count for the choice or the runner-up
    once: int  # of them, seen in one attempt or round only
    fewest_attempts: int
    flaky: tuple[Reading, ...]  # cells whose attempts ended differently
    rounds: int  # of the load figures that count; 0 without any
    engines: tuple[EngineAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The answer for one profile."""

    profile: Profile
    audience: Mapping[str, float]  # share of each engine that counts, adds up to 1
    unseen: tuple[str, ...]  # engines of the audience that no run has
    choice: str  # empty: every candidate is out, or nothing was measured
    tied: tuple[str, ...]  # others with as many points
    standings: tuple[Standing, ...]  # the best first, then those that are out
    comparisons: tuple[Comparison, ...]  # the runner-up first, then the best of every other transport
    factors: tuple[FactorOutcome, ...]
    not_measured: tuple[NotMeasured, ...]
    sureness: Sureness
    weight_flips: tuple[WeightFlip, ...]  # the smallest change first
    row_flips: tuple[RowFlip, ...]
    rows_tried: int  # measured rows that were changed to find those that flip it

    @property
    def points(self) -> float | None:
        """Of the choice."""
        return self.standings[0].points if self.choice else None

    @property
    def runner_up(self) -> Comparison | None:
        """The choice against the next best."""
        return self.comparisons[0] if self.comparisons else None
