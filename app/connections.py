"""Who is subscribed: admit, count, evict slow consumers, end, drain. Knows no HTTP; both transports use it alike.

How a subscription ends, and who notices first:

    peer leaves ------------> transport's task ends --------------------------> leave()  "peer left"
    mailbox overflows ------> evict(): out at once, mailbox emptied ----------> task ends, close 4408 / end of body
    close, finish, drain ---> end(): what waits is still sent, then the end --> task ends --> leave()
    ... and the peer does not read: `drain_ms` after it was told, a wire with unsent bytes is reset
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.batch import Batch
from app.channel import Channel, Since, Start
from app.connection_log import ConnectionLog
from app.envelope import Message, encode_gap, encode_heartbeat, encode_hello
from app.mailbox import Mailbox
from app.refusal import unavailable
from app.settings import Settings
from app.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why the service ends a subscription, and how a WebSocket is told (RFC 6455 section 7.4)."""

    because: Literal["closed by server", "evicted", "feed lost", "shutdown", "finished"]
    code: int
    reason: str


FINISHED = Ending(because="finished", code=1000, reason="the channel is finished")
SHUTDOWN = Ending(because="shutdown", code=1012, reason="the service restarts, come back with your resume point")
SLOW_CONSUMER = Ending(because="evicted", code=4408, reason="slow consumer, come back with your resume point")
FEED_LOST = Ending(because="feed lost", code=1012, reason="messages were lost, come back with your resume point")


