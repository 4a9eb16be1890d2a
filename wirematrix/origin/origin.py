"""Origin: a server without a framework that does exactly what the scripts of one cell say.

    page ──▶ 127.0.0.1:port        scripts, and the page itself (same-origin)
         ──▶ 127.0.0.1:page_port   the page only: what a stream to `port` is then across origins

Every connection, request head, response and end is an observation of source "server"; `connection` is its number:

  connection {port, accepted_before_ms}   with its first request, or with its end if it never had one
  request {number, method, target, last_event_id, headers}
  preflight {target, wants}               answered by the origin itself, and counted nowhere
  respond {status}                        the head was written
  end {how}                               finish: the response by its own rules; fin, reset: the connection, by us
  peer-end {how}                          fin, reset, timeout
  body {bytes, crc}                       of a request
  frame {name, bytes, code?, reason?}     of the peer, as a script reads it
  close-sent {code}                       a close frame of ours
  unreadable {begins}                     the peer sent what is no request

and what scripts note themselves. Files of the page are served without a word, each on a connection of its own, so that
the pool of the engine holds nothing but streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from wirematrix import budgets
from wirematrix.errors import BudgetSpent, ScriptFailed, WirematrixError
from wirematrix.listener import Listener
from wirematrix.origin.connection import Connection, End, Observe, PeerGone
from wirematrix.origin.exchange import Exchange, head_of
from wirematrix.origin.request import NoRequest, Request, read_request

Script = Callable[[Exchange], Awaitable[None]]
HOST: Final = "127.0.0.1"
PAGES: Final = "/static/"
ICON: Final = "/favicon.ico"  # engines ask for it where a document names none
MEDIA_TYPES: Final = {  # not the machine's own table: an engine refuses a module of another type
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


class Origin:
    """Made by `start`, closed by `close`; one cell owns it.

    `page_headers` go with every file of the page that is asked for from then on. `preflight_age_s` is how long an
    engine may remember a preflight's answer: by default it may not, so that each is seen.
    """

    def __init__(self, pages: Path, observe: Observe, host: str, netns: Executor | None) -> None:
        self.host = host
        self._pages = pages
        self._observe = observe
        self._netns = netns
        self._scripts: dict[str, tuple[Script, ...]] = {}
        self._asked: dict[str, int] = {}
        self._connections: list[Connection] = []  # in the order in which they came
        self._listeners: list[Listener] = []
        self._numbers = 0
        self._failure: Exception | None = None
        self._closing = False
        self.page_headers: dict[str, str] = {}
        self.preflight_age_s = 0

    @classmethod
    async def start(cls, pages: Path, observe: Observe, host: str = HOST, *, netns: Executor | None = None) -> Self:
        """Listen on two free ports of `host` (of the namespace of `netns`, see lossy.py).

        `pages` is the folder of what lies under /static/.
        """
        origin = cls(pages, observe, host, netns)
        await origin.listen()
        await origin.listen()
        return origin

    @property
    def port(self) -> int:
        """Where the scripts are served."""
        return self._listeners[0].port

    @property
    def page_port(self) -> int:
        """Another origin of the same page."""
        return self._listeners[1].port

    async def listen(self, host: str | None = None) -> int:
        """One more free port, serving the same; the port."""
        made: list[Listener] = []
        listener = await Listener.open(host or self.host, lambda: self._accepted(made[0].port), netns=self._netns)
        made.append(listener)
        self._listeners.append(listener)
        return listener.port

    async def closed_port(self, host: str = HOST) -> int:
        """A port of ours on which nobody listens, and nobody else can."""
        port = await self.listen(host)
        self._listeners[-1].shut()
        return port

    def serve(self, place: str, *scripts: Script) -> None:
        """Answer the first request of a path by the first script, and so on; the last one answers all that follow.

        Requests are counted from the origin's start, also where a path is given other scripts later.
        """
        if not scripts:
            raise WirematrixError(f"origin: no script for {place}; expected at least one")
        self._scripts[place] = scripts

    def asked(self, place: str) -> int:
        """How many requests of a path there were."""
        return self._asked.get(place, 0)

    def shut(self) -> None:
        """Refuse connections to `port` from now on; live ones stay."""
        self._listeners[0].shut()

    async def reopen(self) -> None:
        """Listen again on the same port."""
        await self._listeners[0].reopen()

    def cut(self, how: End) -> int:
        """End every connection that neither side has ended; how many there were."""
        live = [one for one in self._connections if not one.is_over and not one.ended.done()]
        for connection in live:
            connection.end(how)
        return len(live)

    def check(self) -> None:
        """Raise what went wrong in a script: our fault, never the engine's."""
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Give the ports back and end every connection and script; BudgetSpent if that takes too long."""
        self._closing = True
        for listener in self._listeners:
            listener.close()
        for connection in self._connections:
            connection.reset()
        tasks = [connection.task for connection in self._connections if connection.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=budgets.PROXY.seconds)
            if late:
                came = f"{len(late)} of {len(tasks)} scripts still run"
                raise BudgetSpent("the origin to close", budget_ms=budgets.PROXY.ms, came=came)

    def _accepted(self, port: int) -> Connection:
        self._numbers += 1
        connection = Connection(self._numbers, port, self._observe, self._serve)
        self._connections.append(connection)
        if self._closing:
            connection.reset()
        return connection

    async def _serve(self, connection: Connection) -> None:
        """Answer the requests of one connection until it ends, or is no connection of HTTP any more.

        A script that leaves its response unfinished leaves the connection to the peer: if an engine thinks that the
        response is over and asks again, that is a request like any other.
        """
        try:
            while (request := await read_request(connection.reader)) is not None:
                exchange = Exchange(connection, request, self._observe)
                await self._answer(exchange)
                if exchange.is_upgraded:
                    return
                await exchange.discard_body()
            connection.close()
        except PeerGone:
            connection.close()
        except NoRequest as other:
            if not connection.is_over:
                connection.tell()
                self._observe("unreadable", connection=connection.number, begins=repr(other.begins)[2:-1])
                connection.end("fin")
        except Exception as broken:  # noqa: BLE001 - whatever a script raises is ours
            self._failure = self._failure or broken
            connection.reset()

    async def _answer(self, exchange: Exchange) -> None:
        connection, request = exchange.connection, exchange.request
        if request.place.startswith(PAGES) or request.place == ICON:
            await self._page_file(connection, request)
            return
        connection.tell()
        scripts = self._scripts.get(request.place)
        if scripts is None:
            await exchange.answer(404)
            raise WirematrixError(f"origin: the page asked for {request.target}; no script serves it")
        if request.method == "OPTIONS":
            await self._preflight(exchange)
            return
        number = self._asked[request.place] = self.asked(request.place) + 1
        exchange.request = replace(request, number=number)
        self._observe(
            "request",
            connection=connection.number,
            number=number,
            method=request.method,
            target=request.target,
            last_event_id=request.header("last-event-id"),
            headers=[list(pair) for pair in request.headers],
        )
        try:
            await scripts[min(number, len(scripts)) - 1](exchange)
        except PeerGone:
            raise
        except Exception as broken:
            raise ScriptFailed(request.place, number, f"{type(broken).__name__}: {broken}") from broken

    async def _preflight(self, exchange: Exchange) -> None:
        """Allow whatever is asked for (Fetch standard, section 3.2.2), and say that it was."""
        wanted = exchange.request.header("access-control-request-headers") or ""
        connection = exchange.connection
        self._observe("preflight", connection=connection.number, target=exchange.request.target, wants=wanted)
        method = exchange.request.header("access-control-request-method") or "GET"
        headers = [
            ("Access-Control-Allow-Origin", exchange.request.header("origin") or "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", method),
            ("Access-Control-Allow-Headers", wanted),
            ("Access-Control-Max-Age", str(self.preflight_age_s)),
        ]
        await connection.write(head_of(204, headers))

    async def _page_file(self, connection: Connection, request: Request) -> None:
        """Serve a file of the page; a connection that brought a stream before stays as it is."""
        alone = connection.keep_quiet()
        content = self._content(request.place)
        headers = [
            ("Content-Type", MEDIA_TYPES.get(Path(request.place).suffix, "application/octet-stream")),
            ("Content-Length", str(len(content or b""))),
            ("Cache-Control", "no-store"),
            *([("Connection", "close")] if alone else []),
            *self.page_headers.items(),
        ]
        await connection.write(head_of(404 if content is None else 200, headers) + (content or b""))
        if alone:
            connection.close()

    def _content(self, place: str) -> bytes | None:
        """A file of the pages' folder; None for one that is not there, or lies elsewhere."""
        try:
            file = (self._pages / place.removeprefix(PAGES)).resolve()
            return file.read_bytes() if file.is_relative_to(self._pages.resolve()) else None
        except (OSError, ValueError):  # not there, a folder, a name that no file can have
            return None
