"""A listening port that stays ours, also while it refuses connections.

1. Linux: a second socket, bound to the same port with SO_REUSEPORT and never listening, keeps the port
   while the listener is really closed: connecting gets ECONNREFUSED, and nobody else can bind it
   without SO_REUSEPORT and our user id. SO_REUSEADDR is left off on purpose: with it any server of the
   usual kind could take a port that nobody listens on.
2. Elsewhere the listener stays open and what connects is reset at once (the glossary's "RST or no
   listener"): macOS lets a connection to a bound socket that does not listen hang until it times out,
   and Windows has no SO_REUSEPORT.

Connections are accepted here and not by asyncio's Server: that one loses a connection which it accepted in the turn
before its close, so that its peer is neither served nor refused until the garbage is collected
(https://github.com/python/cpython/issues/109564). Only on Windows, whose event loop watches no sockets, it has to do.

A socket stays in the network namespace of the thread that made it. With `netns`, an executor whose thread lives in
another one, the port is there (see lossy.py), whichever loop serves it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

BACKLOG: Final = 1024  # connections the kernel may complete before we accept them
CAN_SHUT: Final = sys.platform == "linux"


class Listener:
    """A bound port; `refusing` says whether new connections are to be refused."""

    def __init__(
        self, keeper: socket.socket | None, factory: Callable[[], asyncio.Protocol], netns: Executor | None = None
    ) -> None:
        self._keeper = keeper
        self._factory = factory
        self._netns = netns
        self._accepting: _Acceptor | asyncio.Server | None = None
        self.host = ""
        self.port = 0
        self.refusing = False

    @classmethod
    async def open(
        cls,
        host: str,
        factory: Callable[[], asyncio.Protocol],
        *,
        can_shut: bool = CAN_SHUT,
        netns: Executor | None = None,
    ) -> Listener:
        """Bind a free port of `host` (an IP address) and listen. `can_shut=False` forces way 2."""
        keeper = await _bound(host, 0, shared=True, netns=netns) if can_shut else None
        listener = cls(keeper, factory, netns)
        try:
            listening = await _bound(host, keeper.getsockname()[1] if keeper else 0, shared=can_shut, netns=netns)
            listener.host, listener.port = listening.getsockname()[:2]
            await listener._listen(listening)
        except BaseException:
            listener.close()
            raise
        return listener

    @property
    def refuses_with(self) -> str:
        """What a refused connection meets: "no listener" (way 1) or "reset" (way 2)."""
        return "no listener" if self._keeper else "reset"

    def shut(self) -> None:
        """Refuse from now on; connections the kernel completed but nobody accepted yet are reset."""
        self.refusing = True
        if self._keeper is not None:
            self._stop()

    async def reopen(self) -> None:
        """Listen again on the same port."""
        self.refusing = False
        if self._accepting is None:
            await self._listen(await _bound(self.host, self.port, shared=True, netns=self._netns))

    def close(self) -> None:
        """Give the port back."""
        self.refusing = True
        self._stop()
        if self._keeper is not None:
            self._keeper.close()

    async def _listen(self, bound: socket.socket) -> None:
        try:
            if sys.platform == "win32":
                loop = asyncio.get_running_loop()
                self._accepting = await loop.create_server(self._factory, sock=bound, backlog=BACKLOG)
            else:
                self._accepting = _Acceptor(bound, self._factory)
        except BaseException:
            bound.close()
            raise

    def _stop(self) -> None:
        if self._accepting is not None:
            self._accepting.close()
            self._accepting = None


class _Acceptor:
    """Hands every connection that a listening socket completes to a protocol; `close` ends the listening at once."""

    def __init__(self, listening: socket.socket, factory: Callable[[], asyncio.Protocol]) -> None:
        self._listening = listening
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[object]] = set()  # asyncio keeps no tasks alive
        listening.listen(BACKLOG)
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Listen no more. What was accepted is handed over; what the kernel still keeps is reset."""
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # nobody is left, or somebody has left
            connection.setblocking(False)
            beginning = self._loop.create_task(self._loop.connect_accepted_socket(self._factory, connection))
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)


async def _bound(host: str, port: int, *, shared: bool, netns: Executor | None) -> socket.socket:
    """A bound TCP socket that does not listen yet."""
    if netns is None:
        return _bind(host, port, shared)
    return await asyncio.get_running_loop().run_in_executor(netns, _bind, host, port, shared)


def _bind(host: str, port: int, shared: bool) -> socket.socket:  # noqa: FBT001 - run_in_executor passes no keywords
    """The same, in the calling thread's network namespace."""
    # The protocol is named because asyncio sets TCP_NODELAY only where it is (_set_nodelay in asyncio/base_events.py).
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if shared and sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setblocking(False)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    return bound
