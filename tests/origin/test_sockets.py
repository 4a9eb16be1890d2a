"""WebSockets by hand, against the `websockets` library as an independent page, and against raw bytes where it is too kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, NegotiationError
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from tests.origin.rig import HOST, Rig, head, within
from tests.rawlinks import Peer
from wirematrix import origin
from wirematrix.origin import CLOSE, PING, TEXT, Exchange, PeerGone, Socket
from wirematrix.origin.scripts import Then

pytestmark = pytest.mark.anyio
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
DEFLATE = {"Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover; client_no_context_takeover"}


@asynccontextmanager
async def page(rig: Rig, **options: object) -> AsyncIterator[ClientConnection]:
    """A page that opened /ws; it does not ping by itself."""
    settings = {"compression": None, "proxy": None, "ping_interval": None, "max_size": None, "close_timeout": 5}
    async with connect(f"ws://{HOST}:{rig.origin.port}/ws", **settings | options) as opened:  # type: ignore[arg-type]
        yield opened


async def raw_page(rig: Rig) -> Peer:
    """A page that opened /ws, byte by byte."""
    peer = await rig.asking("Upgrade: websocket", "Connection: Upgrade", KEY, target="/ws")
    assert (await head(peer))[0] == "HTTP/1.1 101 Switching Protocols"
    return peer


def playing(rig: Rig) -> asyncio.Future[Socket]:
    """Serve /ws by a script that only hands out its socket: the test itself plays the script."""
    made: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()

    async def script(exchange: Exchange) -> None:
        made.set_result(await exchange.upgrade())
        await exchange.gone()

    rig.origin.serve("/ws", script)
    return made


def masked(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame as a page sends it."""
    return Frame(opcode, payload, fin).serialize(mask=True)


# ── the handshake ──


async def test_accepts_a_handshake(rig: Rig) -> None:
    """The handshake is answered with exactly the headers that RFC 6455, section 4.2.2, asks for, and told."""
    playing(rig)
    peer = await rig.asking("Upgrade: websocket", "Connection: Upgrade", KEY, target="/ws")
    assert await head(peer) == (
        "HTTP/1.1 101 Switching Protocols",
        [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ],
    )
    assert rig.kinds == ["connection", "request", "respond"]
    assert rig.of("respond") == [{"connection": 1, "status": 101}]


async def test_a_subprotocol_is_said_whether_it_was_offered_or_not(rig: Rig) -> None:
    """A protocol that was offered is agreed on; one that was not makes an honest page fail the connection."""

    async def script(exchange: Exchange) -> None:
        await (await exchange.upgrade(protocol="b")).serve()

    rig.origin.serve("/ws", script)
    async with page(rig, subprotocols=[Subprotocol("a"), Subprotocol("b")]) as opened:
        assert opened.subprotocol == "b"
    with pytest.raises(NegotiationError):
        async with page(rig, subprotocols=[Subprotocol("a")]):
            pytest.fail("it opened")


async def test_a_plain_request_and_a_handshake_get_their_own_script(rig: Rig) -> None:
    """One path tells the same story to every transport."""
    rig.origin.serve("/ws", origin.either(origin.answers(200, "http"), origin.accepts("socket")))
    async with page(rig) as opened:
        assert await within(opened.recv()) == "socket"
    plain = await rig.asking(target="/ws")
    assert (await head(plain))[0] == "HTTP/1.1 200 OK"


# ── messages ──


async def test_says_texts_and_bytes(rig: Rig) -> None:
    """Texts and bytes of every size arrive as they were."""
    made = playing(rig)
    async with page(rig) as opened:
        socket = await within(made)
        for text in ("", "später", "x" * 70_000):
            await socket.text(text)
            assert await within(opened.recv()) == text
        await socket.binary(b"\x00\xff" * 100)
        assert await within(opened.recv()) == b"\x00\xff" * 100
        socket.fin()


