"""A cell's network while it lives: what `broken()` does over each network condition.

"The break" in a scenario is the network's own recipe. Breaking and mending are observations of the driver
(`break`, `mended`), so that every time measured from a break is measured from the same instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import assert_never

from wirematrix import faults, network
from wirematrix.budgets import DELIVER
from wirematrix.errors import WirematrixError
from wirematrix.lossy import Wire
from wirematrix.network import Network
from wirematrix.probe import Probe
from wirematrix.routes import RedisServer
from wirematrix.server import Server
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits
from wirematrix.way import Way


class LiveNetwork:
    """The way from one page to its app, and the verbs that break it."""

    def __init__(
        self,
        condition: Network,
        *,
        way: Way,
        server: Server,
        recorder: Recorder,
        waits: Waits,
        probe: Probe,
        wire: Wire | None = None,
        nudge: Callable[[], Awaitable[None]],
    ) -> None:
        self.condition = condition
        self._way = way
        self._proxy = way.proxy
        self._server = server
        self.redis: RedisServer | None = None  # set by the runner where several nodes keep their messages there
        self._recorder = recorder
        self._waits = waits
        self._probe = probe
        self._wire = wire  # of a `packet-loss` condition
        self._nudge = nudge  # publishes one message: what a truncation needs to cut in two

    async def stand(self) -> None:
        """Apply what holds for the whole attempt (latency, throttle, slices); nothing for the others."""
        match self.condition.recipe:
            case network.Latency(delay_ms=delay_ms, jitter_ms=jitter_ms):
                await self._proxy.apply(faults.Latency(delay_ms=delay_ms, jitter_ms=jitter_ms))
            case network.Throttle(bytes_per_s=bytes_per_s):
                await self._proxy.apply(faults.Throttle(bytes_per_s=bytes_per_s))
            case network.Slices(bytes_at_most=bytes_at_most, pause_ms=pause_ms):
                await self._proxy.apply(faults.Slices(bytes_at_most=bytes_at_most, pause_ms=pause_ms))
            case _:
                pass

    @asynccontextmanager
    async def broken(self) -> AsyncIterator[None]:
        """Break the network, let the body happen, and mend it.

        What is published in the body is published into the outage, as far as the condition has a length:
        after a `close` a page may be back before the body runs.
        """
        recipe = self.condition.recipe
        match recipe:
            case network.Close() | network.Reset():
                self._broke()
                await self._proxy.cut(faults.Close() if isinstance(recipe, network.Close) else faults.Reset())
                self._mended()
                yield
            case network.Truncate(after_bytes=after_bytes, how=how):
                await self._truncate(faults.Truncate(after_bytes=max(1, after_bytes), how=how))
                yield
            case network.Refuse(for_ms=for_ms):
                until_ms = self._recorder.now_ms() + for_ms
                self._broke()
                await self._proxy.apply(faults.Refuse())
                await self._proxy.cut(faults.Reset())
                yield
                await self._reaches(until_ms)
                await self._proxy.heal()
                self._mended()
            case network.Stall(direction=direction, for_ms=for_ms):
                until_ms = self._recorder.now_ms() + for_ms
                self._broke()
                await self._proxy.apply(faults.Stall(direction=direction))
                yield
                await self._reaches(until_ms)
                await self._proxy.heal()
                self._mended()
            case network.Blackhole(direction=direction):
                self._broke()
                await self._proxy.apply(faults.Blackhole(direction=direction))
                yield
                self._mended(cut=True)
                await self._proxy.heal()
            case network.PacketLoss(for_ms=for_ms):
                until_ms = self._recorder.now_ms() + for_ms
                self._broke()
                async with self._lossy.losing():
                    yield
                    await self._reaches(until_ms)
                self._mended()
            case network.Restart(signal=how, down_ms=down_ms):
                await self._restart(how, down_ms)
                yield
            case network.Direct() | network.Latency() | network.Throttle() | network.Slices():
                raise WirematrixError(
                    f"network {self.condition.name!r} has nothing that breaks; "
                    "select the scenario over another one in matrix.yaml"
                )
            case _:
                assert_never(recipe)

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Nobody listens from now until `for_ms` of the `refuse` condition have gone by."""
        if not isinstance(self.condition.recipe, network.Refuse):
            raise WirematrixError(f"network {self.condition.name!r} does not refuse")
        until_ms = self._recorder.now_ms() + self.condition.recipe.for_ms
        await self._proxy.apply(faults.Refuse())
        await self._proxy.cut(faults.Reset())  # the pooled connections that brought the page, too
        yield
        await self._reaches(until_ms)
        await self._proxy.heal()
        self._mended()

    @asynccontextmanager
    async def without_redis(self) -> AsyncIterator[None]:
        """The apps' Redis is gone while the body happens, and comes back with what it had acknowledged."""
        if self.redis is None:
            raise WirematrixError(f"network {self.condition.name!r} leads to no app that keeps its messages in Redis")
        self._recorder.observe("driver", "redis-ended")
        await self.redis.close()
        yield
        await self.redis.start()
        self._recorder.observe("driver", "redis-back")

    def reload(self) -> None:
        """Have the route's server read its configuration anew while connections live."""
        if self._way.route is None:
            raise WirematrixError(f"network {self.condition.name!r} leads over no server that could be told to reload")
        self._recorder.observe("driver", "reload")
        self._way.route.reload()

    def check_alive(self) -> None:
        """Raise IntermediaryDied if the route's server, or the apps' Redis, ended by itself."""
        self._way.check_alive()
        if self.redis is not None:
            self.redis.check_alive()

    @property
    def _lossy(self) -> Wire:
        if self._wire is None:
            raise WirematrixError(f"network {self.condition.name!r} was given no wire whose packets can be lost")
        return self._wire

    async def _truncate(self, fault: faults.Truncate) -> None:
        """Cut inside the next message; the links are seen to end before this returns."""
        since_ms = self._broke()
        await self._proxy.apply(fault)
        await self._nudge()
        await self._waits.until("link", self._way.end_kind, since_ms=since_ms, budget=DELIVER)
        await self._proxy.heal()
        self._mended()

    async def _restart(self, how: network.Signal, down_ms: int) -> None:
        """End the app, refuse while it is down, start it again on its port."""
        until_ms = self._recorder.now_ms() + down_ms
        self._broke()
        await self._proxy.apply(faults.Refuse())
        if how == "kill":
            await self._server.kill()
        else:
            await self._server.terminate()
        self._recorder.observe("driver", "app-ended", by=how)
        await self._reaches(until_ms)
        await self._server.start()
        await self._proxy.heal()
        self._mended()

    async def _reaches(self, until_ms: float) -> None:
        """Time itself is the condition here: it lasts as long as matrix.yaml says."""
        await asyncio.sleep(max(0.0, until_ms - self._recorder.now_ms()) / 1000)

    def _broke(self) -> float:
        self._probe.mark()
        return self._recorder.observe(
            "driver", "break", network=self.condition.name, page_entries=self._probe.marked
        ).at_ms

    def _mended(self, *, cut: bool = False) -> None:
        self._recorder.observe("driver", "mended", network=self.condition.name, cut=cut, page_entries=self._probe.read)
