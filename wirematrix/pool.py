"""The pages of one engine: lent to cells, made clean between them, and the engine started again when it dies.

A page that ended its cell cleanly is reset and lent again: a new context costs several times the CPU of a
navigation, and every cell has a port, hence an origin, of its own. A page whose cell did not end
cleanly is closed. An engine that has made its share of contexts (Firefox's parent process grows with each)
gets no new cells and is closed with the last of its pages. So is one of a special launch, which few cells need.
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
ALONE = (Special.BACKGROUND,)  # launches whose pages would feel each other: one hides what is behind it
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
        self._current: dict[Special | None, LiveEngine] = {}  # the engine that new pages of a launch are made in
        self._idle: list[Lease] = []
        self._lent: dict[LiveEngine, int] = {}
        self._launching = asyncio.Lock()
        self._controls: dict[Special, asyncio.Task[None]] = {}

    async def warm(self) -> None:
        """Have the engine running that the next page comes from. EngineUnavailable if the machine has none."""
        await self._shared()

    async def prepare(self, special: Special) -> None:
        """See, once in a run, that a special launch means something in this engine; Skipped with the reason if not.

        It takes seconds and mostly waits: do it before taking a place among those that begin.
        """
        if special not in self._controls:
            self._controls[special] = asyncio.create_task(self._control(special), name=f"control {special}")
        await asyncio.shield(self._controls[special])

    async def lease(self, pages: Pages, special: Special | None = None) -> Lease:
        """A clean page; with `special` a new one in an engine that was launched like that.

        EngineUnavailable if the machine has no such engine, Skipped if such a launch means nothing in it.
        """
        if special is not None:
            await self.prepare(special)
        if pages is Pages.ENGINE or special in ALONE:
            controlled = self._current.pop(special, None) if special is not None else None
            engine = controlled if controlled and not controlled.died.is_set() else await self._launched(special)
            return Lease(engine=engine, page=await engine.new_page(ignore_https_errors=True), own_engine=True)
        if special is not None:
            pages = Pages.FRESH
        while self._idle and pages is Pages.REUSED:
            idle = self._idle.pop()
            if self._usable(idle):
                self._lent[idle.engine] += 1
                return idle
            await self._discard(idle)
        engine = await self._shared(special)
        self._lent[engine] = self._lent.get(engine, 0) + 1  # from now on nobody closes it
        try:
            return Lease(engine=engine, page=await engine.new_page(ignore_https_errors=True), own_engine=False)
        except BaseException:
            self._lent[engine] -= 1
            raise

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
        live = {*self._lent, *self._current.values()}
        self._lent.clear()
        self._current.clear()
        for engine in live:
            await engine.close()

    def _usable(self, lease: Lease) -> bool:
        dead = lease.engine.died.is_set() or lease.page.crashed.is_set() or lease.page.closing
        return lease.engine is self._current.get(None) and not dead

    async def _discard(self, lease: Lease) -> None:
        with contextlib.suppress(WirematrixError):
            await lease.page.close()
        if lease.engine is not self._current.get(None) and not self._lent.get(lease.engine):
            self._lent.pop(lease.engine, None)
            if lease.engine is self._current.get(lease.engine.special):  # few need it: it is not kept for them
                del self._current[lease.engine.special]
            await lease.engine.close()

    async def _shared(self, special: Special | None = None) -> LiveEngine:
        """The engine that new pages of a launch are made in: alive, and not yet worn."""
        async with self._launching:
            engine = self._current.get(special)
            if engine is None or engine.died.is_set() or engine.contexts_made >= CONTEXTS_PER_ENGINE:
                engine = self._current[special] = await self._launched(special)
            return engine

    async def _control(self, special: Special) -> None:
        try:
            engine = await self._shared(special)
            try:
                await engines.require(engine)
            except BaseException:
                self._current.pop(special, None)
                await engine.close()
                raise
        except Skipped:
            raise
        except BaseException:  # says nothing about the launch: who asks next has it tried again
            del self._controls[special]
            raise

    async def _launched(self, special: Special | None = None) -> LiveEngine:
        return await engines.launch(self._playwright, self.name, replace(self._options, special=special))
