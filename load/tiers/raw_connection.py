"""One connection of a raw tier: as little HTTP/1.1 and WebSocket as the contract of the tiers needs.

    head complete --+-- GET /healthz, /control/...  --> answered, the next head may come
                    +-- GET /sse/...                --> a subscriber until the connection is lost
                    +-- upgrade, /ws/...            --> a subscriber; its frames are read for ping and close only
                    +-- upgrade, .../publish        --> each text frame is published

The handshake and the frames that come in are the websockets library's business; what goes out to subscribers is not:
those bytes are the same for all and framed once per publish (raw_channel.py).
"""

from __future__ import annotations

import asyncio
from typing import Literal, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from load.tiers.envelopes import Malformed, dumps, items_of
from load.tiers.raw_channel import RawChannel, as_chunk, as_frames

MAX_HEAD_BYTES = 64 * 1024
MAX_UNSENT_BYTES = 8 * 1024 * 1024  # a peer that is further behind is cut off
MALFORMED = 4400  # the app's close code
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-store\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
RawTransport = Literal["sse", "websocket"]


class RawChannels:
    """All channels of a process that serves one transport."""

    def __init__(self, transport: RawTransport) -> None:
        self.transport = transport
        self.connections: set[RawConnection] = set()
        self._channels: dict[str, RawChannel] = {}
        self._framing = as_chunk if transport == "sse" else as_frames

    def channel(self, name: str) -> RawChannel:
        """The channel of this name, made if need be."""
        return self._channels.get(name) or self._channels.setdefault(name, RawChannel(self._framing))

    def beat(self) -> None:
        """One heartbeat for every subscriber of every channel."""
        for channel in self._channels.values():
            channel.beat()


class RawConnection(asyncio.Protocol):
    """See the drawing above."""

    def __init__(self, channels: RawChannels) -> None:
        self._channels = channels
        self._head = b""
        self._transport: asyncio.Transport
        self._websocket: ServerProtocol | None = None
        self._subscribed: RawChannel | None = None
        self._publishes: RawChannel | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has come."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has all of it and is none by type
        self._transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        self._channels.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, in whatever way."""
        del exc
        self._unsubscribe()
        self._channels.connections.discard(self)

    def pause_writing(self) -> None:
        """It does not read: no back-pressure here, just an end."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, or of frames."""
        if self._websocket is not None:
            self._receive_frames(self._websocket, data)
        elif self._subscribed is None:  # after its head an SSE subscriber has nothing to say
            self._head += data
            self._receive_heads()

    def close(self) -> None:
        """End the connection in order."""
        self._transport.close()

    def _receive_heads(self) -> None:
        while b"\r\n\r\n" in self._head and self._websocket is None and self._subscribed is None:
            head, _, rest = self._head.partition(b"\r\n\r\n")
            if b"\nupgrade: websocket" in head.lower():
                self._websocket, upgrade, self._head = ServerProtocol(), self._head, b""
                self._receive_frames(self._websocket, upgrade)
                return
            self._head = rest
            self._answer(*(head.split(b" ", 2)[:2] if head.count(b" ") > 1 else (b"", b"")))
        if len(self._head) > MAX_HEAD_BYTES:
            self._transport.abort()

    def _answer(self, method: bytes, target: bytes) -> None:
        parts = target.partition(b"?")[0].decode("latin-1").split("/")[1:]
        match method, parts:
            case b"GET", ["healthz"]:
                self._answer_json(b"200 OK", {"status": "ok"})
            case b"GET", ["control", "channels", name]:
                channel = self._channels.channel(name)
                self._answer_json(
                    b"200 OK", {"subscribers": len(channel.transports), "published": channel.numbering.head}
                )
            case b"GET", ["sse", name] if self._channels.transport == "sse":
                self._transport.write(STREAM_HEAD)
                self._subscribe(name)
            case _:
                self._answer_json(b"404 Not Found", {"error": "this tier serves nothing there"})

    def _answer_json(self, status: bytes, answer: dict[str, int] | dict[str, str]) -> None:
        body = dumps(answer).encode()
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)

    def _receive_frames(self, websocket: ServerProtocol, received: bytes) -> None:
        websocket.receive_data(received)
        for part in websocket.events_received():
            if isinstance(part, Request):
                self._shake_hands(websocket, part)
            elif isinstance(part, Frame) and self._publishes is not None and websocket.close_sent is None:
                self._publish(websocket, self._publishes, part)
        self._send_out(websocket)

    def _shake_hands(self, websocket: ServerProtocol, request: Request) -> None:
        parts = request.path.partition("?")[0].split("/")[1:]
        match parts:
            case ["ws", name] if self._channels.transport == "websocket":
                websocket.send_response(websocket.accept(request))
                self._send_out(websocket)  # the answer comes before the first message
                self._subscribe(name)
            case ["control", "channels", name, "publish"]:
                websocket.send_response(websocket.accept(request))
                self._publishes = self._channels.channel(name)
            case _:
                websocket.send_response(websocket.reject(404, "this tier serves nothing there\n"))

    def _publish(self, websocket: ServerProtocol, channel: RawChannel, frame: Frame) -> None:
        if frame.opcode in {Opcode.PING, Opcode.PONG, Opcode.CLOSE}:
            return
        if frame.opcode is not Opcode.TEXT or not frame.fin:
            websocket.send_close(MALFORMED, "publish: expected a text frame in one piece")
            return
        try:
            channel.publish(items_of(bytes(frame.data).decode()))
        except (Malformed, UnicodeDecodeError) as mistake:
            websocket.send_close(MALFORMED, str(mistake)[:120])

    def _send_out(self, websocket: ServerProtocol) -> None:
        """Write what the library has to say; an empty part of it means that it has said the last."""
        for part in websocket.data_to_send():
            if part:
                self._transport.write(part)
            else:
                self._unsubscribe()
                self._transport.close()
        if websocket.close_sent is not None:
            self._unsubscribe()

    def _subscribe(self, name: str) -> None:
        self._subscribed = self._channels.channel(name)
        self._subscribed.transports[self._transport] = None

    def _unsubscribe(self) -> None:
        if self._subscribed is not None:
            self._subscribed.transports.pop(self._transport, None)
