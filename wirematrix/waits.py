"""Waiting for an observation of the link or the server: the one place that does, with three ends.

Happened, other side died, budget spent. A wait that used more than 0.8 of its budget is kept as a near miss.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wirematrix.budgets import NEAR_MISS_SHARE, Budget
from wirematrix.model import NearMiss, Observation
from wirematrix.timeline import Recorder


class Waits:
    """Waits of one attempt; records how long each took in the timeline."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.near_misses: list[NearMiss] = []

    async def until(
        self,
        source: str,
        *kinds: str,
        since_ms: float,
        budget: Budget,
        where: Callable[[Observation], bool] = lambda _: True,
        alive: Callable[[], None] = lambda: None,
    ) -> Observation | None:
        """The first such observation at or after `since_ms`, or None when the budget is spent.

        `alive` raises when the side that would have to speak is dead; it is asked when the budget ends.
        """
        started_ms = self._recorder.now_ms()
        found = await self.heard(source, *kinds, since_ms=since_ms, budget=budget, where=where, alive=alive)
        self.account(f"{source} {' or '.join(kinds)}", self._recorder.now_ms() - started_ms, budget, met=bool(found))
        return found

    async def heard(
        self,
        source: str,
        *kinds: str,
        since_ms: float,
        budget: Budget,
        where: Callable[[Observation], bool] = lambda _: True,
        alive: Callable[[], None] = lambda: None,
    ) -> Observation | None:
        """The same, and nothing is written down: for what is none of the scenario's business."""
        happened: asyncio.Future[Observation] = asyncio.get_running_loop().create_future()

        def look(seen: Observation) -> None:
            if (
                not happened.done()
                and seen.source == source
                and seen.kind in kinds
                and seen.at_ms >= since_ms
                and where(seen)
            ):
                happened.set_result(seen)

        with self._recorder.watched_by(look):
            for seen in self._recorder.timeline():
                look(seen)
            try:
                async with asyncio.timeout(budget.seconds):
                    await happened
            except TimeoutError:
                alive()
        return happened.result() if happened.done() and not happened.cancelled() else None

    def account(self, awaited: str, waited_ms: float, budget: Budget, *, met: bool) -> None:
        """Write a wait into the timeline, and into the near misses if it was one."""
        self._recorder.observe(
            "driver",
            "awaited",
            awaited=awaited,
            met=met,
            waited_ms=round(waited_ms),
            budget_ms=round(budget.ms),
        )
        if met and waited_ms > NEAR_MISS_SHARE * budget.ms:
            self.near_misses.append(NearMiss(awaited=awaited, waited_ms=round(waited_ms, 1), budget_ms=budget.ms))
