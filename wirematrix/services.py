"""What a run lends its cells: app processes, one shared by all and spares for who restarts theirs, pages, and wires.

A spare that survived its cell is lent again; one that is dead is thrown away. Nobody shares a spare.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from wirematrix.lossy import Wires
from wirematrix.onefile import put_in_one_file
from wirematrix.routes import Certificate, issue
from wirematrix.server import Command, Server, fork_server, with_pages


class Services:
    """Lends app processes, pages and wires; `close` ends them all."""

    def __init__(self, command: Command) -> None:
        self._folder = TemporaryDirectory(prefix="wirematrix-")
        self.pages = Path(self._folder.name) / "pages"  # what app and origins serve under /static/
        self.pages.mkdir()
        put_in_one_file(command.folder / "static", self.pages)
        self._command = with_pages(command, self.pages)
        self._forks = fork_server(self._command)
        self._shared: Server | None = None
        self._spares: list[Server] = []
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
    async def lent(self, *, alone: bool) -> AsyncIterator[Server]:
        """A running app process: the shared one, or one that nobody else has."""
        if not alone:
            yield await self._shared_one()
            return
        server = await self._spare_one()
        try:
            yield server
        finally:
            server.resume()  # its cell may have ended while it was suspended
            if server.running:
                self._spares.append(server)
            else:
                await self._throw_away(server)

    async def close(self) -> None:
        """End every process and take the wires down."""
        self.wires.close()
        while self._all:
            await self._throw_away(self._all[-1])
        if self._forks:
            await self._forks.close()
        self._folder.cleanup()

    async def _shared_one(self) -> Server:
        """The shared app; one that died by itself is replaced (the cells that were on it are errors)."""
        async with self._starting:
            if self._shared and not self._shared.running:
                await self._throw_away(self._shared)
                self._shared = None
            if self._shared is None:
                self._shared = await self._started()
            return self._shared

    async def _spare_one(self) -> Server:
        """A spare that is alive (one may have died while nobody had it), or a new one."""
        while self._spares:
            server = self._spares.pop()
            if server.running:
                return server
            await self._throw_away(server)
        return await self._started()

    async def _started(self) -> Server:
        server = Server(self._command, self._forks)
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
