"""Faults that end links or refuse them, on raw sockets: close, reset, refuse, truncate."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rawlinks import BIG, REQUEST, Rig, When, carries, carries_up, in_pieces
from wirematrix.errors import InvalidInput
from wirematrix.faults import Close, Refuse, Reset, Truncate
from wirematrix.listener import CAN_SHUT

pytestmark = pytest.mark.anyio

both_times = pytest.mark.parametrize("when", ["live", "new"])
only_where_ports_shut = pytest.mark.skipif(not CAN_SHUT, reason="no closed port that stays ours on this system")


# Close and reset


@both_times
async def test_close_ends_in_fin(when: When) -> None:
    """Under `close` a live link ends with FIN on both sides and a new one is accepted and ends so."""
    async with Rig.running() as rig:
        if when == "live":
            page, server = await rig.link()
            await carries(page, server)
            await rig.proxy.apply(Close())
            assert await server.ends() == "fin"
        else:
            await rig.proxy.apply(Close())
            page = await rig.page()
            await page.send(REQUEST)
        assert await page.ends() == "fin"
        assert [(end["by"], end["how"]) for end in rig.of("link-end")] == [("proxy", "fin")]
        await rig.proxy.heal()
        await carries(*await rig.link())


async def test_close_forwards_what_was_received() -> None:
    """Bytes sent before a close arrive before its FIN, also those the proxy's kernel still held."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await carries(page, server)
        sent = server.sock.send(BIG), page.sock.send(BIG)
        reads = asyncio.gather(page.rest(), server.rest())
        await rig.proxy.cut(Close())
        (down, _), (up, _) = await reads
        assert (len(down), len(up)) == sent
        (end,) = rig.of("link-end")
        assert (end["by"], end["bytes_down"], end["bytes_up"]) == ("proxy", 4 + sent[0], 4 + sent[1])


async def test_close_stays_a_fin_when_the_peer_goes_on_sending() -> None:
    """Bytes that come after the FIN do not turn it into a RST."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await rig.proxy.cut(Close())
        for _ in range(3):
            await server.send(b"too late")
            await page.send(b"too late")
            await rig.fence()
        assert (await page.ends(), await server.ends()) == ("fin", "fin")


@both_times
async def test_reset_ends_in_rst(when: When) -> None:
    """Under `reset` a live link ends with RST on both sides and a new one is accepted and reset."""
    async with Rig.running() as rig:
        if when == "live":
            page, server = await rig.link()
            await carries(page, server)
            await rig.proxy.apply(Reset())
            for peer in (page, server):  # in force when apply returns: no wait
                with pytest.raises(ConnectionResetError):
                    peer.sock.recv(1)
        else:
            await rig.proxy.apply(Reset())
            page = await rig.page()
            assert await page.ends() == "reset"
        assert [(end["by"], end["how"]) for end in rig.of("link-end")] == [("proxy", "reset")]
        await rig.proxy.heal()
        await carries(*await rig.link())


async def test_reset_discards_what_was_not_sent() -> None:
    """A reset doesn't wait for a slow reader: it never gets all that was sent."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        sent = await rig.fill(server)
        await rig.proxy.cut(Reset())
        got, how = await page.rest()
        assert how == "reset"
        assert len(got) < sent


async def test_cut_spares_new_links() -> None:
    """A one-shot cut ends the links that live now; the next connection is served."""
    async with Rig.running() as rig:
        links = [await rig.link() for _ in range(3)]
        assert await rig.proxy.cut(Reset()) == 3
        assert {await page.ends() for page, _ in links} == {"reset"}
        await carries(*await rig.link())
        assert rig.of("fault") == [{"fault": "reset", "links": 3}]
        assert rig.of("healed") == []


# Refuse


