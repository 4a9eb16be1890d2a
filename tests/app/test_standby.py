"""Writing past a sleeping task: at once where nothing comes before it, never out of order, never past a full socket."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.batch import WRITE_BYTES, Batch
from app.connections import FINISHED, Subscriber
from app.service import make_service
from app.settings import Settings
from app.wire import UNSENT_BYTES, Wire

pytestmark = pytest.mark.anyio


class Socket:
    """What stands for a TCP transport: keeps what is written, and is full when told so."""

    def __init__(self) -> None:
        self.written = b""
        self.unsent_bytes = 0
        self.closing = False
        self.has_room = asyncio.Event()
        self.has_room.set()

    def write(self, sent: bytes) -> None:
        """Keep it."""
        self.written += sent

    def get_write_buffer_size(self) -> int:
        """As asyncio's."""
        return self.unsent_bytes

    def is_closing(self) -> bool:
        """As asyncio's."""
        return self.closing

    def fill(self) -> None:
        """The peer does not read any more."""
        self.unsent_bytes = UNSENT_BYTES + 1
        self.has_room.clear()

    def drain(self) -> None:
        """It reads again."""
        self.unsent_bytes = 0
        self.has_room.set()


class Stage:
    """One subscriber on such a socket, with the task that sends for it."""

    def __init__(self, **settings: Any) -> None:
        self.service = make_service(Settings(**{"heartbeat_ms": None, **settings}))
        self.channel = self.service.feed.channel("demo")
        self.socket = Socket()
        wire = Wire(cast("asyncio.Transport", self.socket))
        wire.encoding = Batch.chunk
        connections = self.service.connections
        self.subscriber: Subscriber = connections.admit(self.channel, None, number=1, wire=wire)
        self.sends = 0
        self.sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while batch := await self.subscriber.collect():
            await self.socket.has_room.wait()
            self.sends += 1
            self.socket.write(Batch(batch).chunk())
            self.subscriber.handed(batch)

    async def settle(self) -> None:
        """Let the task do whatever it can."""
        for _ in range(10):
            await asyncio.sleep(0)

    def publish(self, count: int = 1, payload: str = "0") -> None:
        """That many messages, one by one."""
        for _ in range(count):
            self.channel.publish([payload], kind="update")

    @property
    def seen(self) -> list[int | str]:
        """Numbers of the updates and names of the rest, as they were written."""
        found = [json.loads(text) for text in re.findall(rb"data: (.*)\n\n", self.socket.written)]
        return [each["seq"] if each["type"] == "update" else each["type"] for each in found]


async def test_written_at_once_and_no_task_is_woken() -> None:
    """A subscriber that sleeps has the message on its wire before the publisher goes on, and its resume point moves."""
    stage = Stage()
    await stage.settle()
    assert (stage.seen, stage.sends) == (["hello"], 1)
    stage.publish(3)
    assert stage.seen == ["hello", 1, 2, 3]
    assert stage.subscriber.seq == 3
    await stage.settle()
    assert stage.sends == 1


async def test_waits_for_what_was_there_first() -> None:
    """Before the hello is out nothing is written past it."""
    stage = Stage()
    stage.publish(2)
    assert stage.seen == []
    await stage.settle()
    assert stage.seen == ["hello", 1, 2]


async def test_full_socket_is_waited_for() -> None:
    """What finds the socket full waits in the mailbox, what comes later behind it; then it is written at once again."""
    stage = Stage()
    await stage.settle()
    stage.socket.fill()
    stage.publish(2)
    await stage.settle()
    assert (stage.seen, stage.subscriber.seq) == (["hello"], 0)
    stage.socket.drain()
    stage.publish()
    assert stage.seen == ["hello"], "still behind what waits"
    await stage.settle()
    assert (stage.seen, stage.subscriber.seq) == (["hello", 1, 2, 3], 3)
    stage.publish()
    assert stage.seen[-1] == 4


async def test_full_socket_and_full_mailbox_are_evicted() -> None:
    """Back-pressure has its end: with the mailbox full, too, the subscriber is out, and its resume point tells where."""
    stage = Stage(queue_limit=5)
    await stage.settle()
    stage.publish(2)
    stage.socket.fill()
    stage.publish(4)
    await stage.settle()
    stage.publish(6)
    assert stage.channel.evicted == 1
    assert len(stage.service.connections) == 0
    assert stage.subscriber.seq == 2


