"""One connection that receives: SSE by httptools on asyncio's protocol, WebSocket by picows. Callbacks, no tasks.

These two were the cheapest of what was measured (docs/measuring.md), and near each other. What one read brings is
joined and handed to the tally at once, because a turn of Python per message is most of what a message costs here.
Compressed messages are inflated with zlib, which both transports share; picows has no extensions of its own, so
permessage-deflate (RFC 7692) is asked for and taken off here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import httptools
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from wirematrix.load.tally import Tally
from wirematrix.load_model import LoadTransport

LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
DEFLATE_TAIL: Final = b"\x00\x00\xff\xff"  # RFC 7692, section 7.2.2
SILENT: Final = logging.getLogger("wirematrix.load.picows")  # a cut connection is no news to anybody here
SILENT.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where subscribers connect: the address, and what each asks for."""

    transport: LoadTransport
    host: str
    port: int
    target: str  # "/sse/load", with its query
    compressed: bool


class NotOpened(Exception):
    """A connection did not become a stream; the text says why."""


class Receiver(Protocol):
    """A connection of either kind."""

    def socket(self) -> socket.socket | None:
        """The socket below; None before there is one and after its end."""

    def abort(self) -> None:
        """End it with a RST."""


class SseReceiver(asyncio.Protocol):
    """A GET whose answer never ends."""

    def __init__(self, request: bytes, tally: Tally, opened: asyncio.Future[int], ended: Callable[[str], None]) -> None:
        self._request = request
        self._take = tally.take
        self._opened = opened
        self._ended = ended
        self._parser = httptools.HttpResponseParser(self)
        self._inflate: Callable[[bytes], bytes] | None = None
        self._parts: list[bytes] = []
        self._rest = b""
        self._over = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer (httptools)."""
        if name.lower() == b"content-encoding" and value.lower() == b"gzip":
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress

    def on_headers_complete(self) -> None:
        """The head is there: the stream is open, or never will be (httptools)."""
        status = self._parser.get_status_code()
        if status == 200:
            if not self._opened.done():
                self._opened.set_result(time.monotonic_ns())
        else:
            self._fail(f"answered {status}")

    def on_body(self, body: bytes) -> None:
        """A piece of the stream (httptools)."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """The answer ended (httptools)."""
        self._over = True

    def data_received(self, data: bytes) -> None:
        """Whole messages go to the tally, a piece of one waits."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"answered what is no HTTP: {error}")
            return
        parts = self._parts
        if parts:
            came = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            if self._inflate is not None:
                came = self._inflate(came)
            if self._rest:
                came = self._rest + came
            if came.endswith((b"\n\n", b"\r\n\r\n")):
                self._rest = b""
                self._take(came, time.monotonic_ns())
            else:
                self._take_some(came)
        if self._over and self.transport is not None:
            self.transport.abort()

    def _take_some(self, came: bytes) -> None:
        at_ns = time.monotonic_ns()
        end = max(came.rfind(b"\n\n") + 2, came.rfind(b"\r\n\r\n") + 4)
        if end >= 4 or came.startswith(b"\n\n"):
            self._take(came[:end], at_ns)
            self._rest = came[end:]
        else:
            self._rest = came

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self.transport = None
        if self._opened.done():
            self._ended("the stream ended" if self._over else f"the connection ended: {exc or 'FIN'}")
        else:
            self._fail(f"the connection ended before the answer: {exc or 'FIN'}")

    def socket(self) -> socket.socket | None:
        """The socket below."""
        return cast("socket.socket", self.transport.get_extra_info("socket")) if self.transport else None

    def abort(self) -> None:
        """End it with a RST."""
        if self.transport is not None:
            end_with_rst(self.transport)

    def _fail(self, because: str) -> None:
        if not self._opened.done():
            self._opened.set_exception(NotOpened(because))
        if self.transport is not None:
            self.transport.abort()


