"""Frames by hand agree with the framing of the `websockets` library, which knows nothing of ours, in both directions."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import frames as theirs
from websockets.utils import accept_key, apply_mask

from tests.timelines import steady
from wirematrix.origin import frames
from wirematrix.origin.frames import CLOSE, OPCODES, TEXT, Frame

EDGES = (0, 1, 125, 126, 127, 65535, 65536, 1 << 20)  # where the length is written another way, and a big one
sizes = st.sampled_from(EDGES) | st.integers(0, 300)
opcodes = st.sampled_from(sorted(OPCODES))
masks = st.binary(min_size=4, max_size=4)


def payload_of(size: int) -> bytes:
    """Some bytes of that number, no two neighbours alike."""
    return bytes(range(251)) * (size // 251) + bytes(range(size % 251))


def read_all(sent: bytes, *, ended: bool = True) -> list[Frame]:
    """Every frame that our reader finds in the bytes, until they end."""

    async def read() -> list[Frame]:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        if ended:
            reader.feed_eof()
        found = []
        while not reader.at_eof():
            found.append(await frames.read_frame(reader))
        return found

    return asyncio.run(read())


def parsed(sent: bytes) -> tuple[theirs.Frame, bytes]:
    """The first frame that their parser finds in a server's bytes, and what is left."""
    left = sent

    def exactly(count: int) -> Generator[None, None, bytes]:
        nonlocal left
        taken, left = left[:count], left[count:]
        assert len(taken) == count, "the frame is longer than its bytes"
        yield from ()
        return taken

    parser = theirs.Frame.parse(exactly, mask=False)
    try:
        next(parser)
    except StopIteration as done:
        return done.value, left
    raise AssertionError


@steady
@given(opcode=opcodes, size=sizes, fin=st.booleans())
def test_they_read_what_we_write(opcode: int, size: int, *, fin: bool) -> None:
    """A frame of any opcode and size is to their parser what it was to us, to the last byte."""
    control = opcode >= CLOSE
    payload = payload_of(min(size, 125) if control else size)
    written = frames.encoded(opcode, payload, fin=fin or control)
    frame, left = parsed(written + b"rest")
    assert (int(frame.opcode), bytes(frame.data), frame.fin, left) == (opcode, payload, fin or control, b"rest")


@steady
@given(opcode=opcodes, size=sizes, fin=st.booleans(), masked=st.booleans())
def test_we_read_what_they_write(opcode: int, size: int, *, fin: bool, masked: bool) -> None:
    """A frame of theirs, masked as a page's are or not, is to our reader what it was to them."""
    control = opcode >= CLOSE
    payload = payload_of(min(size, 125) if control else size)
    frame = theirs.Frame(theirs.Opcode(opcode), payload, fin=fin or control)
    (read,) = read_all(frame.serialize(mask=masked))
    assert read == Frame(opcode=opcode, payload=payload, fin=fin or control, masked=masked)


@steady
@given(size=sizes, mask=masks)
def test_unmasking_agrees(size: int, mask: bytes) -> None:
    """The payload under its mask is what their own exclusive or makes of it, and masking twice changes nothing."""
    payload = payload_of(size)
    assert frames.unmasked(payload, mask) == apply_mask(payload, mask)
    assert frames.unmasked(frames.unmasked(payload, mask), mask) == payload


@steady
@given(opcode=st.integers(0, 15), size=st.integers(0, 200), fin=st.booleans(), compressed=st.booleans())
def test_wrong_frames_are_written_as_asked(opcode: int, size: int, *, fin: bool, compressed: bool) -> None:
    """Reserved opcodes, fragmented or long control frames, a bit that was not negotiated: nothing is corrected."""
    asked = Frame(opcode=opcode, payload=payload_of(size), fin=fin, compressed=compressed)
    written = frames.encoded(opcode, asked.payload, fin=fin, compressed=compressed)
    assert read_all(written) == [asked]
    assert written[0] == opcode | (0x80 if fin else 0) | (0x40 if compressed else 0)


@steady
@given(texts=st.lists(st.binary(max_size=200), max_size=5))
def test_frames_follow_each_other(texts: list[bytes]) -> None:
    """Several frames in one piece of bytes are read one by one, each from where the one before ended."""
    sent = b"".join(theirs.Frame(theirs.Opcode.BINARY, text).serialize(mask=True) for text in texts)
    assert [frame.payload for frame in read_all(sent)] == texts


@pytest.mark.parametrize("size", [0, 5, 126, 70_000])
def test_a_frame_that_breaks_off_is_none(size: int) -> None:
    """Wherever in a frame the connection ends, there is no frame: in its head, in the mask, one byte before its end."""
    whole = theirs.Frame(theirs.Opcode.TEXT, b"a" * size).serialize(mask=True)
    for cut in {1, 2, 4, 6, 9, len(whole) - 1} & set(range(1, len(whole))):
        with pytest.raises(asyncio.IncompleteReadError):
            read_all(whole[:cut])


@pytest.mark.parametrize("code", [1000, 1005, 1006, 1015, 3000, 4999, 0, 65535])
@pytest.mark.parametrize("reason", ["", "gone away", "später", b"\xff\xfe"])
def test_close_payloads_carry_any_code(code: int, reason: str | bytes) -> None:
    """A close frame carries the code and the reason's bytes, also those that must never be sent."""
    payload = frames.close_payload(code, reason)
    assert payload == code.to_bytes(2) + (reason.encode() if isinstance(reason, str) else reason)
    (frame,) = read_all(frames.encoded(CLOSE, payload))
    assert (frame.code, frame.name) == (code, "close")
    assert frame.reason == (reason if isinstance(reason, str) else "\ufffd\ufffd")
    if code in (1000, 3000, 4999) and isinstance(reason, str):  # what they allow, too
        assert theirs.Close.parse(payload).reason == reason


def test_a_close_frame_may_have_no_code() -> None:
    """No payload is no code; a single byte is none either (RFC 6455, section 5.5.1)."""
    assert frames.close_payload(None, "lost") == b""
    for payload in (b"", b"\x03"):
        frame = Frame(opcode=CLOSE, payload=payload)
        assert (frame.code, frame.reason) == (None, "")


def test_only_close_frames_have_codes() -> None:
    """The first bytes of any other frame are no code, and its text no reason."""
    frame = Frame(opcode=TEXT, payload=b"\x03\xe8bye")
    assert (frame.code, frame.reason) == (None, "")


@pytest.mark.parametrize(("opcode", "name"), [*OPCODES.items(), (3, "opcode 3"), (15, "opcode 15")])
def test_frames_are_named(opcode: int, name: str) -> None:
    """Every opcode has a word, a reserved one its number."""
    assert Frame(opcode=opcode, payload=b"").name == name


@steady
@given(key=st.binary(min_size=16, max_size=16).map(lambda raw: base64.b64encode(raw).decode()))
def test_handshakes_are_accepted(key: str) -> None:
    """The answer to a handshake's key is the one that the other side computes; the example is RFC 6455's own."""
    assert frames.accept_of(key) == accept_key(key)
    assert frames.accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@steady
@given(text=st.text(max_size=40), repeated=st.integers(1, 200))
def test_compressed_frames_decode(text: str, repeated: int) -> None:
    """What zlib makes of a compressed payload with the four bytes of RFC 7692, section 7.2.2, is the text."""
    whole = (text * repeated).encode()
    payload = frames.deflated(whole)
    inflate = zlib.decompressobj(wbits=-15)
    assert inflate.decompress(payload + b"\x00\x00\xff\xff") == whole
    assert not payload.endswith(b"\x00\x00\xff\xff")
