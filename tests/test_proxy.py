"""The fault proxy without a fault, and its faults on some links: forwarding, matching, observing, closing."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import psutil
import pytest

from tests.rawlinks import BIG, BUDGET_S, REQUEST, Peer, Rig, Upstream, carries
from wirematrix.errors import WirematrixError
from wirematrix.faults import Blackhole, Close, Fault, Latency, Refuse, Reset, Slices, Stall, Throttle, Truncate
from wirematrix.heads import Request
from wirematrix.link import REPORT_EVERY_S

pytestmark = pytest.mark.anyio


# Forwarding


async def test_forwards_both_ways_unchanged() -> None:
    """Without a fault bytes pass both ways unchanged, however many and however small."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        sends = [page.send(BIG), server.send(BIG[::-1])]
        up, down, *_ = await asyncio.gather(server.read(len(BIG)), page.read(len(BIG)), *sends)
        assert (up, down) == (BIG, BIG[::-1])
        for number in range(256):
            await server.send(bytes([number]))
        assert await page.read(256) == bytes(range(256))


@pytest.mark.parametrize("first", ["page", "server"])
async def test_half_close_is_kept(first: str) -> None:
    """A FIN from one side is passed on, and the other side's bytes still arrive, until it ends, too."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        near, far = (page, server) if first == "page" else (server, page)
        await near.send(b"last words")
        near.fin()
        assert await far.rest() == (b"last words", "fin")
        sending = asyncio.ensure_future(far.send(BIG))
        assert await near.read(len(BIG)) == BIG
        await sending
        assert rig.of("link-end") == []
        far.fin()
        assert await near.ends() == "fin"
        (end,) = await rig.until("link-end")
        assert (end["by"], end["how"]) == (first, "fin")


@pytest.mark.parametrize("first", ["page", "server"])
async def test_reset_is_passed_on(first: str) -> None:
    """A RST from one side reaches the other as a RST."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await carries(page, server)
        near, far = (page, server) if first == "page" else (server, page)
        near.reset()
        assert await far.ends() == "reset"
        (end,) = await rig.until("link-end")
        assert end == {"link": 1, "by": first, "how": "reset", "bytes_up": 4, "bytes_down": 4}


@pytest.mark.parametrize("first", ["page", "server"])
async def test_reset_after_a_fin_is_passed_on(first: str) -> None:
    """A peer that closes while the other sends answers later bytes with a RST, and the sender learns it."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await carries(page, server)
        near, far = (page, server) if first == "page" else (server, page)
        near.close()
        assert await far.ends() == "fin"
        async with asyncio.timeout(BUDGET_S):
            while not rig.of("link-end"):
                with suppress(ConnectionError):
                    await far.send(b"still there?")
                await rig.fence()
        assert not far.quiet()
        (end,) = rig.of("link-end")
        assert (end["by"], end["how"]) == (first, "reset")
        assert rig.proxy.links == ()


async def test_dead_upstream_resets_the_page() -> None:
    """If the server refuses, the page's connection is reset and the link's end says so."""
    async with Rig.running() as rig:
        rig.upstream.sock.close()
        page = await rig.page()
        assert await page.ends() == "reset"
        assert rig.of("link-end") == [{"link": 1, "by": "server", "how": "refused", "bytes_up": 0, "bytes_down": 0}]
        assert rig.proxy.links == ()


async def test_retarget_concerns_new_links() -> None:
    """After a retarget new links reach the new server; live ones keep theirs."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        other = Upstream()
        rig.proxy.retarget(other.at)
        new_page = await rig.page()
        new_server = await other.accept()
        await carries(new_page, new_server)
        await carries(page, server)
        new_server.close()
        other.sock.close()


async def test_slow_reader_holds_up_its_sender_only() -> None:
    """A page that doesn't read stops its own server by back-pressure, fills no memory, loses nothing, delays nobody."""
    async with Rig.running() as rig:
        slow, server = await rig.link()
        others = await rig.link()
        sent = await rig.fill(server)
        kept = rig.proxy._live[1].taken - rig.proxy.links[0].bytes_down
        assert kept < 1 << 19  # the kernels' buffers hold the rest
        await carries(*others)
        assert len(await slow.read(sent)) == sent


# One fault, some links


def _streams(request: Request) -> bool:
    return request.target.startswith("/sse/")


