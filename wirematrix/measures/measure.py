"""What a measure is: a named pure function from a timeline to what was observed of an engine.

Where a check judges, a measure records: numbers whose unit the name ends in, or categories. It never decides
whether they are good; too few of them are no record, and that is all the judge is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from wirematrix.model import Fact, Finding, Force, Held, Observed
from wirematrix.timeline import Timeline

UNITS: Final = {"ms": "ms", "s": "s", "bytes": "bytes", "percent": "%", "mib": "MiB"}
SHOWN: Final = 12  # observations that a sentence repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something to record: `of` finds the observations; fewer than `least` of them are no record.

    A number at or above `cap` was cut off there and is shown as "≥ cap". `title` is the row in the table of facts.
    """

    name: str
    title: str
    of: Callable[[Timeline], Iterable[Observed]]
    least: int = 1
    cap: float | None = None

    def fact(self, timeline: Timeline) -> Fact:
        """What this timeline has of it."""
        return Fact(name=self.name, title=self.title, observed=tuple(map(_rounded, self.of(timeline))), cap=self.cap)

    def finding(self, timeline: Timeline) -> Finding:
        """Whether there is enough of it to be a record."""
        fact = self.fact(timeline)
        enough = len(fact.observed) >= self.least
        because = spoken(fact) if enough else f"{self.title}: {len(fact.observed)} of {self.least} observed"
        held = Held.HELD if enough else Held.UNDECIDED
        return Finding(check=finding_name(self.name), force=Force.MUST, held=held, because=because)


def finding_name(fact_name: str) -> str:
    """What the finding is called that says whether there was enough of a fact."""
    return f"recorded_{fact_name}"


def unit_of(fact_name: str) -> str:
    """The unit that the name ends in, as people write it; empty for counts and categories."""
    return UNITS.get(fact_name.rpartition("_")[2], "")


def spoken(fact: Fact) -> str:
    """A fact in words: `reconnect delay: 3,001, 3,004 ms`, `close code: 1006 ×2`."""
    return f"{fact.title}: {observations(fact)}"


def observations(fact: Fact) -> str:
    """What was observed, in its order: `3,001, 3,004 ms`, `1006 ×2`, `none`."""
    unit = unit_of(fact.name)
    shown = [
        shown_value(value, fact.cap) + (f" ×{times}" if times > 1 else "")
        for value, times in _runs(fact.observed[:SHOWN])
    ]
    more = f" and {len(fact.observed) - SHOWN} more" if len(fact.observed) > SHOWN else ""
    return f"{', '.join(shown)}{f' {unit}' if unit else ''}{more}" if shown else "none"


def shown_value(value: Observed, cap: float | None = None) -> str:
    """One observation: a number without idle digits, "≥ 60,000" where it was cut off, a word as it is."""
    if isinstance(value, str):
        return value
    if cap is not None and value >= cap:
        return f"≥ {cap:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _runs(values: Iterable[Observed]) -> Iterable[tuple[Observed, int]]:
    """Equal neighbours once, with how many they are."""
    return ((value, len(list(same))) for value, same in groupby(values))


def _rounded(value: Observed) -> Observed:
    return round(value, 2) if isinstance(value, float) else value
