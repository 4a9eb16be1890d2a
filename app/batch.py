"""What is published in one go: joined and framed once, for any number of sockets.

Frames of a server are not masked (RFC 6455 section 5.1) and chunks of a body carry no state (RFC 9112 section 7.1), so
the bytes are the same for every subscriber of a transport. They are made for the first who asks and kept for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.envelope import Message

# Most bytes handed to the socket at once. Bounds what is in flight beside the mailbox: a socket's buffer takes one
# whole write above its high-water mark (64 KiB in asyncio) before it blocks the next.
WRITE_BYTES = 256 * 1024


class Batch:
    """Messages that go together; `size` is in bytes of their SSE encoding."""

    __slots__ = ("_chunk", "_frames", "messages", "size")

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.size = sum([len(message.sse) for message in messages])
        self._chunk: bytes | None = None
        self._frames: bytes | None = None

    def chunk(self) -> bytes:
        """All of it as one chunk of a chunked body."""
        if self._chunk is None:
            self._chunk = b"%x\r\n%b\r\n" % (self.size, b"".join([message.sse for message in self.messages]))
        return self._chunk

    def frames(self) -> bytes:
        """A text frame for each message, one after the other."""
        if self._frames is None:
            self._frames = b"".join([text_frame(message.text.encode("ascii")) for message in self.messages])
        return self._frames


def text_frame(payload: bytes) -> bytes:
    """A whole text message of a server as a frame without extensions (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 1 << 16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)