class WebSocketReceiver(WSListener):
    """A WebSocket that only listens; pings are answered by picows."""

    def __init__(self, tally: Tally, opened: asyncio.Future[int], ended: Callable[[str], None]) -> None:
        self._tally = tally
        self._take = tally.take
        self._opened = opened
        self._ended = ended
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS).decompress
        self._whole: list[bytes] = []  # messages of the read that is being taken in
        self._parts: list[bytes] = []  # of a message that is not whole yet
        self._compressed = False
        self._last_word = "FIN"
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self.transport = transport
        if not self._opened.done():
            self._opened.set_result(time.monotonic_ns())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame; nearly every one is a whole text message. What one read brings is taken at once, as over SSE."""
        kind, whole = frame.msg_type, self._whole
        if kind is WSMsgType.TEXT and frame.fin and not frame.rsv1:
            whole.append(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._take_part(frame, first=kind is not WSMsgType.CONTINUATION)
        elif kind is WSMsgType.PING:
            self._tally.heartbeats += 1
        elif kind is WSMsgType.CLOSE:
            self._last_word = f"close code {frame.get_close_code()}"
            transport.disconnect()
        if whole and frame.last_in_buffer:
            self._take(whole[0] if len(whole) == 1 else b"".join(whole), time.monotonic_ns())
            whole.clear()

    def _take_part(self, frame: WSFrame, *, first: bool) -> None:
        if first:
            self._parts, self._compressed = [], frame.rsv1
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            came = b"".join(self._parts)
            self._whole.append(self._inflate(came + DEFLATE_TAIL) if self._compressed else came)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows calls it so
        """The end, whoever wanted it."""
        self.transport = None
        self._ended(f"the connection ended: {self._last_word}")

    def socket(self) -> socket.socket | None:
        """The socket below."""
        if self.transport is None:
            return None
        return cast("socket.socket", self.transport.underlying_transport.get_extra_info("socket"))

    def abort(self) -> None:
        """End it with a RST."""
        if self.transport is not None:
            end_with_rst(self.transport.underlying_transport)


def end_with_rst(transport: asyncio.Transport) -> None:
    """As wirematrix.sockets does; here on uvloop, whose sockets know no `_sock`."""
    below = transport.get_extra_info("socket")
    if below is not None:
        with contextlib.suppress(OSError):  # it has ended already
            below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    transport.abort()


async def connected(
    door: Door, tally: Tally, ended: Callable[[str], None], *, resume: str, budget_s: float
) -> tuple[Receiver, int]:
    """An open stream and when it opened (monotonic ns); NotOpened says why there is none.

    With `resume` the connection asks to go on from there.
    """
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(budget_s):
            receiver = await _begin(door, tally, opened, ended, resume)
            return receiver, await opened
    except TimeoutError:
        raise NotOpened(f"not open within {budget_s:.0f} s") from None
    except (OSError, WSError) as error:
        raise NotOpened(f"{type(error).__name__}: {error}") from error
    finally:
        opened.cancel()


async def _begin(
    door: Door, tally: Tally, opened: asyncio.Future[int], ended: Callable[[str], None], resume: str
) -> Receiver:
    if door.transport is LoadTransport.SSE:
        request = sse_request(door, resume)
        loop: Any = asyncio.get_running_loop()
        _, sse = await loop.create_connection(lambda: SseReceiver(request, tally, opened, ended), door.host, door.port)
        return cast("Receiver", sse)
    since = f"{'&' if '?' in door.target else '?'}since={resume}" if resume else ""
    _, websocket = await ws_connect(
        lambda: WebSocketReceiver(tally, opened, ended),
        f"ws://{authority(door)}{door.target}{since}",
        extra_headers=[("Sec-WebSocket-Extensions", "permessage-deflate")] if door.compressed else None,
        websocket_handshake_timeout=None,
        logger_name=SILENT,
        max_redirects=0,
    )
    return cast("Receiver", websocket)


def sse_request(door: Door, resume: str) -> bytes:
    """The head of the GET."""
    lines = [
        f"GET {door.target} HTTP/1.1",
        f"Host: {authority(door)}",
        "Accept: text/event-stream",
        "Cache-Control: no-store",
    ]
    if door.compressed:
        lines.append("Accept-Encoding: gzip")
    if resume:
        lines.append(f"Last-Event-ID: {resume}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def authority(door: Door) -> str:
    """Host and port as a URL has them."""
    host = f"[{door.host}]" if ":" in door.host else door.host
    return f"{host}:{door.port}"
