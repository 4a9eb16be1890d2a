r"""One request and whatever is answered to it: the verbs of a script, each exactly what it says on the wire.

    await exchange.respond()             200, text/event-stream, chunked
    await exchange.send("data: 1\n\n")   one chunk
    await exchange.finish()              the last chunk; the connection stays for the next request

How it may end instead: `fin()`, `reset()`, or not at all: a script that returns leaves the connection as it is, open
and silent. A body of a stated length ends with its last byte. Writing to a peer that is gone ends the script
(PeerGone), which is nobody's fault.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from wirematrix.errors import WirematrixError
from wirematrix.origin.connection import Connection, Observe, PeerGone
from wirematrix.origin.frames import accept_of
from wirematrix.origin.request import Request
from wirematrix.origin.socket import Socket

EVENT_STREAM: Final = "text/event-stream"
BODYLESS: Final = (204, 304)  # and 1xx: the head is the whole response (RFC 9112, section 6.3)
Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class Exchange:
    """A script's hold on one request."""

    def __init__(self, connection: Connection, request: Request, observe: Observe) -> None:
        self.request = request
        self.connection = connection
        self.is_upgraded = False  # the connection is a WebSocket's now
        self._observe = observe
        self._chunked = False
        self._owed: int | None = None  # bytes of a stated length that are still to come
        self._finished = False  # the response has ended by its own rules
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

        Neither chunked nor with a length, the body ends with the connection; a status that has no body has neither. A
        page of another origin is allowed to read, unless `cors` is False (Fetch standard, section 3.2).
        """
        own: list[tuple[str, str]] = [] if media_type is None else [("Content-Type", media_type)]
        if status == 205 and length is None:
            length = 0  # no content, but framed as if it could have some (RFC 9110, section 15.3.6)
        if length is not None:
            own.append(("Content-Length", str(length)))
            self._owed = length
        elif chunked and not has_no_body(status):
            own.append(("Transfer-Encoding", "chunked"))
            self._chunked = True
        origin = self.request.header("origin")
        if cors and origin is not None:
            own += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        own += headers.items() if isinstance(headers, Mapping) else headers
        await self.raw(head_of(status, own))
        self._observe("respond", connection=self.connection.number, status=status)
        if self._owed == 0 or status in BODYLESS:
            self._finish()

    async def answer(
        self, status: int, body: str = "", *, headers: Headers = (), media_type: str = "text/plain"
    ) -> None:
        """A whole response of a stated length."""
        content = body.encode()
        stated = None if has_no_body(status) and not content else len(content)
        await self.respond(status, media_type, headers=headers, length=stated)
        await self.send(content)

    async def send(self, piece: str | bytes) -> None:
        """A piece of the body; one chunk where the body is chunked. An empty piece is nothing, not the last chunk."""
        content = piece.encode() if isinstance(piece, str) else piece
        if not content:
            return
        await self.raw(b"%x\r\n%b\r\n" % (len(content), content) if self._chunked else content)
        if self._owed is not None:
            self._owed -= len(content)
            if self._owed == 0:
                self._finish()

    async def raw(self, content: bytes) -> None:
        """Exactly these bytes."""
        await self.connection.write(content)

    async def finish(self) -> None:
        """End the body by its own rules: the last chunk, or a FIN where the connection is its end."""
        if self._finished:
            return
        if self._owed is not None:
            raise WirematrixError(f"finish: the body still owes {self._owed} bytes; expected them, fin or reset")
        if self._chunked:
            await self.raw(b"0\r\n\r\n")
            self._finish()
        else:
            self.fin()

    def fin(self) -> None:
        """End the connection with a FIN, whatever the body still owes."""
        self.connection.end("fin")

    def reset(self) -> None:
        """End the connection with a RST."""
        self.connection.end("reset")

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
        """The request's body, of its stated length. Raises PeerGone if the connection ends before the body does."""
        length = int(self.request.header("content-length") or 0)
        self._body_read = True
        try:
            content = await self.connection.reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise PeerGone(self.connection.number, await self.connection.gone()) from None
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

    def _finish(self) -> None:
        self._finished = True
        self._observe("end", connection=self.connection.number, how="finish")


def has_no_body(status: int) -> bool:
    """Whether a response of this status ends with its head."""
    return status < 200 or status in BODYLESS


def head_of(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """A response head. Headers are written as UTF-8, as they are read; bytes that are none, as surrogates."""
    phrase = next((known.phrase for known in HTTPStatus if known.value == status), "Unnamed")
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
