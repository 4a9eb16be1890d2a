"""The process around the application: uvicorn with an orderly end, and a restart on the same listening socket.

How it ends:

    SIGTERM or restart
      |  uvicorn notices within 100 ms
      v
    shutdown(): stop listening
      |-- drain: every subscriber gets what waits, then close 1012 / end of body
      |-- uvicorn's own shutdown: ordinary requests finish, idle connections close
      |        ... or drain_ms less STOP_MS is over: every connection left is reset
      |        ... or drain_ms is over: every task left is cancelled
      v
    gone within drain_ms + 500 ms; after a restart: execv, the same socket, new epochs
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp

from app.service import Service
from app.settings import Settings
from app.wire import Wire, WithWire

STOP_MS = 400  # of drain_ms, at most half of it: what uvicorn and the interpreter need to stop
BACKLOG = 2048


class DrainingServer(uvicorn.Server):
    """uvicorn, which by itself neither ends SSE streams nor gives up on peers that do not read."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self.restart_wanted = False
        # sse-starlette would cancel the streams by itself at a signal, without their last chunk; we drain.
        AppStatus.enable_automatic_graceful_drain = False

    def restart(self) -> None:
        """Stop as on SIGTERM, but be started again by `run`."""
        self.restart_wanted = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        for listener in sockets or []:
            self._service.log.note("listening", port=port_of(listener))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End everything in order, and whatever resists by force."""
        self._service.log.note("stopping")
        for server in self.servers:
            server.close()
        drain_ms = self._service.settings.drain_ms
        cut_after_ms = max(drain_ms / 2, drain_ms - STOP_MS)
        loop = asyncio.get_running_loop()
        cut = loop.call_later(cut_after_ms / 1000, self._cut_connections)
        cancel = loop.call_later(drain_ms / 1000, self._cancel_tasks)
        with suppress(TimeoutError):  # the cut lets everybody leave; the process ends even if somebody does not
            await asyncio.wait_for(self._service.connections.drain(), drain_ms / 1000)
        await super().shutdown(sockets)
        cut.cancel()
        cancel.cancel()
        self._service.log.note("stopped")
        self._service.log.flush()

    def _cut_connections(self) -> None:
        """Whoever is still connected has had its time; the tasks end by themselves when their connection is gone."""
        for protocol in tuple(self.server_state.connections):
            Wire(protocol.transport).reset()

    def _cancel_tasks(self) -> None:
        """A task that outlives its connection is a mistake, which uvicorn logs; it may not keep the process alive."""
        for task in tuple(self.server_state.tasks):
            task.cancel()


def make_server(app: ASGIApp, service: Service) -> DrainingServer:
    """Configure uvicorn for streams; it uses httptools and uvloop where they are installed."""
    settings = service.settings
    config = uvicorn.Config(
        WithWire(app, compression=settings.websocket_compression),
        ws="websockets-sansio",
        ws_max_size=settings.max_body_bytes,
        # No ping frames: our heartbeats are messages that pages and their watchdogs can see. Pings would be unseen
        # traffic beside them that keeps half-dead links alive and hides the very silence the heartbeat makes visible.
        # A peer that is lost is found by the writes of the heartbeat (see bound_peer_loss).
        ws_ping_interval=None,
        ws_ping_timeout=None,
        # Compression costs 35 kB a connection and about 20 us a delivery; off unless asked for.
        ws_per_message_deflate=settings.websocket_compression,
        # X-Forwarded-For would replace the peer's address, which the connection log is to name as TCP sees it.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level=settings.log_level,
        log_config=stderr_logging(settings),
        backlog=BACKLOG,
    )
    return DrainingServer(config, service)


def run(app: ASGIApp, service: Service, listener: socket.socket) -> None:
    """Serve on a bound socket until a signal ends it; a wanted restart replaces this process and never returns."""
    kept = listener.dup()  # uvicorn closes what it was given; a restart needs the socket to stay open
    server = make_server(app, service)
    if hasattr(os, "fork"):  # Windows' execv starts another process instead of replacing this one
        service.restart = server.restart
    server.run(sockets=[listener])
    if server.restart_wanted:
        kept.set_inheritable(True)
        os.execv(sys.executable, restart_command(kept.fileno()))
    kept.close()


def restart_command(fd: int) -> list[str]:
    """How the process starts itself again on an inherited listening socket."""
    return [sys.executable, "-m", "app", "--fd", str(fd)]


def port_of(listener: socket.socket) -> int | None:
    """The TCP port, None for other families."""
    address = listener.getsockname()
    return int(address[1]) if isinstance(address, tuple) else None


def stderr_logging(settings: Settings) -> dict[str, Any]:
    """Logging set up so that nothing but the connection log is on stdout."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": settings.log_level.upper()},
    }
