"""GET /sse/{channel}: the channel as server-sent events (HTML standard, section 9.2), by sse-starlette.

Where this uses sse-starlette otherwise than by default:

1. `ping=0`. Its pings are comments: a page cannot see them. Ours are messages of type `heartbeat`.
2. The generator yields bytes, encoded once per publish and joined per wake-up; sse-starlette passes bytes through.
3. Its shutdown watcher polls twice a second and cancels the stream without the last chunk. The process that
   `python -m app` runs switches it off and drains instead (server.py); under another server it stays in force.
4. `__call__` ends with `leave`, however the response ends: even a generator that was never begun is cleaned up after.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from sse_starlette.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from app.admission import knock, noting_refusal
from app.connections import Connections, Subscriber
from app.service import ServiceOf

router = APIRouter()


class MessageStream(EventSourceResponse):
    """The response that a subscriber lives in."""

    def __init__(self, subscriber: Subscriber, connections: Connections) -> None:
        super().__init__(messages(subscriber), ping=0, sep="\n", headers={"Cache-Control": "no-store"})
        self._subscriber = subscriber
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the peer leaves or the subscriber is ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._connections.leave(self._subscriber)


async def messages(subscriber: Subscriber) -> AsyncIterator[bytes]:
    """Everything for this subscriber, one chunk for all that waits; ends when the subscriber is ended.

    The `yield` returns when the server has taken the chunk, which it does only while its write buffer is below the
    high-water mark: a peer that does not read holds us here, and its mailbox fills.
    """
    while batch := await subscriber.mailbox.collect():
        yield batch[0].sse if len(batch) == 1 else b"".join([message.sse for message in batch])
        subscriber.handed(batch)


@router.get(
    "/sse/{channel:path}",
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "one envelope per SSE event"},
        204: {"description": "the channel is finished and nothing is left: do not come back"},
    },
)
async def stream(
    request: Request,
    service: ServiceOf,
    channel: str,
    since: Annotated[str | None, Query(description="<epoch>-<seq>, or 0 for the oldest message kept")] = None,
    last_event_id: Annotated[str | None, Header(description="wins over since")] = None,
) -> Response:
    """Subscribe to a channel."""
    del since, last_event_id  # read by `knock` for both transports; named here for the API's description
    number = service.connections.next_number()
    with noting_refusal(service, channel, number, by="status"):
        visit = await knock(service, request, channel, transport="sse", number=number)
        if visit.channel.finished and visit.channel.start_for(visit.since).is_empty:
            service.log.note("refuse", channel=channel, subscriber=number, status=204, because="finished")
            return Response(status_code=204)  # HTML standard, 9.2.3: the one answer that stops an EventSource for good
        subscriber = visit.subscribe(service.connections)
    return MessageStream(subscriber, service.connections)
