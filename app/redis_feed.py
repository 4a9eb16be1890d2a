"""The feed of several nodes: each channel is a Redis Stream that all of them number, read and replay alike.

    publish ──▶ one script: number, XADD ──▶ acknowledged            any node
                          │
    XREAD, one connection a node ──▶ its own channel ──▶ its subscribers

A node keeps a copy of each channel it serves, so fanning out costs what it costs without Redis. The id of an entry is
its number (`<seq>-0`), so where to read on is known from the copy alone, after an outage as well; `<seq>-1` is the end
of a channel that is finished after `<seq>`. While Redis is away publishing is refused in the open and subscribers stay;
a Redis that comes back with less than it had acknowledged begins a new epoch, as a restarted process does without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.channel import Channel, OnPublish, finished
from app.envelope import Published
from app.feed import Acknowledged, EndAll, Feed
from app.redis_stream import FINISH, PUBLISH, READ_ON, Entry, is_end, keys, messages_of, position, seq_of
from app.refusal import Refused, Words, unavailable
from app.tuning import Tuning

KEPT_AT_LEAST: Final = 1_000  # entries of a stream: nodes hear of a message by it, however little may be replayed
AT_ONCE: Final = 1_000
BLOCK_MS: Final = 2_000
ANSWER_S: Final = 5.0  # longer than a read blocks; who is silent for longer counts as away
TRY_AGAIN_S: Final = 0.2
FORGOTTEN_S: Final = 24 * 3600  # a node that was killed leaves one small key

log = logging.getLogger("app.feed")


class RedisFeed(Feed):
    """All channels of a node. A copy that cannot be continued ends its subscribers, who learn of the gap on return."""

    def __init__(
        self, url: str, *, tuning: Tuning, max_channels: int, on_publish: OnPublish, end_all: EndAll, traced: bool
    ) -> None:
        super().__init__(
            tuning=tuning, max_channels=max_channels, on_publish=on_publish, end_all=end_all, traced=traced
        )
        self._kept = max(tuning.replay_limit, KEPT_AT_LEAST)
        self._node = secrets.token_hex(4)
        # A command that is sent again after its connection broke might be done twice.
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
        )
        self._publish = self._redis.register_script(PUBLISH)
        self._finish = self._redis.register_script(FINISH)
        self._read_on = self._redis.register_script(READ_ON)
        self._copied: set[Channel] = set()
        self._wake = f"app:node:{self._node}"
        self._woken = "0"
        self._away_since: float | None = time.monotonic()
        self._reader: asyncio.Task[None] | None = None

    @property
    def state(self) -> str:
        """`redis`, or what is the matter with it."""
        return "redis" if self._away_since is None else "redis is away"

    async def start(self) -> None:
        """Read on until `close`. Redis need not be there yet."""
        self._reader = asyncio.create_task(self._read(), name="feed")

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self._redis.delete(self._wake)
        await self._redis.aclose()

    async def open(self, name: str) -> Channel:
        """The channel, with everything that was acknowledged before; of one that is copied already as far as it is,
        while Redis is away. Refused (503) for another one then.
        """
        channel = self.channel(name)
        is_new = channel not in self._copied
        try:
            await self._catch_up(channel)
        except (RedisError, OSError) as broken:
            if is_new:
                raise away("the channel is not known here yet") from broken
            channel.lags = True
            return channel
        if is_new:
            self._copied.add(channel)
            with contextlib.suppress(RedisError, OSError):  # the reader notices by itself that Redis is away
                await self._redis.xadd(self._wake, {"channel": name}, maxlen=1)
                await self._redis.expire(self._wake, FORGOTTEN_S)
        return channel

    async def publish(self, channel: Channel, payloads: Sequence[str], *, kind: Published) -> Acknowledged:
        """Number the payloads in Redis, for all nodes; returns when Redis has them. Refused if that is not certain."""
        channel.refuse_if_finished(kind)
        if self._away_since is not None:
            raise away("nothing was published")
        ts = f"{time.time() * 1000:.3f}"
        try:
            epoch, head = cast(
                "tuple[str, int]",
                await self._publish(
                    keys=keys(channel.name),
                    args=[secrets.token_hex(4), self._node, kind, ts, self._kept, *payloads],
                ),
            )
        except (RedisError, OSError) as broken:
            raise away("not acknowledged: it may have been published or not") from broken
        if int(head) < 0:
            raise finished(channel.name, kind)
        return Acknowledged(epoch=epoch, first=int(head) - len(payloads) + 1, last=int(head))

    async def finish(self, channel: Channel) -> None:
        """Finish it for all nodes; returns when this one knows. Refused if that is not certain."""
        try:
            await self._finish(keys=keys(channel.name))
            await self._catch_up(channel)
        except (RedisError, OSError) as broken:
            raise away("not acknowledged: it may have been finished or not") from broken

    async def _read(self) -> None:
        """Take in what any node publishes, and begin again after every outage."""
        while True:
            try:
                for channel in tuple(self._copied):
                    await self._catch_up(channel)
                await self._redis.ping()
                self._back()
                while True:
                    await self._read_once()
            except (RedisError, OSError) as broken:
                self._gone(broken)
                await asyncio.sleep(TRY_AGAIN_S)  # a server that is back tells nobody

    async def _read_once(self) -> None:
        self._copied &= set(self._channels.values())  # the others are forgotten
        copied = {keys(channel.name)[1]: channel for channel in self._copied}
        wanted: Any = {self._wake: self._woken, **{key: position(channel) for key, channel in copied.items()}}
        answer: Any = await self._redis.xread(wanted, count=AT_ONCE, block=BLOCK_MS)
        for key, entries in answer or ():
            if key == self._wake:
                self._woken = entries[-1][0]
            elif not self._take(copied[key], entries):
                await self._catch_up(copied[key])

    async def _catch_up(self, channel: Channel) -> None:
        """Take in what the copy lacks; a copy that cannot be continued is replaced, and its subscribers are ended."""
        known = channel.epoch, channel.head
        args: list[str | int] = [secrets.token_hex(4), known[0] if channel in self._copied else "", known[1]]
        epoch, head, entries = cast(
            "tuple[str, int, list[tuple[str, list[str]]]]", await self._read_on(keys=keys(channel.name), args=args)
        )
        paired = [(entry, dict(zip(found[::2], found[1::2], strict=True))) for entry, found in entries]
        channel.lags = False
        if channel in self._copied and epoch == channel.epoch and self._take(channel, paired):
            return
        if channel in self._copied:
            self._end_all(channel)
        messages = [(entry, found) for entry, found in paired if not is_end(entry)]
        channel.restore(epoch, list(messages_of(epoch, messages)), head, finished=len(messages) < len(paired))

    def _take(self, channel: Channel, entries: Sequence[Entry]) -> bool:
        """Append what is new; False if something between was trimmed away."""
        new = [(entry, found) for entry, found in entries if seq_of(entry) > channel.head and not is_end(entry)]
        if new:
            if seq_of(new[0][0]) != channel.head + 1:
                return False
            messages = list(messages_of(channel.epoch, new))
            ours = [message for message, (_, found) in zip(messages, new, strict=True) if found["by"] == self._node]
            if ours:
                self._on_publish(channel, ours)
            channel.append(messages)
        if entries and is_end(entries[-1][0]) and not channel.finished:
            self._is_finished(channel)
        return True

    def _gone(self, because: Exception) -> None:
        if self._away_since is None:
            self._away_since = time.monotonic()
            for channel in self._copied:
                channel.lags = True
            log.warning("feed: Redis is away (%s); subscribers stay, publishing is refused until it is back", because)

    def _back(self) -> None:
        if self._away_since is not None:
            away_s = time.monotonic() - self._away_since
            self._away_since = None
            log.warning("feed: Redis is there after %.1f s; %d channels read on", away_s, len(self._copied))


def away(what: str) -> Refused:
    """503 and close code 1013: try again later."""
    return unavailable("feed", what, code=1013, expected="Redis to answer", got=Words("nothing"))
