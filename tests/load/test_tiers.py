"""Every tier beside the app honours the contract: the app's envelopes, in order, over its own transport."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from load.tiers.__main__ import TIERS
from tests.app.peers import SseReader, Transport, WebSocketPeer, opened, request_head
from tests.app.serving import BUDGET_S, HOST, Served
from tests.load.tier_process import HEARTBEAT_MS, ROOT, command, publisher, tier

TRANSPORT_OF: dict[str, Transport] = {name: "websocket" if "websocket" in name else "sse" for name in TIERS}
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=TIERS)
def name(request: pytest.FixtureRequest) -> str:
    """Each tier in turn."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture(scope="module")
def served(name: str) -> Iterator[Served]:
    """The tier, running."""
    with tier(name) as running:
        yield running


@pytest.fixture
def transport(name: str) -> Transport:
    """What the tier serves."""
    return TRANSPORT_OF[name]


@pytest.fixture
def channel() -> str:
    """A channel nobody used before."""
    return f"channel-{next(_numbers)}"


def wait_until(met: Callable[[], bool], what: str) -> None:
    """Ask again until it is so."""
    until = time.monotonic() + BUDGET_S
    while not met():
        assert time.monotonic() < until, f"waited {BUDGET_S} s for {what}"


def wait_for_subscribers(served: Served, channel: str, count: int) -> None:
    """Until the tier counts that many."""
    wait_until(lambda: bool(served.statistics(channel)["subscribers"] == count), f"{count} subscribers")


def updates(peer: SseReader | WebSocketPeer, count: int) -> list[dict[str, Any]]:
    """The next messages, heartbeats left out."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        text = peer.text()
        assert text is not None, "ended"
        envelope = json.loads(text)
        assert text == json.dumps(envelope, separators=(",", ":")), "compact, as the app writes it"
        if envelope["type"] != "heartbeat":
            found.append(envelope)
    return found


def test_messages_come_as_the_app_sends_them(served: Served, channel: str, transport: Transport) -> None:
    """One message and several at once reach every subscriber in order, in the app's envelope."""
    peers = [opened(served, transport, channel) for _ in range(3)]
    wait_for_subscribers(served, channel, 3)
    with publisher(served, channel) as publishing:
        publishing.send('{"data":{"n":1}}')
        publishing.send(json.dumps({"items": [{"n": 2}, {"n": 3, "fill": "x" * 300}, {"n": 4, "fill": "x" * 70_000}]}))
        publishing.send('{"data":{"n":5}}')
        for peer in peers:
            found = updates(peer, 5)
            assert [list(envelope) for envelope in found] == [["seq", "ts", "type", "data"]] * 5
            assert [(each["seq"], each["type"], each["data"]["n"]) for each in found] == [
                (number, "update", number) for number in range(1, 6)
            ]
            assert all(abs(envelope["ts"] - time.time() * 1000) < 60_000 for envelope in found)
            peer.close()
    assert served.statistics(channel)["published"] == 5


def test_sse_ids_are_resume_points(served: Served, channel: str, transport: Transport) -> None:
    """Over SSE each message has the id `<epoch>-<seq>`; over WebSocket there are none to have."""
    if transport == "websocket":
        return
    with contextlib.closing(SseReader(served, channel)) as peer, publisher(served, channel) as publishing:
        wait_for_subscribers(served, channel, 1)
        publishing.send('{"items":[1,2]}')
        updates(peer, 2)
        assert re.fullmatch(r"[0-9a-f]{8}-2", peer.last_event_id or "")


def test_who_leaves_is_counted_no_longer(served: Served, channel: str, transport: Transport) -> None:
    """`subscribers` follows who is there."""
    first, second = opened(served, transport, channel), opened(served, transport, channel)
    wait_for_subscribers(served, channel, 2)
    first.close()
    with publisher(served, channel) as publishing:
        publishing.send('{"data":1}')  # some notice only when they write
        wait_for_subscribers(served, channel, 1)
    updates(second, 1)
    second.close()
    wait_for_subscribers(served, channel, 0)


def test_heartbeats_come(served: Served, channel: str, transport: Transport) -> None:
    """A subscriber that is told nothing gets heartbeats of the period in the environment, without an id."""
    with contextlib.closing(opened(served, transport, channel)) as peer:
        found = [json.loads(peer.text() or "") for _ in range(3)]
        assert [(envelope["seq"], envelope["type"], envelope["data"]) for envelope in found] == [
            (0, "heartbeat", None)
        ] * 3
        assert found[2]["ts"] - found[0]["ts"] > HEARTBEAT_MS  # two periods, give or take a busy machine
        assert getattr(peer, "last_event_id", None) is None


