"""An origin on real sockets, everything it observed, and raw peers that speak to it byte by byte. No HTTP library."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from tests.rawlinks import BUDGET_S, Peer
from wirematrix.origin import Exchange, Origin

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
HOST: Final = "127.0.0.1"


class Rig:
    """An origin, what it said, and the peers that connected to it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.origin: Origin
        self._peers: list[Peer] = []
        self._changed = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def running(cls, pages: Path = STATIC) -> AsyncIterator[Self]:
        """A rig whose sockets are closed at the end."""
        rig = cls()
        rig.origin = await Origin.start(pages, rig.observe)
        try:
            yield rig
        finally:
            for peer in rig._peers:
                peer.close()
            await rig.origin.close()

    def observe(self, kind: str, /, **detail: object) -> None:
        """What the origin calls."""
        self.seen.append((kind, detail))
        self._changed.set()

    @property
    def kinds(self) -> list[str]:
        """What was observed, in order."""
        return [kind for kind, _ in self.seen]

    def of(self, kind: str, **match: object) -> list[dict[str, Any]]:
        """The details of what was observed of a kind."""
        return [
            detail
            for seen, detail in self.seen
            if seen == kind and all(detail.get(key) == wanted for key, wanted in match.items())
        ]

    async def until(self, kind: str, count: int = 1, **match: object) -> list[dict[str, Any]]:
        """Wait until that many of a kind were observed."""
        async with asyncio.timeout(BUDGET_S):
            while len(self.of(kind, **match)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind, **match)

    async def peer(self, port: int | None = None) -> Peer:
        """Connect; ConnectionRefusedError where nobody listens."""
        sock = socket.socket()
        peer = Peer(sock)
        self._peers.append(peer)
        await asyncio.wait_for(peer.loop.sock_connect(sock, (HOST, port or self.origin.port)), BUDGET_S)
        return peer

    async def asking(self, *pieces: str, target: str = "/stream", method: str = "GET", body: bytes = b"") -> Peer:
        """A peer that has sent a request with these headers, and read nothing yet."""
        peer = await self.peer()
        await peer.send(request(*pieces, target=target, method=method, body=body))
        return peer

    def caught(self, place: str = "/stream") -> asyncio.Future[Exchange]:
        """Serve a path by a script that only hands out its exchange: the test itself plays the script."""
        exchange: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()

        async def script(made: Exchange) -> None:
            exchange.set_result(made)
            await made.gone()

        self.origin.serve(place, script)
        return exchange


def request(*headers: str, target: str = "/stream", method: str = "GET", body: bytes = b"") -> bytes:
    """A request as it is on the wire."""
    stated = [f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: here", *headers, *stated, "", ""])
    return head.encode("utf-8", "surrogateescape") + body


async def head(peer: Peer) -> tuple[str, list[tuple[str, str]]]:
    """The next response head: status line and headers."""
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        got += await peer.read(1)
    first, *lines = got[:-4].decode().split("\r\n")
    return first, [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


async def answered(peer: Peer) -> tuple[str, list[tuple[str, str]], bytes]:
    """The next whole response of a stated length."""
    status, headers = await head(peer)
    return status, headers, await peer.read(int(dict(headers).get("Content-Length", 0)))


async def within(awaitable: Awaitable[Any]) -> Any:
    """Its value, which comes soon."""
    return await asyncio.wait_for(awaitable, BUDGET_S)


def doing(play: Callable[[Exchange], Awaitable[None]]) -> Callable[[Exchange], Awaitable[None]]:
    """A script from a lambda that returns an awaitable."""

    async def script(exchange: Exchange) -> None:
        await play(exchange)

    return script
