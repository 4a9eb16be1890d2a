"""What a server's bytes look like on a link, made by hand: answers, chunks, events, frames, and where messages end.

A `Wire` remembers with how many bytes each numbered message was whole, so that a reader of any pieces can be compared
with it, byte by byte. The envelopes are the app's own.
"""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from app.envelope import Message, encode_gap, encode_heartbeat, encode_hello, encode_message

EPOCH: Final = "0a0a0a0a"
OTHER_EPOCH: Final = "0b0b0b0b"
STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    b"cache-control: no-store\r\n\r\n"
)
UPGRADE_HEAD: Final = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

NUMBERED: Final = ("update", "uplink", "fence")

Key = tuple[str, int]


def hello(epoch: str = EPOCH, seq: int = 0) -> Message:
    """The first message of a connection."""
    return encode_hello(channel="c1", epoch=epoch, seq=seq, heartbeat_ms=500, retry_ms=200)


def update(seq: int, payload: str = '{"step":1}', epoch: str = EPOCH) -> Message:
    """A numbered message."""
    return encode_message(seq=seq, kind="update", payload=payload, resume=f"{epoch}-{seq}")


def heartbeat(seq: int = 0) -> Message:
    """A sign of life."""
    return encode_heartbeat(seq=seq)


def gap(first: int, last: int, epoch: str = EPOCH) -> Message:
    """What cannot be had any more."""
    return encode_gap(first=first, last=last, reason="history-gone", resume=f"{epoch}-{last}", lost_from=None)


class Wire:
    """Bytes on their way to the page, and the numbered messages in them: the byte that ends each, and its own size."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.sizes: list[int] = []
        self.messages: list[tuple[int, Key]] = []

    def whole_after(self, size: int) -> list[Key]:
        """The messages that are whole when that many bytes have gone by."""
        return [key for end, key in self.messages if end <= size]

    def raw(self, sent: bytes) -> Wire:
        """Bytes as they are."""
        self.sent += sent
        return self

    def counted(self, body: bytes, head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n") -> Wire:
        """An answer with a body of known length."""
        return self.raw(b"%scontent-length: %d\r\n\r\n%s" % (head, len(body), body))

    def stream(self, said: Sequence[Message], sizes: Sequence[int], epoch: str = EPOCH, *, ends: bool = True) -> Wire:
        """A chunked event stream, whose chunks have these sizes one after the other, as long as they last."""
        self.raw(STREAM_HEAD)
        body = b"".join(message.sse for message in said)
        places = self._chunks(body, sizes, ends=ends)
        at = 0
        for message in said:
            at += len(message.sse)
            self._note(message, epoch, places[at - 1] + 1, len(message.sse))
        return self

    def frames(self, said: Sequence[Message], epoch: str = EPOCH, *, cut: int = 1 << 30, ping: bytes = b"") -> Wire:
        """Text messages in frames of at most `cut` bytes, with a ping between a message's frames if there is one."""
        for message in said:
            text = message.text.encode()
            parts = [text[at : at + cut] for at in range(0, len(text), cut)]
            size = 0
            for number, part in enumerate(parts):
                last = number == len(parts) - 1
                made = frame(part, opcode=0 if number else 1, fin=last)
                size += len(made)
                self.raw(made)
                if ping and not last:
                    self.raw(frame(ping, opcode=9))
            self._note(message, epoch, len(self.sent), size)
        return self

    def _note(self, message: Message, epoch: str, end: int, size: int) -> None:
        if message.kind in NUMBERED:
            self.messages.append((end, (epoch, message.seq)))
            self.sizes.append(size)

    def _chunks(self, body: bytes, sizes: Sequence[int], *, ends: bool) -> list[int]:
        """Send the body in chunks; the place of each of its bytes among all that was sent."""
        places: list[int] = []
        at = 0
        for size in [*sizes, len(body)]:
            if part := body[at : at + size]:
                self.raw(chunk(part))
                places += range(len(self.sent) - 2 - len(part), len(self.sent) - 2)
            at += size
        if ends:
            self.raw(b"0\r\n\r\n")
        return places


def chunk(body: bytes) -> bytes:
    """A chunk (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(body), body)


def frame(payload: bytes, *, opcode: int = 1, fin: bool = True) -> bytes:
    """A frame as servers send it, without a mask (RFC 6455, section 5.2)."""
    first = opcode | (0x80 if fin else 0)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


# ── the same read back, slowly and whole, by libraries that know nothing of ours ──


class _Unclosed(io.BytesIO):
    """A file that an answer may close without harm to the next one."""

    def close(self) -> None:
        """Stay open."""

    def makefile(self, *_: object) -> _Unclosed:
        """Be a socket, too."""
        return self


def decoded(sent: bytes) -> list[Key]:
    """The numbered messages that `http.client` and `websockets` find, each with the epoch of the hello before it."""
    file, found = _Unclosed(sent), list[Key]()
    while file.tell() < len(sent):
        answer = http.client.HTTPResponse(cast("Any", file))
        answer.begin()
        if answer.status == 101:
            texts = _texts(file.read())
        else:
            texts = _events(_body(answer)) if answer.headers.get_content_type() == "text/event-stream" else iter(())
            _body(answer)
        epoch = ""
        for text in texts:
            envelope = json.loads(text)
            if envelope["type"] == "hello":
                epoch = envelope["data"]["epoch"]
            elif envelope["type"] in NUMBERED:
                found.append((epoch, envelope["seq"]))
    return found


def _body(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read()
    except http.client.IncompleteRead as cut:
        return cut.partial


def _events(body: bytes) -> Iterator[bytes]:
    for block in body.split(b"\n\n")[:-1]:
        yield from (line.removeprefix(b"data: ") for line in block.split(b"\n") if line.startswith(b"data: "))


def _texts(sent: bytes) -> Iterator[bytes]:
    stream = StreamReader()
    stream.feed_data(sent)
    text = b""
    while stream.buffer:
        parsing = Frame.parse(stream.read_exact, mask=False)
        try:
            next(parsing)
        except StopIteration as parsed:
            part = cast("Frame", parsed.value)
        else:
            return  # the frame is not all there
        if part.opcode in {Opcode.TEXT, Opcode.CONT}:
            text += part.data
            if part.fin:
                yield text
                text = b""
