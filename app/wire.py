"""The TCP connection below a subscriber, for what ASGI has no word for: unsent bytes, and cutting it."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger: on, 0 s


class Wire:
    """One accepted connection. Everything here is harmless once it is closed."""

    __slots__ = ("_transport",)

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def unsent_bytes(self) -> int:
        """Bytes handed to the server that the kernel has not taken yet; a peer that reads keeps this near 0."""
        return self._transport.get_write_buffer_size()

    def reset(self) -> None:
        """Send RST and throw unsent bytes away, the kernel's too.

        `abort()` alone would let the peer see an orderly end and leave the kernel holding what nobody reads.
        """
        raw = self._transport.get_extra_info("socket")
        if raw is not None and raw.fileno() != -1:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

    def reset_if_unsent(self) -> None:
        """Cut off a peer that has stopped reading; leave alone one that has taken everything."""
        if self.unsent_bytes() > 0:
            self.reset()


class WithWire:
    """Outermost ASGI layer: puts the connection's Wire into `scope["state"]["wire"]`.

    ASGI gives no access to the transport; uvicorn's `send` is a method of the object that has it. Under a server
    where that is not so there is no wire, and what needs one does without.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; `send` itself is passed on untouched, this costs nothing per message."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None and scope["type"] in {"http", "websocket"}:
            state: dict[str, Any] = scope.setdefault("state", {})
            state["wire"] = Wire(transport)
        await self._app(scope, receive, send)


def bound_peer_loss(listener: socket.socket, timeout_ms: int | None) -> None:
    """Let the kernel give up a peer that acknowledges nothing for `timeout_ms` (RFC 5482), not after 15 minutes.

    Set on the listening socket, accepted ones inherit it. Linux only; elsewhere the system's own timeouts hold.
    """
    is_tcp = listener.family in {socket.AF_INET, socket.AF_INET6}
    if timeout_ms is not None and hasattr(socket, "TCP_USER_TIMEOUT") and is_tcp:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
