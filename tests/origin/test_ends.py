"""How connections end, by the origin and by the peer: what is on the wire, what is told, in which order."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.origin.rig import Rig, answered, head, request, within
from wirematrix import origin
from wirematrix.origin import Exchange, PeerGone
from wirematrix.origin.connection import Connection
from wirematrix.origin.scripts import Then

pytestmark = pytest.mark.anyio
CHUNK = b"1\r\na\r\n"


# ── ends of ours ──


@pytest.mark.parametrize(("then", "how"), [("fin", "fin"), ("reset", "reset")])
async def test_a_stream_ends_in_the_middle(rig: Rig, then: Then, how: str) -> None:
    """FIN and RST come after what was sent and without a last chunk, and are told before they are done."""
    rig.origin.serve("/stream", origin.streams("a", then=then))
    peer = await rig.asking()
    await head(peer)
    assert await peer.rest() in ((CHUNK, how), (b"", "reset"))  # a RST may overtake what was sent
    assert rig.kinds[:4] == ["connection", "request", "respond", "end"]
    assert rig.of("end") == [{"connection": 1, "how": how}]


async def test_a_held_stream_stays_open(rig: Rig) -> None:
    """Without an end nothing comes after the pieces: no last chunk, no FIN."""
    rig.origin.serve("/stream", origin.streams("a", then="hold"))
    rig.origin.serve("/fence", origin.answers(200))
    peer = await rig.asking()
    await head(peer)
    await peer.read(len(CHUNK))
    await answered(await rig.asking(target="/fence"))
    assert peer.quiet()
    assert rig.of("end", connection=1) == []


async def test_a_silent_script_answers_nothing(rig: Rig) -> None:
    """The request is read, and no byte comes back."""
    rig.origin.serve("/stream", origin.silent())
    rig.origin.serve("/fence", origin.answers(200))
    peer = await rig.asking()
    await rig.until("request")
    await answered(await rig.asking(target="/fence"))
    assert peer.quiet()


async def test_a_fin_stays_a_fin_while_the_peer_sends(rig: Rig) -> None:
    """What the peer has sent and nobody read, and what it sends after our FIN, does not turn the FIN into a RST."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    script.connection.pause_reading()
    flooded = peer.flood()
    assert flooded > 1 << 16
    script.fin()
    assert await peer.ends() == "fin"
    await peer.send(b"x" * (1 << 20))
    assert await peer.ends() == "fin"
    peer.fin()
    await within(script.connection.closed.wait())
    assert [kind for kind in rig.kinds if kind.endswith("end")] == ["end", "peer-end"]
    assert rig.of("peer-end") == [{"connection": 1, "how": "fin"}]


async def test_an_end_is_told_once(rig: Rig) -> None:
    """A second end of ours does nothing, and says nothing."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    script.fin()
    script.reset()
    script.fin()
    assert rig.origin.cut("reset") == 0
    assert await peer.ends() == "fin"
    assert rig.of("end") == [{"connection": 1, "how": "fin"}]


async def test_half_a_connection_can_be_ended(rig: Rig) -> None:
    """`fin` of the connection itself ends one direction: what the peer sends then is still read."""
    exchange = rig.caught()
    peer = await rig.asking("Content-Length: 4", method="POST")
    script = await within(exchange)
    script.connection.fin()
    assert await peer.ends() == "fin"
    await peer.send(b"late")
    assert await within(script.body()) == b"late"


async def test_every_live_connection_can_be_cut(rig: Rig) -> None:
    """A cut ends all that live, tells each, and says how many they were."""
    rig.origin.serve("/stream", origin.streams("a", then="hold"))
    peers = [await rig.asking() for _ in range(3)]
    for peer in peers:
        await head(peer)
        await peer.read(len(CHUNK))
    peers[0].close()
    await rig.until("peer-end")
    assert rig.origin.cut("reset") == 2
    assert [await peer.ends() for peer in peers[1:]] == ["reset", "reset"]
    assert rig.of("end") == [{"connection": number, "how": "reset"} for number in (2, 3)]


# ── ends of the peer ──


@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_the_peers_end_is_told(rig: Rig, how: str) -> None:
    """FIN and RST of the peer are told apart, after the connection, once; the script learns which."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    if how == "fin":
        peer.fin()
    else:
        peer.reset()
    assert await within(script.gone()) == how
    assert rig.kinds == ["connection", "request", "peer-end"]
    assert rig.of("peer-end") == [{"connection": 1, "how": how}]


async def test_a_connection_without_request_is_told_at_its_end(rig: Rig) -> None:
    """A connection that an engine opens for later and never uses is told when it ends."""
    peer = await rig.peer()
    peer.close()
    await rig.until("peer-end")
    assert rig.kinds == ["connection", "peer-end"]


