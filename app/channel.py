"""The numbered message log of a channel: publish, replay since a resume point, subscribe. Pure asyncio, no HTTP.

One rule keeps resuming exact: `Channel.subscribe` looks up what was missed and registers for what comes in one step
without an `await`, so nothing can be published in between.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from app.batch import Batch
from app.envelope import Message, Published, encode_message
from app.refusal import Refused, malformed, unavailable
from app.standby import Standby
from app.tuning import Tuning
from app.wire import Wire

RESUME_POINT = re.compile(r"([0-9a-f]{8})-(0|[1-9][0-9]{0,15})")
OLDEST: Final = "0"
REMEMBERED_EVICTIONS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """All messages of `epoch` up to `seq` have been seen. Written `<epoch>-<seq>`."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


Since = ResumePoint | Literal["0"] | None  # a resume point, the oldest message still kept, or only what is new


def parse_since(text: str, *, where: str) -> Since:
    """`<epoch>-<seq>`, `0`, or nothing at all; raises Refused for anything else."""
    if not text:
        return None
    if text == OLDEST:
        return OLDEST
    match = RESUME_POINT.fullmatch(text)
    if match is None:
        raise malformed(where, "malformed resume point", expected="<8 hex digits>-<seq>, or 0", got=text)
    return ResumePoint(epoch=match[1], seq=int(match[2]))


