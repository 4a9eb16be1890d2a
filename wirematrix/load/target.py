"""What is measured: a tier that is started for each round, or a service that somebody else runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from wirematrix.budgets import A_MOMENT, CONTROL, KEEP_ALIVE_S
from wirematrix.errors import ControlRefused, InvalidInput, LoadFailed, WirematrixError
from wirematrix.forkserver import ForkServer
from wirematrix.load.receivers import Door
from wirematrix.load_model import LoadTransport, Tier
from wirematrix.server import Command, Server

CHANNEL = "load"
WARM_UP_CHANNEL = "warm-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A target that answers: where, and what can be known of it."""

    door: Door
    warm_up_door: Door | None  # where the first connections go, which are not counted
    publish_url: str | None
    pid: int | None
    subscribers: Callable[[], Any] | None  # asks how many it has: a coroutine function
    check_alive: Callable[[], None]


class Target(Protocol):
    """Something to measure, once per round."""

    tier: Tier

    async def start(self) -> Served:
        """Start it and wait until it answers."""

    async def why(self, reason: WirematrixError) -> WirematrixError:
        """What is behind a failure, if more is known than the one who failed knows."""

    async def close(self) -> None:
        """End it."""


class TierTarget:
    """A tier of this project: a fresh process, asked alike whatever serves it."""

    def __init__(self, tier: Tier, command: Command, forks: ForkServer | None) -> None:
        self.tier = tier
        self._server = Server(command, forks)
        limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE_S)
        self._http = httpx.AsyncClient(timeout=CONTROL.seconds, trust_env=False, limits=limits)

    async def start(self) -> Served:
        """Start the process; ServiceDied, OursSpent or LoadFailed if that does not succeed."""
        try:
            await self._server.start()
        except ConnectionError as error:  # of the process that forks
            raise LoadFailed(f"{self.tier.name} cannot be started: {error}") from error
        port = self._server.port
        prefix = "/sse" if self.tier.transport is LoadTransport.SSE else "/ws"

        def door(channel: str) -> Door:
            return Door(
                transport=self.tier.transport,
                host="127.0.0.1",
                port=port,
                target=f"{prefix}/{channel}",
                compressed=self.tier.compressed,
            )

        return Served(
            door=door(CHANNEL),
            warm_up_door=door(WARM_UP_CHANNEL),
            publish_url=f"ws://127.0.0.1:{port}/control/channels/{CHANNEL}/publish",
            pid=self._server.pid,
            subscribers=self._subscribers,
            check_alive=self._server.check_alive,
        )

    async def _subscribers(self) -> int:
        request = f"GET {self._server.origin}/control/channels/{CHANNEL}"
        try:
            answer = await self._http.get(request.removeprefix("GET "))
            return int(answer.json()["subscribers"])
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise ControlRefused(request, status=0, answer=f"{type(error).__name__}: {error}") from error

    async def why(self, reason: WirematrixError) -> WirematrixError:
        """The end of the process, if it ended."""
        return await self._server.death(A_MOMENT) or reason

    async def close(self) -> None:
        """End the process whatever it takes."""
        await self._http.aclose()
        await self._server.close()


class ServiceTarget:
    """A service that runs already: measured from outside, so its CPU and memory are known only with a process id."""

    def __init__(self, tier: Tier, url: str, *, publish_url: str | None, pid: int | None) -> None:
        self.tier = tier
        self._door = door_of(url, tier)
        self._publish_url = publish_url
        self._pid = pid

    async def start(self) -> Served:
        """Nothing to start."""
        return Served(
            door=self._door,
            warm_up_door=None,
            publish_url=self._publish_url,
            pid=self._pid,
            subscribers=None,
            check_alive=lambda: None,
        )

    async def why(self, reason: WirematrixError) -> WirematrixError:
        """Nothing more is known."""
        return reason

    async def close(self) -> None:
        """Nothing to end."""


def door_of(url: str, tier: Tier) -> Door:
    """The door that a URL names; InvalidInput if it names none."""
    schemes = ("http",) if tier.transport is LoadTransport.SSE else ("ws",)
    option = "--sse" if tier.transport is LoadTransport.SSE else "--ws"
    expected = f"a URL such as {schemes[0]}://127.0.0.1:8000/stream (without TLS)"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise InvalidInput(option, f"got {url!r}", expected=expected) from None
    if parts.scheme not in schemes or not host:
        raise InvalidInput(option, f"got {url!r}", expected=expected)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Door(transport=tier.transport, host=host, port=port, target=target, compressed=tier.compressed)
