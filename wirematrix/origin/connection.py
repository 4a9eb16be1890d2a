"""One TCP connection of an origin: reads and writes bytes, and says how and when it ended.

peer's FIN   "peer-end" how=fin      the other direction stays open: a script may still write
peer's RST   "peer-end" how=reset    also what a write into a closed peer leads to
no answer    "peer-end" how=timeout  the kernel gave up on a peer that acknowledges nothing
our own end  "end" how=fin or reset  by `end`; the peer's own end may follow

A FIN of ours never turns into a RST because the peer still sends: what comes after it is read and thrown away
(RFC 9112, section 9.6), and the socket is closed when the peer has ended, too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Literal, Protocol, cast

from wirematrix.errors import WirematrixError
from wirematrix.sockets import kernel_unsent, reset, socket_of

BUFFERED: Final = 1 << 20  # asyncio reads twice as many bytes ahead before the peer feels back-pressure
End = Literal["fin", "reset"]


class Observe(Protocol):
    """Takes one fact, at once; must not raise."""

    def __call__(self, kind: str, /, **detail: object) -> None:
        """Record the fact."""


class PeerGone(WirematrixError):
    """The connection had ended when a script read or wrote: the end of the script, nobody's fault."""

    def __init__(self, number: int, how: str) -> None:
        self.number = number
        self.how = how
        super().__init__(number, how)

    def __str__(self) -> str:
        return f"connection {self.number}: it has ended ({self.how})"


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
        self._is_doomed = False  # it is to be reset as soon as it is there
        self._is_leaving = False  # our FIN is out, or behind what was written

    def tell(self) -> None:
        """Say that there is this connection, once: with its first request, or with its end if it never had one."""
        if not self._is_told:
            self._is_told = True
            waited_ms = round((time.monotonic() - self._accepted_s) * 1000, 2)
            self._observe("connection", connection=self.number, port=self.port, accepted_before_ms=waited_ms)

    def keep_quiet(self) -> bool:
        """It brings a file of the page: not a word about it. False if it was told already: it brought a stream."""
        if not self._is_told:
            self._is_told = self._is_quiet = True
        return self._is_quiet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._is_doomed:
            reset(self._transport)
            return
        self.reader.set_transport(transport)
        self._accepted_s = time.monotonic()
        self.task = asyncio.create_task(self._serve(self), name=f"origin connection {self.number}")

    def data_received(self, data: bytes) -> None:
        if not self._is_leaving:
            self.reader.feed_data(data)

    def eof_received(self) -> bool:
        """Called by asyncio; True keeps the other direction open."""
        self._peer_ended("fin")
        self.reader.feed_eof()
        return not self._is_leaving

    def pause_writing(self) -> None:
        self._takes.clear()

    def resume_writing(self) -> None:
        self._takes.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._peer_ended("timeout" if isinstance(exc, TimeoutError) else "reset")
        self.reader.feed_eof()
        self.closed.set()
        self._takes.set()
        if not self.ended.done():
            self.ended.set_result("closed")

    @property
    def is_over(self) -> bool:
        """Whether it is closed, or our own end is on its way: nothing can be written any more."""
        return self._transport is None or self._transport.is_closing() or self._is_leaving

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
        self._open()

    def end(self, how: End) -> None:
        """End it and say so: a FIN behind what was written, or a RST now. Nothing where it is over already."""
        if self.is_over:
            return
        self.tell()
        if not self._is_quiet:
            self._observe("end", connection=self.number, how=how)
        if how == "reset":
            self.reset()
        else:
            self.close()

    def fin(self) -> None:
        """FIN behind what was written, without a word; reading goes on."""
        with suppress(OSError, PeerGone):
            self._open().write_eof()

    def close(self) -> None:
        """FIN behind what was written, without a word, and nothing is read any more."""
        if self._transport is None or self.is_over:
            return
        self._is_leaving = True
        self.reader.feed_eof()
        if self.ended.done():  # nothing can come that would make a RST of it
            self._transport.close()
            return
        with suppress(OSError):
            self._transport.write_eof()
        self._transport.resume_reading()

    def reset(self) -> None:
        """RST now, without a word; unsent bytes are discarded."""
        self._is_doomed = True
        if self._transport is not None and not self.closed.is_set():
            reset(self._transport)

    async def gone(self) -> str:
        """Wait until the connection has ended: by the peer's "fin", "reset" or "timeout", or "closed" by ourselves.

        The peer's end lies behind what it sent before: it is seen when that was read, two MiB are read ahead.
        """
        return await asyncio.shield(self.ended)

    def _open(self) -> asyncio.Transport:
        if self._transport is None or self.is_over:
            raise PeerGone(self.number, self.ended.result() if self.ended.done() else "closed")
        return self._transport

    def _peer_ended(self, how: str) -> None:
        if not self.ended.done():
            self.ended.set_result(how)
            if self._is_quiet:
                return
            self.tell()
            self._observe("peer-end", connection=self.number, how=how)
