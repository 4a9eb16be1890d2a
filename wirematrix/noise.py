"""Whether the number of a cell changed between two runs, or only scattered: docs/measuring.md has the rule.

The limits come from ten runs of everything with the same engines, in which nothing had changed: see there how often
they are wrong. They say nothing about machines of different speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wirematrix.facts import Spread
from wirematrix.measures import unit_of

SEVERAL: Final = 3  # attempts on each side, from which on their ranges say how much a number scatters
SMALL_COUNT: Final = 100  # counts up to here are decisions of an engine, not measurements, and do not scatter


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What two p50s must be apart by, at least: a factor, and a difference in the number's own unit."""

    factor: float
    floor: float


TIMES: Final = Limits(factor=1.25, floor=50.0)
AMOUNTS: Final = Limits(factor=1.25, floor=1.0)
FEW_TIMES: Final = Limits(factor=3.0, floor=1_000.0)  # where an attempt or two on a side say nothing of the scatter
FEW_AMOUNTS: Final = Limits(factor=5.0, floor=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the attempts of one cell have of one number."""

    attempts: int
    spread: Spread


def beyond_noise(name: str, was: Sample, now: Sample) -> bool:
    """Whether the number of that name, which ends in its unit, changed.

    The ranges lie apart by more than the wider of them, and the p50s by more than both limits. A range whose end was
    cut off at a cap may reach anywhere above it: whatever the truth would have to be larger for is no change.
    """
    lower, upper = sorted((was.spread, now.spread), key=lambda each: each.p50.value)
    gap = upper.low.value - lower.high.ceiling
    if not unit_of(name) and upper.p50.value <= SMALL_COUNT:
        return gap > 0
    limits = limits_of(name, min(was.attempts, now.attempts))
    near, far = lower.p50.value, upper.p50.value
    apart = far > near * limits.factor and far - near > limits.floor
    return apart and gap > max(lower.width, upper.width)


def limits_of(name: str, attempts: int) -> Limits:
    """The limits for a number, by its unit and by how many attempts the side with fewer of them has."""
    if unit_of(name) == "ms":
        return TIMES if attempts >= SEVERAL else FEW_TIMES
    return AMOUNTS if attempts >= SEVERAL else FEW_AMOUNTS
