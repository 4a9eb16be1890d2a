"""A connection that receives, whichever transport it speaks: where its bytes land, and what is done once for many.

    bytes of one read --+-- between two messages, and read before --> counted as what they said then
                        +-- else: the transport's own reading    --> whole messages, read and counted

The second time the same bytes come they cost a look-up, because in a fan-out the subscribers get the same bytes, one
after the other. That is exact: framing has no memory between two messages, so equal bytes that begin and end there
say the same, and every subscriber still counts each of its deliveries, with the time at which it came. Bytes that a
connection's past changes (compression) are read anew each time, and so is what begins or ends within a message.

All connections share one buffer: asyncio asks for it, fills it and says so in one go, before the next one's turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Final, cast

from wirematrix.load.tally import Read, Tally, read

LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
BUFFER: Final = memoryview(bytearray(1 << 18))
MOST_READS: Final = 256  # then all are forgotten: what everybody has got by now does not come again
LONGEST_READ: Final = 1 << 14  # bytes; of longer ones hardly two are the same


class NotOpened(Exception):
    """A connection did not become a stream; the text says why."""


class Known:
    """What the newest reads said; one for all subscribers that get the same."""

    __slots__ = ("reads",)

    def __init__(self) -> None:
        self.reads: dict[bytes, Read] = {}

    def keep(self, came: bytes, what: Read) -> None:
        """Remember what these bytes said, if that may pay."""
        if len(came) <= LONGEST_READ:
            if len(self.reads) >= MOST_READS:
                self.reads.clear()
            self.reads[came] = what


class Stream(asyncio.BufferedProtocol):
    """One connection; the transports are in sse_stream.py and websocket_stream.py.

    A transport says by `between` whether the next byte begins a message, and takes bytes apart in `whole_of`.
    """

    def __init__(
        self, tally: Tally, known: Known, opened: asyncio.Future[int], ended: Callable[[str], None], request: bytes
    ) -> None:
        self.tally = tally
        self.between = False
        self.last_word = ""  # why it ended, if that was said
        self.transport: asyncio.Transport | None = None
        self._known = known
        self._read_before = known.reads.get
        self._count = tally.count
        self._opened = opened
        self._ended = ended
        self._request = request

    def whole_of(self, came: bytes) -> tuple[bytes, bool]:
        """The whole messages that are there with these bytes, b"" if there are none yet; and whether that was all.

        It was not if something is left over for later, had to be answered or undone, or the stream is ending.
        """
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio calls it so
        """Where the next bytes go."""
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came: they were received now, when this process has them."""
        at_ns = time.monotonic_ns()
        came = bytes(BUFFER[:nbytes])
        began_between = self.between
        if began_between and (what := self._read_before(came)) is not None:
            self._count(what, at_ns)
            return
        whole, was_all = self.whole_of(came)
        if whole:
            what = read(whole)
            self._count(what, at_ns)
            if began_between and was_all:
                self._known.keep(came, what)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self.transport = None
        if self._opened.done():
            self._ended(self.last_word or f"the connection ended: {exc or 'FIN'}")
        else:
            self.fail(f"the connection ended before the answer: {exc or 'FIN'}")

    def open_now(self) -> None:
        """The answer says that this is a stream."""
        if not self._opened.done():
            self._opened.set_result(time.monotonic_ns())

    def fail(self, because: str) -> None:
        """End what is no stream, or no longer one."""
        if not self._opened.done():
            self._opened.set_exception(NotOpened(because))
        self.last_word = self.last_word or because
        if self.transport is not None:
            self.transport.abort()

    def socket(self) -> socket.socket | None:
        """The socket below; None before there is one and after its end."""
        return cast("socket.socket", self.transport.get_extra_info("socket")) if self.transport else None

    def abort(self) -> None:
        """End it with a RST, as wirematrix.sockets does; here on uvloop, whose sockets know no `_sock`."""
        below = self.socket()
        if below is not None:
            with contextlib.suppress(OSError):  # it has ended already
                below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        if self.transport is not None:
            self.transport.abort()
