"""FaultProxy: the TCP proxy between page and server, one per cell, that breaks links on command.

    page ──▶ host:port ──▶ FaultProxy ──▶ upstream (may change: `retarget`)

One fault holds at a time: applying another replaces it. What is observed, each with its link's number:

    link-open
    request     every head that can be recognised on a kept-alive connection, not only the first
    answer      its `status`, where that is an error (400 and above) and can be read
    passed      numbered messages `first` to `last` of an `epoch`: their last bytes were written to the page's socket;
                `far` if that is not on loopback, where packets may be lost after it. They had so many `bytes` together
                as SSE events, or as WebSocket frames with their headers; of several, `smallest` to `largest` each
    discarded   of those: what a RST took back before the kernel had sent it
    unread      from here on nobody knows which messages pass, and `because`
    bytes       at most every 250 ms
    link-end    `by` is who ended first and `how` is how that one ended

and "fault" and "healed" for the proxy as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Final, Self

from wirematrix import budgets
from wirematrix.errors import BudgetSpent, InvalidInput, WirematrixError
from wirematrix.faults import Close, Fault, Refuse, Reset
from wirematrix.link import Link, LinkState, Match, Observe, Upstream
from wirematrix.listener import CAN_SHUT, Listener
from wirematrix.side import Side

DRAIN_ROUNDS: Final = 64  # bounds the bytes of a flooding sender that still precede a FIN


class FaultProxy:
    """Forwards TCP links and breaks them on command. Made by `start`; one owner calls its methods."""

    def __init__(self, upstream: Upstream, observe: Observe) -> None:
        self.host = ""  # where pages connect to; the same from start on, refusing or not
        self.port = 0
        self._upstream = upstream
        self._observe = observe
        self._started_at = monotonic()
        self._listener: Listener | None = None
        self._fault: Fault | None = None
        self._match: Match | None = None
        self._numbers = 0
        self._live: dict[int, Link] = {}
        self._closed = False
        self._sides: dict[asyncio.Future[None], Side] = {}  # every open socket, also of links that ended
        self._connecting: dict[int, asyncio.Task[None]] = {}

    @classmethod
    async def start(
        cls,
        upstream: Upstream,
        observe: Observe,
        host: str = "127.0.0.1",
        *,
        can_shut: bool = CAN_SHUT,
        netns: Executor | None = None,
    ) -> Self:
        """Bind a free port of `host` (an IP address, of the namespace of `netns`) and forward it to `upstream`,
        an address and port, or the path of a Unix socket.

        `observe(kind, **detail)` is called synchronously with every fact and must not raise.
        `can_shut=False` makes `Refuse` reset what connects, as on systems that cannot keep a closed port.
        """
        proxy = cls(upstream, observe)
        proxy._listener = await Listener.open(host, proxy._accepted, can_shut=can_shut, netns=netns)
        proxy.host, proxy.port = proxy._listener.host, proxy._listener.port
        return proxy

    @property
    def refuses_with(self) -> str:
        """What a connection meets under `Refuse`: "no listener", or "reset" where that cannot be had."""
        return self._door.refuses_with

    @property
    def fault(self) -> Fault | None:
        """The fault that holds, if any."""
        return self._fault

    @property
    def links(self) -> tuple[LinkState, ...]:
        """The live links, in the order in which they were opened."""
        return tuple(link.state for link in self._live.values())

    def retarget(self, upstream: Upstream) -> None:
        """Forward new links to another server; live links keep theirs."""
        self._upstream = upstream

    async def apply(self, fault: Fault, match: Match | None = None) -> int:
        """Let a fault hold until `heal`; in force when this returns. Returns how many live links it hit.

        `match` limits it to links whose latest request matches, now or later, before that request is
        forwarded; a link without a recognised HTTP/1 request is then not hit. `Refuse` takes no match:
        nothing is known of a connection that is refused.
        """
        door = self._door
        if isinstance(fault, Refuse) and match is not None:
            raise InvalidInput("proxy: apply", "got refuse with a match", expected="refuse without one")
        lost = self._lift()
        self._fault, self._match = fault, match
        live = tuple(self._live.values())
        hit = [link for link in live if not isinstance(fault, Refuse) and link.matches(match)]
        self._observe("fault", fault=str(fault), links=len(hit))
        numbers = {link.number for link in hit}
        for link in live:
            if link.number not in numbers:
                link.shape(None, later=None if match is None else (fault, match))
            elif not isinstance(fault, Close | Reset):
                link.shape(fault)
        if isinstance(fault, Refuse):
            door.shut()
        else:
            await door.reopen()
        if isinstance(fault, Close | Reset):
            await self._cut(hit, fault)
        await _gone(lost)
        return len(hit)

    async def heal(self) -> None:
        """End the fault that holds, if one does. Links that were in a blackhole are reset."""
        if self._fault is None:
            return
        lost = self._lift()
        for link in tuple(self._live.values()):
            link.shape(None)
        await self._door.reopen()
        await _gone(lost)

    async def cut(self, fault: Close | Reset, match: Match | None = None) -> int:
        """End the live links once; new ones are not affected. Returns how many links it ended."""
        hit = [link for link in self._live.values() if link.matches(match)]
        self._observe("fault", fault=str(fault), links=len(hit))
        await self._cut(hit, fault)
        return len(hit)

    @asynccontextmanager
    async def applied(self, fault: Fault, match: Match | None = None) -> AsyncIterator[None]:
        """Let a fault hold for the span of an `async with`; then what held before holds again."""
        before, before_match = self._fault, self._match
        await self.apply(fault, match)
        try:
            yield
        finally:
            if before is None or self._closed:
                await self.heal()
            else:
                await self.apply(before, before_match)

    async def close(self) -> None:
        """Reset what is live, give the port back, and wait until every socket and task is gone.

        Raises `BudgetSpent` if that takes longer than the proxy budget. May be called again.
        """
        self._closed = True
        self._fault = self._match = None
        if self._listener is not None:
            self._listener.close()
        for link in tuple(self._live.values()):
            link.cut("reset")
        for side in tuple(self._sides.values()):
            side.reset()
        while waits := [*self._sides, *self._connecting.values()]:
            await _all_done(waits, "the fault proxy to close")
            await asyncio.sleep(0)  # lets their callbacks run, which take them off these lists

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def _door(self) -> Listener:
        if self._listener is None or self._closed:
            raise WirematrixError("proxy: not open; expected a call between start and close")
        return self._listener

    def _accepted(self) -> Side:
        """Asyncio accepted a connection and asks for its protocol."""
        self._numbers += 1
        link = Link(
            self._numbers,
            self._observe,
            opened_ms=(monotonic() - self._started_at) * 1000,
            on_made=self._made,
            on_end=self._ended,
        )
        self._keep(link.page)
        return link.page

    def _keep(self, side: Side) -> None:
        self._sides[side.gone] = side
        side.gone.add_done_callback(self._sides.pop)

    def _made(self, link: Link, side: Side) -> None:
        if side is link.page:
            self._open(link)
        else:
            self._keep(side)

    def _open(self, link: Link) -> None:
        if self._closed or isinstance(self._fault, Refuse):
            link.refuse()
            return
        self._live[link.number] = link
        link.open()
        if self._fault is not None and self._match is not None:
            link.shape(None, later=(self._fault, self._match))
        elif isinstance(self._fault, Close | Reset):
            link.cut(self._fault.how)
            return
        else:
            link.shape(self._fault)
        task = asyncio.create_task(link.connect(self._upstream), name=f"proxy {self.port} link {link.number}")
        self._connecting[link.number] = task
        task.add_done_callback(lambda done: self._connected(link.number, done))

    def _connected(self, number: int, task: asyncio.Task[None]) -> None:
        del self._connecting[number]
        if not task.cancelled():
            task.result()  # what connect() does not expect goes to the loop's exception handler

    def _ended(self, link: Link) -> None:
        del self._live[link.number]
        task = self._connecting.get(link.number)
        if task is not None and not link.server.is_open:  # else it is about to be done, and cancelling closes it
            task.cancel()

    def _lift(self) -> list[Link]:
        """The fault that held holds no longer: say so and reset what was in a blackhole."""
        healed, self._fault, self._match = self._fault, None, None
        if healed is not None:
            self._observe("healed", fault=str(healed))
        lost = [link for link in self._live.values() if link.blackholed]
        for link in lost:
            link.cut("reset")
        return lost

    async def _cut(self, links: list[Link], fault: Close | Reset) -> None:
        try:
            if isinstance(fault, Close):
                await _drained(links)
        finally:
            for link in links:
                link.cut(fault.how)
        if isinstance(fault, Reset):
            await _gone(links)


async def _drained(links: list[Link]) -> None:
    """Let what the kernel already holds go through, so that a FIN comes after everything received."""
    for _ in range(DRAIN_ROUNDS):
        before = sum(link.taken for link in links)
        await asyncio.sleep(0)  # the next turn looks which sockets can be read,
        await asyncio.sleep(0)  # and this one comes after they were
        if sum(link.taken for link in links) == before:
            return


async def _gone(links: list[Link]) -> None:
    """Wait until the sockets of these links are closed, which is when their RST is sent."""
    waits = [side.gone for link in links for side in (link.page, link.server) if side.is_open]
    await _all_done(waits, "links to be reset")


async def _all_done(waits: Sequence[asyncio.Future[None]], awaited: str) -> None:
    if waits:
        _, late = await asyncio.wait(waits, timeout=budgets.PROXY.seconds)
        if late:
            raise BudgetSpent(awaited, budget_ms=budgets.PROXY.ms, came=f"{len(late)} of {len(waits)} still open")
