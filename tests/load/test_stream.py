"""A stream says the same however its bytes are cut, and whoever got the same bytes before."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from wirematrix.load.messages import Messages
from wirematrix.load.receivers import Door, connected
from wirematrix.load.sse_stream import SseStream
from wirematrix.load.stream import LONGEST_READ, MOST_READS, Known, NotOpened, Stream
from wirematrix.load.tally import Tally, read
from wirematrix.load.websocket_stream import WebSocketStream
from wirematrix.load_model import LoadTransport

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
MESSAGES = Messages(80, seed=1)
NUMBERS = st.lists(st.integers(1, 6), max_size=25)  # few different ones: repeats are what is known already
CUTS = st.lists(st.integers(1, 300), min_size=1, max_size=40)


class Wire(asyncio.Transport):
    """Keeps what is written to it, and whether it was ended."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True


def fed(stream: Stream, pieces: Iterable[bytes]) -> None:
    """Hand over bytes as asyncio does."""
    for piece in pieces:
        stream.get_buffer(-1)[: len(piece)] = piece
        stream.buffer_updated(len(piece))


def cut(wire: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The bytes in pieces of these sizes, over and over."""
    pieces, at, turn = [], 0, 0
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        pieces.append(wire[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def envelope(number: int) -> bytes:
    """A load message."""
    return f'{{"type":"update","data":{MESSAGES.payload(number, number)}}}'.encode()


def chunk(body: bytes) -> bytes:
    """One chunk of an answer in chunks."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def event(number: int) -> bytes:
    """A load message over SSE."""
    return b"data: %b\n\n" % envelope(number)


def an_sse_stream(known: Known, loop: asyncio.AbstractEventLoop, head: bytes = HEAD) -> SseStream:
    """One that has its head."""
    stream = SseStream(Tally(), known, loop.create_future(), lambda _: None, b"GET")
    stream.connection_made(Wire())
    fed(stream, [head])
    return stream


def a_websocket(known: Known, loop: asyncio.AbstractEventLoop) -> tuple[WebSocketStream, Wire]:
    """One that is open, and what it writes from then on."""
    stream = WebSocketStream(
        Tally(), known, loop.create_future(), lambda _: None, "ws://127.0.0.1:1/ws", compressed=False
    )
    wire = Wire()
    stream.connection_made(wire)
    server = ServerProtocol()
    server.receive_data(wire.written)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    fed(stream, server.data_to_send())
    wire.written = b""
    return stream, wire


def frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame of a server."""
    return Frame(opcode, payload, fin).serialize(mask=False)


@given(NUMBERS, CUTS, CUTS)
def test_sse_cut_anywhere_says_the_same(numbers: list[int], one: list[int], other: list[int]) -> None:
    """Two subscribers who share what is known get the same stream in other pieces, and each counts all of it."""
    loop, known = asyncio.new_event_loop(), Known()
    wire = b"".join(chunk(event(number)) for number in numbers)
    whole = [chunk(event(number)) for number in numbers]
    for pieces in (whole, cut(wire, one), cut(wire, other), whole):
        stream = an_sse_stream(known, loop)
        fed(stream, pieces)
        assert list(stream.tally.numbers) == numbers
        assert stream.tally.highest == max(numbers, default=0)
    loop.close()


@given(NUMBERS, CUTS)
def test_sse_events_and_chunks_need_not_agree(numbers: list[int], sizes: list[int]) -> None:
    """An event may begin in one chunk and end in another, whatever was known of the chunks."""
    loop, known = asyncio.new_event_loop(), Known()
    chunks = [chunk(piece) for piece in cut(b"".join(map(event, numbers)), sizes)]
    for pieces in (chunks, chunks, [b"".join(chunks)] if chunks else []):
        stream = an_sse_stream(known, loop)
        fed(stream, pieces)
        assert list(stream.tally.numbers) == numbers
    loop.close()


@given(NUMBERS, CUTS, CUTS)
def test_frames_cut_anywhere_say_the_same(numbers: list[int], one: list[int], other: list[int]) -> None:
    """Whole frames, pings between them and messages in fragments; each subscriber counts and answers all of them."""
    loop, known = asyncio.new_event_loop(), Known()
    frames = []
    for number in numbers:
        text = envelope(number)
        frames.append(frame(Opcode.TEXT, text))
        frames.append(frame(Opcode.PING, b"p") + frame(Opcode.TEXT, text))
        frames.append(frame(Opcode.TEXT, text[:9], fin=False) + frame(Opcode.CONT, text[9:]))
    wire = b"".join(frames)
    for pieces in (frames, cut(wire, one), cut(wire, other), frames):
        stream, written = a_websocket(known, loop)
        fed(stream, pieces)
        assert list(stream.tally.numbers) == [number for number in numbers for _ in range(3)]
        assert stream.tally.heartbeats == len(numbers)
        assert written.written.count(b"\x8a\x81") == len(numbers)
    loop.close()


def test_the_same_bytes_are_read_once_and_counted_for_everybody() -> None:
    """Whoever gets a message late is late, and whoever does not get it lost it, though others had the same bytes."""
    loop, known = asyncio.new_event_loop(), Known()
    first, second, third = (an_sse_stream(known, loop) for _ in range(3))
    for number in (1, 2, 3):
        fed(first, [chunk(event(number))])
    kept = list(known.reads.values())
    for number in (1, 3, 3):
        fed(second, [chunk(event(number))])
    assert list(map(id, known.reads.values())) == list(map(id, kept))
    assert first.tally.account(1, 3).lost == third.tally.account(1, 3).lost - 3 == 0
    account = second.tally.account(1, 3)
    assert (account.lost, account.duplicated) == (1, 1)
    assert second.tally.latency_ns[0] > first.tally.latency_ns[0] > 0
    loop.close()


def test_known_bytes_within_a_frame_are_its_payload() -> None:
    """What would be a message on its own is none where it stands inside of another frame."""
    loop, known = asyncio.new_event_loop(), Known()
    inner, after = frame(Opcode.TEXT, envelope(1)), frame(Opcode.TEXT, envelope(2))
    fed(a_websocket(known, loop)[0], [inner])
    outer = frame(Opcode.BINARY, inner)
    stream, _ = a_websocket(known, loop)
    fed(stream, [outer[: -len(inner)], inner, after, after])
    assert inner in known.reads
    assert list(stream.tally.numbers) == [1, 2, 2]
    loop.close()


def test_known_bytes_within_a_chunk_are_its_content() -> None:
    """The same of a chunk in a chunk."""
    loop, known = asyncio.new_event_loop(), Known()
    inner, after = chunk(event(1)), chunk(event(2))
    fed(an_sse_stream(known, loop), [after, inner])
    stream = an_sse_stream(known, loop)
    fed(stream, [after, b"%x\r\n" % len(inner), inner, b"\r\n", after])
    assert inner in known.reads
    assert list(stream.tally.numbers) == [2, 1, 2]
    loop.close()


def test_nothing_is_known_of_gzip() -> None:
    """What compressed bytes say depends on those before them."""
    loop, known = asyncio.new_event_loop(), Known()
    stream = an_sse_stream(known, loop, HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\n")
    squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    fed(stream, [chunk(squeeze.compress(event(n)) + squeeze.flush(zlib.Z_SYNC_FLUSH)) for n in (1, 1, 1, 2)])
    assert (list(stream.tally.numbers), known.reads) == ([1, 1, 1, 2], {})
    loop.close()


def test_what_is_known_is_bounded() -> None:
    """Old reads are forgotten, and long ones never kept."""
    known = Known()
    for number in range(MOST_READS * 3):
        known.keep(b"%d" % number, read(b"%d" % number))
        assert len(known.reads) <= MOST_READS
    known.keep(b"x" * (LONGEST_READ + 1), read(b""))
    assert max(map(len, known.reads)) < LONGEST_READ


@pytest.mark.parametrize(
    ("sent", "because"),
    [
        ([b"\x81\x81aaaax"], "a masked frame"),
        ([b"\xf1\x01x"], "no WebSocket frame"),
        ([frame(Opcode.CLOSE, b"\x03\xf3late")], "close code 1011"),
        ([frame(Opcode.TEXT, b"begun", fin=False), frame(Opcode.TEXT, envelope(1))], "no WebSocket frame"),
        ([frame(Opcode.TEXT, b"begun", fin=False) + frame(Opcode.TEXT, envelope(1))], "no WebSocket frame"),
    ],
)
def test_a_websocket_ends_with_a_reason(sent: list[bytes], because: str) -> None:
    """What no server may send ends the connection, and a close is answered; both are said."""
    loop, ends = asyncio.new_event_loop(), list[str]()
    stream, wire = a_websocket(Known(), loop)
    stream._ended = ends.append
    fed(stream, [frame(Opcode.TEXT, envelope(1)), *sent])
    assert wire.ended
    stream.connection_lost(None)
    assert because in ends[0]
    assert list(stream.tally.numbers) == [1]
    loop.close()


async def received(stream: Stream, count: int) -> None:
    """Wait until so many messages came."""
    async with asyncio.timeout(10):
        while stream.tally.received < count:  # noqa: ASYNC110 - the hot place sets no event
            await asyncio.sleep(0.001)


def door(transport: LoadTransport, port: int, *, compressed: bool) -> Door:
    """A service on this machine."""
    return Door(transport=transport, host="127.0.0.1", port=port, target="/", compressed=compressed)


def test_compressed_frames_are_read() -> None:
    """With permessage-deflate each message depends on those before it: equal bytes are never taken for known."""

    async def send(peer: ServerConnection) -> None:
        for number in (1, 1, 2, 2, 1):
            await peer.send(envelope(number).decode())
        await peer.wait_closed()

    async def play() -> tuple[list[int], int]:
        known = Known()
        async with serve(send, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            target = door(LoadTransport.WEBSOCKET, port, compressed=True)
            streams = [(await connected(target, Tally(), known, print, resume="", budget_s=10))[0] for _ in range(2)]
            for stream in streams:
                await received(stream, 5)
                stream.abort()
            assert list(streams[0].tally.numbers) == list(streams[1].tally.numbers)
            return list(streams[0].tally.numbers), len(known.reads)

    assert asyncio.run(play()) == ([1, 1, 2, 2, 1], 0)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_sse_answer_over_a_socket_is_read(*, compressed: bool) -> None:
    """Chunked as it is, or through gzip flushed after each event; its end is said."""
    events = [event(number) for number in (1, 2, 2)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert (b"Accept-Encoding: gzip" in asked) == compressed
        encoding = b"Content-Encoding: gzip\r\n" if compressed else b""
        writer.write(HEAD[:-2] + encoding + b"\r\n")
        squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        for each in events:
            body = squeeze.compress(each) + squeeze.flush(zlib.Z_SYNC_FLUSH) if compressed else each
            writer.write(chunk(body))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def play() -> tuple[list[int], list[str]]:
        ends: list[str] = []
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            target = door(LoadTransport.SSE, port, compressed=compressed)
            stream, _ = await connected(target, Tally(), Known(), ends.append, resume="", budget_s=10)
            await received(stream, 3)
            async with asyncio.timeout(10):
                while not ends:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.001)
        return list(stream.tally.numbers), ends

    assert asyncio.run(play()) == ([1, 2, 2], ["the stream ended"])


@pytest.mark.parametrize("transport", list(LoadTransport))
@pytest.mark.parametrize(
    ("answered", "because"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nno", "answered 503"),
        (b"", "ended before the answer"),
    ],
)
def test_what_is_no_stream_says_why(transport: LoadTransport, answered: bytes, because: str) -> None:
    """A refusal is its status, and it is not waited for the rest of it."""

    async def play() -> None:
        gone = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answered)
            with contextlib.suppress(ConnectionError):
                if answered:
                    await reader.read()  # until the client has had enough
                writer.close()
                await writer.wait_closed()
            gone.set()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            target = door(transport, server.sockets[0].getsockname()[1], compressed=False)
            try:
                await connected(target, Tally(), Known(), print, resume="", budget_s=10)
            finally:
                async with asyncio.timeout(10):
                    await gone.wait()

    with pytest.raises(NotOpened, match=because):
        asyncio.run(play())


@pytest.mark.parametrize("transport", list(LoadTransport))
def test_who_waited_in_vain_hangs_up(transport: LoadTransport) -> None:
    """A connection that did not open in time is ended, so that it never counts beside the next attempt."""

    async def play() -> None:
        gone = asyncio.Event()

        async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await reader.read(-1)
            writer.close()
            gone.set()

        async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as server:
            target = door(transport, server.sockets[0].getsockname()[1], compressed=False)
            with pytest.raises(NotOpened, match="not open within"):
                await connected(target, Tally(), Known(), print, resume="", budget_s=0.05)
            async with asyncio.timeout(10):
                await gone.wait()

    asyncio.run(play())
