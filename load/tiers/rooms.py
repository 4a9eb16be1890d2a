"""Channels as most services have them: a queue per subscriber, into which the publisher puts every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from load.tiers.envelopes import Envelope, Numbering

Queued = TypeVar("Queued")


class Room(Generic[Queued]):
    """One channel. Its queues have no bound: whoever does not read makes the process grow."""

    def __init__(self, prepare: Callable[[str, Envelope], Queued]) -> None:
        self.numbering = Numbering()
        self.queues: set[asyncio.Queue[Queued]] = set()
        self._prepare = prepare

    def publish(self, items: Sequence[object]) -> None:
        """Number the items and put each into every queue."""
        for item in items:
            message = self._prepare(self.numbering.epoch, self.numbering.update(item))
            for queue in self.queues:
                queue.put_nowait(message)

    @contextmanager
    def subscription(self) -> Iterator[asyncio.Queue[Queued]]:
        """A queue that gets everything that is published within the block."""
        queue: asyncio.Queue[Queued] = asyncio.Queue()
        self.queues.add(queue)
        try:
            yield queue
        finally:
            self.queues.discard(queue)


class Rooms(Generic[Queued]):
    """All channels; one comes into being when it is first named. `prepare` makes of a message what is queued."""

    def __init__(self, prepare: Callable[[str, Envelope], Queued]) -> None:
        self._prepare = prepare
        self._rooms: dict[str, Room[Queued]] = {}

    def room(self, name: str) -> Room[Queued]:
        """The channel of this name."""
        return self._rooms.setdefault(name, Room(self._prepare))


def as_it_is(_epoch: str, message: Envelope) -> Envelope:
    """Queue the message's dict itself; each subscriber makes its own bytes of it."""
    return message
