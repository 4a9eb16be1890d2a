"""All subscribers of one generator process: opened, cut, counted, never one by one from outside."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.load.kernel import cpu_time, tcp_bytes
from wirematrix.load.receivers import Door, connected
from wirematrix.load.stream import Known, NotOpened, Stream
from wirematrix.load.tally import Account, Tally

LOOK_S: Final = 0.001  # how often a crowd that waits for messages looks whether they came


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the meters of a crowd stand at, all read in one go."""

    at_ns: int  # monotonic
    received: int  # load messages, all subscribers together, ever
    heartbeats: int
    sent_bytes: int | None  # over the connections that are open now
    received_bytes: int | None
    open: int
    busy_ns: int  # CPU time of this process
    waited_ns: int | None


class Seat:
    """One subscriber: its tally lives on while its connections come and go."""

    __slots__ = ("_life", "ended", "receiver", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.receiver: Stream | None = None
        self.ended = ""  # why its last connection ended without being asked to
        self._life = 0

    def begin(self) -> Callable[[str], None]:
        """A new connection is coming; what it calls when it ends, which says nothing about the ones after it."""
        self._life += 1
        life = self._life

        def end(because: str) -> None:
            if life == self._life:
                self.receiver = None
                self.ended = because

        return end

    def cut(self) -> None:
        """End the connection with a RST; its own end is no news then."""
        self._life += 1
        if self.receiver is not None:
            self.receiver.abort()
        self.receiver = None


class Crowd:
    """Subscribers of one channel behind one door."""

    def __init__(self, door: Door, size: int) -> None:
        self._door = door
        self._known = Known()
        self.seats = [Seat() for _ in range(size)]

    async def open(self, *, at_once: int, budget_s: float) -> Sequence[tuple[int, int]]:
        """Open every connection, so many at a time: when each began and was open (monotonic ns).

        NotOpened if one fails: without all of them there is nothing to measure.
        """
        free = asyncio.Semaphore(at_once)

        async def one(seat: Seat) -> tuple[int, int]:
            async with free:
                began_ns = time.monotonic_ns()
                return began_ns, await self._connect(seat, resume="", budget_s=budget_s)

        async with asyncio.timeout(budget_s):
            return await asyncio.gather(*(one(seat) for seat in self.seats))

    async def storm(self, *, delay_s: float, resume: bool, budget_s: float) -> tuple[int, list[int]]:
        """Cut every connection at once; each tries again after the delay, and again, until it is back.

        When they were cut, and when each was back (monotonic ns), in that order; those that were not within the
        budget are missing.
        """
        points = [seat.tally.resume_point() if resume else "" for seat in self.seats]
        cut_ns = time.monotonic_ns()
        self.close()
        back: list[int] = []

        async def again(seat: Seat, point: str) -> None:
            while True:
                await asyncio.sleep(delay_s)
                try:
                    back.append(await self._connect(seat, resume=point, budget_s=budget_s))
                except NotOpened:
                    continue
                return

        tasks = [asyncio.create_task(again(*each)) for each in zip(self.seats, points, strict=True)]
        done, late = await asyncio.wait(tasks, timeout=budget_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()  # a mistake of ours is raised: it is not a connection that the server refused
        return cut_ns, sorted(back)

    async def _connect(self, seat: Seat, *, resume: str, budget_s: float) -> int:
        ended = seat.begin()
        receiver, opened_ns = await connected(
            self._door, seat.tally, self._known, ended, resume=resume, budget_s=budget_s
        )
        seat.receiver = receiver
        return opened_ns

    def close(self) -> None:
        """End every connection with a RST."""
        for seat in self.seats:
            seat.cut()

    @property
    def reached(self) -> int:
        """The highest message number that every subscriber has (or has something newer than)."""
        return min((seat.tally.highest for seat in self.seats), default=0)

    async def until_reached(self, number: int, budget_s: float) -> bool:
        """Whether every subscriber got that message, or a newer one, in time; gives up when a connection ends."""
        until_s = time.monotonic() + budget_s
        while self.reached < number:
            if time.monotonic() > until_s or any(seat.receiver is None for seat in self.seats):
                return self.reached >= number
            await asyncio.sleep(LOOK_S)
        return True

    def forget(self) -> None:
        """Begin a new stretch of messages."""
        for seat in self.seats:
            seat.tally.forget()

    def account(self, first: int, last: int) -> Account:
        """What became of the messages `first` to `last`, all subscribers together."""
        return sum((seat.tally.account(first, last) for seat in self.seats), Account())

    def latencies_us(self, first: int, last: int) -> Counter[int]:
        """How often each latency was seen, due to received, in microseconds."""
        return Counter(ns // 1000 for seat in self.seats for ns in seat.tally.latencies_ns(first, last))

    def ends(self) -> Iterator[str]:
        """Why connections ended that should be open."""
        return (seat.ended or "it was cut" for seat in self.seats if seat.receiver is None)

    def reading(self) -> Reading:
        """All meters now."""
        counted = [tcp_bytes(below) for below in self._sockets()]
        known = [each for each in counted if each is not None]
        complete = len(known) == len(counted)
        cpu = cpu_time(os.getpid())
        return Reading(
            at_ns=time.monotonic_ns(),
            received=sum(seat.tally.received for seat in self.seats),
            heartbeats=sum(seat.tally.heartbeats for seat in self.seats),
            sent_bytes=sum(sent for sent, _ in known) if complete else None,
            received_bytes=sum(received for _, received in known) if complete else None,
            open=len(counted),
            busy_ns=cpu.busy_ns if cpu else 0,
            waited_ns=cpu.waited_ns if cpu else None,
        )

    def _sockets(self) -> Iterator[socket.socket]:
        return (
            below for seat in self.seats if seat.receiver is not None and (below := seat.receiver.socket()) is not None
        )
