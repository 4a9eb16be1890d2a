"""Who may be written to at once: subscribers that have been handed everything and whose task sleeps.

    collect() with nothing left ----> stand by ---- published: one write to each wire, no task is woken
            ^                            |
            |                            | muted, ended, gone; the wire is full or a batch too large for it
            |                            v
    the task sends what waits <------ stand down --- published: into the mailbox, which wakes the task

The transports of one encoding lie in one dict and nothing else is touched for a message: with hundreds of subscribers
most of what a delivery costs above the kernel's write is memory that has left the cache since the last one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

from app.batch import WRITE_BYTES, Batch
from app.wire import UNSENT_BYTES, Encoding, Wire

Standing = TypeVar("Standing")


class Standby(Generic[Standing]):
    """The subscribers of a channel that stand by, each with its wire."""

    def __init__(self) -> None:
        self._lanes: dict[Encoding, dict[asyncio.Transport, Standing]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __iter__(self) -> Iterator[Standing]:
        for lane in self._lanes.values():
            yield from lane.values()

    def add(self, subscriber: Standing, wire: Wire) -> bool:
        """Stand by on this wire; False if it is not known how messages are put on it."""
        if wire.encoding is None:
            return False
        self._lanes.setdefault(wire.encoding, {})[wire.transport] = subscriber
        return True

    def remove(self, wire: Wire) -> None:
        """Stand down; harmless when repeated."""
        if wire.encoding is not None:
            self._lanes.get(wire.encoding, {}).pop(wire.transport, None)

    def write(self, batch: Batch) -> list[Standing]:
        """Write to everybody who stands by; the answer are those who could not be written to."""
        if batch.size > WRITE_BYTES:
            return list(self)
        return [late for encoding, lane in self._lanes.items() if lane for late in _write(lane, encoding(batch))]


def _write(lane: dict[asyncio.Transport, Standing], encoded: bytes) -> list[Standing]:
    held_up = []
    for transport, subscriber in lane.items():
        if transport.get_write_buffer_size() > UNSENT_BYTES or transport.is_closing():
            held_up.append(subscriber)
        else:
            transport.write(encoded)
    return held_up
