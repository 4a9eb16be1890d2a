"""What all phases of a round share: who plays it, where the messages stand, and what became of a stretch of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wirematrix import latency_hdr
from wirematrix.budgets import CONTROL, LOAD_SETTLE, LOAD_WORKER
from wirematrix.errors import OursSpent
from wirematrix.load.crew import Crew, ask_all
from wirematrix.load.tally import Account
from wirematrix.load.target import Served
from wirematrix.load.worker import Worker
from wirematrix.load_model import PhaseEnd, Tier
from wirematrix.load_settings import LoadSettings

Figures = Mapping[str, float | int | None]
ASK_AGAIN_S: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a phase found."""

    figures: Figures
    end: PhaseEnd
    latency_hdr: str = ""
    storm_arrivals: tuple[int, ...] = ()
    error: str = ""  # why the round cannot go on after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a stretch of messages, all generators together."""

    account: Account
    readings: Sequence[Mapping[str, Any]]
    latency_hdr: str
    ends: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Stage:
    """What all phases of a round share."""

    tier: Tier
    served: Served
    crew: Crew
    settings: LoadSettings
    subscribers: int
    next_number: int = 1  # of the next message

    @property
    def workers(self) -> list[Worker]:
        """The generators that have subscribers."""
        return [worker for worker, _ in self.crew.shares(self.subscribers)]

    async def all_subscribed(self) -> None:
        """Wait until the server counts all subscribers; OursSpent if it never does."""
        if self.served.subscribers is None:
            return
        counted: int | None = None
        try:
            async with asyncio.timeout(CONTROL.seconds):
                while (counted := await self.served.subscribers()) != self.subscribers:
                    self.served.check_alive()
                    await asyncio.sleep(ASK_AGAIN_S)
        except TimeoutError:
            raise OursSpent(
                f"{self.tier.name} to count {self.subscribers} subscribers",
                budget_ms=CONTROL.ms,
                came="it never answered" if counted is None else f"it counts {counted}",
            ) from None

    async def settled(self, first: int, last: int) -> Settled:
        """What became of the messages `first` to `last`, when everybody has the last one or has had time for it."""
        said = await ask_all(
            self.workers,
            "settle",
            within_s=LOAD_SETTLE.seconds + LOAD_WORKER.seconds,
            first=first,
            last=last,
            budget_s=LOAD_SETTLE.seconds,
        )
        self.served.check_alive()
        return Settled(
            account=sum((Account(**one["account"]) for one in said), Account()),
            readings=[one["reading"] for one in said],
            latency_hdr=latency_hdr.merged(one["latency_hdr"] for one in said),
            ends=[end for one in said for end in one["ends"]],
        )

    async def pace(self, *, start_ns: int, count: int | None) -> None:
        """Have messages published at the fixed rate: `count` of them, or until the publisher is told to finish."""
        await self.crew.publisher.ask(
            "pace", first=self.next_number, start_ns=start_ns, rate=self.settings.rate, count=count
        )
