"""Flow: one direction of a link. What its source reads reaches its sink at once, late, slowly or never.

    source ──receive──▶ [ waiting ] ──give──▶ sink        held: nothing leaves `waiting`, nothing is read
                                                          discards: nothing enters it
Where no fault shapes the direction, `waiting` stays empty and a piece is written in the turn it was read.
The end of a direction ("fin" or "reset") travels behind the bytes and through the same faults.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import Final, Protocol

from wirematrix.faults import Blackhole, Cut, Direction, Fault, Latency, Slices, Stall, Throttle, Truncate
from wirematrix.side import End, Side

WAITING_LIMIT: Final = 4 << 20  # bytes kept for later before the source is no longer read
SLOW_LIMIT: Final = 64 << 10  # the same under throttle and in slices, so that a sender soon feels it
THROTTLE_SLICE_S: Final = 0.01  # a throttled piece is what the rate allows in this time
CATCH_UP_S: Final = 0.1  # a busy throttle makes good at most this much of a late timer; an idle one nothing


class FlowOwner(Protocol):
    """What a flow tells its link."""

    number: int

    def moved(self, flow: Flow, piece: bytes | memoryview) -> None:
        """Bytes were forwarded: these."""

    def ended(self, flow: Flow, how: End) -> None:
        """The direction's end has come out of it."""

    def used_up(self, how: Cut) -> None:
        """The last byte a truncation allows was forwarded."""


class Flow:
    """One direction of one link; `given` counts the bytes it handed to its sink."""

    def __init__(self, direction: Direction, owner: FlowOwner, *, source: Side, sink: Side) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self.direction = direction
        self.owner = owner
        self.source = source
        self.sink = sink
        self.given = 0
        self.finished = False  # its end was delivered
        self.closed = False  # nothing more passes
        self._direct = False
        self._held = False
        self._discards = False
        self._latency: Latency | None = None
        self._slow: Throttle | Slices | None = None
        self._truncate: Truncate | None = None
        self._left = 0  # bytes a truncation still allows
        self._waiting: deque[tuple[float, bytes | memoryview | End]] = deque()
        self._held_bytes = 0
        self._free_at = 0.0  # when a slow link allows the next piece
        self._random = random.Random()  # noqa: S311 - a repeatable fault, not a secret
        self._timer: asyncio.TimerHandle | None = None

    @property
    def taken(self) -> int:
        """Bytes received, whether already given on or waiting; discarded ones don't count."""
        return self.given + self._held_bytes

    @property
    def discards(self) -> bool:
        """Whether a blackhole is, or was, in this direction."""
        return self._discards

    def shape(self, fault: Fault | None) -> None:
        """Be under this fault, or under none, from now on. A blackhole stays: only a cut ends it."""
        self._held = isinstance(fault, Stall) and fault.hits(self.direction)
        self._latency = fault if isinstance(fault, Latency) else None
        self._slow = fault if isinstance(fault, Throttle | Slices) else None
        truncates = isinstance(fault, Truncate) and self.direction == "downstream"
        self._truncate = fault if isinstance(fault, Truncate) and truncates else None
        self._left = self._truncate.after_bytes if self._truncate else 0
        if isinstance(fault, Blackhole) and fault.hits(self.direction):
            self._discards = True
            self._forget()
        if self._latency is None:
            self._waiting = deque((0.0, piece) for _, piece in self._waiting)
        if isinstance(fault, Latency | Slices):
            self._random.seed(f"{fault.seed}/{self.owner.number}/{self.direction}")
        self._free_at = 0.0
        self.settle()

    def receive(self, piece: bytes | memoryview | End) -> None:
        """Take what the source read: bytes, or the end of the direction."""
        if self._direct and not isinstance(piece, End):
            self._give(piece)
        elif not (self._discards or self.closed):
            if not self._waiting:
                self._free_at = max(self._free_at, self._clock())
            self._waiting.append((self._due(), piece))
            if not isinstance(piece, End):
                self._held_bytes += len(piece)
            self.settle()

    def settle(self) -> None:
        """Release what may go now, and read from the source exactly if there is room for more."""
        self._release()
        if self.closed:
            return
        shaped = self._held or self._discards or self._latency or self._slow or self._truncate
        self._direct = self.sink.writable and not shaped and not self._waiting
        limit = SLOW_LIMIT if self._slow else WAITING_LIMIT
        room = self.sink.writable and self._held_bytes < limit
        self.source.set_reading(wanted=self._discards or (room and not self._held))

    def flush(self) -> None:
        """Give on everything received, whatever the faults say; ends excepted."""
        pieces = [piece for _, piece in self._waiting]
        self._forget()
        for piece in pieces:
            if not isinstance(piece, End) and not self.closed and self.sink.connected:
                self._give(piece)

    def close(self) -> None:
        """Let nothing pass any more and forget what waits."""
        self.closed = True
        self._direct = False
        self._forget()

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # Only the head is looked at: a piece that is due before the ones ahead of it waits for them.
        while self._waiting and not self._held and not self.closed and self.sink.writable:
            due_at, piece = self._waiting[0]
            wake_at = due_at if isinstance(piece, End) else max(due_at, self._free_at)
            if wake_at > self._clock():
                self._timer = self._loop.call_at(wake_at, self.settle)
                return
            self._waiting.popleft()
            if isinstance(piece, End):
                how = End.RESET if self._waiting else piece  # only a RST can come after an end
                self.finished = True
                self.close()
                self.owner.ended(self, how)
                return
            if self._slow is not None:
                piece = self._slice(piece, self._slow)
            self._held_bytes -= len(piece)
            self._give(piece)

    def _slice(self, piece: bytes | memoryview, slow: Throttle | Slices) -> memoryview:
        """What a slow link lets go of a piece now; the rest goes back to the head of the queue."""
        view = memoryview(piece)
        if isinstance(slow, Throttle):
            size = min(len(view), max(1, int(slow.bytes_per_s * THROTTLE_SLICE_S)))
            self._free_at = max(self._free_at, self._clock() - CATCH_UP_S) + size / slow.bytes_per_s
        else:
            size = min(len(view), self._random.randint(1, slow.bytes_at_most))
            self._free_at = self._clock() + slow.pause_ms / 1000
        if size < len(view):
            self._waiting.appendleft((0.0, view[size:]))
        return view[:size]

    def _give(self, piece: bytes | memoryview) -> None:
        if self._truncate is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        self.sink.write(piece)
        self.given += len(piece)
        self.owner.moved(self, piece)
        if self._truncate is not None and self._left == 0:
            self.close()
            self.owner.used_up(self._truncate.how)

    def _due(self) -> float:
        if self._latency is None:
            return 0.0
        spread_ms = self._random.uniform(-self._latency.jitter_ms, self._latency.jitter_ms)
        return self._clock() + (self._latency.delay_ms + spread_ms) / 1000

    def _forget(self) -> None:
        self._waiting.clear()
        self._held_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
