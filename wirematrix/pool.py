"""The pages of one engine: lent to cells, made clean between them, and the engine started again when it dies.

A page that ended its cell cleanly is reset and lent again: a new context costs several times the CPU of a
navigation, and every cell has a port, hence an origin, of its own. A page whose cell did not end
cleanly is closed. An engine that has made its share of contexts (Firefox's parent process grows with each)
gets no new cells and is closed with the last of its pages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from wirematrix import engines
from wirematrix.engines import EnginePage, LaunchOptions, LiveEngine, PageError, Playwright, Special
from wirematrix.errors import Skipped, WirematrixError
from wirematrix.model import Build

CONTEXTS_PER_ENGINE = 50
CELLS_PER_PAGE = 40  # a page that served this many cells makes room for a new one


class Pages(StrEnum):
    """What a cell is given to live in."""

    REUSED = "reused"  # a page that was made clean after another cell
    FRESH = "fresh"  # a new page in a new context
    ENGINE = "engine"  # a whole engine: the plain way, kept to compare with


@dataclass(eq=False, slots=True)
class Lease:
    """A page that one cell has to itself."""

    engine: LiveEngine
    page: EnginePage
    own_engine: bool
    served: int = 0

    @property
    def build(self) -> Build:
        """The build of the engine this page is in."""
        return self.engine.build


class EnginePool:
    """One engine of the run."""

    def __init__(self, playwright: Playwright, name: str, options: LaunchOptions) -> None:
        self.name = name
        self._playwright = playwright
        self._options = options
        self._current: LiveEngine | None = None
        self._idle: list[Lease] = []
        self._lent: dict[LiveEngine, int] = {}
        self._launching = asyncio.Lock()
        self._controls: dict[Special, asyncio.Task[None]] = {}

    async def warm(self) -> None:
        """Have the engine running that the next page comes from. EngineUnavailable if the machine has none."""
        await self._shared()

    async def lease(self, pages: Pages, special: Special | None = None) -> Lease:
        """A clean page; with `special` in an engine of its own, launched like that.

        EngineUnavailable if the machine has no such engine, Skipped if such a launch means nothing in it.
        """
        if special is not None:
            await self._controlled(special)
            engine = await self._launched(special)
            return Lease(engine=engine, page=await engine.new_page(), own_engine=True)
        if pages is Pages.ENGINE:
            engine = await self._launched()
            return Lease(engine=engine, page=await engine.new_page(), own_engine=True)
        while self._idle and pages is Pages.REUSED:
            idle = self._idle.pop()
            if self._usable(idle):
                return self._counted(idle)
            await self._discard(idle)
        engine = await self._shared()
        return self._counted(Lease(engine=engine, page=await engine.new_page(), own_engine=False))

    async def give_back(self, lease: Lease, clean: Callable[[], bool]) -> None:
        """The cell is done with its page."""
        if lease.own_engine:
            await lease.engine.close()
            return
        self._lent[lease.engine] -= 1
        lease.served += 1
        if clean() and lease.served < CELLS_PER_PAGE and self._usable(lease):
            with contextlib.suppress(WirematrixError, PageError):  # a page that cannot be made clean is closed
                await lease.page.reset()
                self._idle.append(lease)
                return
        await self._discard(lease)

    async def close(self) -> None:
        """Close every page and engine."""
        for control in (controls := tuple(self._controls.values())):
            control.cancel()
        await asyncio.gather(*controls, return_exceptions=True)
        self._idle.clear()
        live = set(self._lent) | ({self._current} if self._current else set())
        self._lent.clear()
        self._current = None
        for engine in live:
            await engine.close()

    def _counted(self, lease: Lease) -> Lease:
        self._lent[lease.engine] = self._lent.get(lease.engine, 0) + 1
        return lease

    def _usable(self, lease: Lease) -> bool:
        dead = lease.engine.died.is_set() or lease.page.crashed.is_set() or lease.page.closing
        return lease.engine is self._current and not dead

    async def _discard(self, lease: Lease) -> None:
        with contextlib.suppress(WirematrixError):
            await lease.page.close()
        if lease.engine is not self._current and not self._lent.get(lease.engine):
            self._lent.pop(lease.engine, None)
            await lease.engine.close()

    async def _shared(self) -> LiveEngine:
        """The engine that new pages are made in: alive, and not yet worn."""
        async with self._launching:
            worn = self._current and self._current.contexts_made >= CONTEXTS_PER_ENGINE
            if self._current is None or self._current.died.is_set() or worn:
                self._current = await self._launched()
            return self._current

    async def _controlled(self, special: Special) -> None:
        """See once in a run that a special launch has the effect it is for; everybody who asks hears the outcome."""
        if special not in self._controls:
            self._controls[special] = asyncio.create_task(self._control(special), name=f"control {special}")
        await asyncio.shield(self._controls[special])

    async def _control(self, special: Special) -> None:
        try:
            engine = await self._launched(special)
            try:
                await engines.require(engine)
            finally:
                await engine.close()
        except Skipped:
            raise
        except BaseException:  # says nothing about the launch: who asks next has it tried again
            del self._controls[special]
            raise

    async def _launched(self, special: Special | None = None) -> LiveEngine:
        return await engines.launch(self._playwright, self.name, replace(self._options, special=special))
