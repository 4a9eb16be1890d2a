"""SSE by sse-starlette as its documentation shows it, the same with bytes encoded once, and the same compressed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fastapi import APIRouter, FastAPI, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from load.tiers.envelopes import Envelope, dumps, heartbeat_period_s, resume_point
from load.tiers.gzipped import Gzipped, accepts_gzip
from load.tiers.plain import service
from load.tiers.rooms import Room, Rooms, as_it_is

Queued = TypeVar("Queued")


def plain() -> FastAPI:
    """Each subscriber has a queue, makes a dict of each message and dumps it."""
    return _service(Rooms(as_it_is), _dumped)


def encoded() -> FastAPI:
    """Each subscriber has a queue; what comes out of it are the bytes that were made of the message once."""
    return _service(Rooms(_encode), _handed_on)


def gzipped() -> FastAPI:
    """As plain; each message compressed and flushed, for whoever accepts gzip."""
    return _service(Rooms(as_it_is), _dumped, compress=True)


def _service(
    rooms: Rooms[Queued], content: Callable[[Room[Queued]], AsyncIterator[object]], *, compress: bool = False
) -> FastAPI:
    router, period_s = APIRouter(), heartbeat_period_s()

    @router.get("/sse/{channel}")
    async def stream(request: Request, channel: str) -> Response:
        room = rooms.room(channel)
        response = EventSourceResponse(
            content(room), sep="\n", ping=period_s, ping_message_factory=lambda: _heartbeat(room.numbering.heartbeat())
        )
        return Gzipped(response) if compress and accepts_gzip(request) else response

    return service(rooms, router)


async def _dumped(room: Room[Envelope]) -> AsyncIterator[dict[str, str | None]]:
    with room.subscription() as queue:
        while True:
            message = await queue.get()
            yield {"id": resume_point(room.numbering.epoch, message), "data": dumps(message)}


async def _handed_on(room: Room[bytes]) -> AsyncIterator[bytes]:
    with room.subscription() as queue:
        while True:
            yield await queue.get()


def _encode(epoch: str, message: Envelope) -> bytes:
    return f"id: {resume_point(epoch, message)}\ndata: {dumps(message)}\n\n".encode()


def _heartbeat(message: Envelope) -> ServerSentEvent:
    return ServerSentEvent(data=dumps(message), sep="\n")
