"""When messages may be written below the server, and that all is well where they may not."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send
from websockets.sync.client import connect

from app.batch import Batch
from app.main import create_app
from app.settings import Settings
from app.wire import Wire, WithWire, encoding_below
from tests.app.peers import Reading, Transport, both_transports, opened, subscribed
from tests.app.serving import BUDGET_S, HOST, Facts, Served, serving, stop

GET = {"type": "http", "method": "GET", "http_version": "1.1", "headers": []}
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
HANDSHAKE = {"type": "websocket", "headers": [(b"Sec-WebSocket-Extensions", b"permessage-deflate; x=1, other")]}
ACCEPT = {"type": "websocket.accept"}


@pytest.mark.parametrize(
    ("scope", "head", "compression", "expected"),
    [
        (GET, HEAD, False, Batch.chunk),
        (GET, {**HEAD, "headers": [(b"Content-Encoding", b"gzip")]}, False, None),
        (GET, {**HEAD, "headers": [(b"Content-Length", b"7")]}, False, None),
        (GET, {**HEAD, "headers": [(b"Transfer-Encoding", b"gzip, chunked")]}, False, None),
        (GET, {**HEAD, "status": 204}, False, None),
        ({**GET, "method": "HEAD"}, HEAD, False, None),
        ({**GET, "http_version": "1.0"}, HEAD, False, None),
        ({**GET, "http_version": "2"}, HEAD, False, None),
        (HANDSHAKE, ACCEPT, False, Batch.frames),
        (HANDSHAKE, ACCEPT, True, None),
        ({**HANDSHAKE, "headers": []}, ACCEPT, True, Batch.frames),
    ],
)
def test_what_the_head_decides(scope: Scope, head: Any, compression: bool, expected: object) -> None:  # noqa: FBT001
    """Only a body in plain chunks and a WebSocket without compression are the same bytes for every peer."""
    assert encoding_below(scope, head, compression=compression) is expected


@pytest.mark.anyio
async def test_other_servers_are_left_alone() -> None:
    """Below a server that is not known nothing is written, though there may be a transport to cut."""
    seen: list[tuple[Wire, object]] = []

    class Elsewhere:
        transport = object()

        async def send(self, message: Any) -> None:
            """Take it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEAD)
        seen.append((scope["state"]["wire"], send))

    async def receive() -> Any:
        raise AssertionError

    server = Elsewhere()
    await WithWire(app, compression=False)(dict(GET), receive, server.send)
    [(wire, send)] = seen
    assert wire.encoding is None
    assert send == server.send


@contextlib.contextmanager
def served_otherwise(*, gzip: bool, **server: Any) -> Iterator[Served]:
    """The application without the process around it, as `uvicorn app.main:create_app --factory` serves it, or gzipped."""
    facts = Facts()
    app = create_app(Settings(control=True, connection_log=True), log_to=facts.write)
    outer = WithWire(GZipMiddleware(app, minimum_size=0), compression=False) if gzip else app
    serving_it = uvicorn.Server(uvicorn.Config(outer, log_level="warning", access_log=False, **server))
    listener = socket.create_server((HOST, 0))
    thread = threading.Thread(target=serving_it.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Served(listener.getsockname()[1], facts)
    finally:
        app.state.service.connections.draining.set()
        stop(serving_it, thread)  # type: ignore[arg-type]  # it needs only should_exit


@both_transports
@pytest.mark.parametrize("implementation", ["h11", "httptools"])
def test_works_without_a_wire(transport: Transport, implementation: str) -> None:
    """Under a server that was not set up by us messages go by `send`, and nothing is missing."""
    with served_otherwise(gzip=False, http=implementation) as served:
        with subscribed(served, transport, "a") as reading:
            served.publish("a", 1)
            served.publish("a", 2, 3)
            assert [envelope["seq"] for envelope in reading.take(3)] == [1, 2, 3]
        served.wait_gone("a")


def test_a_body_that_a_layer_encodes_is_left_alone() -> None:
    """With a gzip layer in between, which leaves event streams alone, a peer that accepts gzip reads all of it."""
    with served_otherwise(gzip=True) as served:
        with subscribed(served, "sse", "a", headers={"Accept-Encoding": "gzip"}) as reading:
            served.publish("a", 1)
            assert [envelope["seq"] for envelope in reading.take(1)] == [1]
        served.wait_gone("a")


def test_compressed_and_plain_peers_side_by_side() -> None:
    """With compression on, who asks for it gets compressed messages and who does not gets plain ones: all of them."""
    with serving(websocket_compression=True) as served:
        target = f"ws://{HOST}:{served.port}/ws/a"
        with (
            connect(target, compression="deflate", open_timeout=BUDGET_S, proxy=None) as compressed,
            subscribed(served, "websocket", "a") as plain,
        ):
            compressed.recv(timeout=BUDGET_S)
            served.publish("a", *range(20))
            served.publish("a", "x" * 500)
            texts = [compressed.recv(timeout=BUDGET_S) for _ in range(21)]
            assert [f'"seq":{seq},' in str(text) for seq, text in enumerate(texts, start=1)] == [True] * 21
            assert [envelope["seq"] for envelope in plain.take(21)] == list(range(1, 22))


def test_http_1_0_gets_the_stream() -> None:
    """A peer that may not know chunks is sent what the server makes of it."""
    with serving() as served:
        connection = http.client.HTTPConnection(HOST, served.port, timeout=BUDGET_S)
        connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
        connection.request("GET", "/sse/a")
        response = connection.getresponse()
        served.facts.wait(kind="send", channel="a", type="hello")
        served.publish("a", 1)
        body = b""
        while b'"seq":1,' not in body:
            body += response.read1()
        connection.close()
        response.close()
        served.wait_gone("a")


@both_transports
def test_both_ways_of_sending_keep_one_order(served: Served, channel: str, transport: Transport) -> None:
    """Replay, silence and live messages reach a peer in one order, whichever way each was sent."""
    served.publish(channel, *range(50))
    peer = opened(served, transport, channel, since="0")
    reading = Reading(peer)
    for _ in range(20):
        served.publish(channel, *range(7))
    served.control(channel, "mute", {"ms": 50})
    served.publish(channel, *range(5))
    served.publish(channel, *["x" * 30_000] * 20)  # more than one write may carry
    served.publish(channel, 0)
    total = 50 + 140 + 5 + 20 + 1
    assert [envelope["seq"] for envelope in reading.take(total)] == list(range(1, total + 1))
    peer.close()