async def test_large_batch_goes_in_parts() -> None:
    """More than one write may carry is left to the task, which hands it on bit by bit."""
    stage = Stage()
    await stage.settle()
    payload = f'"{"x" * (WRITE_BYTES // 2)}"'
    stage.channel.publish([payload] * 4, kind="update")
    assert stage.seen == ["hello"]
    await stage.settle()
    assert (stage.seen, stage.sends) == (["hello", 1, 2, 3, 4], 3)


async def test_closing_connection_is_not_written_to() -> None:
    """Once the server closes the connection nothing is written past it."""
    stage = Stage()
    await stage.settle()
    stage.socket.closing = True
    stage.publish()
    assert stage.seen == ["hello"]


async def test_mute_holds_back_and_end_ends_it() -> None:
    """A muted subscriber is written nothing; being ended it gets what waited, and nothing published later."""
    stage = Stage()
    await stage.settle()
    stage.subscriber.mute(60_000)
    stage.publish()
    await stage.settle()
    assert stage.seen == ["hello"]
    stage.service.connections.end(stage.subscriber, FINISHED)
    stage.publish()
    await asyncio.wait_for(stage.sending, 5)
    assert stage.seen == ["hello", 1]


async def test_who_left_is_not_written_to() -> None:
    """After leaving nobody stands by any more, however often that is said."""
    stage = Stage()
    await stage.settle()
    assert len(stage.channel.standby) == 1
    stage.sending.cancel()
    stage.service.connections.leave(stage.subscriber)
    await stage.settle()
    stage.service.connections.leave(stage.subscriber)
    stage.publish()
    assert stage.seen == ["hello"]
    assert not stage.channel.standby
    assert not stage.channel.receivers


async def test_heartbeats_are_written_at_once_too() -> None:
    """An idle subscriber's heartbeat needs no task, and says where the subscriber stands."""
    stage = Stage()
    await stage.settle()
    stage.publish(2)
    stage.subscriber._beat()
    stage.subscriber._beat()
    assert stage.seen == ["hello", 1, 2, "heartbeat", "heartbeat"]
    assert json.loads(re.findall(rb"data: (.*)\n\n", stage.socket.written)[-1])["seq"] == 2
    await stage.settle()
    assert stage.sends == 1
    stage.socket.fill()
    stage.subscriber._beat()
    stage.subscriber._beat()
    stage.socket.drain()
    await stage.settle()
    assert stage.seen.count("heartbeat") == 3, "one waits, more are not piled up behind it"


STEPS: dict[str, Callable[[Stage], object]] = {
    "publish": lambda stage: stage.publish(),
    "publish several": lambda stage: stage.channel.publish(["1", "2", "3"], kind="update"),
    "fill": lambda stage: stage.socket.fill(),
    "drain": lambda stage: stage.socket.drain(),
    "mute": lambda stage: stage.subscriber.mute(60_000),
    "unmute": lambda stage: stage.subscriber.mailbox.unmute(),
    "beat": lambda stage: stage.subscriber._beat(),
    "turn": lambda stage: asyncio.sleep(0),
    "settle": lambda stage: stage.settle(),
}


@settings(deadline=None)  # a busy machine is no mistake
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=40))
def test_order_holds_whatever_happens(steps: list[str]) -> None:
    """However publishing, full sockets, silences and turns of the loop mix: each message once, in order."""

    async def play() -> None:
        stage = Stage()
        for step in steps:
            if inspect.isawaitable(waiting := STEPS[step](stage)):
                await waiting
            numbers = [each for each in stage.seen if isinstance(each, int)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert stage.subscriber.seq == len(numbers), "the resume point is what was written"
        stage.socket.drain()
        stage.service.connections.end(stage.subscriber, FINISHED)
        await asyncio.wait_for(stage.sending, 5)
        assert [each for each in stage.seen if isinstance(each, int)] == list(range(1, stage.channel.head + 1))
        stage.service.connections.leave(stage.subscriber)

    asyncio.run(play())
