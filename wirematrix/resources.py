"""What a run cost: CPU seconds and peak memory of this process and everything it started.

Sampled, because browsers start and end processes all the time: the CPU of a process is what it was last seen
with. Memory is PSS where the system tells it (shared pages counted once), else RSS.
"""

from __future__ import annotations

import asyncio
import contextlib

import psutil

PERIOD_S = 2.0
MEMORY_EVERY = 4  # PSS is costly to ask for


class Resources:
    """Running totals over the process tree."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._cpu_s: dict[tuple[int, float], tuple[str, float]] = {}
        self._before_s = self._mine()
        self.peak_memory_mib = 0.0

    def _mine(self) -> float:
        times = self._own.cpu_times()
        return float(times.user + times.system)

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far, user and system, of this process and its descendants."""
        return self._mine() - self._before_s + sum(cpu_s for _, cpu_s in self._cpu_s.values())

    @property
    def cpu_by_name_s(self) -> dict[str, float]:
        """The descendants' part, by process name."""
        by_name: dict[str, float] = {}
        for name, cpu_s in self._cpu_s.values():
            by_name[name] = by_name.get(name, 0.0) + cpu_s
        return by_name

    async def sample(self) -> None:
        """Sample until cancelled."""
        turn = 0
        while True:
            self.take(memory=turn % MEMORY_EVERY == 0)
            turn += 1
            await asyncio.sleep(PERIOD_S)

    def take(self, *, memory: bool) -> None:
        """One sample now."""
        total_bytes = 0
        for process in [self._own, *self._own.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                if process.pid != self._own.pid:
                    times = process.cpu_times()
                    self._cpu_s[(process.pid, process.create_time())] = (
                        process.name(),
                        float(times.user + times.system),
                    )
                if memory:
                    total_bytes += memory_bytes(process)
        self.peak_memory_mib = max(self.peak_memory_mib, total_bytes / 2**20)


def memory_bytes(process: psutil.Process) -> int:
    """PSS where there is one, else RSS."""
    with contextlib.suppress(AttributeError, psutil.AccessDenied):
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)
