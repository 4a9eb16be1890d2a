"""`python -m load.bench.sink PORT TRANSPORT CHANNEL COUNT`: subscribers that count messages and do nothing else.

The cheapest peer there is, so that the machine is the server's. Lines on stdin `expect N` are answered with
`reached N` once N messages have come in all, over all subscribers; `open` is said when everybody is subscribed.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

HOST = "127.0.0.1"
NEEDLE = b'"type":"update"'
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


class Tally:
    """Messages so far, and the number somebody waits for."""

    def __init__(self, subscribers: int) -> None:
        self.received = 0
        self.opened = 0
        self._subscribers = subscribers
        self._awaited: int | None = None

    def count(self, messages: int) -> None:
        """Some more came."""
        self.received += messages
        self._look()

    def open(self) -> None:
        """One more is subscribed."""
        self.opened += 1
        if self.opened == self._subscribers:
            say("open")

    def expect(self, total: int) -> None:
        """Say when it is reached."""
        self._awaited = total
        self._look()

    def _look(self) -> None:
        if self._awaited is not None and self.received >= self._awaited:
            say(f"reached {self.received}")
            self._awaited = None


class Counting(asyncio.Protocol):
    """One subscriber."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self._request = request
        self._tally = tally
        self._tail = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert hasattr(transport, "write")  # noqa: S101
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count what is there; a message may be cut anywhere."""
        seen = self._tail + data
        if not self._open and b"\r\n\r\n" in seen:
            self._open = True
            self._tally.open()
        self._tail = seen[1 - len(NEEDLE) :]
        if found := seen.count(NEEDLE):
            self._tally.count(found)


def say(line: str) -> None:
    """One line to whoever started us."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def request_of(transport: str, channel: str) -> bytes:
    """The bytes that ask for a stream."""
    if transport == "sse":
        return f"GET /sse/{channel} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    return f"GET /ws/{channel} HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}{KEY}\r\n".encode()


async def count(port: int, transport: str, channel: str, subscribers: int) -> None:
    """Subscribe, and obey until stdin ends."""
    loop, tally = asyncio.get_running_loop(), Tally(subscribers)
    request = request_of(transport, channel)
    for _ in range(subscribers):
        await loop.create_connection(lambda: Counting(request, tally), HOST, port)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async for line in orders:
        tally.expect(int(line.removeprefix(b"expect ")))


if __name__ == "__main__":
    uvloop.run(count(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
