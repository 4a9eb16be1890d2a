"""Who is subscribed: what admitting, leaving, ending and evicting do to the books, without any socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message as AsgiMessage
from starlette.websockets import WebSocket

from app.channel import Channel
from app.connections import FINISHED, SLOW_CONSUMER, Connections, Subscriber
from app.refusal import Refused
from app.service import Service, make_service
from app.settings import Settings
from app.websocket import deliver

pytestmark = pytest.mark.anyio
BUDGET_S = 5.0


class Books:
    """A service whose connection log is kept."""

    def __init__(self, **settings: Any) -> None:
        self.lines: list[str] = []
        self.service: Service = make_service(
            Settings(**{"connection_log": True, "heartbeat_ms": None, **settings}), log_to=self.lines.append
        )
        self.connections: Connections = self.service.connections
        self.channel: Channel = self.service.feed.channel("demo")

    def admit(self) -> Subscriber:
        """One more subscriber."""
        return self.connections.admit(self.channel, None, number=self.connections.next_number(), wire=None)

    def publish(self, count: int = 1) -> None:
        """That many messages, one by one."""
        for _ in range(count):
            self.channel.publish(["0"], kind="update")

    def gone(self) -> list[str]:
        """Why each one was gone, as the log says."""
        self.service.log.flush()
        facts = [json.loads(line) for text in self.lines for line in text.splitlines()]
        return [fact["because"] for fact in facts if fact["kind"] == "gone"]


async def collect(subscriber: Subscriber) -> list[str]:
    """Kinds of what is handed over next."""
    batch = await asyncio.wait_for(subscriber.mailbox.collect(), BUDGET_S)
    if batch:
        subscriber.handed(batch)
    return [message.kind for message in batch]


async def test_who_left_is_forgotten() -> None:
    """After leaving, a subscriber is not counted, not offered anything, and logged as gone once."""
    books = Books()
    subscriber = books.admit()
    assert len(books.connections) == 1
    books.connections.leave(subscriber)
    books.connections.leave(subscriber)
    assert len(books.connections) == 0
    assert not books.channel.receivers
    assert books.gone() == ["peer left"]


async def test_who_was_ended_is_offered_nothing_more() -> None:
    """What was published before the end is still delivered, what comes after is not."""
    books = Books()
    subscriber = books.admit()
    books.publish()
    books.connections.end(subscriber, FINISHED)
    books.publish()
    assert [await collect(subscriber) for _ in range(3)] == [["hello"], ["update"], []]


async def test_slow_consumer_is_out_at_once() -> None:
    """An overflow counts the subscriber out and empties its mailbox before its task knows."""
    books = Books(queue_limit=3)
    slow, quick = books.admit(), books.admit()
    assert await collect(slow) == ["hello"]
    for _ in range(5):
        await collect(quick)
        books.publish()
    assert slow.ending is SLOW_CONSUMER
    assert books.connections.of(books.channel) == [quick]
    assert books.channel.evicted == 1
    assert await collect(slow) == []
    books.connections.leave(slow)
    assert books.gone() == ["evicted"]


async def test_draining_admits_nobody_and_ends_everybody() -> None:
    """A drain is over when the last subscriber has left; newcomers are refused meanwhile."""
    books = Books()
    subscriber = books.admit()
    draining = asyncio.create_task(books.connections.drain())
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="service: going down") as refused:
        books.admit()
    assert (refused.value.status, refused.value.code) == (503, 1012)
    assert await collect(subscriber) == ["hello"]
    assert await collect(subscriber) == []
    assert not draining.done()
    books.connections.leave(subscriber)
    await asyncio.wait_for(draining, BUDGET_S)
    assert books.gone() == ["shutdown"]


async def test_heartbeat_only_when_nothing_waits() -> None:
    """A subscriber whose sender is busy gets no heartbeats piled up; an idle one gets them with its seq."""
    books = Books(heartbeat_ms=1)
    busy = books.admit()
    assert await collect(busy) == ["hello"]
    idle = books.admit()
    assert await collect(idle) == ["hello"]
    books.publish()
    assert await collect(idle) == ["update"]
    assert [await collect(idle) for _ in range(5)] == [["heartbeat"]] * 5
    assert await collect(busy) == ["update"]
    books.connections.leave(busy)
    books.connections.leave(idle)


async def test_evicted_websocket_skips_what_it_holds() -> None:
    """Messages already collected are not sent any more once their subscriber is evicted: only the close frame is."""
    books = Books(queue_limit=2)
    sent: list[AsgiMessage] = []
    subscriber = books.admit()
    books.publish(2)

    async def send(message: AsgiMessage) -> None:
        sent.append(message)
        if len(sent) == 3:  # accept, hello and one update; now the mailbox overflows
            books.publish(3)

    websocket = WebSocket({"type": "websocket"}, receive_connect, send)
    await websocket.accept()
    await asyncio.wait_for(deliver(websocket, subscriber), BUDGET_S)
    kinds = [message["type"] for message in sent]
    assert kinds == ["websocket.accept", "websocket.send", "websocket.send", "websocket.close"]
    assert sent[-1]["code"] == 4408


async def receive_connect() -> AsgiMessage:
    """What a server says first."""
    return {"type": "websocket.connect"}


def test_log_survives_a_reader_that_left() -> None:
    """When nobody reads stdout any more the log falls silent and the service goes on."""
    books = Books()

    def broken(_text: str) -> None:
        raise BrokenPipeError

    log = make_service(Settings(connection_log=True), log_to=broken).log
    log.note("stopping")
    assert not log.is_on
    log.note("stopped")
    assert books.service.log.is_on


def test_log_is_off_unless_asked_for() -> None:
    """Without the setting nothing is recorded."""
    lines: list[str] = []
    make_service(Settings(), log_to=lines.append).log.note("stopping")
    assert lines == []
