"""How many cells may live at once: enough to keep the cores busy, never so many that one starves.

Most of a cell's life is waiting, so many fit; its beginning (page, navigation) costs CPU, so only as
many begin at once as there are cores. The limit adapts: it grows while the processors idle, and shrinks when
this process itself has to wait for its turn (its event loop wakes late), which is when budgets start to lie.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import psutil

T = TypeVar("T")

PERIOD_S = 0.25
LATE_MS = 80.0  # the loop woke this much later than asked: the machine is oversubscribed
PUNCTUAL_MS = 25.0
IDLE_PERCENT = 85.0  # below this there is CPU to spare
LIVE_PER_CORE = 16
FLOOR_PER_CORE = 2


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the number of live cells, and how many may begin at once."""

    least: int
    most: int
    beginning: int

    @classmethod
    def for_concurrency(cls, asked: int | None) -> Limits:
        """`asked` cells at once, neither more nor fewer; None adapts to the machine."""
        if asked is not None:
            return cls(least=asked, most=asked, beginning=min(asked, cores()))
        return cls(least=FLOOR_PER_CORE * cores(), most=LIVE_PER_CORE * cores(), beginning=cores())

    @property
    def spelled(self) -> str:
        """For the run info."""
        return str(self.most) if self.least == self.most else f"adaptive, {self.least} to {self.most}"


class Admission:
    """Counts the live cells and decides whether one more may begin; which one is the caller's choice."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.limit = float(limits.least)
        self.live = 0
        self.most_live = 0
        self._changed = asyncio.Condition()
        self._beginning = asyncio.Semaphore(limits.beginning)

    async def admit(self, choose: Callable[[], T | None], *, over: Callable[[], bool]) -> T | None:
        """Wait until there is a place and `choose` has something for it, and take both; None when it is `over`.

        Both are asked again whenever `tell` is called, a place is left or the limit grows. What waits holds nothing.
        """
        async with self._changed:
            while not over():
                if self.live < int(self.limit) and (chosen := choose()) is not None:
                    self.live += 1
                    self.most_live = max(self.most_live, self.live)
                    return chosen
                await self._changed.wait()
        return None

    async def leave(self) -> None:
        """Give a place back."""
        self.live -= 1
        await self.tell()

    async def tell(self) -> None:
        """Something changed that the choice depends on."""
        async with self._changed:
            self._changed.notify_all()

    @asynccontextmanager
    async def beginning(self) -> AsyncIterator[None]:
        """Hold one of the few places for what costs CPU: a page, a navigation, a process start."""
        async with self._beginning:
            yield

    async def govern(self) -> None:
        """Adapt the limit until cancelled."""
        if self.limits.least == self.limits.most:
            return
        loop = asyncio.get_running_loop()
        psutil.cpu_percent(interval=None)
        while True:
            asked = loop.time() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            await self.adapt(late_ms=(loop.time() - asked) * 1000, busy_percent=psutil.cpu_percent(interval=None))

    async def adapt(self, *, late_ms: float, busy_percent: float) -> None:
        """One step: down by a tenth when late, up by one when there is CPU to spare."""
        if late_ms > LATE_MS:
            self.limit = max(self.limits.least, self.limit * 0.9)
        elif late_ms < PUNCTUAL_MS and busy_percent < IDLE_PERCENT:
            self.limit = min(self.limits.most, self.limit + 1)
            await self.tell()
