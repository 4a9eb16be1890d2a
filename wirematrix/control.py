"""What the driver asks of the app from outside, over `/control/*`: publish, tune, end, count.

Every answer that is not a success is a `ControlRefused`: our fault, never the engine's. So is no answer at all:
a `BudgetSpent` would say that the page kept us waiting.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from wirematrix.budgets import CONTROL, KEEP_ALIVE_S
from wirematrix.errors import ControlRefused

LIMITS = httpx.Limits(keepalive_expiry=KEEP_ALIVE_S)
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used, but httpx would make one for each client, for 20 ms


@asynccontextmanager
async def control_of(origin: str, channel: str) -> AsyncIterator[Control]:
    """The control interface of the app at `origin`, for one channel, by connections that nobody else uses.

    A pool that tasks share may close a connection under them: httpcore picks the idle ones that are too old, and by
    the time it closes the second of them, another task's request may be on it. That is a ReadError of our own making.
    """
    async with httpx.AsyncClient(trust_env=False, limits=LIMITS, verify=PLAIN) as http:
        yield Control(http, origin, channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Which numbers a publish was given, in which epoch."""

    epoch: str
    first: int
    last: int


class Control:
    """The control interface of one app, for one channel: one request at a time, in the order in which they are made.

    Only then does no task find its connection closed by another one (see `control_of`), if nobody else has `http`.
    """

    def __init__(self, http: httpx.AsyncClient, origin: str, channel: str) -> None:
        self._http = http
        self._in_turn = asyncio.Lock()
        self._base = f"{origin}/control/channels/{channel}"

    async def publish(self, items: list[Any]) -> Published:
        """Publish each item as one `update`, in one go."""
        answer = await self._post("publish", {"items": items})
        first, last = answer["seqs"]
        return Published(epoch=answer["epoch"], first=first, last=last)

    async def fence(self) -> Published:
        """Publish a fence: when it arrives, nothing older is still on its way."""
        answer = await self._post("fence", {})
        return Published(epoch=answer["epoch"], first=answer["seq"], last=answer["seq"])

    async def tune(self, **overrides: int | None) -> None:
        """Override settings for this channel (heartbeat_ms, retry_ms, next_status, replay_limit, ...)."""
        await self._post("tune", overrides)

    async def mark(self) -> None:
        """Have a mark written into the app's log, behind everything it said before."""
        await self._post("mark", {})

    async def finish(self) -> None:
        """No more messages: subscribers are told to stay away (204, close code 1000)."""
        await self._post("finish", {})

    async def statistics(self) -> dict[str, Any]:
        """The app's own numbers about the channel."""
        return await self._request("GET", self._base, None)

    async def _post(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._request("POST", f"{self._base}/{verb}", body)

    async def _request(self, method: str, url: str, body: dict[str, Any] | None) -> dict[str, Any]:
        request = f"{method} {url}"
        try:
            async with self._in_turn:
                answer = await self._http.request(
                    method,
                    url,
                    content=None if body is None else json.dumps(body),  # ASCII, so that lone surrogates survive
                    headers={"content-type": "application/json"},
                    timeout=CONTROL.seconds,
                )
        except httpx.TimeoutException:
            raise ControlRefused(request, status=0, answer=f"no answer within {CONTROL.ms:.0f} ms") from None
        except httpx.HTTPError as broken:
            raise ControlRefused(request, status=0, answer=_told(broken)) from broken
        if answer.is_error:
            raise ControlRefused(request, status=answer.status_code, answer=answer.text[:300])
        return dict(answer.json()) if answer.content else {}


def _told(broken: BaseException) -> str:
    """What an exception says, and what is at the bottom of it: httpx's own of a broken connection has no text."""
    deepest = broken
    while below := deepest.__cause__ or deepest.__context__:
        deepest = below
    said = f"{type(broken).__name__}: {broken}".removesuffix(": ")
    return said if deepest is broken or str(deepest) in ("", str(broken)) else f"{said} ({deepest})"
