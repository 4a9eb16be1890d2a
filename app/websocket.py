"""/ws/{channel}: the channel over WebSocket (RFC 6455), and uplink on the same connection.

1. Refusals accept first and close with a code then: a page never learns the status of a refused handshake
   (WebSockets standard, section 2: all failures look alike). Only what /control asks for is a real denial.
2. No Origin check: there is no cookie or other ambient right a foreign page could borrow, and the token of a private
   channel is in the request itself. Add the check together with the first cookie.
3. Messages are sent by the ASGI `send` itself; Starlette's WebSocket would check its state once per message more.
   ASGI has no word for several at once, so where the wire can (wire.py), all but the first that wait go in one write.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocketDisconnect

from app.admission import Answered, knock, noting_refusal
from app.batch import Batch
from app.bodies import Uplink, parse
from app.connections import SLOW_CONSUMER, Ending, Subscriber
from app.envelope import encode_payload
from app.refusal import Refused, close_reason, malformed, too_big
from app.service import Service, ServiceOf

router = APIRouter()

PEER_GONE = (OSError, WebSocketDisconnect)  # what ASGI 2.4 and Starlette raise when there is nobody to send to


@router.websocket("/ws/{channel:path}")
async def stream(websocket: WebSocket, service: ServiceOf, channel: str) -> None:
    """Subscribe to a channel, and publish what the subscriber sends."""
    number = service.connections.next_number()
    try:
        with noting_refusal(service, channel, number, by="code"):
            visit = await knock(service, websocket, channel, transport="websocket", number=number)
            subscriber = visit.subscribe(service.connections)
    except Refused as refused:
        await refuse(websocket, refused)
        return
    code: int | None = None
    try:
        with suppress(*PEER_GONE):
            await websocket.accept()
            code = await converse(websocket, subscriber, service)
    finally:
        service.connections.leave(subscriber, code=code)


async def refuse(websocket: WebSocket, refused: Refused) -> None:
    """Turn somebody away so that a page can see why (1 above)."""
    with suppress(*PEER_GONE):
        if isinstance(refused, Answered):
            await websocket.send_denial_response(denial(refused.status, str(refused)))
        else:
            await websocket.accept()
            await websocket.close(refused.code, close_reason(str(refused)))


async def converse(websocket: WebSocket, subscriber: Subscriber, service: Service) -> int | None:
    """Deliver and listen until one of the two is over; the peer's close code if it was the peer who ended it."""
    async with asyncio.TaskGroup() as tasks:
        delivering = tasks.create_task(deliver(websocket, subscriber), name=f"deliver to {subscriber.number}")
        listening = tasks.create_task(listen(websocket, subscriber, service), name=f"listen to {subscriber.number}")
        delivering.add_done_callback(lambda _: listening.cancel())
        listening.add_done_callback(lambda _: delivering.cancel())
    return None if listening.cancelled() else listening.result()


async def deliver(websocket: WebSocket, subscriber: Subscriber) -> None:
    """Send what comes into the mailbox, then the close frame.

    Each `send` waits while the server's write buffer is above its high-water mark: back-pressure.
    """
    send = websocket._send  # noqa: SLF001  (3 above)
    with suppress(*PEER_GONE):
        while batch := await subscriber.collect():
            while batch and subscriber.ending is not SLOW_CONSUMER:
                message, *batch = batch
                await send({"type": "websocket.send", "text": message.text})
                subscriber.handed((message,))
                if batch and subscriber.wire is not None and subscriber.wire.write_now(Batch(batch)):
                    subscriber.handed(batch)
                    break
        if subscriber.ending is not None:
            await websocket.close(subscriber.ending.code, close_reason(subscriber.ending.reason))


async def listen(websocket: WebSocket, subscriber: Subscriber, service: Service) -> int:
    """Publish each uplink; returns the close code when the peer leaves. A malformed one ends its sender only."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return int(message["code"])
        try:
            await publish_uplink(message.get("text"), subscriber, service)
        except Refused as refused:
            ending = Ending(because="closed by server", code=refused.code, reason=str(refused))
            service.connections.end(subscriber, ending)


async def publish_uplink(text: str | None, subscriber: Subscriber, service: Service) -> None:
    """One text frame becomes one message of type `uplink`; raises Refused."""
    where, limit_bytes = "uplink", service.settings.max_body_bytes
    if text is None:
        raise malformed(where, "binary frame", expected='a text frame {"data": ...}', got="bytes")
    if len(text) > limit_bytes:  # uvicorn's own limit is in bytes and comes first; this one holds under any server
        raise too_big(where, limit_bytes=limit_bytes, got=len(text))
    uplink = parse(text, Uplink, where=where)
    done = await service.feed.publish(subscriber.channel, [encode_payload(uplink.data, where=where)], kind="uplink")
    service.log.note("uplink", channel=subscriber.channel.name, subscriber=subscriber.number, seq=done.last)


def denial(status: int, sentence: str) -> Response:
    """An HTTP answer instead of the WebSocket handshake."""
    if status in {204, 205, 304}:
        return Response(status_code=status)
    return JSONResponse({"error": sentence}, status_code=status)
