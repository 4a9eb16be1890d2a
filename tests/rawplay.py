"""A raw cell on its stage: a page that only pretends, and an origin on real sockets that is asked by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Self, cast

from tests.fake_page import FakePage
from tests.origin.rig import STATIC, request
from tests.rawlinks import BUDGET_S
from wirematrix.attempts import Job, Scenario, Stage
from wirematrix.budgets import Budget
from wirematrix.model import Attempt, Cell, Expectation, Kind, ScenarioText
from wirematrix.origin import HOST, Origin
from wirematrix.probe import Probe
from wirematrix.rawcell import RawCell

SHORT: Final = Budget("short", 60)
LONG: Final = Budget("long", 8_000)
ONE: Final = "data: 1 one\n\n"
TEXT: Final = ScenarioText(name="x", group="x", title="X.", story="", kind=Kind.CHECK, source="e2e/x.py:1")


class Play:
    """A raw cell on its stage, the page that pretends, and an engine's requests by hand."""

    def __init__(self, stage: Stage, page: FakePage, cell: RawCell) -> None:
        self.stage = stage
        self.page = page
        self.cell = cell
        self._writers: list[asyncio.StreamWriter] = []

    @classmethod
    @asynccontextmanager
    async def on_stage(cls, relation: str = "same-origin") -> AsyncIterator[Self]:
        """A cell that was visited, and whose sockets are closed at the end."""
        cell = Cell(scenario="x", engine="chromium", transport="eventsource", network="direct", relation=relation)
        stage = Stage(Job(cell=cell, scenario=Scenario(text=TEXT, play=nothing, raw=True)))

        def observe(kind: str, /, **detail: object) -> None:
            stage.recorder.observe("server", kind, at_ms=None, **detail)

        made = await Origin.start(STATIC, observe)
        page = FakePage()
        live = RawCell(
            cell,
            origin=made,
            page=cast("Any", page),
            probe=Probe(cast("Any", page), stage.recorder),
            recorder=stage.recorder,
            waits=stage.waits,
        )
        await live.visit()
        running = cls(stage, page, live)
        try:
            yield running
        finally:
            running.leaves()
            await made.close()

    async def asks(self, target: str = "/stream") -> asyncio.StreamReader:
        """The engine asks the origin for a path."""
        reader, writer = await asyncio.open_connection(HOST, self.cell.origin.port)
        self._writers.append(writer)
        writer.write(request(target=target))
        await reader.readuntil(b"\r\n\r\n")
        return reader

    def leaves(self) -> None:
        """The engine ends its connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def awaited(self) -> list[tuple[str, bool]]:
        """What was waited for, and whether it came."""
        return [
            (one.detail["awaited"], one.detail["met"]) for one in self.stage.recorder.timeline().of("driver", "awaited")
        ]

    async def until_awaited(self) -> None:
        """Return when a wait has ended."""
        ended = asyncio.Event()
        with self.stage.recorder.watched_by(lambda seen: ended.set() if seen.kind == "awaited" else None):
            await asyncio.wait_for(ended.wait(), BUDGET_S)

    async def made(self, scenario: Callable[[RawCell], Awaitable[None]]) -> Attempt:
        """The whole attempt, as the runner makes it."""
        self.stage.job = Job(cell=self.cell.cell, scenario=Scenario(text=TEXT, play=scenario, raw=True))
        try:
            await self.stage.play(self.cell)
        except Exception as broken:  # noqa: BLE001 - as in the runner
            self.stage.fails_to_start(broken)
        return self.stage.attempt(Expectation())


async def nothing(_: RawCell) -> None:
    """A scenario that does nothing."""
