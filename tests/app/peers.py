"""Peers of the service: an SSE reader, a WebSocket, and a raw socket that behaves badly."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self, TypedDict, Unpack
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.app.serving import BUDGET_S, HOST, Served

Transport = Literal["sse", "websocket"]
TRANSPORTS: list[Transport] = ["sse", "websocket"]
both_transports = pytest.mark.parametrize("transport", TRANSPORTS)
Envelope = dict[str, Any]


class Ask(TypedDict, total=False):
    """What a subscriber brings along."""

    headers: dict[str, str]
    since: str
    access_token: str


def query_of(ask: Ask) -> str:
    """The query string, with its question mark."""
    query = {key: value for key, value in ask.items() if key != "headers"}
    return f"?{urlencode(query)}" if query else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One block of the stream: its fields as they were."""

    fields: list[tuple[str, str]]

    def field(self, name: str) -> str | None:
        """The value of a field, None if it is not there; no field may be there twice."""
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, self.fields
        return values[0] if values else None


class SseReader:
    """GET /sse/{channel}, read strictly: every line must be one the contract knows."""

    def __init__(self, served: Served, channel: str, **ask: Unpack[Ask]) -> None:
        self._connection = http.client.HTTPConnection(HOST, served.port, timeout=BUDGET_S)
        target = f"/sse/{channel}{query_of(ask)}"
        self._connection.request("GET", target, headers=ask.get("headers", {}))
        self.response = self._connection.getresponse()
        self.status = self.response.status
        self.last_event_id: str | None = None

    def read(self) -> SseEvent | None:
        """The next SSE event; None at the end of the body."""
        fields: list[tuple[str, str]] = []
        while line := self.response.readline():
            if line == b"\n":
                found = SseEvent(fields=fields)
                self.last_event_id = found.field("id") or self.last_event_id
                return found
            name, _, value = line.decode("ascii").removesuffix("\n").partition(": ")
            assert name in {"id", "retry", "data"}, line
            fields.append((name, value))
        assert not fields, f"the body ended within an SSE event: {fields}"
        return None

    def text(self) -> str | None:
        """The next envelope as it came."""
        found = self.read()
        return None if found is None else found.field("data")

    def close(self) -> None:
        """Leave, by closing the connection."""
        self._connection.close()
        self.response.close()


class WebSocketPeer:
    """/ws/{channel} by a library that keeps to RFC 6455."""

    def __init__(self, served: Served, channel: str, **ask: Unpack[Ask]) -> None:
        target = f"ws://{HOST}:{served.port}/ws/{channel}{query_of(ask)}"
        self._leaving = contextlib.ExitStack()
        self.socket = self._leaving.enter_context(
            connect(
                target,
                additional_headers=ask.get("headers"),
                compression=None,
                max_size=None,
                max_queue=None,  # with a bound, an unread queue keeps the library from seeing the close frame
                open_timeout=BUDGET_S,
                proxy=None,
            )
        )
        self.code: int | None = None
        self.reason = ""

    def text(self) -> str | None:
        """The next envelope as it came; None when closed, with `code` and `reason` set."""
        try:
            received = self.socket.recv(timeout=BUDGET_S)
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd else 1006
            self.reason = closed.rcvd.reason if closed.rcvd else ""
            return None
        assert isinstance(received, str)
        return received

    def close(self) -> None:
        """Leave, with a close frame."""
        self._leaving.close()


def sse_status(served: Served, channel: str, **ask: Unpack[Ask]) -> int:
    """What a subscription is answered with."""
    with contextlib.closing(SseReader(served, channel, **ask)) as reader:
        return reader.status


def opened(served: Served, transport: Transport, channel: str, **ask: Unpack[Ask]) -> SseReader | WebSocketPeer:
    """A subscriber by either transport; its hello has not been read yet."""
    return SseReader(served, channel, **ask) if transport == "sse" else WebSocketPeer(served, channel, **ask)


@contextlib.contextmanager
def subscribed(served: Served, transport: Transport, channel: str, **ask: Unpack[Ask]) -> Iterator[Reading]:
    """A subscriber that has read its hello, closed at the end of the block."""
    peer = opened(served, transport, channel, **ask)
    try:
        yield Reading(peer)
    finally:
        peer.close()


class Reading:
    """Envelopes of a subscriber, hello first."""

    def __init__(self, peer: SseReader | WebSocketPeer) -> None:
        self.peer = peer
        self.hello = self.next()
        assert self.hello["type"] == "hello", self.hello

    def next(self) -> Envelope:
        """The next envelope."""
        text = self.peer.text()
        assert text is not None, "ended"
        envelope: Envelope = json.loads(text)
        return envelope

    def take(self, count: int) -> list[Envelope]:
        """The next few, heartbeats left out."""
        taken: list[Envelope] = []
        while len(taken) < count:
            envelope = self.next()
            if envelope["type"] != "heartbeat":
                taken.append(envelope)
        return taken

    def rest(self) -> list[Envelope]:
        """Everything up to an orderly end."""
        found: list[Envelope] = []
        while (text := self.peer.text()) is not None:
            found.append(json.loads(text))
        return found


class RawSocket:
    """A TCP connection that has sent a request and does with the answer what it likes."""

    def __init__(self, served: Served, transport: Transport, channel: str, *, receive_bytes: int | None = None) -> None:
        hellos = len(served.facts.all(kind="send", channel=channel, type="hello"))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(BUDGET_S)
        self.socket.connect((HOST, served.port))
        self.socket.sendall(request_head(transport, channel))
        served.facts.wait(kind="send", channel=channel, type="hello", count=hellos + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Leave with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read_until(self, ending: bytes) -> None:
        """Read until the bytes end like this; the connection may stay open after it."""
        received = b""
        while not received.endswith(ending):
            chunk = self.socket.recv(1 << 18)
            assert chunk, f"ended without {ending!r}"
            received = received[-len(ending) :] + chunk

    def wait_until_reset(self) -> None:
        """Wait, without reading, until the connection is reset under us."""
        poll = select.poll()
        poll.register(self.socket, 0)  # errors are reported without being asked for
        assert poll.poll(BUDGET_S * 1000), f"waited {BUDGET_S} s for a reset"

    def read_to_end(self) -> tuple[bytes, Literal["fin", "reset"]]:
        """Everything, and how it ended."""
        got = bytearray()
        try:
            while chunk := self.socket.recv(1 << 18):
                got += chunk
        except ConnectionResetError:
            return bytes(got), "reset"
        return bytes(got), "fin"


def request_head(transport: Transport, channel: str) -> bytes:
    """The bytes that ask for a stream."""
    if transport == "sse":
        return f"GET /sse/{channel} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    return f"GET /ws/{channel} HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}{key}\r\n".encode()
