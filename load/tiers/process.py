"""A tier as a process of its own on an inherited listening socket, until SIGTERM; the same loop as the app's."""

from __future__ import annotations

import asyncio
import signal
import socket
from dataclasses import dataclass

import uvicorn
import uvloop
from fastapi import FastAPI

from load.tiers.envelopes import heartbeat_period_s
from load.tiers.raw_connection import RawChannels, RawConnection, RawTransport

BACKLOG = 2048  # as the app
STOP_S = 1  # what live connections are given when the process is told to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSockets:
    """How uvicorn speaks WebSocket."""

    implementation: str = "websockets-sansio"
    deflate: bool = False


def serve_asgi(app: FastAPI, listener: socket.socket, websockets: WebSockets) -> None:
    """Serve an application by uvicorn, set as the app's is: no pings of its own, no access log."""
    config = uvicorn.Config(
        app,
        ws=websockets.implementation,
        ws_per_message_deflate=websockets.deflate,
        ws_ping_interval=None,
        ws_ping_timeout=None,
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_S,
    )
    uvicorn.Server(config).run(sockets=[listener])


def serve_raw(transport: RawTransport, listener: socket.socket) -> None:
    """Serve the raw fan-out."""
    uvloop.run(_serve_raw(transport, listener))


async def _serve_raw(transport: RawTransport, listener: socket.socket) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    channels, period_s = RawChannels(transport), heartbeat_period_s()
    server = await loop.create_server(lambda: RawConnection(channels), sock=listener, backlog=BACKLOG)

    def beat() -> None:
        channels.beat()
        loop.call_later(period_s, beat)

    loop.call_later(period_s, beat)
    await stopped.wait()
    server.close()
    for connection in tuple(channels.connections):
        connection.close()
