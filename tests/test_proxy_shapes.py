"""Faults that links live through, on raw sockets: stall, blackhole, latency, throttle.

Absence is shown by a fence: bytes sent later through another proxy on the same event loop have arrived,
and the ones in question have not.
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rawlinks import BIG, Peer, Rig, When, carries, in_pieces, nobody_observes
from wirematrix.faults import Blackhole, Directions, Latency, Slices, Stall, Throttle
from wirematrix.flow import Flow
from wirematrix.link import Link
from wirematrix.side import End

pytestmark = pytest.mark.anyio

both_times = pytest.mark.parametrize("when", ["live", "new"])
each_direction = pytest.mark.parametrize("direction", ["both", "upstream", "downstream"])


# Stall


@both_times
@each_direction
async def test_stall_holds_and_loses_nothing(when: When, direction: Directions) -> None:
    """Under `stall` nothing moves in its direction, the other one flows, and healing delivers all of it."""
    async with Rig.running() as rig:
        fault = Stall(direction=direction)
        page, server = await rig.link_under(fault, when)
        await page.send(b"up")
        await server.send(b"down")
        await rig.fence()
        for held, receiver, sent in (("upstream", server, b"up"), ("downstream", page, b"down")):
            if fault.hits("upstream" if held == "upstream" else "downstream"):
                assert receiver.quiet()
            else:
                assert await receiver.read(len(sent)) == sent
        await page.send(b"+up")
        await server.send(b"+down")
        await rig.proxy.heal()
        assert (
            await server.read(3 if direction == "downstream" else 5)
            == b"up+up"[-3 if direction == "downstream" else 0 :]
        )
        assert (
            await page.read(5 if direction == "upstream" else 9) == b"down+down"[-5 if direction == "upstream" else 0 :]
        )
        await carries(page, server)


@both_times
async def test_stall_is_felt_by_the_sender(when: When) -> None:
    """A stalled sender's kernel fills up and takes no more; after healing every byte arrives."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Stall(), when)
        sent = await rig.fill(server)
        assert page.quiet()
        await rig.proxy.heal()
        received = await page.read(sent)
        assert received == (BIG * (sent // len(BIG) + 1))[:sent]


@both_times
@pytest.mark.parametrize("end", ["fin", "reset"])
async def test_stall_holds_ends(when: When, end: str) -> None:
    """A FIN or RST does not pass a stalled link either; it arrives after healing."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Stall(), when)
        await rig.fence()
        if end == "fin":
            server.fin()
        else:
            server.reset()
        await rig.fence()
        assert page.quiet()
        await rig.proxy.heal()
        assert await page.ends() == end


async def test_stall_downstream_holds_a_reset_met_while_writing() -> None:
    """If writing upstream finds out that the server reset, the page doesn't learn it before healing."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Stall(direction="downstream"), "live")
        server.reset()
        for _ in range(3):
            await page.send(b"anyone there?")
            await rig.fence()
        assert page.quiet()
        await rig.proxy.heal()
        assert await page.ends() == "reset"


# Blackhole


@both_times
@each_direction
async def test_blackhole_discards_and_ends_in_a_cut(when: When, direction: Directions) -> None:
    """Under `blackhole` its direction is read and discarded, the other one flows; healing resets the link."""
    async with Rig.running() as rig:
        fault = Blackhole(direction=direction)
        page, server = await rig.link_under(fault, when)
        for hit, sender, receiver in ((fault.hits("upstream"), page, server), (fault.hits("downstream"), server, page)):
            sending = asyncio.ensure_future(sender.send(BIG * 16))  # more than kernels keep
            if hit:
                await sending
                await rig.fence()
                assert receiver.quiet()
            else:
                assert len(await receiver.read(len(BIG) * 16)) == len(BIG) * 16
                await sending
        await rig.proxy.heal()
        assert (await page.ends(), await server.ends()) == ("reset", "reset")
        (end,) = rig.of("link-end")
        assert (end["by"], end["how"]) == ("proxy", "reset")
        await carries(*await rig.link())


@both_times
@pytest.mark.parametrize("end", ["fin", "reset"])
async def test_blackhole_discards_ends(when: When, end: str) -> None:
    """A FIN or RST is lost in a blackhole like everything else: the other side goes on believing."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Blackhole(), when)
        await page.send(b"lost")
        await rig.fence()
        if end == "fin":
            page.fin()
        else:
            page.reset()
        await rig.fence()
        assert server.quiet()
        assert [state.number for state in rig.proxy.links] == [1]
        await rig.proxy.heal()
        assert await server.ends() == "reset"


async def test_link_with_both_peers_gone_in_a_blackhole_is_over() -> None:
    """When both peers of a blackholed link have reset, nothing is left to cut: the link is over."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Blackhole(), "live")
        page.reset()
        await rig.fence()
        server.reset()
        (end,) = await rig.until("link-end")
        assert (end["by"], end["how"]) == ("page", "reset")
        assert rig.proxy.links == ()


async def test_replacing_a_blackhole_cuts_too() -> None:
    """Another fault in its place doesn't bring the lost bytes back: the link is reset."""
    async with Rig.running() as rig:
        page, _ = await rig.link_under(Blackhole(), "live")
        await rig.proxy.apply(Stall())
        assert await page.ends() == "reset"


# Latency


@both_times
async def test_latency_delays_each_direction(when: When) -> None:
    """Every byte, and the end, comes `delay_ms` later in each direction; healing lets go at once."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Latency(delay_ms=60), when)
        began = time.monotonic()
        await carries(page, server)
        assert time.monotonic() - began >= 0.12
        server.fin()
        began = time.monotonic()
        assert await page.ends() == "fin"
        assert time.monotonic() - began >= 0.059
        await rig.proxy.apply(Latency(delay_ms=600_000))
        await page.send(b"late")
        await rig.fence()
        assert server.quiet()
        await rig.proxy.heal()
        assert await server.read(4) == b"late"


async def test_reset_behind_a_delayed_fin_is_not_forgotten() -> None:
    """A server that sends FIN and then RST while its FIN is still on the way leaves no half-dead link."""
    async with Rig.running() as rig:
        page, _ = await rig.link_under(Latency(delay_ms=600_000), "live")
        link = rig.proxy._live[1]
        link.heard_end(link.server, End.FIN)
        link.heard_end(link.server, End.RESET)
        await rig.proxy.heal()
        assert await page.ends() == "reset"
        (end,) = rig.of("link-end")
        assert (end["by"], end["how"]) == ("server", "reset")


@settings(max_examples=10, deadline=None)
@given(
    pieces=st.lists(st.integers(1, 3_000), min_size=2, max_size=40),
    delay_ms=st.floats(1, 15),
    share=st.floats(0, 1),
    seed=st.integers(0, 9),
)
async def test_latency_keeps_order_over_any_chunking(
    pieces: list[int], delay_ms: float, share: float, seed: int
) -> None:
    """Jitter moves pieces apart or together, never past each other, and the end comes last."""
    sent = BIG[: sum(pieces)]
    async with Rig.running() as rig:
        fault = Latency(delay_ms=delay_ms, jitter_ms=delay_ms * share, seed=seed)
        page, server = await rig.link_under(fault, "new")
        reading = asyncio.ensure_future(page.rest())
        for piece in in_pieces(sent, pieces):
            await server.send(piece)
            await rig.fence()  # so that the proxy reads this piece by itself
        server.fin()
        assert await reading == (sent, "fin")


async def test_jitter_is_repeated_by_its_seed() -> None:
    """The same seed, link number and direction draw the same delays; any other draws others."""

    def drawn(number: int, seed: int, direction: Literal["up", "down"]) -> list[float]:
        link = Link(number, nobody_observes, opened_ms=0, on_made=_ignore, on_end=_ignore)
        flow: Flow = getattr(link, direction)
        flow.shape(Latency(delay_ms=100, jitter_ms=100, seed=seed))
        return [flow._random.random() for _ in range(4)]

    first = drawn(1, 7, "up")
    assert first == drawn(1, 7, "up")
    assert len({tuple(first), *map(tuple, (drawn(2, 7, "up"), drawn(1, 8, "up"), drawn(1, 7, "down")))}) == 4


def _ignore(*_: object) -> None:
    """Nobody needs to know."""


# Throttle


@both_times
async def test_throttle_holds_its_rate_both_ways(when: When) -> None:
    """A throttled link passes its bytes per second in each direction, much slower than an unthrottled one."""
    size, rate = 200_000, 500_000
    async with Rig.running() as rig:
        free_s = min([await _transfer_s(*await rig.link(), size) for _ in range(3)])
        throttled_s = await _transfer_s(*await rig.link_under(Throttle(bytes_per_s=rate), when), size)
        assert throttled_s / free_s > 4
        assert 0.9 < throttled_s / (size / rate) < 2.5  # above 1 is a busy machine
        await rig.proxy.heal()
        await carries(*await rig.link())


async def _transfer_s(page: Peer, server: Peer, size: int) -> float:
    """Seconds that `size` bytes take, both ways at once."""
    began = time.monotonic()
    sends = [page.send(BIG[:size]), server.send(BIG[:size])]
    up, down, *_ = await asyncio.gather(server.read(size), page.read(size), *sends)
    assert up == down == BIG[:size]
    return time.monotonic() - began


async def test_healed_throttle_lets_go_at_once() -> None:
    """What a throttle held back is delivered in order as soon as it is healed."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Throttle(bytes_per_s=10), "live")
        sending = asyncio.ensure_future(server.send(BIG))
        await page.read(1)
        await rig.proxy.heal()
        assert await page.read(len(BIG) - 1) == BIG[1:]
        await sending


# Slices


@both_times
async def test_slices_arrive_small_and_whole(when: When) -> None:
    """Both ways bytes come in pieces of the sizes allowed, never two at once where there is a pause, and none is lost."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Slices(bytes_at_most=8, pause_ms=5), when)
        for source, sink in ((page, server), (server, page)):
            await source.send(BIG[:100])
            got, pieces = b"", []
            while len(got) < 100:
                pieces.append(await sink.read_some())
                got += pieces[-1]
            assert got == BIG[:100]
            assert 13 <= len(pieces) <= 100
            assert all(len(piece) <= 8 for piece in pieces[:-1])


async def test_healed_slices_let_go_at_once() -> None:
    """What was still to be sliced is delivered in order as soon as it is healed."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Slices(bytes_at_most=1, pause_ms=60_000), "live")
        sending = asyncio.ensure_future(server.send(BIG))
        await page.read(1)
        await rig.proxy.heal()
        assert await page.read(len(BIG) - 1) == BIG[1:]
        await sending
