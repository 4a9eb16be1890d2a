"""All meters of a round read at one time: server, generators, cores; and what lies between two readings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wirematrix.load.kernel import CpuTime, cpu_time, usable_cores
from wirematrix.load.limits import Spent
from wirematrix.load.worker import Worker
from wirematrix.resources import idle_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """Where everything stands; null is what nobody counts here."""

    at_ns: int  # monotonic
    server: CpuTime | None
    generators: tuple[CpuTime, ...]
    received: int
    heartbeats: int
    sent_bytes: int | None
    received_bytes: int | None
    idle_s: float  # of all cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What happened between two readings."""

    wall_ns: int
    server: CpuTime | None
    generators: tuple[CpuTime, ...]
    received: int
    heartbeats: int
    sent_bytes: int | None
    received_bytes: int | None
    cores_busy: float

    def spent(self, *, delivered: float | None = None, late_intervals: float = 0.0) -> Spent:
        """What the limits are found from."""
        return Spent(
            wall_ns=self.wall_ns,
            server=self.server,
            generators=self.generators,
            cores_busy=self.cores_busy,
            delivered=delivered,
            late_intervals=late_intervals,
        )

    @property
    def all_bytes(self) -> int | None:
        """Both directions."""
        if self.sent_bytes is None or self.received_bytes is None:
            return None
        return self.sent_bytes + self.received_bytes

    def server_per(self, unit_ns: float, count: float) -> float | None:
        """The server's CPU time in units of `unit_ns` for each of `count`; None if either is not known."""
        return self.server.busy_ns / unit_ns / count if self.server and count else None

    def generator_per(self, unit_ns: float, count: float) -> float | None:
        """The same of all generator processes together."""
        return sum(one.busy_ns for one in self.generators) / unit_ns / count if count else None


def between(before: Meters, after: Meters) -> Stretch:
    """What the second reading has more than the first."""
    wall_ns = after.at_ns - before.at_ns
    of_cores_s = max(wall_ns / 1e9 * usable_cores(), 1e-9)
    return Stretch(
        wall_ns=max(1, wall_ns),
        server=after.server - before.server if after.server and before.server else None,
        generators=tuple(later - earlier for earlier, later in zip(before.generators, after.generators, strict=True)),
        received=after.received - before.received,
        heartbeats=after.heartbeats - before.heartbeats,
        sent_bytes=_difference(before.sent_bytes, after.sent_bytes),
        received_bytes=_difference(before.received_bytes, after.received_bytes),
        cores_busy=min(1.0, max(0.0, 1 - (after.idle_s - before.idle_s) / of_cores_s)),
    )


async def read_meters(generators: Sequence[Worker], pid: int | None) -> Meters:
    """Read all of them now."""
    readings = await asyncio.gather(*(one.ask("reading") for one in generators))
    return as_meters(readings, pid)


def as_meters(readings: Sequence[Mapping[str, Any]], pid: int | None) -> Meters:
    """The same with what the generators have said already; the server's CPU is read now."""
    return Meters(
        at_ns=max((int(one["at_ns"]) for one in readings), default=time.monotonic_ns()),
        server=cpu_time(pid) if pid else None,
        generators=tuple(CpuTime(busy_ns=one["busy_ns"], waited_ns=one["waited_ns"]) for one in readings),
        received=sum(one["received"] for one in readings),
        heartbeats=sum(one["heartbeats"] for one in readings),
        sent_bytes=_sum(one["sent_bytes"] for one in readings),
        received_bytes=_sum(one["received_bytes"] for one in readings),
        idle_s=idle_s(),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
