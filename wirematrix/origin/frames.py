"""WebSocket frames by hand (RFC 6455 section 5.2): any opcode, any bits, any length, right or wrong on purpose."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
OPCODES: Final = {
    CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"
}  # fmt: skip
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
SHORT: Final = 125
MEDIUM: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame as it came, unmasked."""

    opcode: int
    payload: bytes
    fin: bool = True
    masked: bool = False
    compressed: bool = False  # RSV1

    @property
    def name(self) -> str:
        """The opcode in words."""
        return OPCODES.get(self.opcode, f"opcode {self.opcode}")

    @property
    def code(self) -> int | None:
        """A close frame's code; None where it has none (RFC 6455 section 5.5.1)."""
        return int.from_bytes(self.payload[:2]) if self.opcode == CLOSE and len(self.payload) >= 2 else None

    @property
    def reason(self) -> str:
        """A close frame's reason."""
        return self.payload[2:].decode("utf-8", "replace") if self.opcode == CLOSE else ""


def accept_of(key: str) -> str:
    """The Sec-WebSocket-Accept that answers a key (RFC 6455 section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode("latin-1") + GUID, usedforsecurity=False).digest()).decode()


def encoded(opcode: int, payload: bytes, *, fin: bool = True, compressed: bool = False) -> bytes:
    """A frame as a server sends it: not masked. Nothing is checked: wrong frames are wanted, too."""
    first = opcode | (0x80 if fin else 0) | (0x40 if compressed else 0)
    size = len(payload)
    if size <= SHORT:
        return bytes((first, size)) + payload
    if size <= MEDIUM:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def close_payload(code: int | None, reason: str | bytes = "") -> bytes:
    """The payload of a close frame; empty without a code."""
    text = reason if isinstance(reason, bytes) else reason.encode()
    return b"" if code is None else struct.pack("!H", code) + text


def deflated(payload: bytes) -> bytes:
    """A message's payload under permessage-deflate without context takeover (RFC 7692, section 7.2.1)."""
    deflate = zlib.compressobj(wbits=-15)
    return (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame; IncompleteReadError where the connection ends before it does."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    mask = await reader.readexactly(4) if second & 0x80 else b""
    payload = await reader.readexactly(size)
    return Frame(
        opcode=first & 0x0F,
        payload=unmasked(payload, mask) if mask else payload,
        fin=bool(first & 0x80),
        masked=bool(mask),
        compressed=bool(first & 0x40),
    )


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """The payload under its mask (RFC 6455 section 5.3), as one big exclusive or: bytes one by one take seconds."""
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(size)
