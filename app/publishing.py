"""WS /control/channels/{channel}/publish: many publishes over one connection, for whoever publishes thousands a second.

Each text frame is the body of one POST to the same address, `{"data": ...}` or `{"items": [...]}`, and is never
answered: statistics say what came of it. A frame that is malformed closes the socket with the code and the sentence a
subscriber would be told; what was published before it stays published. A frame is at most APP_MAX_BODY_BYTES long.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from fastapi import APIRouter, WebSocket

from app.admission import refuse_foreign_page
from app.bodies import parse
from app.channel import Channel
from app.control import Publish, publish_wish
from app.feed import Feed
from app.refusal import Refused, close_reason, malformed
from app.service import ServiceOf
from app.websocket import PEER_GONE

# Frames that wait are received without a turn of the loop, so that what they publish is written in one go; after this
# long the others get their turn.
TURN_S = 0.002

router = APIRouter(prefix="/control")


@router.websocket("/channels/{channel}/publish")
async def publish(websocket: WebSocket, service: ServiceOf, channel: str) -> None:
    """Publish every frame until the publisher leaves or sends what cannot be published."""
    with suppress(*PEER_GONE):
        await websocket.accept()
        try:
            refuse_foreign_page(service, websocket)
            await publish_frames(websocket, service.feed, await service.feed.open(channel))
        except Refused as refused:
            await websocket.close(refused.code, close_reason(str(refused)))


async def publish_frames(websocket: WebSocket, feed: Feed, log: Channel) -> None:
    """Publish each frame as it comes; returns when the publisher leaves, raises Refused for a malformed frame."""
    turn_ends = 0.0
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        if text is None:
            expected = 'a text frame {"data": ...} or {"items": [...]}'
            raise malformed("publish", "binary frame", expected=expected, got="bytes")
        await publish_wish(feed, log, parse(text, Publish, where="publish"))
        if (now := time.monotonic()) > turn_ends:
            await asyncio.sleep(0)
            turn_ends = now + TURN_S
