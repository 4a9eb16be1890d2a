"""The FastAPI service around the plain tiers: health, statistics, the publisher's socket."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from load.tiers.envelopes import Malformed, items_of
from load.tiers.rooms import Room, Rooms

Queued = TypeVar("Queued")
MALFORMED = 4400  # the app's close code


def service(rooms: Rooms[Queued], streams: APIRouter) -> FastAPI:
    """An application with these streams, put together as the documentation of FastAPI does."""
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(streams)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/control/channels/{channel}")
    async def statistics(channel: str) -> dict[str, int]:
        room = rooms.room(channel)
        return {"subscribers": len(room.queues), "published": room.numbering.head}

    @app.websocket("/control/channels/{channel}/publish")
    async def publish(websocket: WebSocket, channel: str) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            await publish_frames(websocket, rooms.room(channel))

    return app


async def publish_frames(websocket: WebSocket, room: Room[Queued]) -> None:
    """Publish each frame as it comes; a malformed one closes the socket with a sentence."""
    try:
        while True:
            room.publish(items_of(await websocket.receive_text()))
    except KeyError:  # Starlette's answer to a binary frame
        await websocket.close(MALFORMED, "publish: expected a text frame, got a binary one")
    except Malformed as mistake:
        await websocket.close(MALFORMED, str(mistake))
