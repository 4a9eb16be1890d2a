"""The `cell` a scenario is given: verbs for its page, its app and its network. It never decides.

Waits do not raise when what they wait for never comes: they write it down, and the claims judge it at the
end. Only a precondition (`open`, `hears`) raises NotReached, because nothing after it would mean anything.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wirematrix import checks
from wirematrix.budgets import (
    DELIVER,
    NEVER_REOPENS,
    NOTICE,
    OPEN,
    RECOVER,
    REOPEN,
    SERVER_NOTICE,
    Budget,
)
from wirematrix.checks import Check, Claim
from wirematrix.conditions import LiveNetwork
from wirematrix.control import Control, Published
from wirematrix.errors import EngineCrashed, NotReached, WirematrixError
from wirematrix.measures import Measure
from wirematrix.model import Cell
from wirematrix.probe import Probe
from wirematrix.server import Server
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage


class LiveCell:
    """One attempt of one cell while it runs."""

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
        self.cell = cell
        self.channel = channel
        self.claims: list[Claim] = []
        self.measures: list[Measure] = []
        self.network: LiveNetwork  # set by the runner, which also owns the proxy
        self._page = page
        self._server = server
        self._control = control
        self._recorder = recorder
        self._waits = waits
        self._probe = probe
        self._last: Published | None = None

    # --- claims ---------------------------------------------------------------------------------------

    def judge(self, *claims: Check | Claim) -> None:
        """What this scenario claims; judged when it has ended, on all that was seen."""
        self.claims.extend(checks.must(claim) for claim in claims)

    def record(self, *measures: Measure) -> None:
        """What this scenario records about the engine, from all that was seen when it has ended."""
        self.measures.extend(measures)

    # --- the page -------------------------------------------------------------------------------------

    async def start(self, **options: Any) -> None:
        """Ask the page to open the cell's transport; does not wait for anything."""
        wanted = {"transport": self.cell.transport, "channel": self.channel, **options}
        await self._probe.ask("open", wanted)

    async def open(self, **options: Any) -> None:
        """Open the transport and wait for the hello; NotReached if it does not come."""
        await self.start(**options)
        if not await self.wait_for(type="hello", budget=OPEN):
            raise NotReached("hello", checks.how_it_ended(self._recorder.timeline()))

    async def hears(self, kind: str = "message", *, budget: Budget = DELIVER, **match: Any) -> None:
        """A precondition: wait for an entry, NotReached without it."""
        if not await self.wait_for(kind, budget=budget, **match):
            raise NotReached(str(match or kind), checks.how_it_ended(self._recorder.timeline()))

    async def wait_for(
        self,
        *kinds: str,
        budget: Budget = DELIVER,
        count: int = 1,
        until_over: bool = True,
        since_break: bool = False,
        **match: Any,
    ) -> bool:
        """Wait for an entry of the page's log that matches; False when it cannot or did not come.

        `until_over` ends the wait when the transport is finished for good. `since_break` looks only at what
        the page recorded after the last break.
        """
        wanted = {"kind": list(kinds or ("message",)), **match}
        options = {
            "from": self._probe.marked if since_break else 0,
            "count": count,
            "ms": budget.ms,
            "until_over": until_over,
        }
        end = await self._probe.ask("wait", [wanted, options], within=budget)
        described = " ".join(f"{key} {value}" for key, value in match.items())
        self._waits.account(
            f"page {' or '.join(wanted['kind'])} {described}".strip(),
            float(end["waited_ms"]),
            budget,
            met=bool(end["met"]),
        )
        return bool(end["met"])

    async def watch(self, budget: Budget = NEVER_REOPENS) -> None:
        """Watch the page for a while in which nothing should happen; what does is in the timeline."""
        options = {"from": self._probe.read, "ms": budget.ms}
        await self._probe.ask("wait", [{"kind": ["opening", "open"]}, options], within=budget)
        self._recorder.observe("driver", "watched", budget_ms=budget.ms)

    async def send(self, text: str) -> None:
        """Have the page send one uplink message."""
        await self._probe.ask("send", text)

    async def leave(self, how: str) -> None:
        """Make the page go away: "closed", "navigated" or "killed" (the engine, by SIGKILL)."""
        await self._probe.collect()
        self._probe.lives = False
        self._recorder.observe("driver", "left", how=how)
        match how:
            case "closed":
                await self._page.close()
            case "navigated":
                await self._page.navigate_away()
            case "killed":
                await self._page.engine.kill()
            case _:
                raise WirematrixError(f"leave: got {how!r}; expected closed, navigated or killed")

    # --- the app --------------------------------------------------------------------------------------

    async def publish(self, count: int = 1, *, after_reopening: bool = False) -> None:
        """Have the app publish numbered updates."""
        items = [{"step": number} for number in range(1, count + 1)]
        self._published(await self._control.publish(items), after_reopening=after_reopening)

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
        """The scenario has ended: bring in the rest of the page's log."""
        await self._probe.collect()
        self._probe.note_clock()

    def check_page(self) -> None:
        """Raise EngineCrashed if the page died while nobody was asking it anything."""
        if self._probe.lives and self._page.crashed.is_set():
            raise EngineCrashed(self.cell.engine, "the page died between two questions")
