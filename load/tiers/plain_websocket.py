"""WebSocket by Starlette as its documentation shows it: a queue and a JSON dump per subscriber."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from load.tiers.envelopes import Envelope, heartbeat_period_s
from load.tiers.plain import service
from load.tiers.rooms import Room, Rooms, as_it_is


def plain() -> FastAPI:
    """Each subscriber has a queue and dumps each message of it."""
    rooms, router, period_s = Rooms(as_it_is), APIRouter(), heartbeat_period_s()

    @router.websocket("/ws/{channel}")
    async def stream(websocket: WebSocket, channel: str) -> None:
        room = rooms.room(channel)
        await websocket.accept()
        with room.subscription() as queue, suppress(WebSocketDisconnect):
            sending = asyncio.create_task(_send(websocket, queue), name="send")
            beating = asyncio.create_task(_beat(room, queue, period_s), name="beat")
            try:
                while True:
                    await websocket.receive_text()  # nothing is expected but the end
            finally:
                sending.cancel()
                beating.cancel()

    return service(rooms, router)


async def _send(websocket: WebSocket, queue: asyncio.Queue[Envelope]) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_json(await queue.get())


async def _beat(room: Room[Envelope], queue: asyncio.Queue[Envelope], period_s: float) -> None:
    while True:
        await asyncio.sleep(period_s)
        queue.put_nowait(room.numbering.heartbeat())
