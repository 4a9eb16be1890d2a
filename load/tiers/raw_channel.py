"""The physical limit of fan-out in one asyncio process: encode and frame once, write to every transport."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from load.tiers.envelopes import Envelope, Numbering, dumps, resume_point

Framing = Callable[[str, Sequence[Envelope]], bytes]  # epoch and messages to the bytes on the wire


class RawChannel:
    """The transports of one channel's subscribers."""

    def __init__(self, framing: Framing) -> None:
        self.numbering = Numbering()
        self.transports: dict[asyncio.Transport, None] = {}
        self._framing = framing

    def publish(self, items: Sequence[object]) -> None:
        """Number the items and write them to everybody, joined in one write each."""
        self._write([self.numbering.update(item) for item in items])

    def beat(self) -> None:
        """One heartbeat for everybody."""
        self._write([self.numbering.heartbeat()])

    def _write(self, messages: Sequence[Envelope]) -> None:
        wire = self._framing(self.numbering.epoch, messages)
        for transport in self.transports:
            transport.write(wire)


def as_chunk(epoch: str, messages: Sequence[Envelope]) -> bytes:
    """Messages as SSE in one chunk of a chunked body (RFC 9112, section 7.1)."""
    body = "".join([_block(resume_point(epoch, message), dumps(message)) for message in messages]).encode()
    return b"%x\r\n%b\r\n" % (len(body), body)


def as_frames(_epoch: str, messages: Sequence[Envelope]) -> bytes:
    """Messages as unmasked text frames (RFC 6455, section 5.2), one after the other."""
    return b"".join([_frame(dumps(message).encode()) for message in messages])


def _block(resume: str | None, text: str) -> str:
    return f"data: {text}\n\n" if resume is None else f"id: {resume}\ndata: {text}\n\n"


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 1 << 16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)
