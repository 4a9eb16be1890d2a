"""A small server for browser tests: a page that opens an EventSource and a WebSocket, and who is connected now."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

HANDSHAKE_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
CLOSE_FRAME = 0x88
PAGE = b"""<!doctype html><title>streams</title><body>hello<script>
window.connect = () => Promise.all([
    new Promise(ok => { window.es = new EventSource("/sse"); es.onmessage = message => ok(message.data); }),
    new Promise(ok => {
        window.ws = new WebSocket("ws://" + location.host + "/ws");
        ws.onmessage = message => ok(message.data);
    }),
]);
</script>"""


class Streams:
    """One origin. `live` counts open streams; every page load sets a cookie and `cookies` has what came back."""

    def __init__(self) -> None:
        self.live = 0
        self.cookies: list[str] = []
        self.changed = asyncio.Event()
        self.url = ""
        self.connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @classmethod
    @asynccontextmanager
    async def serving(cls) -> AsyncIterator[Self]:
        """An origin of its own for the length of a block."""
        streams = cls()
        server = await asyncio.start_server(streams.serve, "127.0.0.1", 0)
        streams.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            yield streams
        finally:
            server.close()
            for writer in streams.connections:
                writer.close()
            await asyncio.gather(*filter(None, streams.connections.values()), return_exceptions=True)

    async def until_live(self, count: int) -> None:
        """Wait until exactly this many streams are open; the caller bounds the wait."""
        while self.live != count:
            self.changed.clear()
            await self.changed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: any number of pages, or one stream."""
        self.connections[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                resource = head.split(" ")[1]
                if resource == "/sse":
                    await self.stream(reader, writer, sse_head(), until_close_frame=False)
                    return
                if resource == "/ws":
                    await self.stream(reader, writer, websocket_head(head), until_close_frame=True)
                    return
                is_page = resource.split("?")[0] in {"/", "/popup"}
                if is_page:  # not the favicon
                    self.cookies.append(header(head, "cookie"))
                body = PAGE if is_page else b"other"
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nset-cookie: seen=1\r\n"
                    b"content-length: %d\r\n\r\n%s" % (len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening: bytes, *, until_close_frame: bool
    ) -> None:
        """Send the opening and stay until the page goes."""
        writer.write(opening)
        self.count(1)
        try:
            while chunk := await reader.read(65536):
                if until_close_frame and chunk[0] == CLOSE_FRAME:
                    writer.write(bytes([CLOSE_FRAME, 0]))
                    return
        finally:
            self.count(-1)

    def count(self, change: int) -> None:
        """One more or one less."""
        self.live += change
        self.changed.set()


def sse_head() -> bytes:
    """The response head of an event stream and its first message."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n"


def websocket_head(request: str) -> bytes:
    """The handshake's answer and a first text frame."""
    key = header(request, "sec-websocket-key").encode()
    accept = base64.b64encode(hashlib.sha1(key + HANDSHAKE_SALT, usedforsecurity=False).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: "
    return head + accept + b"\r\n\r\n\x81\x02hi"


def header(request: str, name: str) -> str:
    """A header's value, or nothing."""
    for line in request.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""
