"""Raw sockets at both ends of a fault proxy's links, and a fence. No browser, no HTTP library."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Literal, Self

from wirematrix.faults import Fault
from wirematrix.listener import CAN_SHUT
from wirematrix.lossy import Wire
from wirematrix.proxy import FaultProxy

When = Literal["live", "new"]
BUDGET_S: Final = 8.0  # of one operation in here
MOST_BUFFERED: Final = 1 << 27  # bytes; more than the kernels and the proxy keep on the way
BIG: Final = bytes(range(256)) * 4096  # 1 MiB
REQUEST: Final = b"GET /sse/a HTTP/1.1\r\nLast-Event-ID: 0a-3\r\n\r\n"


class Peer:
    """A raw socket at one end of a link."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.loop = asyncio.get_running_loop()

    async def send(self, sent: bytes) -> None:
        """Write all of it."""
        await asyncio.wait_for(self.loop.sock_sendall(self.sock, sent), BUDGET_S)

    async def read(self, size: int) -> bytes:
        """Read exactly this many bytes."""
        got = b""
        async with asyncio.timeout(BUDGET_S):
            while len(got) < size:
                more = await self.loop.sock_recv(self.sock, min(size - len(got), 1 << 18))
                assert more, f"ended after {len(got)} of {size} bytes"
                got += more
        return got

    async def read_some(self) -> bytes:
        """Read what comes next, as it comes; never nothing."""
        some = await asyncio.wait_for(self.loop.sock_recv(self.sock, 1 << 18), BUDGET_S)
        assert some, "ended"
        return some

    async def rest(self) -> tuple[bytes, str]:
        """Everything until the end, and how it ended: "fin" or "reset"."""
        got = bytearray()
        async with asyncio.timeout(BUDGET_S):
            try:
                while more := await self.loop.sock_recv(self.sock, 1 << 18):
                    got += more
            except ConnectionResetError:
                return bytes(got), "reset"
        return bytes(got), "fin"

    async def ends(self) -> str:
        """How it ends, with nothing before the end."""
        got, how = await self.rest()
        assert got == b""
        return how

    def quiet(self) -> bool:
        """Whether nothing has arrived: no byte and no end."""
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            pass
        return False

    def flood(self) -> int:
        """Write until the kernel takes no more; returns how many bytes it took."""
        took = 0
        with suppress(BlockingIOError):
            while took < MOST_BUFFERED:
                took += self.sock.send(BIG)
        return took

    def fin(self) -> None:
        """End this direction."""
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket; a RST if there are unread bytes."""
        self.sock.close()

    def reset(self) -> None:
        """Close with a RST."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
        self.sock.close()


class Upstream:
    """A raw listening server."""

    def __init__(self, backlog: int = 512) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.sock.setblocking(False)
        self.at: tuple[str, int] = self.sock.getsockname()[:2]

    async def accept(self) -> Peer:
        """The next connection."""
        sock, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(self.sock), BUDGET_S)
        return Peer(sock)


class Rig:
    """A proxy before a raw server, everything it observed, and a fence."""

    def __init__(self) -> None:
        self.upstream = Upstream()
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.proxy: FaultProxy
        self._peers: list[Peer] = []
        self._changed = asyncio.Event()
        self._fence: tuple[FaultProxy, Upstream, Peer, Peer] | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls, *, can_shut: bool = CAN_SHUT, wire: Wire | None = None) -> AsyncIterator[Self]:
        """A rig whose sockets are closed at the end; with `wire` the way to its proxy is that one."""
        rig = cls()
        host, netns = (wire.host, wire.netns) if wire else ("127.0.0.1", None)
        proxy = await FaultProxy.start(rig.upstream.at, rig.observe, host, can_shut=can_shut, netns=netns)
        async with proxy as rig.proxy:
            try:
                yield rig
            finally:
                await rig._clear()

    def observe(self, kind: str, /, **detail: object) -> None:
        """What the proxy calls."""
        self.seen.append((kind, detail))
        self._changed.set()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The details of what was observed of a kind."""
        return [detail for seen, detail in self.seen if seen == kind]

    async def until(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until that many of a kind were observed."""
        async with asyncio.timeout(BUDGET_S):
            while len(self.of(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind)

    async def page(self) -> Peer:
        """Connect to the proxy; ConnectionRefusedError if it refuses."""
        page = self.peer()
        await asyncio.wait_for(self.connecting(page), BUDGET_S)
        return page

    def peer(self) -> Peer:
        """A page that is not connected yet."""
        page = Peer(socket.socket())
        self._peers.append(page)
        return page

    async def connecting(self, page: Peer) -> None:
        """Connect it, however long that takes."""
        await page.loop.sock_connect(page.sock, (self.proxy.host, self.proxy.port))

    async def link(self) -> tuple[Peer, Peer]:
        """A new link's two ends: page and server."""
        page = await self.page()
        server = await self.upstream.accept()
        self._peers.append(server)
        return page, server

    async def link_under(self, fault: Fault, when: When) -> tuple[Peer, Peer]:
        """A link that was live when the fault was applied, or was opened after."""
        if when == "new":
            await self.proxy.apply(fault)
            return await self.link()
        page, server = await self.link()
        await carries(page, server)
        await self.proxy.apply(fault)
        return page, server

    async def fence(self) -> None:
        """When this returns, whatever could have gone through the proxy before has gone through."""
        if self._fence is None:
            upstream = Upstream()
            proxy = await FaultProxy.start(upstream.at, nobody_observes)
            page = Peer(await asyncio.to_thread(socket.create_connection, ("127.0.0.1", proxy.port)))
            self._fence = (proxy, upstream, page, await upstream.accept())
        _, _, page, server = self._fence
        await carries(page, server)

    async def fill(self, sender: Peer) -> int:
        """Write until no buffer on the way takes more, with a fence between tries; returns how many bytes went."""
        sent = refusals = 0
        while refusals < 3:
            took = sender.flood()
            refusals = 0 if took else refusals + 1
            sent += took
            assert sent < MOST_BUFFERED, f"{sent} bytes went, nothing held them up"
            await self.fence()
        return sent

    async def _clear(self) -> None:
        for peer in self._peers:
            peer.close()
        self.upstream.sock.close()
        if self._fence is not None:
            proxy, upstream, page, server = self._fence
            await proxy.close()
            for one in (upstream.sock, page.sock, server.sock):
                one.close()


def nobody_observes(_kind: str, /, **_detail: object) -> None:
    """What a proxy calls that nobody listens to."""


async def carries(page: Peer, server: Peer) -> None:
    """A link carries bytes both ways."""
    await page.send(b"ping")
    assert await server.read(4) == b"ping"
    await server.send(b"pong")
    assert await page.read(4) == b"pong"


async def carries_up(page: Peer, server: Peer) -> None:
    """A link carries bytes to the server."""
    await page.send(b"up")
    assert await server.read(2) == b"up"


def in_pieces(sent: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The bytes cut into pieces of these sizes."""
    start = 0
    for size in sizes:
        yield sent[start : start + size]
        start += size
