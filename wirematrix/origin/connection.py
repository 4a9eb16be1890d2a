"""One TCP connection of an origin: reads and writes bytes, and says how and when the peer ended it.

peer's FIN   "peer-end" how=fin     the other direction stays open: a script may still write
peer's RST   "peer-end" how=reset   also what a write into a closed peer leads to
our own end  nothing is said here; the exchange that did it says so
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol, cast

from wirematrix.errors import WirematrixError
from wirematrix.sockets import kernel_unsent, reset, socket_of

BUFFERED: Final = 1 << 20  # bytes read ahead before the peer feels back-pressure


class Observe(Protocol):
    """Takes one fact, at once; must not raise."""

    def __call__(self, kind: str, /, **detail: object) -> None:
        """Record the fact."""


class PeerGone(WirematrixError):
    """The peer ended the connection while a script read or wrote: the end of the script, nobody's fault."""

    def __init__(self, number: int, how: str) -> None:
        self.number = number
        self.how = how
        super().__init__(number, how)

    def __str__(self) -> str:
        return f"connection {self.number}: the peer ended it ({self.how})"


class Connection(asyncio.Protocol):
    """A connection with a reader (asyncio's) and writes that wait while the peer takes nothing."""

    def __init__(
        self,
        number: int,
        port: int,
        observe: Observe,
        serve: Callable[[Connection], Coroutine[Any, Any, None]],
    ) -> None:
        self.number = number
        self.port = port
        self.reader = asyncio.StreamReader(limit=BUFFERED)
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._observe = observe
        self._serve = serve
        self._transport: asyncio.Transport | None = None
        self._takes = asyncio.Event()
        self._takes.set()
        self._accepted_s = 0.0
        self._is_told = False
        self._is_quiet = False

    def tell(self) -> None:
        """Say that there is this connection, once: with its first request, or with its end if it never had one."""
        if not self._is_told:
            self._is_told = True
            waited_ms = round((time.monotonic() - self._accepted_s) * 1000, 2)
            self._observe("connection", connection=self.number, port=self.port, accepted_before_ms=waited_ms)

    def keep_quiet(self) -> None:
        """It brings a file of the page: not a word about it."""
        self._is_told = True
        self._is_quiet = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.reader.set_transport(transport)
        self._accepted_s = time.monotonic()
        self.task = asyncio.create_task(self._serve(self), name=f"origin connection {self.number}")

    def data_received(self, data: bytes) -> None:
        self.reader.feed_data(data)

    def eof_received(self) -> bool:
        """Called by asyncio; True keeps the other direction open."""
        self._peer_ended("fin")
        self.reader.feed_eof()
        return True

    def pause_writing(self) -> None:
        self._takes.clear()

    def resume_writing(self) -> None:
        self._takes.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._peer_ended("reset")
        if not self.reader.at_eof():
            self.reader.feed_eof()
        self.closed.set()
        self._takes.set()
        if not self.ended.done():
            self.ended.set_result("closed")

    @property
    def unsent_bytes(self) -> int:
        """What was written and has not left: asyncio's share and the kernel's."""
        transport = self._open()
        return transport.get_write_buffer_size() + kernel_unsent(socket_of(transport))

    def pause_reading(self) -> None:
        """Take nothing from the peer: its bytes stay in the kernel, and it feels back-pressure."""
        self._open().pause_reading()

    def resume_reading(self) -> None:
        """Take again what the peer sends."""
        self._open().resume_reading()

    async def write(self, piece: bytes) -> None:
        """Hand bytes on; waits while the peer takes nothing. Raises PeerGone."""
        self._open().write(piece)
        await self._takes.wait()

    def fin(self) -> None:
        """FIN behind what was written; reading goes on."""
        with suppress(OSError, PeerGone):
            self._open().write_eof()

    def close(self) -> None:
        """FIN behind what was written, and nothing is read any more."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """RST now."""
        if self._transport is not None and not self.closed.is_set():
            reset(self._transport)

    async def gone(self) -> str:
        """Wait until the connection has ended: by the peer's "fin" or "reset", or "closed" by ourselves."""
        return await asyncio.shield(self.ended)

    def _open(self) -> asyncio.Transport:
        if self._transport is None or self._transport.is_closing():
            raise PeerGone(self.number, self.ended.result() if self.ended.done() else "closed")
        return self._transport

    def _peer_ended(self, how: str) -> None:
        if not self.ended.done():
            self.ended.set_result(how)
            if self._is_quiet:
                return
            self.tell()
            self._observe("peer-end", connection=self.number, how=how)
