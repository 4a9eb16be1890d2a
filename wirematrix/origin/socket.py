"""A WebSocket as the origin's scripts use it: every frame by hand, right or wrong on purpose (RFC 6455)."""

from __future__ import annotations

import asyncio

from wirematrix.origin.connection import Connection, Observe, PeerGone
from wirematrix.origin.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    close_payload,
    deflated,
    encoded,
    read_frame,
)


class Socket:
    """An upgraded connection. Control frames are neither answered nor hidden: a script does what it wants."""

    def __init__(self, connection: Connection, observe: Observe) -> None:
        self.connection = connection
        self._observe = observe

    async def text(self, text: str) -> None:
        """One text frame."""
        await self.frame(TEXT, text.encode())

    async def binary(self, content: bytes) -> None:
        """One binary frame."""
        await self.frame(BINARY, content)

    async def ping(self, content: bytes = b"") -> None:
        """One ping."""
        await self.frame(PING, content)

    async def compressed(self, text: str) -> None:
        """One text frame under permessage-deflate without context takeover (RFC 7692 section 7.2.1)."""
        await self.raw(encoded(TEXT, deflated(text.encode()), compressed=True))

    async def fragments(self, *pieces: str, between: bytes | None = None) -> None:
        """One text message in several frames (section 5.4), with a ping between them if asked for."""
        for place, piece in enumerate(pieces):
            if place and between is not None:
                await self.ping(between)
            last = place == len(pieces) - 1
            await self.frame(CONTINUATION if place else TEXT, piece.encode(), fin=last)

    async def close(self, code: int | None = 1000, reason: str | bytes = "") -> None:
        """A close frame and nothing else; the code is not checked: 1006 on the wire is wanted, too."""
        self._observe("close-sent", connection=self.connection.number, code=code)
        await self.frame(CLOSE, close_payload(code, reason))

    async def frame(self, opcode: int, content: bytes, *, fin: bool = True) -> None:
        """Any frame."""
        await self.raw(encoded(opcode, content, fin=fin))

    async def raw(self, content: bytes) -> None:
        """Exactly these bytes."""
        await self.connection.write(content)

    async def read(self) -> Frame:
        """The next frame of the peer, which is an observation, too. Raises PeerGone at the connection's end."""
        try:
            frame = await read_frame(self.connection.reader)
        except asyncio.IncompleteReadError:
            raise PeerGone(self.connection.number, await self.connection.gone()) from None
        detail = {"code": frame.code, "reason": frame.reason} if frame.opcode == CLOSE else {}
        self._observe("frame", connection=self.connection.number, name=frame.name, bytes=len(frame.payload), **detail)
        return frame

    async def peer_closes(self) -> Frame:
        """Read on until the peer's close frame."""
        while (frame := await self.read()).opcode != CLOSE:
            pass
        return frame

    async def serve(self, *, echo: bool = False) -> None:
        """Behave: answer pings and the peer's close frame, and send messages back if asked to."""
        while True:
            frame = await self.read()
            if frame.opcode == PING:
                await self.frame(PONG, frame.payload)
            elif frame.opcode == CLOSE:
                await self.frame(CLOSE, frame.payload)
                self.fin()
                return
            elif echo and frame.opcode in (TEXT, BINARY):
                await self.frame(frame.opcode, frame.payload)

    async def end(self, code: int | None = 1000, reason: str = "") -> None:
        """Close as the protocol asks (section 7.1.1): close frame, the peer's, then FIN."""
        await self.close(code, reason)
        await self.peer_closes()
        self.fin()

    def fin(self) -> None:
        """End the connection with a FIN."""
        self.connection.end("fin")

    def reset(self) -> None:
        """End the connection with a RST."""
        self.connection.end("reset")