async def _requesting(rig: Rig, target: str) -> tuple[Peer, Peer]:
    """A link whose page has asked for a target that the server has seen."""
    page, server = await rig.link()
    sent = f"GET {target} HTTP/1.1\r\n\r\n".encode()
    await page.send(sent)
    assert await server.read(len(sent)) == sent
    return page, server


async def test_match_picks_live_links() -> None:
    """A fault with a match hits the links whose request matches and no others."""
    async with Rig.running() as rig:
        stream = await _requesting(rig, "/sse/a")
        idle = await _requesting(rig, "/static/probe.js")
        silent = await rig.link()
        assert await rig.proxy.apply(Stall(), match=_streams) == 1
        await stream[1].send(b"held")
        await carries(*idle)
        await rig.fence()
        assert stream[0].quiet()
        await silent[0].send(b"not http")
        assert await silent[1].read(8) == b"not http"
        await rig.proxy.heal()
        assert await stream[0].read(4) == b"held"
        assert await rig.proxy.cut(Reset(), match=_streams) == 1
        assert await stream[0].ends() == "reset"
        await carries(*idle)


@pytest.mark.parametrize("fault", [Reset(), Close(), Stall(), Blackhole()])
async def test_match_hits_before_the_request_is_forwarded(fault: Fault) -> None:
    """A new link, or an idle one that is used again, is hit when a request matches; the server never sees it."""
    async with Rig.running() as rig:
        reused = await _requesting(rig, "/static/probe.js")
        await rig.proxy.apply(fault, match=_streams)
        fresh = await _requesting(rig, "/static/probe.css")
        for page, server in (reused, fresh):
            await page.send(REQUEST)
            await rig.fence()
            if isinstance(fault, Close | Reset):
                how = "fin" if isinstance(fault, Close) else "reset"
                assert (await page.ends(), await server.ends()) == (how, how)
            else:
                assert server.quiet()
                await server.send(b"anything")
                await rig.fence()
                assert page.quiet()
        await rig.proxy.heal()
        await _requesting(rig, "/sse/b")


async def test_applied_restores_what_held_before() -> None:
    """After a span the fault from before it holds again, and none if there was none."""
    async with Rig.running() as rig:
        held: list[Fault | None] = []
        async with rig.proxy.applied(Stall(direction="upstream")):
            async with rig.proxy.applied(Refuse()):
                held.append(rig.proxy.fault)
            held.append(rig.proxy.fault)
            page, server = await rig.link()
            await page.send(b"held")
            await rig.fence()
            assert server.quiet()
        held.append(rig.proxy.fault)
        assert held == [Refuse(), Stall(direction="upstream"), None]
        assert await server.read(4) == b"held"
        assert [kind for kind, _ in rig.seen if kind in ("fault", "healed")] == ["fault", "healed"] * 3


async def test_replacing_stall_by_reset_forwards_nothing() -> None:
    """A fault that takes another's place does so without a moment in between in which bytes slip through."""
    async with Rig.running() as rig:
        page, server = await rig.link_under(Stall(), "live")
        await server.send(b"held")
        await rig.proxy.apply(Reset())
        assert await page.ends() == "reset"


# Observations


