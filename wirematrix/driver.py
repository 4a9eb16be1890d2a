"""The `cell` of a scenario about streaming from our app: verbs for its page, its app and its network."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wirematrix import checks
from wirematrix.budgets import CONTROL, DELIVER, NOTICE, OPEN, RECOVER, REOPEN, SERVER_NOTICE, Budget
from wirematrix.conditions import LiveNetwork
from wirematrix.control import Control, Published
from wirematrix.errors import ControlRefused, NotReached, OursSpent
from wirematrix.model import Cell, Observation
from wirematrix.pagecell import PageCell
from wirematrix.probe import Probe
from wirematrix.server import Server
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage

UNAVAILABLE: Final = 503
OFFER_AGAIN_S: Final = 0.05  # an app that has its feed back tells nobody


class Node(NamedTuple):
    """One process of the app, and what the driver asks of it for the cell's channel."""

    server: Server
    control: Control


class LiveCell(PageCell):
    """A cell that plays against our app, behind the fault proxy."""

    def __init__(
        self,
        cell: Cell,
        *,
        channel: str,
        page: EnginePage,
        probe: Probe,
        nodes: Sequence[Node],
        recorder: Recorder,
        waits: Waits,
    ) -> None:
        super().__init__(cell, page=page, probe=probe, recorder=recorder, waits=waits)
        self.channel = channel
        self.network: LiveNetwork  # set by the runner, which also owns the proxy
        self._nodes = nodes
        self._at = 0  # the node whose stream the page has, or had last
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
        await self._land()

    async def send(self, text: str) -> None:
        """Have the page send one uplink message."""
        await self._probe.ask("send", text)

    async def lands_elsewhere(self) -> None:
        """Talk to the app that the page is open to since the break; NotReached if that is the one of before."""
        before = self._at
        broke = self._recorder.timeline().last("driver", "break")
        await self._land(since_ms=broke.at_ms if broke else float("-inf"))
        if self._at == before:
            raise NotReached("another node", f"the stream came back at node {self._at + 1}, where it had been")

    async def _land(self, since_ms: float = float("-inf")) -> None:
        """Of several nodes, find the one that has the page's stream, by what its log says."""
        if len(self._nodes) == 1:
            return
        await self._waits.heard("server", "accept", since_ms=since_ms, budget=CONTROL)
        accepted = self._recorder.timeline().last("server", "accept")
        self._at = accepted.detail["node"] - 1 if accepted else self._at

    # --- the app --------------------------------------------------------------------------------------

    @property
    def _server(self) -> Server:
        return self._nodes[self._at].server

    @property
    def _control(self) -> Control:
        return self._nodes[self._at].control

    async def offer(self, count: int = 1) -> bool:
        """Have the app publish updates, if it takes them; whether it acknowledged them. It may be without its Redis."""
        try:
            await self.publish(count)
        except ControlRefused as refused:
            if refused.status != UNAVAILABLE:
                raise
            self._recorder.observe("driver", "refused", status=refused.status, answer=refused.answer)
            return False
        return True

    async def publishes_again(self, budget: Budget = RECOVER) -> None:
        """Offer an update until the app takes it; OursSpent if it does not within the budget."""
        try:
            async with asyncio.timeout(budget.seconds):
                while not await self.offer():  # noqa: ASYNC110 - what ends it happens in another process
                    await asyncio.sleep(OFFER_AGAIN_S)
        except TimeoutError:
            raise OursSpent("the app to publish again", budget_ms=budget.ms, came="it refuses") from None

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
        for node in self._nodes:
            await node.control.tune(**overrides)
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
        for number, node in enumerate(self._nodes, 1):
            if not node.server.answers:
                continue
            with contextlib.suppress(ControlRefused):
                await node.control.mark()
                await self._waits.heard(
                    "server",
                    "mark",
                    since_ms=float("-inf"),
                    budget=CONTROL,
                    where=partial(_said_by, number),
                )


def _said_by(number: int, seen: Observation) -> bool:
    """Whether an app's log says it, of the node with this number; an app that stands alone has none."""
    return bool(seen.detail.get("node", number) == number)