class Subscriber:
    """One connection that receives. The transport's task collects what to send and says what it `handed` on."""

    __slots__ = (
        "_connections", "_cut", "_heartbeat", "_log", "_seq", "_stands_by", "_unmute",
        "channel", "ending", "mailbox", "number", "started_at", "wire",
    )  # fmt: skip

    def __init__(self, *, number: int, channel: Channel, connections: Connections, wire: Wire | None) -> None:
        self.number = number
        self.channel = channel
        self.wire = wire
        self._seq = 0
        self._stands_by = False
        self.started_at = 0
        self.ending: Ending | None = None
        self.mailbox = connections.new_mailbox()
        self._connections = connections
        self._log = connections.log
        self._heartbeat: asyncio.TimerHandle | None = None
        self._unmute: asyncio.TimerHandle | None = None
        self._cut: asyncio.TimerHandle | None = None

    @property
    def seq(self) -> int:
        """The resume point: everything up to here was handed to the socket."""
        return self.channel.head if self._stands_by else self._seq

    def offer(self, batch: Batch) -> None:
        """Put it into the mailbox, or be evicted if that is full."""
        self._stand_down(seq=batch.messages[0].seq - 1)
        if not self.mailbox.put(batch.messages, batch.size):
            self._connections.evict(self)

    async def collect(self) -> Sequence[Message]:
        """What is to be sent next, nothing at the end. As long as nothing waits, what is published is written at once.

        Safe to cancel. Only one caller at a time.
        """
        if self.wire is not None and self.mailbox.is_clear:
            self._stands_by = self.channel.stand_by(self, self.wire)
        try:
            return await self.mailbox.collect()
        finally:
            self._stand_down(seq=self.channel.head)

    def start(self, start: Start) -> None:
        """Queue hello, gap and replay, and begin to beat."""
        tuning, epoch = self.channel.tuning, self.channel.epoch
        self._seq = self.started_at = start.seq
        hello = encode_hello(
            channel=self.channel.name,
            epoch=epoch,
            seq=start.seq,
            heartbeat_ms=tuning.heartbeat_ms,
            retry_ms=tuning.retry_ms,
        )
        backlog = [hello]
        if (gap := start.gap) is not None:
            lost_from = None if gap.lost_from is None else str(gap.lost_from)
            resume = f"{epoch}-{gap.last}"
            backlog.append(
                encode_gap(first=gap.first, last=gap.last, reason=gap.reason, resume=resume, lost_from=lost_from)
            )
        self.mailbox.start_with([*backlog, *start.replay])
        if tuning.quiet_ms:
            self.mute(tuning.quiet_ms)
        self.schedule_heartbeat()

    def handed(self, messages: Sequence[Message]) -> None:
        """The socket has taken these: the resume point moves."""
        self._seq = messages[-1].seq
        if self._log.is_on:
            name, epoch, number = self.channel.name, self.channel.epoch, self.number
            for message in messages:
                self._log.note("send", channel=name, subscriber=number, epoch=epoch, seq=message.seq, type=message.kind)

    def schedule_heartbeat(self) -> None:
        """One heartbeat after every period of the channel, whatever else is sent; also when the period changed."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if (period_ms := self.channel.tuning.heartbeat_ms) is not None and self.ending is None:
            self._heartbeat = asyncio.get_running_loop().call_later(period_ms / 1000, self._beat)

    def mute(self, duration_ms: int) -> None:
        """Send nothing at all for that time; being ended puts an end to it."""
        if self._unmute is not None:
            self._unmute.cancel()
        self._stand_down(seq=self.channel.head)
        self.mailbox.mute()
        self._unmute = asyncio.get_running_loop().call_later(duration_ms / 1000, self.mailbox.unmute)

    def end(self, ending: Ending, *, linger_ms: int) -> None:
        """Send what waits, then end as told; cut the wire if bytes are still unsent after `linger_ms`."""
        if self.ending is None:
            self._stand_down(seq=self.channel.head)
            self.ending = ending
            self.channel.unsubscribe(self)
            self.mailbox.end()
            self._cut_later(linger_ms)

    def left(self, *, linger_ms: int) -> None:
        """The task is over. Bytes it left unsent go or are cut; without any the wire may go on to serve another."""
        if self.wire is None:
            return
        if self.wire.unsent_bytes() == 0 and self._cut is not None:
            self._cut.cancel()
        elif self.wire.unsent_bytes() > 0 and self._cut is None:  # said goodbye, but does not read
            self._cut_later(linger_ms)

    def stop(self) -> None:
        """Be offered nothing any more; no heartbeat, no unmuting."""
        self._stand_down(seq=self.channel.head)
        self.channel.unsubscribe(self)
        for timer in (self._heartbeat, self._unmute):
            if timer is not None:
                timer.cancel()

    def _cut_later(self, linger_ms: int) -> None:
        if self.wire is not None:
            self._cut = asyncio.get_running_loop().call_later(linger_ms / 1000, self.wire.reset_if_unsent)

    def _beat(self) -> None:
        if self.mailbox.is_idle:  # a sender that is busy or blocked has something better to send
            self._tell(Batch([encode_heartbeat(seq=self.seq)]))
        self.schedule_heartbeat()

    def _tell(self, batch: Batch) -> None:
        """Say something to this subscriber alone."""
        if self._stands_by and self.wire is not None and self.wire.write_now(batch):
            self.handed(batch.messages)
        else:
            self._stand_down(seq=self.channel.head)
            self.mailbox.put(batch.messages, batch.size)

    def _stand_down(self, *, seq: int) -> None:
        """Be offered what is published; harmless when repeated. Everything up to `seq` was written."""
        if self._stands_by and self.wire is not None:
            self._stands_by = False
            self._seq = seq
            self.channel.stand_down(self, self.wire)


class Connections:
    """All subscribers of the process."""

    def __init__(self, settings: Settings, log: ConnectionLog) -> None:
        self.log = log
        self.draining = asyncio.Event()
        self._settings = settings
        self._numbers = itertools.count(1)
        self._live: dict[int, Subscriber] = {}
        self._everyone_left = asyncio.Event()
        self._everyone_left.set()

    def __len__(self) -> int:
        return len(self._live)

    def next_number(self) -> int:
        """A number for one request of a stream, admitted or not; it links the lines of the connection log."""
        return next(self._numbers)

    def new_mailbox(self) -> Mailbox:
        """A mailbox with the limits of the settings."""
        return Mailbox(max_messages=self._settings.queue_limit, max_bytes=self._settings.queue_bytes)

    def of(self, channel: Channel) -> list[Subscriber]:
        """The live subscribers of a channel, in the order they came."""
        return [subscriber for subscriber in self._live.values() if subscriber.channel is channel]

    def admit(self, channel: Channel, since: Since, *, number: int, wire: Wire | None) -> Subscriber:
        """Subscribe; whoever calls this calls `leave` in the end. Raises Refused (503) when full or going down."""
        if self.draining.is_set():
            expected = "a service that is not about to stop"
            raise unavailable("service", "going down", code=1012, expected=expected, got="one that is")
        if len(self._live) >= self._settings.max_subscribers:
            expected = f"at most {self._settings.max_subscribers}"
            raise unavailable("service", "too many subscribers", code=1013, expected=expected, got=len(self) + 1)
        subscriber = Subscriber(number=number, channel=channel, connections=self, wire=wire)
        subscriber.start(channel.subscribe(subscriber, since))
        self._live[number] = subscriber
        self._everyone_left.clear()
        self.log.note(
            "accept", channel=channel.name, subscriber=number, resume=f"{channel.epoch}-{subscriber.started_at}"
        )
        if channel.finished:
            self.end(subscriber, FINISHED)
        return subscriber

    def leave(self, subscriber: Subscriber, *, code: int | None = None) -> None:
        """The connection is over; `code` is the peer's close code. Harmless when repeated."""
        subscriber.left(linger_ms=self._settings.drain_ms)
        self._count_out(subscriber, code=code)

    def end(self, subscriber: Subscriber, ending: Ending) -> None:
        """Let a subscriber have what waits for it, then end it."""
        subscriber.end(ending, linger_ms=self._settings.drain_ms)

    def evict(self, subscriber: Subscriber) -> None:
        """A slow consumer is out at once: it counts no longer and what waits for it is thrown away."""
        subscriber.mailbox.discard()
        subscriber.channel.remember_eviction(first=subscriber.started_at, last=subscriber.seq)
        self.end(subscriber, SLOW_CONSUMER)
        self._count_out(subscriber, code=None)

    async def drain(self) -> None:
        """Admit nobody, end everybody, return when all have left. The caller bounds it and cuts who stays."""
        self.draining.set()
        for subscriber in tuple(self._live.values()):
            self.end(subscriber, SHUTDOWN)
        await self._everyone_left.wait()

    def _count_out(self, subscriber: Subscriber, *, code: int | None) -> None:
        if subscriber.number not in self._live:
            return
        del self._live[subscriber.number]
        subscriber.stop()
        if not self._live:
            self._everyone_left.set()
        ending = subscriber.ending
        self.log.note(
            "gone",
            channel=subscriber.channel.name,
            subscriber=subscriber.number,
            because="peer left" if ending is None else ending.because,
            code=code if ending is None else ending.code,
        )