def finished(name: str, kind: Published) -> Refused:
    """409 and close code 1000: the channel has said its last message."""
    expected = "a channel that is still open"
    return Refused(status=409, code=1000, where=f"channel {name}", what="finished", expected=expected, got=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Messages `first` to `last` cannot be replayed; none at all when last < first."""

    first: int
    last: int
    reason: Literal["history-gone", "epoch-changed", "slow-consumer"]
    lost_from: ResumePoint | None = None  # the position in an epoch that is no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a subscriber begins: after `seq`, with a gap to be told of, then `replay`, then what is published."""

    seq: int
    gap: Gap | None
    replay: list[Message]

    @property
    def is_empty(self) -> bool:
        """Nothing to say but hello."""
        return self.gap is None and not self.replay


class Receiver(Protocol):
    """Whoever wants what is published."""

    def offer(self, batch: Batch) -> None:
        """Take what was published in one go, at once and without blocking; may not raise."""

    def handed(self, messages: Sequence[Message]) -> None:
        """Note that these were written to the wire on which it stands by."""


OnPublish = Callable[["Channel", Sequence[Message]], None]


class Channel:
    """A message log with its own numbering, valid for one epoch."""

    def __init__(self, name: str, tuning: Tuning, on_publish: OnPublish, *, traced: bool) -> None:
        self.name = name
        self.epoch = secrets.token_hex(4)
        self.head = 0  # seq of the newest message
        self.finished = False
        self.lags = False  # behind what other nodes have acknowledged, for all this one can tell
        self.opened = 0
        self.evicted = 0
        self.receivers: dict[Receiver, None] = {}  # a set that keeps its order: who is offered what is published
        self.standby: Standby[Receiver] = Standby()  # who is written to instead
        self._tuning = tuning
        self._on_publish = on_publish
        self._traced = traced
        self._log: deque[Message] = deque()
        self._log_bytes = 0
        self._evictions: deque[tuple[int, int]] = deque(maxlen=REMEMBERED_EVICTIONS)

    @property
    def oldest(self) -> int:
        """Seq of the oldest message that can be replayed; head + 1 when there is none."""
        return self._log[0].seq if self._log else self.head + 1

    @property
    def tuning(self) -> Tuning:
        """How this channel treats its subscribers; a smaller replay limit forgets at once."""
        return self._tuning

    @tuning.setter
    def tuning(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._forget_old()

    def publish(self, payloads: Sequence[str], *, kind: Published) -> list[Message]:
        """Number and encode each payload (JSON text) once, keep it for replay, offer it to every subscriber.

        Everything published in one call reaches a subscriber in one go. Raises Refused on a finished channel.
        """
        self.refuse_if_finished(kind)
        messages = [self._next_message(payload, kind) for payload in payloads]
        self._on_publish(self, messages)
        self.append(messages)
        return messages

    def refuse_if_finished(self, kind: Published) -> None:
        """Raises Refused on a channel that has said its last message."""
        if self.finished:
            raise finished(self.name, kind)

    def append(self, messages: Sequence[Message]) -> None:
        """Keep messages that follow the newest one, and offer them to every subscriber in one go."""
        self.head = messages[-1].seq
        batch = Batch(messages)
        self._log.extend(messages)
        self._log_bytes += batch.size
        self._forget_old()
        standing = tuple(self.standby) if self._traced else ()
        held_up = self.standby.write(batch)
        for receiver in (*self.receivers, *held_up):  # a copy: a slow consumer leaves while being offered
            receiver.offer(batch)
        for receiver in standing:
            if receiver not in held_up:
                receiver.handed(messages)

    def restore(self, epoch: str, messages: Sequence[Message], head: int, *, finished: bool) -> None:
        """Begin anew with what somebody else kept of an epoch; subscribers have to be ended by whoever does this."""
        self.epoch = epoch
        self.finished = finished
        self.head = head
        self._log = deque(messages)
        self._log_bytes = sum(len(message.sse) for message in messages)
        self._evictions.clear()
        self._forget_old()

    def start_for(self, since: Since) -> Start:
        """What a subscriber that saw everything up to `since` has to be told first; changes nothing."""
        oldest = self.oldest
        if since is None:
            return Start(seq=self.head, gap=None, replay=[])
        if since == OLDEST:
            return Start(seq=oldest - 1, gap=None, replay=self._replay(oldest))
        if since.epoch != self.epoch:
            gap = Gap(first=1, last=oldest - 1, reason="epoch-changed", lost_from=since)
            return Start(seq=0, gap=gap, replay=self._replay(oldest))
        if since.seq > self.head:
            expected = f"at most {self.epoch}-{self.head}, the newest of channel {self.name}"
            if self.lags:
                raise unavailable("resume point", "not known here yet", code=1013, expected=expected, got=str(since))
            raise malformed("resume point", "ahead of the channel", expected=expected, got=str(since))
        first = since.seq + 1
        if first < oldest:
            gap = Gap(first=first, last=oldest - 1, reason=self._why_missed(since.seq))
            return Start(seq=since.seq, gap=gap, replay=self._replay(oldest))
        return Start(seq=since.seq, gap=None, replay=self._replay(first))

    def subscribe(self, receiver: Receiver, since: Since) -> Start:
        """Register for everything published from now on; the answer holds everything before. One step, no await."""
        start = self.start_for(since)
        if start.gap is not None and (sent := self._eviction_at(start.seq)) is not None:
            self._evictions.remove(sent)  # it explains one return, not two
        self.receivers[receiver] = None
        self.opened += 1
        return start

    def stand_by(self, receiver: Receiver, wire: Wire) -> bool:
        """Write to this wire what is published from now on, instead of offering it; False if that cannot be."""
        if receiver not in self.receivers or not self.standby.add(receiver, wire):
            return False
        del self.receivers[receiver]
        return True

    def stand_down(self, receiver: Receiver, wire: Wire) -> None:
        """Offer it again instead of writing to its wire."""
        self.standby.remove(wire)
        self.receivers[receiver] = None

    def unsubscribe(self, receiver: Receiver) -> None:
        """Offer nothing more to one that does not stand by; harmless when repeated."""
        self.receivers.pop(receiver, None)

    def remember_eviction(self, *, first: int, last: int) -> None:
        """A slow consumer was evicted having been sent `first` to `last`; it may have seen fewer of them."""
        self.evicted += 1
        self._evictions.append((first, last))

    def _next_message(self, payload: str, kind: Published) -> Message:
        self.head += 1
        return encode_message(seq=self.head, kind=kind, payload=payload, resume=f"{self.epoch}-{self.head}")

    def _replay(self, first: int) -> list[Message]:
        return list(itertools.islice(self._log, first - self.oldest, None))

    def _forget_old(self) -> None:
        while self._log and (len(self._log) > self._tuning.replay_limit or self._log_bytes > self._tuning.replay_bytes):
            self._log_bytes -= len(self._log.popleft().sse)

    def _why_missed(self, seq: int) -> Literal["history-gone", "slow-consumer"]:
        return "history-gone" if self._eviction_at(seq) is None else "slow-consumer"

    def _eviction_at(self, seq: int) -> tuple[int, int] | None:
        """The eviction that explains why somebody comes back with `seq`, if there is one.

        Nobody identifies a subscriber across connections, so it is recognised by its position: the first to return
        to a seq within what the evicted one had been sent is taken for it.
        """
        return next((sent for sent in self._evictions if sent[0] <= seq <= sent[1]), None)
