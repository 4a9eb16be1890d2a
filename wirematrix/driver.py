"""The `cell` of a scenario about streaming from our app: verbs for its page, its app and its network."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wirematrix import checks
from wirematrix.budgets import CONTROL, DELIVER, NOTICE, OPEN, RECOVER, REOPEN, SERVER_NOTICE, Budget
from wirematrix.conditions import LiveNetwork
from wirematrix.control import Control, Published
from wirematrix.errors import ControlRefused, NotReached
from wirematrix.model import Cell
from wirematrix.pagecell import PageCell
from wirematrix.probe import Probe
from wirematrix.server import Server
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage


class LiveCell(PageCell):
    """A cell that plays against our app, behind the fault proxy."""

    def __init__(
        self,
        cell: Cell,
        *,
        channel: str,
        page: EnginePage,
        probe: Probe,
        server: Server,
        control: Control,
        recorder: Recorder,
        waits: Waits,
    ) -> None:
        super().__init__(cell, page=page, probe=probe, recorder=recorder, waits=waits)
        self.channel = channel
        self.network: LiveNetwork  # set by the runner, which also owns the proxy
        self._server = server
        self._control = control
        self.base: str | None = None  # where the page finds the app, if not where it came from itself
        self._last: Published | None = None

    # --- the page -------------------------------------------------------------------------------------

    async def start(self, **options: Any) -> None:
        """Ask the page to open the cell's transport; does not wait for anything."""
        across = {} if self.base is None else {"base": self.base}
        wanted = {"transport": self.cell.transport, "channel": self.channel, **across, **options}
        await self._probe.ask("open", wanted)

    async def open(self, **options: Any) -> None:
        """Open the transport and wait for the hello; NotReached if it does not come."""
        await self.start(**options)
        if not await self.wait_for(type="hello", budget=OPEN):
            raise NotReached("hello", checks.how_it_ended(self._recorder.timeline()))

    async def send(self, text: str) -> None:
        """Have the page send one uplink message."""
        await self._probe.ask("send", text)

    # --- the app --------------------------------------------------------------------------------------

    async def publish(self, count: int = 1, *, after_reopening: bool = False) -> None:
        """Have the app publish numbered updates."""
        items = [{"step": number} for number in range(1, count + 1)]
        self._published(await self._control.publish(items), after_reopening=after_reopening)

    async def publish_at_pace(self, count: int, every_ms: float) -> None:
        """Have the app publish updates one by one, each so long after the one before was due."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, began_s + number * every_ms / 1000 - loop.time()))  # the pace is the load
            await self.publish()

    async def publish_texts(self, texts: Mapping[str, str]) -> None:
        """Publish texts one by one, writing down length and CRC-32 of each (over its UTF-16 units)."""
        for label, text in texts.items():
            units = text.encode("utf-16-le", "surrogatepass")
            published = await self._control.publish([text])
            self._published(published, label=label, chars=len(units) // 2, crc=zlib.crc32(units))

    async def fence(self, budget: Budget = DELIVER) -> bool:
        """Publish a fence and wait until the page has it: nothing older is on its way any more."""
        self._published(await self._control.fence(), fence=True)
        return await self.catch_up(budget)

    async def catch_up(self, budget: Budget = RECOVER) -> bool:
        """Wait until the page has the last message published."""
        if self._last is None:
            return True
        return await self.wait_for(
            budget=budget, type=["update", "uplink", "fence"], seq=self._last.last, epoch=self._last.epoch
        )

    def _published(self, which: Published, **detail: Any) -> None:
        self._last = which
        self._recorder.observe("driver", "published", epoch=which.epoch, first=which.first, last=which.last, **detail)

    async def tune(self, **overrides: int | None) -> None:
        """Override the app's settings for this cell's channel."""
        await self._control.tune(**overrides)
        self._recorder.observe("driver", "tuned", **overrides)

    async def finish(self) -> None:
        """The app has nothing more to say on this channel and tells its subscribers to stay away."""
        await self._control.finish()
        self._recorder.observe("driver", "finished")

    async def server_notices(self, budget: Budget = SERVER_NOTICE) -> bool:
        """Wait until the server's log says that the subscriber is gone."""
        left = self._recorder.timeline().first("driver", "left")
        since_ms = left.at_ms - 50 if left else 0.0
        seen = await self._waits.until(
            "server", "gone", since_ms=since_ms, budget=budget, alive=self._server.check_alive
        )
        return seen is not None

    async def count_subscribers(self) -> None:
        """Write the app's own count into the timeline."""
        counted = await self._control.statistics()
        self._recorder.observe("driver", "statistics", **counted)

    async def notices(self, budget: Budget = NOTICE) -> bool:
        """Wait for the page's first sign of the last break."""
        return await self.wait_for("error", "close", "silence", budget=budget, until_over=False, since_break=True)

    async def reopens(self, budget: Budget = REOPEN) -> bool:
        """Wait until the page is open again after the last break."""
        return await self.wait_for("open", budget=budget, since_break=True)

    async def collect(self) -> None:
        """The scenario has ended: bring in the rest of the page's log, and of the app's up to here."""
        await super().collect()
        await self._hear_the_app_out()

    def check(self) -> None:
        """Raise IntermediaryDied, too, if what lies between page and app ended by itself."""
        super().check()
        self.network.check_alive()

    async def _hear_the_app_out(self) -> None:
        """What the app's log has not said before its mark did not happen; the audit of losses rests on that.

        An app that is down or suspended, or that keeps no such log, is not heard out, and the audit says so.
        """
        if not self._server.answers:
            return
        try:
            await self._control.mark()
        except ControlRefused:
            return
        await self._waits.heard("server", "mark", since_ms=float("-inf"), budget=CONTROL)
