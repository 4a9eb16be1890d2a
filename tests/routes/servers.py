"""Real servers for the tests of routes, and an app behind them that says what it was asked."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from wirematrix.errors import Skipped
from wirematrix.routes import Certificate, issue, located
from wirematrix.routing import ROUTES, Route, Via, Where

BUDGET_S: Final = 10.0  # of one operation in here
LOOK_S: Final = 0.02  # a process that has gone tells nobody
REAL: Final = tuple(route for route in ROUTES.values() if route.program)
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"


def needs(route: Route) -> pytest.MarkDecorator:
    """Skips a test with the reason where the route's server is not installed."""
    try:
        located(route.program)
    except Skipped as reason:
        return pytest.mark.skip(reason=str(reason))
    return pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets for these servers")


each_route = pytest.mark.parametrize("route", [pytest.param(one, marks=needs(one), id=one.name) for one in REAL])
NGINX: Final = needs(ROUTES["nginx"])


def via(route: Route, side: Where = "front") -> Via:
    """A network's `via` with the usual patience."""
    return Via(route=route, side=side, idle_s=route.idle_s)


def certificate(folder: Path) -> Certificate:
    """A certificate in a folder of its own."""
    folder.mkdir()
    return issue(folder)


@asynccontextmanager
async def app() -> AsyncIterator[tuple[tuple[str, int], list[bytes]]]:
    """A server that answers each request with one event and its connection's end; where it is, and what it was asked."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[:2], heads
    finally:
        server.close()


async def asked(at: Path | tuple[str, int], trusted: Certificate | None = None) -> bytes:
    """What a GET is answered, to its end; over TLS, with the authority checked, if a certificate is to be trusted."""
    context = ssl.create_default_context(cafile=trusted.authority) if trusted else None
    name = "127.0.0.1" if trusted else None
    async with asyncio.timeout(BUDGET_S):
        if isinstance(at, Path):
            reader, writer = await asyncio.open_unix_connection(at, ssl=context, server_hostname=name)
        else:
            reader, writer = await asyncio.open_connection(*at, ssl=context, server_hostname=name)
        writer.write(b"GET /sse/a HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    one = psutil.Process(pid)
    return [one, *one.children(recursive=True)]


async def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end within the budget; one that nobody has waited for yet has ended."""
    return await until(lambda: not any(lives(one) for one in processes))


async def until(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within the budget."""
    try:
        async with asyncio.timeout(BUDGET_S):
            while not holds():  # noqa: ASYNC110 - the end of a process is nobody's event
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        return False
    return True


def lives(process: psutil.Process) -> bool:
    """Whether it runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program named nginx on the PATH that is this shell script."""
    folder.mkdir()
    program = folder / "nginx"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
