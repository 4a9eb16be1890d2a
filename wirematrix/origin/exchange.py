r"""One request and whatever is answered to it: the verbs of a script, each exactly what it says on the wire.

    await exchange.respond()             200, text/event-stream, chunked
    await exchange.send("data: 1\n\n")   one chunk
    await exchange.finish()              the last chunk; the connection stays for the next request

How it may end instead: `fin()`, `reset()`, or not at all: a script that returns leaves the connection as it is, open
and silent. Writing to a peer that is gone ends the script (PeerGone), which is nobody's fault.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from wirematrix.origin.connection import Connection, Observe
from wirematrix.origin.frames import accept_of
from wirematrix.origin.request import Request
from wirematrix.origin.socket import Socket

EVENT_STREAM: Final = "text/event-stream"
Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class Exchange:
    """A script's hold on one request."""

    def __init__(self, connection: Connection, request: Request, observe: Observe) -> None:
        self.request = request
        self.connection = connection
        self.is_upgraded = False  # the connection is a WebSocket's now
        self._observe = observe
        self._chunked = False
        self._body_read = False

    async def respond(
        self,
        status: int = 200,
        media_type: str | None = EVENT_STREAM,
        *,
        headers: Headers = (),
        chunked: bool = True,
        length: int | None = None,
        cors: bool = True,
    ) -> None:
        """Send the head. `media_type` None leaves Content-Type out; `length` states one instead of chunks.

        Neither chunked nor with a length, the body ends with the connection. A page of another origin is allowed to
        read, unless `cors` is False (Fetch standard, section 3.2).
        """
        own: list[tuple[str, str]] = [] if media_type is None else [("Content-Type", media_type)]
        if length is not None:
            own.append(("Content-Length", str(length)))
        elif chunked and status not in (204, 205, 304):
            own.append(("Transfer-Encoding", "chunked"))
            self._chunked = True
        origin = self.request.header("origin")
        if cors and origin is not None:
            own += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        own += headers.items() if isinstance(headers, Mapping) else headers
        await self.raw(head_of(status, own))
        self._observe("respond", connection=self.connection.number, status=status)

    async def answer(
        self, status: int, body: str = "", *, headers: Headers = (), media_type: str = "text/plain"
    ) -> None:
        """A whole response of a stated length."""
        content = body.encode()
        await self.respond(status, media_type, headers=headers, length=len(content))
        await self.raw(content)

    async def send(self, piece: str | bytes) -> None:
        """A piece of the body; one chunk where the body is chunked."""
        content = piece.encode() if isinstance(piece, str) else piece
        await self.raw(b"%x\r\n%b\r\n" % (len(content), content) if self._chunked else content)

    async def raw(self, content: bytes) -> None:
        """Exactly these bytes."""
        await self.connection.write(content)

    async def finish(self) -> None:
        """End the body by its own rules: the last chunk, or a FIN where the connection is its end."""
        if self._chunked:
            await self.raw(b"0\r\n\r\n")
            self._ended("finish")
        else:
            self.fin()

    def fin(self) -> None:
        """End the connection with a FIN, whatever the body still owes."""
        self._ended("fin")
        self.connection.close()

    def reset(self) -> None:
        """End the connection with a RST."""
        self._ended("reset")
        self.connection.reset()

    async def gone(self) -> str:
        """Stay silent until the peer ends the connection; how it did."""
        return await self.connection.gone()

    async def pause(self, ms: float) -> None:
        """Say nothing for a while, where time itself is what the script is about."""
        await asyncio.sleep(ms / 1000)

    def note(self, kind: str, /, **detail: object) -> None:
        """An observation of the script's own."""
        self._observe(kind, connection=self.connection.number, **detail)

    async def body(self) -> bytes:
        """The request's body, of its stated length."""
        length = int(self.request.header("content-length") or 0)
        self._body_read = True
        content = await self.connection.reader.readexactly(length) if length else b""
        self._observe("body", connection=self.connection.number, bytes=len(content), crc=zlib.crc32(content))
        return content

    async def discard_body(self) -> None:
        """Take what nobody read of the request's body, so that the next request's head comes next."""
        if not self._body_read and self.request.header("content-length"):
            await self.body()

    async def upgrade(self, *, protocol: str | None = None, headers: Headers = ()) -> Socket:
        """Accept the WebSocket handshake (RFC 6455 section 4.2.2). `protocol` is said whether it was offered or not."""
        own = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept_of(self.request.header("sec-websocket-key") or "")),
        ]
        if protocol is not None:
            own.append(("Sec-WebSocket-Protocol", protocol))
        own += headers.items() if isinstance(headers, Mapping) else headers
        self.is_upgraded = True
        await self.raw(head_of(101, own))
        self._observe("respond", connection=self.connection.number, status=101)
        return Socket(self.connection, self._observe)

    def _ended(self, how: str) -> None:
        self._observe("end", connection=self.connection.number, how=how)


def head_of(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """A response head."""
    phrase = next((known.phrase for known in HTTPStatus if known.value == status), "Unnamed")
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "surrogateescape")