async def test_fragments_with_a_ping_between(rig: Rig) -> None:
    """A message in three frames, one empty, with pings between, is one message; each ping is answered."""
    made = playing(rig)
    async with page(rig) as opened:
        socket = await within(made)
        await socket.fragments("a", "", "b", between=b"now")
        assert await within(opened.recv()) == "ab"
        for _ in range(2):
            pong = await within(socket.read())
            assert (pong.name, pong.payload) == ("pong", b"now")
        socket.fin()


async def test_fragments_on_the_wire(rig: Rig) -> None:
    """First a text frame, then continuations, FIN on the last alone (RFC 6455, section 5.4)."""
    made = playing(rig)
    peer = await raw_page(rig)
    await (await within(made)).fragments("a", "bc", between=b"!")
    assert await peer.read(10) == b"\x01\x01a" + b"\x89\x01!" + b"\x80\x02bc"


async def test_compressed_messages_are_read(rig: Rig) -> None:
    """Under permessage-deflate compressed and plain frames are both messages, several in a row."""

    async def script(exchange: Exchange) -> None:
        socket = await exchange.upgrade(headers=DEFLATE)
        await socket.compressed("squeezed " * 100)
        await socket.text("plain")
        await socket.compressed("")
        await socket.serve()

    rig.origin.serve("/ws", script)
    async with page(rig, compression="deflate") as opened:
        got = [await within(opened.recv()) for _ in range(3)]
    assert got == ["squeezed " * 100, "plain", ""]


async def test_echoes(rig: Rig) -> None:
    """A well-behaved socket sends messages back as they came, and answers pings with their own payload."""

    async def script(exchange: Exchange) -> None:
        await (await exchange.upgrade()).serve(echo=True)

    rig.origin.serve("/ws", script)
    big = b"\xff\x00" * (1 << 20)
    async with page(rig) as opened:
        for message in ("text", b"bytes", big):
            await opened.send(message)
            assert await within(opened.recv()) == message
        await within(await opened.ping(b"there?"))
    assert [told["name"] for told in rig.of("frame")] == ["text", "binary", "binary", "ping", "close"]
    assert [told["bytes"] for told in rig.of("frame")][:4] == [4, 5, len(big), 6]


async def test_bad_utf8_passes_through(rig: Rig) -> None:
    """Bytes that are no UTF-8 go out as a text frame, and come in as they were: nobody here corrects them."""
    made = playing(rig)
    peer = await raw_page(rig)
    socket = await within(made)
    await socket.frame(TEXT, b"\xff\xfe")
    assert await peer.read(4) == b"\x81\x02\xff\xfe"
    await peer.send(masked(Opcode.TEXT, b"\xff\xfe"))
    frame = await within(socket.read())
    assert (frame.opcode, frame.payload, frame.masked) == (TEXT, b"\xff\xfe", True)


async def test_anything_can_be_sent(rig: Rig) -> None:
    """Raw bytes, a ping that is too long, a fragmented control frame: exactly as asked."""
    made = playing(rig)
    peer = await raw_page(rig)
    socket = await within(made)
    await socket.raw(b"\xff\x00")
    await socket.ping(b"x" * 126)
    await socket.frame(PING, b"", fin=False)
    assert await peer.read(134) == b"\xff\x00" + b"\x89\x7e\x00\x7e" + b"x" * 126 + b"\x09\x00"


# ── ends ──


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1011, "später"), (4999, "x" * 123)])
async def test_closes_as_the_protocol_asks(rig: Rig, code: int, reason: str) -> None:
    """Close frame, the page's close frame, FIN: the page sees the code and the reason, and a clean end."""
    rig.origin.serve("/ws", origin.accepts("1", close=code, reason=reason))
    async with page(rig) as opened:
        assert await within(opened.recv()) == "1"
        with pytest.raises(ConnectionClosed):
            await within(opened.recv())
        assert (opened.close_code, opened.close_reason) == (code, reason)
    await rig.until("end")
    told = [kind for kind in rig.kinds if kind != "peer-end"]
    assert told == ["connection", "request", "respond", "close-sent", "frame", "end"]
    assert rig.of("close-sent") == [{"connection": 1, "code": code}]
    assert rig.of("frame")[0] | {"bytes": 0} == {
        "connection": 1, "name": "close", "bytes": 0, "code": code, "reason": reason
    }  # fmt: skip


