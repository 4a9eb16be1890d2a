"""A loopback port between Playwright and WebKit's inspector, because neither speaks quite as the other hears.

    Playwright --- GET /json ---------------> relay                       (list of one target, made up here)
    Playwright === websocket /socket/1/7 ===> relay === bytes ===> inspector in the WebKitGTK process

Playwright 1.64 asks `/json` once per connection and takes every target listed; WebKitGTK lists its targets
in HTML only. Which target a connection is for travels in the request header `TARGET_HEADER`.

The relay is also the kill switch: Playwright never notices that a page's process died and leaves its calls
waiting for ever. `cut` ends the target's connection, and they raise at once.

It copies bytes and knows nothing about what they mean. It belongs to one event loop and is not thread-safe.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections import defaultdict
from collections.abc import Callable
from typing import Final, cast

TARGET_HEADER: Final = "wirematrix-target"
LONGEST_HEAD: Final = 1 << 16


class InspectorRelay:
    """The listening side; `url` is what Playwright connects to."""

    def __init__(self, inspector: tuple[str, int], on_linked: Callable[[], None]) -> None:
        self.inspector = inspector
        self.on_linked = on_linked  # the inspector accepted a connection: its sockets exist now
        self._links: defaultdict[str, set[Playwrights]] = defaultdict(set)
        self._server: asyncio.Server | None = None
        self._dialling: set[asyncio.Task[None]] = set()
        self.url = ""

    async def open(self) -> None:
        """Listen on a port the system picks."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Playwrights(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self, target: str) -> None:
        """End the connection of one target; a target without one is left as it is."""
        for link in self._links.pop(target, ()):
            link.cut()

    def close(self) -> None:
        """Stop listening and cut everything."""
        if self._server:
            self._server.close()
        for target in list(self._links):
            self.cut(target)

    def dial(self, link: Playwrights, target: str, head: bytes) -> None:
        """Connect a target's inspector to a link that asked for it."""
        self._links[target].add(link)
        task = asyncio.ensure_future(self._dial(link, head))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _dial(self, link: Playwrights, head: bytes) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: Inspectors(link, head), *self.inspector)
        except OSError:
            link.cut()
        else:
            self.on_linked()

    def forget(self, link: Playwrights) -> None:
        """A link ended on its own."""
        for links in self._links.values():
            links.discard(link)


class Side(asyncio.Protocol):
    """One end of a link: what it reads goes to the other end, at the speed of the other end."""

    transport: asyncio.Transport  # from `connection_made` on

    def __init__(self) -> None:
        self.other: Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if self.other:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other:
            self.other.transport.resume_reading()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.other:
            self.other.transport.close()


class Inspectors(Side):
    """The inspector's end; begins by handing on the upgrade request of the end that asked for it."""

    def __init__(self, asker: Playwrights, head: bytes) -> None:
        super().__init__()
        self.asker = asker
        self.head = head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.asker.transport.is_closing():
            transport.close()
            return
        self.other, self.asker.other = self.asker, self
        self.transport.write(self.head)
        self.asker.transport.resume_reading()


class Playwrights(Side):
    """Playwright's end; reads one request head and becomes an answer or one half of a link."""

    def __init__(self, relay: InspectorRelay) -> None:
        super().__init__()
        self.relay = relay
        self.head = bytearray()
        self.asked = False

    def data_received(self, data: bytes) -> None:
        if self.asked:
            super().data_received(data)
            return
        self.head += data
        if b"\r\n\r\n" in self.head:
            self.asked = True
            self.answer(*parse_head(bytes(self.head)))
        elif len(self.head) > LONGEST_HEAD:
            self.cut()

    def answer(self, resource: str, headers: dict[str, str]) -> None:
        """`/socket/...` is linked to the inspector, everything else gets the list of one."""
        if resource.startswith("/socket/"):
            self.transport.pause_reading()  # until the inspector is there to read
            self.relay.dial(self, resource, bytes(self.head))
            return
        url = self.relay.url.replace("http", "ws", 1) + headers.get(TARGET_HEADER, "")
        listing = json.dumps([{"webSocketDebuggerUrl": url, "title": "", "url": ""}]).encode()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n" % len(listing) + listing
        )
        self.transport.close()

    def cut(self) -> None:
        """End both halves at once, whatever was still to be sent."""
        self.transport.abort()
        if self.other:
            self.other.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.relay.forget(self)
        super().connection_lost(exc)


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """Resource and headers (lower-case names) of an HTTP/1.1 request head (RFC 9112, section 2)."""
    request, *lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    resource = request.split(" ")[1] if request.count(" ") >= 2 else "/"
    pairs = (line.partition(":") for line in lines)
    return resource, {name.strip().lower(): value.strip() for name, _, value in pairs}
