"""One way to say a text, whatever was asked for: an SSE event in a chunk of its own, or a WebSocket's text frame."""

from __future__ import annotations

import base64

from wirematrix.origin.exchange import EVENT_STREAM, Exchange
from wirematrix.origin.frames import BINARY, encoded
from wirematrix.origin.socket import Socket


class Outlet:
    """What a script pushes into; made by `open`, which accepts the request or the handshake."""

    def __init__(self, exchange: Exchange, socket: Socket | None) -> None:
        self.stream = exchange.request.place.removeprefix("/")  # by convention the stream's name in the page
        self._exchange = exchange
        self._socket = socket

    @classmethod
    async def open(cls, exchange: Exchange) -> Outlet:
        """Accept: 101 where a WebSocket is asked for, else 200 and an event stream in chunks."""
        if exchange.request.is_upgrade:
            return cls(exchange, await exchange.upgrade())
        await exchange.respond()
        return cls(exchange, None)

    @property
    def unsent_bytes(self) -> int:
        """What was said and has not left."""
        return self._exchange.connection.unsent_bytes

    async def push(self, seq: int, text: str) -> None:
        """Say a numbered text, written down just before its bytes go."""
        self._exchange.note("pushed", stream=self.stream, seq=seq)
        await self.say(text)

    async def say(self, text: str) -> None:
        """Say a text without a line break; waits while the peer takes nothing."""
        if self._socket is not None:
            await self._socket.text(text)
        else:
            await self._exchange.send(f"data: {text}\n\n")

    async def send_bytes(self, content: bytes) -> int:
        """Bytes as the transport can carry them: a binary frame, an event in base64, or a piece of the body.

        Returns how many bytes of the stream that took, without the chunks' frames.
        """
        if self._socket is not None:
            piece = encoded(BINARY, content)
            await self._socket.raw(piece)
            return len(piece)
        if self._exchange.request.header("accept") == EVENT_STREAM:
            piece = b"data: %b\n\n" % base64.b64encode(content)
        else:
            piece = content
        await self._exchange.send(piece)
        return len(piece)

    def note(self, kind: str, /, **detail: object) -> None:
        """An observation about this stream."""
        self._exchange.note(kind, stream=self.stream, **detail)

    async def hold(self) -> None:
        """Stay, and behave: a WebSocket's pings and close frame are answered."""
        if self._socket is not None:
            await self._socket.serve()
        else:
            await self._exchange.gone()

    async def end(self) -> None:
        """End in good order: the last chunk, or close 1000."""
        if self._socket is not None:
            await self._socket.end()
        else:
            await self._exchange.finish()