async def test_a_half_closed_peer_is_still_written_to(rig: Rig) -> None:
    """After the peer's FIN the other direction is open: a script that wants to may go on writing."""

    async def script(exchange: Exchange) -> None:
        await exchange.gone()
        await exchange.answer(200, "late")

    rig.origin.serve("/stream", script)
    peer = await rig.asking()
    await rig.until("request")
    peer.fin()
    assert (await answered(peer))[2] == b"late"
    assert await peer.ends() == "fin"
    assert rig.kinds == ["connection", "request", "peer-end", "respond", "end"]


async def test_writing_to_a_peer_that_is_gone_ends_the_script(rig: Rig) -> None:
    """A script that writes on is ended with PeerGone, silently; nothing is told to have been sent or ended."""
    ended: list[str] = []

    async def script(exchange: Exchange) -> None:
        try:
            await exchange.respond()
            while True:
                await exchange.send("x" * 1000)
        except PeerGone as gone:
            ended.append(str(gone))
            exchange.reset()
            raise

    rig.origin.serve("/stream", script)
    peer = await rig.asking()
    await head(peer)
    peer.reset()
    await rig.until("peer-end")
    assert [connection.number for connection in rig.origin._connections] == [1]
    (connection,) = rig.origin._connections
    assert connection.task is not None
    await within(connection.task)
    assert ended == ["connection 1: it has ended (reset)"]
    assert rig.of("end") == []
    rig.origin.check()


@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_kernel_that_gave_up_is_no_reset(way: str) -> None:
    """A peer that acknowledges nothing ends by ETIMEDOUT: said by the kernel, and not the peer's RST."""
    rig = Rig()

    async def serve(_: Connection) -> None:
        """Not reached."""

    connection = Connection(1, 80, rig.observe, serve)
    connection.connection_lost(TimeoutError(110, "Connection timed out") if way == "read" else BrokenPipeError())
    assert await connection.gone() == ("timeout" if way == "read" else "reset")
    assert rig.kinds == ["connection", "peer-end"]


# ── back-pressure ──


async def test_writing_waits_while_the_peer_does_not_read(rig: Rig) -> None:
    """A write waits when nothing is taken, what is unsent can be seen to grow, and it goes on when the peer reads."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    await script.respond(length=24 << 20)
    assert script.connection.unsent_bytes == 0
    writing = asyncio.create_task(script.send(b"x" * (24 << 20)))
    await head(peer)
    assert await peer.read(1) == b"x"
    assert not writing.done()
    assert script.connection.unsent_bytes > 1 << 20
    taken = 1
    while not writing.done():
        taken += len(await peer.read(1 << 18))
    await writing
    assert len(await peer.read((24 << 20) - taken)) == (24 << 20) - taken
    assert script.connection.unsent_bytes == 0
    assert rig.of("end") == [{"connection": 1, "how": "finish"}]


async def test_a_write_that_waits_ends_with_the_peer(rig: Rig) -> None:
    """A write that waits for a peer is not done when the peer has gone: the script ends."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    writing = asyncio.create_task(script.raw(b"x" * (24 << 20)))
    assert await peer.read(1) == b"x"
    peer.reset()
    with pytest.raises(PeerGone, match="reset"):
        await within(writing)


async def test_reading_can_be_paused(rig: Rig) -> None:
    """While nothing is read the peer's kernel takes only so much; after that its bytes arrive, none lost."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    script.connection.pause_reading()
    sent = peer.flood()
    sent += peer.flood()
    with pytest.raises(BlockingIOError):
        peer.sock.send(b"x")
    script.connection.resume_reading()
    peer_sends = asyncio.create_task(peer.send(b"the end"))
    got = bytearray()
    while len(got) < sent + 7:
        got += await within(script.connection.reader.read(1 << 20))
    await peer_sends
    assert len(got) == sent + 7
    assert got.endswith(b"the end")


async def test_a_peer_that_is_not_read_feels_it(rig: Rig) -> None:
    """A script that never reads takes no more than two or three MiB from a peer: then the peer must wait."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    rig.origin.serve("/fence", origin.answers(200))
    sent, still = 0, 0
    while still < 3:
        took = peer.flood()
        sent, still = sent + took, 0 if took else still + 1
        await answered(await rig.asking(target="/fence"))
    buffered = len(script.connection.reader._buffer)  # asyncio tells nobody
    assert 1 << 20 < buffered < 4 << 20
    assert sent > buffered


async def test_small_pieces_leave_at_once(rig: Rig) -> None:
    """Pieces are not collected (TCP_NODELAY): each is a segment of its own when it is written."""
    exchange = rig.caught()
    await rig.asking()
    transport = (await within(exchange)).connection._transport
    assert transport is not None
    sock = transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_keeping_alive_and_leaving(rig: Rig) -> None:
    """A peer that closes a connection between requests ends it with a FIN, and the origin's FIN answers."""
    rig.origin.serve("/stream", origin.answers(200))
    peer = await rig.asking()
    await answered(peer)
    await peer.send(request())
    await answered(peer)
    peer.fin()
    assert await peer.ends() == "fin"
    assert rig.kinds == ["connection", *["request", "respond", "end"] * 2, "peer-end"]
