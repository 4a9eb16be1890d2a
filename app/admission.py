"""The door, the same for every transport: who asks, for which channel, from where on, and may they?"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal

from starlette.requests import HTTPConnection

from app.channel import Channel, Since, parse_since
from app.connections import Connections, Subscriber
from app.refusal import Refused, Words, foreign_page, unauthorised
from app.service import Service
from app.wire import Wire

PRIVATE_PREFIX = "private-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a stream that may come in."""

    number: int
    channel: Channel
    since: Since
    wire: Wire | None

    def subscribe(self, connections: Connections) -> Subscriber:
        """Become a subscriber; raises Refused when the service is full or going down."""
        return connections.admit(self.channel, self.since, number=self.number, wire=self.wire)


class Answered(Refused):
    """/control asked that this connection be answered with a certain status."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


async def knock(
    service: Service, connection: HTTPConnection, name: str, *, transport: Literal["sse", "websocket"], number: int
) -> Visit:
    """Check everything a subscriber must bring; raises Refused, also with the status /control asked for."""
    header = connection.headers.get("last-event-id", "")
    query = connection.query_params.get("since", "")
    _note_request(service, connection, name, transport=transport, number=number)
    if transport == "websocket":
        refuse_foreign_page(service, connection)
    channel = await service.feed.open(name)
    await _delay(service.connections, channel.tuning.header_delay_ms)
    if (status := _take_next_status(channel)) is not None:
        what = f"answered {status} as /control asked"
        raise Answered(status=status, code=1008, where=f"channel {name}", what=what, expected="", got="")
    authorise(service, connection, name)
    since = parse_since(header, where="Last-Event-ID") if header else parse_since(query, where="since")
    return Visit(number=number, channel=channel, since=since, wire=getattr(connection.state, "wire", None))


def refuse_foreign_page(service: Service, connection: HTTPConnection) -> None:
    """A WebSocket is exempt from CORS, so the server itself must look at Origin (RFC 6455 section 10.2).

    Only browsers send one; a page of our own origin or of an allowed one may come in. Else Refused (403).
    """
    origin = connection.headers.get("origin")
    if origin is None or origin.partition("://")[2] == connection.headers.get("host"):
        return
    if not {origin, "*"} & set(service.settings.allow_origins):
        raise foreign_page(origin)


def authorise(service: Service, connection: HTTPConnection, name: str) -> None:
    """Let everybody into public channels and the bearer of the token into private ones; else Refused (401)."""
    if not name.startswith(PRIVATE_PREFIX):
        return
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else connection.query_params.get("access_token", "")
    token = service.settings.access_token
    wanted = "" if token is None else token.get_secret_value()
    if wanted and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        return
    raise unauthorised(f"channel {name}", got=Words("another token" if given else "none"))


def note_uplink_request(service: Service, connection: HTTPConnection, name: str) -> None:
    """Record a POST in the connection log."""
    _note_request(service, connection, name, transport="post", number=None)


@contextmanager
def noting_refusal(service: Service, name: str, number: int | None, *, by: Literal["status", "code"]) -> Iterator[None]:
    """Record a Refused that passes through, with what the peer will see of it."""
    try:
        yield
    except Refused as refused:
        answer = refused.status if by == "status" or isinstance(refused, Answered) else refused.code
        key = "status" if by == "status" or isinstance(refused, Answered) else "code"
        service.log.note("refuse", channel=name, subscriber=number, **{key: answer}, because=str(refused))
        raise


def _note_request(
    service: Service,
    connection: HTTPConnection,
    name: str,
    *,
    transport: Literal["sse", "websocket", "post"],
    number: int | None,
) -> None:
    peer = connection.client
    service.log.note(
        "request",
        channel=name,
        subscriber=number,
        transport=transport,
        last_event_id=connection.headers.get("last-event-id"),
        since=connection.query_params.get("since"),
        origin=connection.headers.get("origin"),
        peer=None if peer is None else f"{peer.host}:{peer.port}",
    )


async def _delay(connections: Connections, delay_ms: int) -> None:
    """Wait before answering, but not longer than the service goes on."""
    if delay_ms > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(connections.draining.wait(), delay_ms / 1000)


def _take_next_status(channel: Channel) -> int | None:
    tuning = channel.tuning
    if tuning.next_status is None or tuning.next_count <= 0:
        return None
    channel.tuning = replace(tuning, next_count=tuning.next_count - 1)
    return tuning.next_status