async def test_closes_without_a_code(rig: Rig) -> None:
    """A close frame without a code has no payload at all."""
    made = playing(rig)
    peer = await raw_page(rig)
    await (await within(made)).close(None)
    assert await peer.read(2) == b"\x88\x00"
    assert rig.of("close-sent") == [{"connection": 1, "code": None}]


async def test_the_pages_close_is_answered(rig: Rig) -> None:
    """A well-behaved socket sends the page's close frame back and then a FIN."""
    rig.origin.serve("/ws", origin.accepts())
    peer = await raw_page(rig)
    await peer.send(masked(Opcode.CLOSE, b"\x03\xe9bye"))
    assert await peer.rest() == (b"\x88\x05\x03\xe9bye", "fin")
    assert rig.of("frame") == [{"connection": 1, "name": "close", "bytes": 5, "code": 1001, "reason": "bye"}]
    assert rig.of("end") == [{"connection": 1, "how": "fin"}]


@pytest.mark.parametrize(("then", "how"), [("fin", "fin"), ("reset", "reset")])
async def test_ends_without_a_close_frame(rig: Rig, then: Then, how: str) -> None:
    """FIN or RST right after a message: for the page that is an end without a close frame."""
    rig.origin.serve("/ws", origin.accepts("1", then=then))
    peer = await raw_page(rig)
    assert await peer.rest() in ((b"\x81\x011", how), (b"", "reset"))
    assert rig.of("end") == [{"connection": 1, "how": how}]


async def test_ends_in_the_middle_of_a_frame(rig: Rig) -> None:
    """Half a frame and a FIN: an independent page sees an abnormal end, and no message."""

    async def script(exchange: Exchange) -> None:
        socket = await exchange.upgrade()
        await socket.raw(b"\x81\x7e\x01\x00half")
        socket.fin()

    rig.origin.serve("/ws", script)
    async with page(rig) as opened:
        with pytest.raises(ConnectionClosedError, match="no close frame received"):
            await within(opened.recv())
        assert opened.close_code == 1006


@pytest.mark.parametrize("sent", [b"", masked(Opcode.TEXT, b"x" * 200)[:-1]], ids=["between frames", "in a frame"])
@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_a_page_that_goes_ends_the_script(rig: Rig, sent: bytes, how: str) -> None:
    """A read ends with PeerGone wherever the page's bytes break off; nothing is told to have come."""
    made = playing(rig)
    peer = await raw_page(rig)
    socket = await within(made)
    await peer.send(sent)
    reading = asyncio.create_task(socket.read())
    if how == "fin":
        peer.fin()
    else:
        peer.reset()
    with pytest.raises(PeerGone, match=how):
        await within(reading)
    assert rig.of("frame") == []
    assert rig.of("peer-end") == [{"connection": 1, "how": how}]
    rig.origin.check()


async def test_the_peers_close_frame_can_be_awaited(rig: Rig) -> None:
    """Whatever comes before the page's close frame is read and told."""
    made = playing(rig)
    peer = await raw_page(rig)
    socket = await within(made)
    await peer.send(masked(Opcode.TEXT, b"one") + masked(Opcode.PING, b"") + masked(Opcode.CLOSE, b""))
    frame = await within(socket.peer_closes())
    assert (frame.opcode, frame.code) == (CLOSE, None)
    assert [told["name"] for told in rig.of("frame")] == ["text", "ping", "close"]
    assert rig.of("frame")[2] == {"connection": 1, "name": "close", "bytes": 0, "code": None, "reason": ""}


async def test_a_page_that_floods_is_ended_with_a_fin(rig: Rig) -> None:
    """A socket that is ended while the page still sends gets a FIN on the wire, not a RST."""
    made = playing(rig)
    peer = await raw_page(rig)
    socket = await within(made)
    peer.flood()
    socket.fin()
    assert await peer.ends() == "fin"
