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

from collections.abc import Sequence
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
    if spent.generator_busy > GENERATOR_BUSY:
        return Limit.GENERATOR, f"{told}; more than {GENERATOR_BUSY:.0%} of the generator is its limit"
    if waited is not None and waited > CORES_WAITED:
        return Limit.MACHINE, f"{told}; more than {CORES_WAITED:.0%} of waiting is the machine's limit"
    if waited is None and spent.cores_busy > CORES_BUSY:
        return Limit.MACHINE, f"{told}, all cores together {spent.cores_busy:.0%}; that is the machine's limit"
    if spent.late_intervals > 1:
        return (
            Limit.MACHINE,
            f"{told}; the publisher came {spent.late_intervals:.1f} intervals late, which is its limit",
        )
    if server is not None and server > SERVER_BUSY:
        return Limit.SERVER, f"{told}; more than {SERVER_BUSY:.0%} of the server is its limit"
    if spent.delivered is not None and spent.delivered < DELIVERED:
        return Limit.SERVER, f"{told}; {spent.delivered:.1%} of what was offered was delivered"
    return Limit.NONE, told
