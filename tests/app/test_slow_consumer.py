"""A subscriber that does not keep up is evicted; nobody else notices, and memory stays bounded."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from itertools import count

import pytest

from tests.app.peers import RawSocket, Transport, both_transports, subscribed
from tests.app.serving import Served, resident_bytes, serving

MIB = 1024 * 1024
LAST_CHUNK = b"\r\n0\r\n\r\n"
CLOSE_4408 = (4408).to_bytes(2, "big") + b"slow consumer, come back with your resume point"


@pytest.fixture(scope="module")
def strict() -> Iterator[Served]:
    """A service with small mailboxes that gives a peer half a second to take its last bytes."""
    with serving(queue_limit=20, queue_bytes=MIB, drain_ms=500, replay_bytes=4 * MIB) as served:
        yield served


def publish_until_evicted(served: Served, channel: str) -> int:
    """Publish 64 KiB messages one by one until somebody is evicted; how many it took."""
    for number in count(1):
        served.publish(channel, "x" * 65_536)
        if served.statistics(channel)["evicted"]:
            return number
        assert number < 1_000, "nobody was evicted"
    raise AssertionError


@both_transports
def test_never_reading_is_evicted_and_cut(strict: Served, channel: str, transport: Transport) -> None:
    """A peer that never reads is counted out at once and cut off when it has not taken its last bytes in time."""
    with RawSocket(strict, transport, channel, receive_bytes=4_096) as raw:
        publish_until_evicted(strict, channel)
        assert strict.wait_gone(channel)[0] | {"at": 0, "subscriber": 0} == {
            "at": 0,
            "kind": "gone",
            "channel": channel,
            "subscriber": 0,
            "because": "evicted",
            "code": 4408,
        }
        raw.wait_until_reset()


@both_transports
def test_slow_reader_is_told_and_may_return(strict: Served, channel: str, transport: Transport) -> None:
    """One that reads again in time is told the reason; on return a gap names what it lost, as a slow consumer."""
    epoch = strict.statistics(channel)["epoch"]
    with RawSocket(strict, transport, channel, receive_bytes=4_096) as raw:
        publish_until_evicted(strict, channel)
        raw.read_until(CLOSE_4408 if transport == "websocket" else LAST_CHUNK)
    strict.control(channel, "tune", {"replay_limit": 1})
    head = strict.statistics(channel)["head"]
    with subscribed(strict, transport, channel, since=f"{epoch}-0") as reading:
        gap, last = reading.take(2)
        assert gap["data"] == {"from": 1, "to": head - 1, "reason": "slow-consumer"}
        assert last["seq"] == head


@both_transports
def test_evicted_one_gets_replay_when_it_is_still_there(strict: Served, channel: str, transport: Transport) -> None:
    """With its history still kept, the evicted subscriber resumes without any gap."""
    epoch = strict.statistics(channel)["epoch"]
    with RawSocket(strict, transport, channel, receive_bytes=4_096):
        head = publish_until_evicted(strict, channel)
    with subscribed(strict, transport, channel, since=f"{epoch}-{head - 3}") as reading:
        assert [envelope["seq"] for envelope in reading.take(3)] == [head - 2, head - 1, head]


@pytest.mark.skipif(sys.platform != "linux", reason="reads this process's memory from /proc")
def test_memory_stays_bounded_and_others_get_everything() -> None:
    """200 MB published past two peers that never read: both evicted, memory bounded, the others miss nothing."""
    limits = {"queue_bytes": 8 * MIB, "replay_bytes": 8 * MIB, "drain_ms": 500, "heartbeat_ms": None}
    with serving(**limits) as served, contextlib.ExitStack() as stack:
        readers = [stack.enter_context(subscribed(served, transport, "a")) for transport in ("sse", "websocket")]
        for transport in ("sse", "websocket"):
            stack.enter_context(RawSocket(served, transport, "a"))
        wish = b'{"data":"' + b"x" * MIB + b'"}'
        before = peak = resident_bytes()
        for number in range(1, 201):
            assert served.ask("POST", "/control/channels/a/publish", wish).status == 200
            for reading in readers:
                text = reading.peer.text() or ""
                assert text.startswith(f'{{"seq":{number},')
                assert len(text) > MIB
            peak = max(peak, resident_bytes())
        assert served.statistics("a")["evicted"] == 2
        assert served.statistics("a")["subscribers"] == 2
        grown_mib = (peak - before) / MIB
    assert grown_mib < 80, f"memory grew by {grown_mib:.0f} MiB"
