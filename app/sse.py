"""GET /sse/{channel}: the channel as server-sent events (HTML standard, section 9.2), by sse-starlette.

Where this uses sse-starlette otherwise than by default:

1. `ping=0`. Its pings are comments: a page cannot see them. Ours are messages of type `heartbeat`.
2. `_stream_response` is our own. The library iterates over a generator and opens a cancel scope for each chunk, which
   is a fifth to a third of a delivery's CPU at 100 subscribers. Ours hands bytes that were encoded once per publish
   straight to `send`, one chunk for all that waits; while nothing waits, messages are written past this task
   (standby.py). Headers, disconnect and the task group remain the library's.
   Can go when a chunk costs no scope while `send_timeout` is None; `NotIterated` makes it loud if the name changes.
3. Its shutdown watcher polls twice a second and cancels the stream without the last chunk. The process that
   `python -m app` runs switches it off and drains instead (server.py); under another server it stays in force.
4. `__call__` ends with `leave`, however the response ends: even one that was never begun is cleaned up after.
"""

from __future__ import annotations

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
        super().__init__(NotIterated(), ping=0, headers={"Cache-Control": "no-store"})
        if not subscriber.channel.tuning.hint_unbuffered:
            del self.headers["X-Accel-Buffering"]  # sse-starlette says it unasked
        self._subscriber = subscriber
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the peer leaves or the subscriber is ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._connections.leave(self._subscriber)

    async def _stream_response(self, send: Send) -> None:
        """Send headers, then what comes into the mailbox, then the last chunk.

        `send` waits while the server's write buffer is above its high-water mark: a peer that does not read holds us
        there, and its mailbox fills.
        """
        subscriber = self._subscriber
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while batch := await subscriber.collect():
            chunk = batch[0].sse if len(batch) == 1 else b"".join([message.sse for message in batch])
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            subscriber.handed(batch)
        self.active = False
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class NotIterated:
    """The content EventSourceResponse asks for and must not touch (2 above)."""

    def __aiter__(self) -> NotIterated:
        return self

    async def __anext__(self) -> bytes:
        """Never called while sse-starlette calls `_stream_response`."""
        message = "sse-starlette does not call _stream_response any more; see 2 at the top of app/sse.py"
        raise RuntimeError(message)


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
