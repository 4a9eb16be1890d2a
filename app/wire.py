"""The TCP connection below a subscriber, for what ASGI has no word for: unsent bytes, several messages, cutting it.

A message through ASGI's `send` is framed anew for each subscriber: over WebSocket that is most of what it costs, and
sixteen at once cost sixteen times as much. `write_now` writes below the server what was framed once for everybody.
That is sound where all of this holds, and is not done where anything of it does not:

- The server is uvicorn, whose HTTP and WebSocket protocols keep no count of what was sent (tests/app/test_wire.py).
- Its own answer has begun, and framing after that head is the same for every peer (`encoding_below`).
- Nothing of our own waits or is on its way: the subscriber's task sleeps and its mailbox is clear.
- The socket takes it: above asyncio's high-water mark `send` is asked instead, which waits.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.batch import WRITE_BYTES, Batch

KNOWN_SERVER = "uvicorn.protocols."
UNSENT_BYTES = 64 * 1024  # asyncio's high-water mark
HEADS = ("http.response.start", "websocket.accept")
DECIDED_OTHERWISE = {b"content-encoding", b"content-length", b"transfer-encoding"}

Encoding = Callable[[Batch], bytes]

LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger: on, 0 s


class Wire:
    """One accepted connection. Everything here is harmless once it is closed."""

    __slots__ = ("encoding", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.encoding: Encoding | None = None  # how the server below puts messages on the wire, once that is known

    def write_now(self, batch: Batch) -> bool:
        """Write a batch below the server. False, and nothing written, if it must go by `send`."""
        if (
            self.encoding is None
            or batch.size > WRITE_BYTES
            or self.transport.get_write_buffer_size() > UNSENT_BYTES
            or self.transport.is_closing()
        ):
            return False
        self.transport.write(self.encoding(batch))
        return True

    def unsent_bytes(self) -> int:
        """Bytes handed to the server that the kernel has not taken yet; a peer that reads keeps this near 0."""
        return self.transport.get_write_buffer_size()

    def reset(self) -> None:
        """Send RST and throw unsent bytes away, the kernel's too.

        `abort()` alone would let the peer see an orderly end and leave the kernel holding what nobody reads.
        """
        raw = self.transport.get_extra_info("socket")
        if raw is not None and raw.fileno() != -1:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self.transport.abort()

    def reset_if_unsent(self) -> None:
        """Cut off a peer that has stopped reading; leave alone one that has taken everything."""
        if self.unsent_bytes() > 0:
            self.reset()


class WithWire:
    """Outermost ASGI layer: puts the connection's Wire into `scope["state"]["wire"]`.

    ASGI gives no access to the transport; uvicorn's `send` is a method of the object that has it. Under a server
    where that is not so there is no wire, and what needs one does without.
    """

    def __init__(self, app: ASGIApp, *, compression: bool) -> None:
        self._app = app
        self._compression = compression

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, watching for the head of its answer."""
        protocol = getattr(send, "__self__", None)
        transport = getattr(protocol, "transport", None)
        if transport is None or scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        wire = Wire(transport)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["wire"] = wire
        if not type(protocol).__module__.startswith(KNOWN_SERVER):
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            await send(message)
            if message["type"] in HEADS:
                wire.encoding = encoding_below(scope, message, compression=self._compression)

        await self._app(scope, receive, watched)


def encoding_below(scope: Scope, head: Message, *, compression: bool) -> Encoding | None:
    """How the server puts bodies on the wire after this head; None if that differs from peer to peer.

    A GET over HTTP/1.1 whose length nobody announced is answered in chunks, a WebSocket without extensions in frames
    as they are. Bodies that a layer in between encodes (gzip) are not the messages any more.
    """
    names = {name.lower(): value for name, value in scope["headers"]}
    if head["type"] == "websocket.accept":
        offered = compression and b"permessage-deflate" in names.get(b"sec-websocket-extensions", b"")
        return None if offered else Batch.frames
    said = {name.lower() for name, _ in head.get("headers", ())}
    chunked = scope["http_version"] == "1.1" and scope["method"] == "GET" and head["status"] == 200
    return Batch.chunk if chunked and not said & DECIDED_OTHERWISE else None


def bound_peer_loss(listener: socket.socket, timeout_ms: int | None) -> None:
    """Let the kernel give up a peer that acknowledges nothing for `timeout_ms` (RFC 5482), not after 15 minutes.

    Set on the listening socket, accepted ones inherit it. Linux only; elsewhere the system's own timeouts hold.
    """
    is_tcp = listener.family in {socket.AF_INET, socket.AF_INET6}
    if timeout_ms is not None and hasattr(socket, "TCP_USER_TIMEOUT") and is_tcp:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
