"""What is framed once for everybody is what a library of the standard reads."""

from __future__ import annotations

import h11
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from app.batch import Batch
from app.envelope import Message, encode_message

SIZES = st.one_of(st.integers(0, 300), st.sampled_from([65_400, 65_470, 65_536, 70_000]))


def batch_of(sizes: list[int]) -> Batch:
    """Messages with about that much in them."""
    return Batch(
        [
            encode_message(seq=seq, kind="update", payload=f'"{"x" * size}"', resume=f"0123abcd-{seq}")
            for seq, size in enumerate(sizes, start=1)
        ]
    )


def around(border: int) -> list[Message]:
    """Messages whose text is one byte short of a border of the frame's length field, on it, and beyond it."""
    bare = len(encode_message(seq=1, kind="update", payload='""').text)
    return [encode_message(seq=1, kind="update", payload=f'"{"x" * (border - bare + by)}"') for by in (-1, 0, 1)]


def texts_in(frames: bytes) -> list[str]:
    """What a peer by the websockets library makes of them."""
    peer = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN, max_size=None)
    peer.receive_data(frames)
    assert peer.parser_exc is None
    texts = []
    for part in peer.events_received():
        assert isinstance(part, Frame)
        assert (part.opcode, part.fin) == (Opcode.TEXT, True)
        texts.append(bytes(part.data).decode())
    return texts


@settings(deadline=None)  # a busy machine is no mistake
@given(sizes=st.lists(SIZES, min_size=1, max_size=20))
def test_frames_are_the_texts(sizes: list[int]) -> None:
    """Each message is one whole text frame, in order, whatever its size."""
    batch = batch_of(sizes)
    assert texts_in(batch.frames()) == [message.text for message in batch.messages]


def test_frames_at_the_borders_of_their_length_field() -> None:
    """125 and 65,535 bytes are the last that fit into the shorter forms."""
    for border in (125, 65_535):
        messages = around(border)
        assert [len(message.text) for message in messages] == [border - 1, border, border + 1]
        assert texts_in(Batch(messages).frames()) == [message.text for message in messages]


@settings(deadline=None)  # a busy machine is no mistake
@given(sizes=st.lists(SIZES, min_size=1, max_size=20))
def test_chunk_is_the_body(sizes: list[int]) -> None:
    """The messages are one chunk of the body, joined."""
    batch = batch_of(sizes)
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + batch.chunk())
    assert isinstance(peer.next_event(), h11.Response)
    body = b""
    while isinstance(part := peer.next_event(), h11.Data):
        body += part.data
    assert body == b"".join(message.sse for message in batch.messages)
    assert len(body) == batch.size


def test_made_once_for_all() -> None:
    """Whoever asks later is given the same bytes, not equal ones."""
    batch = batch_of([10, 20])
    assert batch.frames() is batch.frames()
    assert batch.chunk() is batch.chunk()
