"""What waits for one subscriber: bounded, collected in one go, held back, ended."""

from __future__ import annotations

import asyncio

import pytest

from app.batch import WRITE_BYTES
from app.envelope import Message, encode_message
from app.mailbox import Mailbox

pytestmark = pytest.mark.anyio
BUDGET_S = 5.0


def make(seq: int, size: int = 10) -> Message:
    """A message with about that much in it."""
    return encode_message(seq=seq, kind="update", payload=f'"{"x" * size}"')


def put(mailbox: Mailbox, *messages: Message) -> bool:
    """Put them in one go."""
    return mailbox.put(messages, sum(len(message.sse) for message in messages))


async def collect(mailbox: Mailbox) -> list[int]:
    """What the next collect brings."""
    return [message.seq for message in await asyncio.wait_for(mailbox.collect(), BUDGET_S)]


async def test_wakes_once_for_all_that_waits() -> None:
    """Several puts before the subscriber runs are collected together."""
    mailbox = Mailbox(max_messages=10, max_bytes=10_000)
    collecting = asyncio.create_task(mailbox.collect())
    await asyncio.sleep(0)
    assert mailbox.is_idle
    put(mailbox, make(1))
    put(mailbox, make(2), make(3))
    assert [message.seq for message in await collecting] == [1, 2, 3]


async def test_full_by_count_takes_no_more() -> None:
    """With as many messages waiting as allowed the next put is turned down and nothing of it kept."""
    mailbox = Mailbox(max_messages=2, max_bytes=10_000)
    assert put(mailbox, make(1))
    assert put(mailbox, make(2))
    assert not put(mailbox, make(3))
    assert await collect(mailbox) == [1, 2]


async def test_full_by_bytes_takes_no_more() -> None:
    """With as many bytes waiting as allowed the next put is turned down."""
    mailbox = Mailbox(max_messages=100, max_bytes=1_000)
    assert put(mailbox, make(1, size=1_200))
    assert not put(mailbox, make(2))
    assert await collect(mailbox) == [1]
    assert put(mailbox, make(2))


async def test_one_large_put_passes() -> None:
    """One publish larger than the whole mailbox is taken by a subscriber that keeps up."""
    mailbox = Mailbox(max_messages=2, max_bytes=1_000)
    assert put(mailbox, *[make(seq, size=500) for seq in range(1, 9)])
    assert await collect(mailbox) == list(range(1, 9))


async def test_hands_over_a_bounded_amount() -> None:
    """A collect brings about WRITE_BYTES at most; the rest goes on counting towards the limit."""
    mailbox = Mailbox(max_messages=100, max_bytes=WRITE_BYTES)
    put(mailbox, *[make(seq, size=WRITE_BYTES // 2) for seq in range(1, 6)])
    assert await collect(mailbox) == [1, 2]
    assert not put(mailbox, make(6))
    assert await collect(mailbox) == [3, 4]
    assert put(mailbox, make(6))
    assert await collect(mailbox) == [5, 6]


async def test_backlog_counts_towards_no_limit() -> None:
    """Hello and replay come first and leave the whole mailbox free."""
    mailbox = Mailbox(max_messages=1, max_bytes=1_000)
    mailbox.start_with([make(seq) for seq in range(1, 51)])
    assert put(mailbox, make(51))
    assert await collect(mailbox) == list(range(1, 51))
    assert await collect(mailbox) == [51]


async def test_muted_until_unmuted() -> None:
    """While muted nothing is handed over; afterwards everything is."""
    mailbox = Mailbox(max_messages=10, max_bytes=10_000)
    mailbox.mute()
    put(mailbox, make(1))
    collecting = asyncio.create_task(mailbox.collect())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not collecting.done()
    mailbox.unmute()
    assert [message.seq for message in await asyncio.wait_for(collecting, BUDGET_S)] == [1]


async def test_end_comes_after_what_waits() -> None:
    """Ending lets the rest be collected, ends a silence, and then says so by an empty list."""
    mailbox = Mailbox(max_messages=10, max_bytes=10_000)
    mailbox.mute()
    put(mailbox, make(1))
    mailbox.end()
    mailbox.mute()
    assert await collect(mailbox) == [1]
    assert await collect(mailbox) == []


async def test_discard_leaves_only_the_end() -> None:
    """After an eviction nothing that waited is handed over."""
    mailbox = Mailbox(max_messages=10, max_bytes=10_000)
    mailbox.start_with([make(1)])
    put(mailbox, make(2))
    mailbox.discard()
    mailbox.end()
    assert await collect(mailbox) == []


async def test_put_after_cancel_is_harmless() -> None:
    """A publisher may put between the cancellation of the sender and its last step."""
    mailbox = Mailbox(max_messages=10, max_bytes=10_000)
    collecting = asyncio.create_task(mailbox.collect())
    await asyncio.sleep(0)
    collecting.cancel()
    assert put(mailbox, make(1))
    with pytest.raises(asyncio.CancelledError):
        await collecting
    assert await collect(mailbox) == [1]
