"""What a run lends its cells: app processes, one shared by all and spares for who restarts theirs, pages, and wires.

A spare that survived its cell is lent again; one that is dead is thrown away. Nobody shares a spare.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from wirematrix.lossy import Wires
from wirematrix.onefile import put_in_one_file
from wirematrix.routes import Certificate, RedisServer, issue
from wirematrix.routing import Feed
from wirematrix.server import Command, Server, fork_server, with_pages


class Nodes(NamedTuple):
    """Apps that stand side by side, and the Redis in which they keep their messages, if they do."""

    servers: Sequence[Server]
    redis: RedisServer | None


class Services:
    """Lends app processes, pages and wires; `close` ends them all."""

    def __init__(self, command: Command) -> None:
        self._folder = TemporaryDirectory(prefix="wirematrix-")
        self.pages = Path(self._folder.name) / "pages"  # what app and origins serve under /static/
        self.pages.mkdir()
        put_in_one_file(command.folder / "static", self.pages)
        self._command = with_pages(command, self.pages)
        self._forks = fork_server(self._command)
        self._shared: dict[str, Server] = {}  # by the middleware that the app wears
        self._spares: dict[str, list[Server]] = {}  # by the same
        self._all: list[Server] = []
        self._starting = asyncio.Lock()
        self.wires = Wires()

    @cached_property
    def certificate(self) -> Certificate:
        """What routes that speak TLS show; made when the first one asks."""
        folder = Path(self._folder.name) / "certificate"
        folder.mkdir(mode=0o700)
        return issue(folder)

    @asynccontextmanager
    async def lent(self, *, alone: bool, middleware: str = "") -> AsyncIterator[Server]:
        """A running app process: the one with this middleware that all share, or one that nobody else has."""
        if not alone:
            yield await self._shared_one(middleware)
            return
        server = await self._spare_one(middleware)
        try:
            yield server
        finally:
            server.resume()  # its cell may have ended while it was suspended
            if server.running:
                self._spares.setdefault(middleware, []).append(server)
            else:
                await self._throw_away(server)

    @asynccontextmanager
    async def lent_nodes(self, count: int, feed: Feed) -> AsyncIterator[Nodes]:
        """App processes that nobody else has; those whose feed is in Redis share one, which nobody else has either."""
        async with AsyncExitStack() as scene:
            if feed == "memory":
                yield Nodes([await scene.enter_async_context(self.lent(alone=True)) for _ in range(count)], None)
                return
            folder = scene.enter_context(TemporaryDirectory(prefix="wirematrix-redis-"))
            redis = RedisServer(Path(folder))
            scene.push_async_callback(redis.close)
            await redis.start()
            servers = []
            for _ in range(count):
                servers.append(await self._started(feed=redis.url))
                scene.push_async_callback(self._throw_away, servers[-1])
            yield Nodes(servers, redis)

    async def close(self) -> None:
        """End every process and take the wires down."""
        self.wires.close()
        while self._all:
            await self._throw_away(self._all[-1])
        if self._forks:
            await self._forks.close()
        self._folder.cleanup()

    async def _shared_one(self, middleware: str) -> Server:
        """A shared app; one that died by itself is replaced (the cells that were on it are errors)."""
        async with self._starting:
            shared = self._shared.get(middleware)
            if shared and not shared.running:
                await self._throw_away(shared)
                shared = None
            if shared is None:
                shared = self._shared[middleware] = await self._started(middleware)
            return shared

    async def _spare_one(self, middleware: str) -> Server:
        """A spare that is alive (one may have died while nobody had it), or a new one."""
        spares = self._spares.get(middleware, [])
        while spares:
            server = spares.pop()
            if server.running:
                return server
            await self._throw_away(server)
        return await self._started(middleware)

    async def _started(self, middleware: str = "", feed: str = "") -> Server:
        settings = {"APP_MIDDLEWARE": middleware, "APP_FEED": feed}
        own = {name: value for name, value in settings.items() if value}
        command = replace(self._command, environment={**self._command.environment, **own})
        server = Server(command, self._forks)
        self._all.append(server)
        try:
            await server.start()
        except BaseException:  # it died, it never answered, or nobody waits for it any more
            await self._throw_away(server)
            raise
        return server

    async def _throw_away(self, server: Server) -> None:
        if server in self._all:
            self._all.remove(server)
        await server.close()
