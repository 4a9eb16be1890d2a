"""What waits for one subscriber: a bounded list and one future. The subscriber is woken once for all that waits.

    publisher                 mailbox                       sender
    put(messages) ---------->  waiting  --- collect() --->  one write to the socket, awaited
                               backlog                      (blocks while the peer does not read)
         overflow: put() says no, the owner evicts

While the sender sleeps in `collect` and nothing waits, what is published may be written past it (standby.py).
`put` never blocks the publisher. While the sender is blocked in its write nothing is collected, so what is published
meanwhile piles up here and nowhere else: that is the back-pressure, and the limit is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.batch import WRITE_BYTES
from app.envelope import Message


class Mailbox:
    """One sender collects, anyone puts. Bounded by count and by bytes of what is published after the start.

    The backlog (hello, gap, replay) is given at the start and counts towards no limit: it is bounded by the history.
    A put is never split: the limit is looked at before it, so a single large publish evicts nobody who keeps up.
    """

    __slots__ = ("_backlog", "_ended", "_max_bytes", "_max_messages", "_muted", "_waiting", "_waiting_bytes", "_wakeup")

    def __init__(self, *, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._backlog: list[Message] = []
        self._waiting: list[Message] = []
        self._waiting_bytes = 0
        self._wakeup: asyncio.Future[None] | None = None
        self._muted = False
        self._ended = False

    @property
    def is_idle(self) -> bool:
        """The sender has handed over everything and waits for more."""
        return self._wakeup is not None and not (self._backlog or self._waiting)

    @property
    def is_clear(self) -> bool:
        """Nothing waits, nothing is held back, and there is no end to come: `collect` would sleep."""
        return not (self._backlog or self._waiting or self._muted or self._ended)

    def start_with(self, backlog: Sequence[Message]) -> None:
        """What comes before everything put; call once, before the first `collect`."""
        self._backlog.extend(backlog)

    def put(self, messages: Sequence[Message], size: int) -> bool:
        """Add messages of `size` bytes. False, and nothing added, if the mailbox was full before."""
        if len(self._waiting) >= self._max_messages or self._waiting_bytes >= self._max_bytes:
            return False
        self._waiting.extend(messages)
        self._waiting_bytes += size
        if not self._muted:
            self._wake()
        return True

    async def collect(self) -> list[Message]:
        """Everything that waits, at most about WRITE_BYTES of it; an empty list means the end.

        Safe to cancel. Only one caller at a time.
        """
        while self._muted or not (self._backlog or self._waiting):
            if self._ended:
                return []
            self._wakeup = asyncio.get_running_loop().create_future()
            try:
                await self._wakeup
            finally:
                self._wakeup = None
        if self._backlog:
            return _take(self._backlog)
        batch = _take(self._waiting)
        self._waiting_bytes = self._waiting_bytes - _size(batch) if self._waiting else 0
        return batch

    def mute(self) -> None:
        """Hold everything back until `unmute` or `end`; the limits go on counting."""
        self._muted = not self._ended

    def unmute(self) -> None:
        """Go on."""
        self._muted = False
        self._wake()

    def end(self) -> None:
        """Let the sender have what waits, then the end."""
        self._ended = True
        self.unmute()

    def discard(self) -> None:
        """Throw away what waits; the end is near."""
        self._backlog.clear()
        self._waiting.clear()
        self._waiting_bytes = 0

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


def _take(queue: list[Message]) -> list[Message]:
    """Cut the first WRITE_BYTES off the queue, at least one message."""
    size = count = 0
    for message in queue:
        size += len(message.sse)
        count += 1
        if size >= WRITE_BYTES:
            break
    batch = queue[:count]
    del queue[:count]
    return batch


def _size(messages: Sequence[Message]) -> int:
    return sum(len(message.sse) for message in messages)
