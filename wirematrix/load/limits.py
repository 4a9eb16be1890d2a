"""What kept a phase from more: the rule, from what the processes used and waited for.

1. The generator, if the busiest of its processes was busy for more than 0.8 of the time: what it received late or
   not at all may be its own doing.
2. The machine, if the server or a generator process waited for a core for more than 0.15 of the time though it could
   have run (the kernel counts that), or, where the kernel does not, if more than 0.95 of all cores' time was used.
   Cores that are busy without anybody waiting limit nobody. Nor was the load what was asked for if the publisher came
   late by more than the time between two messages.
3. The server, if it was busy for more than 0.9 of the time, or delivered less than 0.98 of what was offered.
4. Nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.load.kernel import CpuTime
from wirematrix.load_model import Limit, Phase, PhaseEnd

GENERATOR_BUSY: Final = 0.8
CORES_WAITED: Final = 0.15
CORES_BUSY: Final = 0.95
SERVER_BUSY: Final = 0.9
DELIVERED: Final = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a phase took; `server` is None where its process is not known."""

    wall_ns: int
    server: CpuTime | None
    generators: Sequence[CpuTime]
    cores_busy: float  # share of all cores' time
    delivered: float | None = None  # share of what was offered; None where nothing is offered at a rate
    late_intervals: float = 0.0  # how many intervals between messages the publisher was late, 99th percentile

    @property
    def generator_busy(self) -> float:
        """Share of the time that the busiest generator process was busy."""
        return max((one.busy_ns / self.wall_ns for one in self.generators), default=0.0)

    @property
    def server_busy(self) -> float | None:
        """Share of the time that the server was busy; over 1 with several threads."""
        return self.server.busy_ns / self.wall_ns if self.server else None

    @property
    def waited(self) -> float | None:
        """The longest share of the time that the server or a generator process waited for a core."""
        known = [one.waited_ns for one in (self.server, *self.generators) if one and one.waited_ns is not None]
        return max(known) / self.wall_ns if known else None


def phase_end(phase: Phase, spent: Spent) -> PhaseEnd:
    """Who was the limit of a phase, in a sentence with the numbers that say so."""
    limit, because = _judged(spent)
    return PhaseEnd(phase=phase, limit=limit, because=because)


def _judged(spent: Spent) -> tuple[Limit, str]:
    server, waited = spent.server_busy, spent.waited
    told = f"the generator was busy {spent.generator_busy:.0%} of the time"
    told += f", the server {server:.0%}" if server is not None else ""
    told += f", a core was waited for {waited:.0%}" if waited is not None else ""
    for holds, limit, because in _rules(spent):
        if holds:
            return limit, f"{told}; {because}"
    return Limit.NONE, told


def _rules(spent: Spent) -> Iterator[tuple[bool, Limit, str]]:
    """The rules in their order: whether each holds, what it says, and why."""
    server, waited, late = spent.server_busy, spent.waited, spent.late_intervals
    yield (
        spent.generator_busy > GENERATOR_BUSY,
        Limit.GENERATOR,
        f"more than {GENERATOR_BUSY:.0%} of the generator is its limit",
    )
    yield (
        waited is not None and waited > CORES_WAITED,
        Limit.MACHINE,
        f"more than {CORES_WAITED:.0%} of waiting is the machine's limit",
    )
    yield (
        waited is None and spent.cores_busy > CORES_BUSY,
        Limit.MACHINE,
        f"all cores together were busy {spent.cores_busy:.0%} of the time, which is the machine's limit",
    )
    yield late > 1, Limit.MACHINE, f"the publisher came {late:.1f} intervals late, so the load was not as asked for"
    yield (
        server is not None and server > SERVER_BUSY,
        Limit.SERVER,
        f"more than {SERVER_BUSY:.0%} of the server is its limit",
    )
    share = 1.0 if spent.delivered is None else spent.delivered
    yield share < DELIVERED, Limit.SERVER, f"{share:.1%} of what was offered was delivered in time"
