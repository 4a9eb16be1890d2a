"""Engines, uplink: what it costs to send something to the server, and what becomes of too much of it."""

import asyncio

import pytest

from wirematrix import RawCell, budgets, measures, origin

TIMES = 100
PIECE = 1 << 18
PIECES = 32
TOO_MUCH = 5 << 20


@pytest.mark.check
@pytest.mark.entries("M06")
async def test_echo_on_the_stream(cell: RawCell) -> None:
    """A hundred messages to the server and back on the open stream itself, one after the other: how fast, how big?"""
    cell.record(*(measures.round_trip_ms(share=share) for share in (50, 95)), measures.uplink_bytes())
    cell.serve(echoing)
    await cell.open()
    await cell.hears("open", stream="a")
    await cell.ask("echo", {"name": "a", "times": TIMES, "ms": budgets.DELIVER.ms}, within=budgets.BULK)


async def echoing(exchange: origin.Exchange) -> None:
    """Send back what comes."""
    await (await exchange.upgrade()).serve(echo=True)


@pytest.mark.check
@pytest.mark.entries("M06")
async def test_echo_by_post(cell: RawCell) -> None:
    """A hundred messages to the server and back by POST beside an open stream, one after the other: how fast, how big?"""
    cell.record(*(measures.round_trip_ms(share=share, place="/post") for share in (50, 95)))
    cell.record(measures.uplink_bytes(place="/post"))
    cell.serve(origin.streams("data: 1\n\n"))
    cell.serve(returning, place="/post")
    await cell.open()
    await cell.hears("open", stream="a")
    wanted = {"name": "a", "url": cell.url("/post"), "times": TIMES, "ms": budgets.DELIVER.ms}
    await cell.ask("post", wanted, within=budgets.BULK)


async def returning(exchange: origin.Exchange) -> None:
    """Answer with the request's body."""
    await exchange.answer(200, (await exchange.body()).decode())


@pytest.mark.check
@pytest.mark.entries("L07")
async def test_server_stops_reading(cell: RawCell) -> None:
    """The server stops reading and the page sends 8 MiB: where do they wait, and do they arrive when it reads on?"""
    cell.record(
        measures.buffered_mib("right after sending", 1),
        measures.buffered_mib("while the server does not read", 2),
        measures.buffered_mib("when all has arrived", 3),
        measures.uplink_arrives("when the server reads on", times=PIECES),
    )
    reads_on = asyncio.Event()

    async def stopping(exchange: origin.Exchange) -> None:
        socket = await exchange.upgrade()
        exchange.connection.pause_reading()
        await reads_on.wait()
        exchange.connection.resume_reading()
        await socket.serve()

    cell.serve(stopping)
    await cell.open()
    await cell.hears("open", stream="a")
    await cell.ask("send", {"name": "a", "bytes": PIECE, "times": PIECES})
    await cell.watch(budgets.HELD_BACK)
    await cell.ask("buffered", "a")
    reads_on.set()
    await cell.sees("frame", count=PIECES, name="binary", budget=budgets.BULK)
    await cell.ask("buffered", "a")


@pytest.mark.check
@pytest.mark.entries("L08")
async def test_message_over_the_servers_limit(cell: RawCell) -> None:
    """The page sends 5 MiB, which is too much: does it learn the code 1009, if the server takes the rest all the same?

    A server that ends the connection with bytes unread resets it; what the page gets then, 1009 or 1006, is a race.
    """
    cell.record(measures.ending("refused when read", stream="read"), measures.ending("refused unread", stream="unread"))
    on_its_way = asyncio.Event()

    async def reading(exchange: origin.Exchange) -> None:
        socket = await exchange.upgrade()
        await socket.read()
        await socket.end(1009, "too big")

    async def not_reading(exchange: origin.Exchange) -> None:
        socket = await exchange.upgrade()
        exchange.connection.pause_reading()
        await on_its_way.wait()
        await socket.close(1009, "too big")
        exchange.connection.resume_reading()
        await socket.peer_closes()
        socket.fin()

    for name, script in {"read": reading, "unread": not_reading}.items():
        cell.serve(script, place=f"/{name}")
        await cell.open(name, f"/{name}")
        await cell.hears("open", stream=name)
        await cell.ask("send", {"name": name, "bytes": TOO_MUCH})
    on_its_way.set()
    for name in ("read", "unread"):
        await cell.wait_for("close", stream=name, budget=budgets.NOTICE)
