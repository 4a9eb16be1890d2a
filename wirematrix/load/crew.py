"""The processes that play every round: generators and one publisher, replaced when they die."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from wirematrix.budgets import LOAD_OPEN, LOAD_SETTLE
from wirematrix.errors import OursSpent, ServiceDied
from wirematrix.load.worker import Worker

GENERATOR: Final = "wirematrix.load.generator"
PUBLISHER: Final = "wirematrix.load.publisher"


class Crew:
    """Generators share the subscribers as evenly as can be."""

    def __init__(self, generators: int) -> None:
        self._wanted = generators
        self.generators: Sequence[Worker] = ()
        self._publisher: Worker | None = None

    @property
    def publisher(self) -> Worker:
        """The publisher; only between `start` and `close`."""
        assert self._publisher  # noqa: S101 - started before anything is asked
        return self._publisher

    async def start(self) -> None:
        """Start all processes; they import while we wait for none of them."""
        self.generators = [await Worker.start(GENERATOR) for _ in range(self._wanted)]
        self._publisher = await Worker.start(PUBLISHER)

    async def close(self) -> None:
        """End all processes."""
        workers = [*self.generators, *([self._publisher] if self._publisher else [])]
        self.generators, self._publisher = (), None
        await asyncio.gather(*(worker.close() for worker in workers))

    async def renew(self) -> None:
        """Replace all processes, because one died or hangs."""
        await self.close()
        await self.start()

    def shares(self, subscribers: int) -> list[tuple[Worker, int]]:
        """Which generator opens how many; those without any are left out."""
        each, more = divmod(subscribers, len(self.generators))
        shares = [(worker, each + (index < more)) for index, worker in enumerate(self.generators)]
        return [(worker, share) for worker, share in shares if share]

    async def hang_up(self) -> bool:
        """End every connection of a round; whether all processes are fit for another."""
        try:
            await asyncio.gather(
                *(worker.ask("close", within_s=LOAD_OPEN.seconds) for worker in self.generators),
                self.publisher.ask("detach", within_s=LOAD_SETTLE.seconds),
            )
        except (ServiceDied, OursSpent):
            return False
        return True


async def ask_all(workers: Sequence[Worker], do: str, *, within_s: float, **wishes: Any) -> list[Any]:
    """What several say to one command, in their order."""
    return await asyncio.gather(*(worker.ask(do, within_s=within_s, **wishes) for worker in workers))