def test_the_other_transport_is_not_served(served: Served, channel: str, transport: Transport) -> None:
    """A tier is one implementation of one transport."""
    if transport == "sse":
        with pytest.raises(InvalidStatus):
            WebSocketPeer(served, channel)
    else:
        with contextlib.closing(SseReader(served, channel)) as peer:
            assert peer.status == 404


@pytest.mark.parametrize(
    "frame",
    ["{", "[]", "{}", '{"items":[]}', '{"items":1}', '{"data":1,"items":[1]}', '{"data":1,"x":2}', b'{"data":1}'],
)
def test_a_malformed_publish_closes_the_socket(served: Served, channel: str, frame: str | bytes) -> None:
    """The publisher is told code and reason; nothing was published."""
    with publisher(served, channel) as publishing:
        publishing.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            publishing.recv(timeout=BUDGET_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert closed.value.rcvd.reason.startswith("publish: ")
    assert served.statistics(channel)["published"] == 0


def received(sock: socket.socket, met: Callable[[bytes], bool]) -> bytes:
    """Bytes from a socket until they are enough."""
    found = b""
    while not met(found):
        chunk = sock.recv(1 << 16)
        assert chunk, f"ended with {found!r}"
        found += chunk
    return found


@pytest.mark.parametrize("name", ["websocket-deflate", "websocket"], scope="module", indirect=True)
def test_deflate_is_on_the_wire(served: Served, name: str, channel: str) -> None:
    """With permessage-deflate frames have RSV1 set and are smaller than what they carry; without it they are not."""
    head = request_head("websocket", channel).replace(
        b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )
    with socket.create_connection((HOST, served.port), timeout=BUDGET_S) as sock, publisher(served, channel) as out:
        sock.sendall(head)
        answer = received(sock, lambda found: b"\r\n\r\n" in found)
        wait_for_subscribers(served, channel, 1)
        out.send(json.dumps({"data": "x" * 5000}))
        frame = received(sock, lambda found: len(found) > 20)
    assert (b"permessage-deflate" in answer) == (name == "websocket-deflate")
    assert frame[0] == (0xC1 if name == "websocket-deflate" else 0x81)
    assert (frame[1] < 126) == (name == "websocket-deflate")


@pytest.mark.parametrize("name", ["sse-starlette-gzip"], scope="module", indirect=True)
def test_gzip_is_on_the_wire_and_flushed(served: Served, name: str, channel: str) -> None:
    """Who accepts gzip gets it, each message whole before the next is published; who does not gets plain text."""
    reader = SseReader(served, channel, headers={"Accept-Encoding": "gzip"})
    plain = SseReader(served, channel)
    assert reader.response.getheader("Content-Encoding") == "gzip"
    assert plain.response.getheader("Content-Encoding") is None
    wait_for_subscribers(served, channel, 2)
    inflating = zlib.decompressobj(31)
    with publisher(served, channel) as publishing:
        for number in range(1, 4):
            publishing.send(json.dumps({"data": {"n": number, "fill": "x" * 2000}}))
            text, compressed = b"", b""
            while b'"update"' not in text or not text.endswith(b"\n\n"):
                part = reader.response.read1()
                compressed += part
                text += inflating.decompress(part)
            assert b'"n":%d,' % number in text
            assert len(compressed) < 500
    assert [envelope["seq"] for envelope in updates(plain, 3)] == [1, 2, 3]
    reader.close()
    plain.close()


@pytest.mark.parametrize("words", [{"APP_HEARTBEAT_MS": "soon"}, {"APP_HEARTBEAT_MS": "0"}, {}])
def test_a_mistake_is_named_at_the_start(words: dict[str, str]) -> None:
    """A heartbeat that is no number, or a descriptor that is no socket: status 2 and one sentence."""
    with socket.create_server((HOST, 0)) as listener:
        fd = listener.fileno() if words else 999
        ended = subprocess.run(
            command("raw-sse", fd), cwd=ROOT, env=words, pass_fds=[fd] if words else [], capture_output=True,
            text=True, timeout=BUDGET_S, check=False,
        )  # fmt: skip
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert ("APP_HEARTBEAT_MS" if words else "999") in ended.stderr