async def test_a_links_life_is_observed() -> None:
    """Open, requests with Last-Event-ID, fault, healing and end are told in order, with their numbers."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await page.send(REQUEST)
        await server.read(len(REQUEST))
        (state,) = rig.proxy.links
        assert (state.number, state.bytes_up, state.bytes_down) == (1, len(REQUEST), 0)
        assert state.request == Request(method="GET", target="/sse/a", last_event_id="0a-3")
        assert state.opened_ms >= 0
        async with rig.proxy.applied(Stall(direction="downstream")):
            pass
        await server.send(b"answer")
        await page.read(6)
        server.fin()
        page.fin()
        await rig.until("link-end")
        totals = {"bytes_up": len(REQUEST), "bytes_down": 6}
        assert [seen for seen in rig.seen if seen[0] != "bytes"] == [
            ("link-open", {"link": 1, "request": None}),
            ("request", {"link": 1, "method": "GET", "target": "/sse/a", "last_event_id": "0a-3"}),
            ("fault", {"fault": "stall downstream", "links": 1}),
            ("healed", {"fault": "stall downstream"}),
            ("unread", {"link": 1, "because": "an answer that is not HTTP/1"}),
            ("link-end", {"link": 1, "by": "server", "how": "fin", **totals}),
        ]
        assert rig.proxy.links == ()


async def test_bytes_are_observed_rarely() -> None:
    """A link that is busy for longer than the reporting time reports its bytes, at most once in that time."""
    async with Rig.running() as rig:
        began = time.monotonic()
        page, server = await rig.link()
        sent = 0
        while not rig.of("bytes"):
            assert time.monotonic() - began < BUDGET_S
            await server.send(b"x" * 100)
            await page.read(100)
            sent += 100
        elapsed_s = time.monotonic() - began
        assert len(rig.of("bytes")) <= elapsed_s / REPORT_EVERY_S
        assert rig.of("bytes")[-1] == {"link": 1, "bytes_up": 0, "bytes_down": sent}


# Many links, and the end


async def test_many_links_at_once() -> None:
    """Two hundred links carry bytes at once and are all cut by one fault."""
    async with Rig.running() as rig:
        pages = await asyncio.gather(*(rig.page() for _ in range(200)))
        servers = [await rig.upstream.accept() for _ in pages]
        await asyncio.gather(*(server.send(b"hello") for server in servers))
        assert await asyncio.gather(*(page.read(5) for page in pages)) == [b"hello"] * 200
        assert len(rig.proxy.links) == 200
        assert await rig.proxy.cut(Reset()) == 200
        assert set(await asyncio.gather(*(page.ends() for page in pages))) == {"reset"}
        assert rig.proxy.links == ()
        for server in servers:
            server.close()


async def _nothing(_rig: Rig) -> None:
    """No link at all."""


async def _under(rig: Rig, fault: Fault) -> None:
    page, server = await rig.link()
    await page.send(REQUEST)
    await rig.proxy.apply(fault)
    server.flood()
    await rig.fence()


async def _finishing(rig: Rig) -> None:
    """Cut with a FIN that neither peer answers, with bytes nobody reads."""
    _, server = await rig.link()
    server.flood()
    await rig.fence()
    await rig.proxy.cut(Close())


async def _half_closed(rig: Rig) -> None:
    page, server = await rig.link()
    page.fin()
    assert await server.ends() == "fin"


STATES: Final[dict[str, Callable[[Rig], Awaitable[None]]]] = {
    "no link": _nothing,
    "half-closed": _half_closed,
    "finishing": _finishing,
    **{
        str(fault): partial(_under, fault=fault)
        for fault in (
            Refuse(),
            Stall(),
            Blackhole(),
            Latency(delay_ms=60_000),
            Throttle(bytes_per_s=1),
            Slices(bytes_at_most=1, pause_ms=60_000),
            Truncate(after_bytes=1 << 30),
        )
    },
}


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
async def test_close_leaves_nothing_behind(state: Callable[[Rig], Awaitable[None]]) -> None:
    """After close() there is no task, no socket and no listener of the proxy, whatever its links were in."""
    tasks = asyncio.all_tasks()
    async with Rig.running() as rig:
        await state(rig)
        port = rig.proxy.port
        async with asyncio.timeout(BUDGET_S):
            await rig.proxy.close()
            await rig.proxy.close()
        assert asyncio.all_tasks() == tasks
        assert _sockets_of_proxy(port, rig.upstream.at[1]) == []
        assert len(rig.of("link-end")) == len(rig.of("link-open"))
        await rig.proxy.heal()
        with pytest.raises(WirematrixError, match="between start and close"):
            await rig.proxy.apply(Stall())


@pytest.mark.skipif(sys.platform != "linux", reason="fills a listen queue the way Linux counts it")
async def test_close_ends_connecting_links() -> None:
    """A link whose server never answers the connect is ended by close(), its task with it."""
    tasks = asyncio.all_tasks()
    async with Rig.running() as rig:
        deaf = Upstream(backlog=0)
        filler = socket.create_connection(deaf.at)
        rig.proxy.retarget(deaf.at)
        page = await rig.page()
        await rig.until("link-open")
        assert asyncio.all_tasks() != tasks
        async with asyncio.timeout(BUDGET_S):
            await rig.proxy.close()
        assert await page.ends() == "reset"
        assert asyncio.all_tasks() == tasks
        filler.close()
        deaf.sock.close()


def _sockets_of_proxy(port: int, upstream_port: int) -> list[object]:
    """Sockets of this process that listen on or are connected from the proxy's port, or lead to the server."""
    return [
        connection
        for connection in psutil.Process().net_connections("tcp")
        if connection.laddr.port == port or upstream_port in connection.raddr[1:]
    ]
