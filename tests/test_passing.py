"""Numbered messages are recognised in a link's downstream bytes, however those are cut; what is unknown is not guessed."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.envelope import Message
from tests.timelines import steady
from tests.wirebytes import (
    EPOCH,
    OTHER_EPOCH,
    STREAM_HEAD,
    UPGRADE_HEAD,
    Key,
    Wire,
    chunk,
    decoded,
    frame,
    gap,
    heartbeat,
    hello,
    update,
)
from wirematrix.envelopes import Passed
from wirematrix.passing import PassingMessages, Run, runs

BIG: Final = '"' + "x" * 70_000 + '"'  # a payload longer than two bytes can count
PAYLOADS: Final = ('{"step":1}', '""', '"id: 7\\ndata: no\\n\\n"', '"' + "y" * 300 + '"', BIG)


@st.composite
def sayings(draw: st.DrawFn, epoch: str) -> list[Message]:
    """What a server says on one connection: hello, perhaps a gap, and then messages, with repeats and heartbeats."""
    first = draw(st.integers(1, 50))
    said = [hello(epoch, first - 1)]
    if draw(st.booleans()):
        said.append(gap(1, first - 1, epoch))
    for step in draw(st.lists(st.sampled_from([0, 1, 1, 1, 2, -1]), max_size=12)):
        first = max(1, first + step)
        said.append(heartbeat(first) if step == 0 else update(first, draw(st.sampled_from(PAYLOADS)), epoch))
    return said


@st.composite
def wires(draw: st.DrawFn) -> Wire:
    """A kept-alive connection: files, answers without a body, event streams, and perhaps a WebSocket at the end."""
    wire = Wire()
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["file", "304", "early", "chunked file", "empty", "stream"])):
            case "file":
                wire.counted(b"<script>data: {not an envelope}\n\n</script>" * draw(st.integers(1, 200)))
            case "304":
                wire.raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n")
            case "early":
                wire.raw(b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n")
            case "chunked file":
                head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
                wire.raw(head + b"5;name=value\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n")
            case "empty":
                wire.counted(b"", b"HTTP/1.1 500 Oh\r\nContent-Type: text/event-stream\r\n")
            case "stream":
                sizes = draw(st.lists(st.integers(1, 400), max_size=8))
                wire.stream(draw(sayings(EPOCH)), sizes, EPOCH)
    match draw(st.sampled_from(["nothing", "websocket", "stream"])):
        case "websocket":
            wire.raw(UPGRADE_HEAD)
            cut = draw(st.sampled_from([20, 126, 1 << 30]))
            wire.frames(draw(sayings(OTHER_EPOCH)), OTHER_EPOCH, cut=cut, ping=draw(st.binary(max_size=3)))
            wire.raw(frame(b"\x03\xe8", opcode=8))
        case "stream":
            wire.stream(
                draw(sayings(OTHER_EPOCH)), draw(st.lists(st.integers(1, 90), max_size=8)), OTHER_EPOCH, ends=False
            )
        case _:
            pass
    return wire


def keys(found: tuple[Run, ...]) -> list[Key]:
    """Runs spelled out."""
    return [(run.epoch, seq) for run in found for seq in range(run.first, run.last + 1)]


@steady
@given(wire=wires(), sized=st.data())
def test_each_message_is_told_with_its_last_byte(wire: Wire, sized: st.DataObject) -> None:
    """After every piece exactly those messages have been told that are whole by then: each copy, once, in order.

    What they weigh is what was sent of them, whatever chunks, frames and pieces they came in.
    """
    sent = bytes(wire.sent)
    cuts = sized.draw(st.lists(st.integers(0, len(sent)), max_size=60), label="cuts")
    edges = [0, *sorted(cuts), len(sent)]
    passing, told = PassingMessages(), list[Key]()
    for start, end in pairwise(edges):
        piece = sent[start:end]
        for run in passing.feed(memoryview(piece) if start % 2 else piece):
            sizes = wire.sizes[len(told) : len(told) + run.last - run.first + 1]
            assert (run.bytes, run.smallest, run.largest) == (sum(sizes), min(sizes), max(sizes))
            told += keys((run,))
        assert told == wire.whole_after(end)
    assert passing.gave_up == ""
    assert told == decoded(sent)


@pytest.mark.parametrize("framing", ["stream", "frames"])
def test_one_byte_at_a_time(framing: str) -> None:
    """A message is told with its last byte, not one sooner and not one later, if every byte comes alone."""
    said = [hello(), update(1), heartbeat(1), gap(2, 4), update(5, '"' + "z" * 200 + '"')]
    wire = Wire().stream(said, [40, 1, 300]) if framing == "stream" else Wire().raw(UPGRADE_HEAD).frames(said, cut=100)
    passing = PassingMessages()
    ends = {at + 1: keys(found) for at, byte in enumerate(wire.sent) if (found := passing.feed(bytes((byte,))))}
    assert ends == {end: [key] for end, key in wire.messages}
    assert [key for _, key in wire.messages] == [(EPOCH, 1), (EPOCH, 5)]


def test_an_empty_frame_may_end_a_message() -> None:
    """A message whose last frame is empty is whole with that frame's header."""
    text = update(1).text.encode()
    wire = Wire().raw(UPGRADE_HEAD).frames([hello()])
    passing = PassingMessages()
    assert passing.feed(bytes(wire.sent) + frame(text, fin=False)) == ()
    assert keys(passing.feed(frame(b"", opcode=0))) == [(EPOCH, 1)]