@only_where_ports_shut
async def test_refuse_shuts_the_port_and_spares_live_links() -> None:
    """Under `refuse` nobody listens, live links carry on, and after healing the same port listens again."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        port = rig.proxy.port
        for _ in range(3):
            await rig.proxy.apply(Refuse())
            with pytest.raises(ConnectionRefusedError):
                await rig.page()
            await carries(page, server)
            await rig.proxy.heal()
            assert rig.proxy.port == port
            await carries(*await rig.link())
        assert rig.proxy.refuses_with == "no listener"
        assert len(rig.of("link-open")) == 4


@only_where_ports_shut
@pytest.mark.parametrize("reuse_address", [False, True])
async def test_refused_port_stays_ours(*, reuse_address: bool) -> None:
    """While the proxy refuses, no server of the usual kind can take its port."""
    async with Rig.running() as rig:
        await rig.link()
        async with rig.proxy.applied(Refuse()):
            for host in ("127.0.0.1", "0.0.0.0"):
                with socket.socket() as thief:
                    thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse_address)
                    with pytest.raises(OSError, match="in use"):
                        thief.bind((host, rig.proxy.port))
        await carries(*await rig.link())


@both_times
async def test_refuse_resets_where_ports_cannot_be_shut(when: When) -> None:
    """Where a closed port can't be kept, a refused connection is reset at once and is no link."""
    async with Rig.running(can_shut=False) as rig:
        assert rig.proxy.refuses_with == "reset"
        live = await rig.link()
        await rig.proxy.apply(Refuse())
        if when == "live":
            await carries(*live)
        else:
            page = await rig.page()
            assert await page.ends() == "reset"
        assert len(rig.of("link-open")) == 1
        await rig.proxy.heal()
        await carries(*await rig.link())


async def test_refuse_takes_no_match() -> None:
    """Nothing is known of a connection that is refused, so it can't be picked by its request."""
    async with Rig.running() as rig:
        with pytest.raises(InvalidInput, match="refuse with a match"):
            await rig.proxy.apply(Refuse(), match=lambda _: True)
        assert rig.proxy.fault is None


# Truncate


@both_times
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_truncate_cuts_after_exactly_n_bytes(when: When, how: Literal["close", "reset"]) -> None:
    """The page gets exactly n downstream bytes and then the cut, without a further byte being needed."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Truncate(after_bytes=100_000, how=how), when)
        await page.send(b"upstream bytes do not count" * 100)
        await server.read(2700)
        await server.send(BIG[:99_999])
        assert await page.read(99_999) == BIG[:99_999]
        await rig.fence()
        assert page.quiet()
        await server.send(BIG[99_999:100_000])
        assert await page.rest() == (BIG[99_999:100_000], "fin" if how == "close" else "reset")
        assert await server.ends() == ("fin" if how == "close" else "reset")
        (end,) = rig.of("link-end")
        already = 4 if when == "live" else 0
        assert (end["by"], end["bytes_down"]) == ("proxy", already + 100_000)


@settings(max_examples=15, deadline=None)
@given(
    pieces=st.lists(st.integers(1, 200_000), min_size=1, max_size=8),
    share=st.floats(0, 1),
    how=st.sampled_from(["close", "reset"]),
)
async def test_truncate_is_exact_over_any_chunking(
    pieces: list[int], share: float, how: Literal["close", "reset"]
) -> None:
    """However the server's bytes are cut into pieces, the page gets the first n and no more."""
    total = sum(pieces)
    allowed = max(1, int(total * share))
    sent = (BIG * 2)[:total]
    async with Rig.running() as rig:
        page, server = await rig.link_under(Truncate(after_bytes=allowed, how=how), "new")
        reading = asyncio.ensure_future(page.rest())
        with suppress(ConnectionError):  # the cut may come while the rest is being sent
            for piece in in_pieces(sent, pieces):
                await server.send(piece)
        assert await reading == (sent[:allowed], "fin" if how == "close" else "reset")


async def test_truncate_waits_for_no_page_that_is_gone() -> None:
    """A reset that waits for its last bytes to leave comes at once when the page that should take them resets."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Truncate(after_bytes=200_000, how="reset"), "new")
        page.fin()
        assert await server.ends() == "fin"
        await server.send(BIG[:200_000])  # more than a page takes that does not read
        await rig.fence()
        assert rig.of("link-end") == []
        page.close()
        (end,) = await rig.until("link-end")
        assert (end["by"], end["bytes_down"]) == ("proxy", 200_000)


async def test_healed_truncate_forgets_its_count() -> None:
    """A truncation that is healed before its last byte leaves the link unharmed."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Truncate(after_bytes=10), "live")
        await server.send(b"nine byte")
        assert await page.read(9) == b"nine byte"
        await rig.proxy.heal()
        await carries(page, server)
        await rig.proxy.apply(Truncate(after_bytes=10))
        await server.send(b"nine byte")
        assert await page.read(9) == b"nine byte"
        await carries_up(page, server)