UNKNOWN: Final = {
    "TLS": (b"\x16\x03\x03 not for us", "an answer that is not HTTP/1"),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", "an answer that is not HTTP/1"),
    "no status": (b"HTTP/1.1 OK\r\n\r\n", "an answer that is not HTTP/1"),
    "a head without an end": (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, "a head that is too long"),
    "a chunk without a size": (STREAM_HEAD + b"data\r\n", "a chunk without a size"),
    "a compressed stream": (
        STREAM_HEAD.replace(b"date: today", b"Content-Encoding: gzip"),
        "an event stream with a content coding",
    ),
    "compressed frames": (
        UPGRADE_HEAD.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
        "a WebSocket with an extension",
    ),
    "a reserved bit": (UPGRADE_HEAD + b"\xc1\x01x", "a WebSocket frame that begins 0xc1 0x01"),
    "a mask": (UPGRADE_HEAD + b"\x81\x81abcdx", "a WebSocket frame that begins 0x81 0x81"),
    "a binary message": (UPGRADE_HEAD + frame(b"x", opcode=2), "a WebSocket frame that begins 0x82 0x01"),
    "a continuation of nothing": (
        UPGRADE_HEAD + frame(b"x", opcode=0),
        "a WebSocket message that begins inside another, or without its beginning",
    ),
    "a message in a message": (
        UPGRADE_HEAD + frame(b"x", fin=False) + frame(b"y"),
        "a WebSocket message that begins inside another, or without its beginning",
    ),
    "other text": (UPGRADE_HEAD + frame(b"hi"), "a WebSocket message that is no envelope"),
    "other events": (STREAM_HEAD + chunk(b"data: x\n\n"), "an SSE event that is no envelope"),
    "named events": (STREAM_HEAD + chunk(b"event: a\ndata: x\n\n"), "an SSE event that is no envelope"),
    "an envelope that the page is not told of": (
        STREAM_HEAD + chunk(hello().sse + b"event: a\n" + update(1).sse),
        "an SSE event that is no envelope",
    ),
    "other line ends": (STREAM_HEAD + chunk(b": x\r\n\r\n"), "an event stream with other line ends than LF"),
    "no hello": (bytes(Wire().stream([update(1)], []).sent), "a numbered message before any hello"),
    "a hello that names no epoch": (
        UPGRADE_HEAD + frame(b'{"seq":0,"ts":1.5,"type":"hello","data":{"channel":"c1"}}'),
        "a hello without an epoch",
    ),
    "a hello too long": (
        UPGRADE_HEAD + frame(b'{"seq":0,"ts":1.5,"type":"hello","data":{"epoch":"' + b"e" * 9_000 + b'"}}', fin=False)
        + frame(b"", opcode=0),
        "a hello without an epoch",
    ),
    "another type": (
        UPGRADE_HEAD + frame(b'{"seq":0,"ts":1.5,"type":"greeting","data":null}'),
        "a message of type greeting",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pieces", [1, 7], ids=["whole", "in pieces"])
@pytest.mark.parametrize(("sent", "because"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_is_not_guessed(sent: bytes, because: str, pieces: int) -> None:
    """Bytes that this reader does not know end its story of the link, with a sentence; nothing after them is told."""
    passing, size = PassingMessages(), -(-len(sent) // pieces)
    assert [passing.feed(sent[at : at + size]) for at in range(0, len(sent), size)] == [()] * -(-len(sent) // size)
    assert passing.gave_up == because
    assert passing.feed(bytes(Wire().stream([hello(), update(1)], []).sent)) == ()


@pytest.mark.parametrize(
    "said", [b": a comment\n\n", b"retry: 5\n\n", b"id: 7\n\n", b"\n\n\n", b": " + b"long " * 500 + b"\n\n"]
)
def test_events_that_say_nothing_are_passed_over(said: bytes) -> None:
    """Comments, and fields without data, hand nothing to the page's code and end nothing."""
    before, after = hello().sse, update(1).sse
    body = before + said + after
    passing = PassingMessages()
    assert keys(passing.feed(STREAM_HEAD + chunk(body))) == [(EPOCH, 1)]


def test_a_comment_too_long_to_keep_is_not_judged_by_its_beginning() -> None:
    """Of a long event that comes in pieces only the beginning is kept; it may have said something after it."""
    sent = STREAM_HEAD + chunk(b":" + b"x" * 8_000 + b"\n\n")
    passing = PassingMessages()
    assert (passing.feed(sent[:5_000]), passing.feed(sent[5_000:])) == ((), ())
    assert passing.gave_up == "an SSE event that is no envelope"


def test_messages_told_before_the_unknown_stay_told() -> None:
    """What was recognised before this reader gave up is told, in the same piece, too."""
    wire = Wire().raw(UPGRADE_HEAD).frames([hello(), update(1)]).raw(frame(b"what?"))
    passing = PassingMessages()
    assert keys(passing.feed(bytes(wire.sent))) == [(EPOCH, 1)]
    assert passing.gave_up == "a WebSocket message that is no envelope"


def test_a_head_request_ends_the_story() -> None:
    """The answer to HEAD speaks of a body and has none, so what follows cannot be told apart from one."""
    passing = PassingMessages()
    passing.asked_for_head()
    assert passing.gave_up == "the answer to a HEAD request"
    assert passing.feed(bytes(Wire().stream([hello(), update(1)], []).sent)) == ()


def test_what_a_reset_takes_back() -> None:
    """Of the messages told, those are taken back whose last byte lies beyond what had left."""
    wire = Wire().counted(b"page").stream([hello(), *map(update, range(1, 6))], [100] * 3)
    passing = PassingMessages()
    passing.feed(bytes(wire.sent))
    for end, (_, seq) in wire.messages:
        assert keys(passing.beyond(end)) == [(EPOCH, later) for later in range(seq + 1, 6)]
        assert keys(passing.beyond(end - 1)) == [(EPOCH, later) for later in range(seq, 6)]
    assert passing.beyond(len(wire.sent)) == ()


def test_neighbours_are_one_run() -> None:
    """Consecutive numbers of one epoch are told as one; a hole, a repeat and another epoch begin a new run."""
    seqs = [("a", 1), ("a", 2), ("a", 3), ("a", 5), ("a", 5), ("b", 6), ("b", 7)]
    found = runs(Passed(0, epoch, seq, 10 * seq) for epoch, seq in seqs)
    assert [(run.epoch, run.first, run.last) for run in found] == [("a", 1, 3), ("a", 5, 5), ("a", 5, 5), ("b", 6, 7)]
    assert [(run.bytes, run.smallest, run.largest) for run in found][:2] == [(60, 10, 30), (50, 50, 50)]
