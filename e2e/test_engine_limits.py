"""Engines, limits: how many streams at once, who waits behind them, and who feels that somebody is slow."""

import pytest

from wirematrix import RawCell, all_pushed_in_order, budgets, measures, origin

NINE = tuple(f"stream-{number}" for number in range(1, 10))
THIRTY = tuple(f"socket-{number}" for number in range(1, 31))
MANY = tuple(f"socket-{number}" for number in range(1, 261))
HANDSHAKE_MS = 50
BUSY_MS = 10
BIG = 1 << 18  # characters
MIB = 1 << 20
MUCH_MIB = 96  # more than the kernels of both sides keep between them: 32 and 4 MiB at most where this was written


@pytest.mark.check
@pytest.mark.entries("L01", "M06")
async def test_nine_streams_to_one_origin(cell: RawCell) -> None:
    """Nine streams to one origin over HTTP/1.1: how many open? Do a GET, a POST and a WebSocket get through beside
    them, and does another port of the same host?
    """
    calls = {
        "GET": {},
        "POST": {"method": "POST"},
        "GET without cookies": {"credentials": "omit"},
        "GET to another port": {},
    }
    cell.record(measures.open_at_once(streams=NINE), measures.told_while_waiting(streams=NINE))
    for about in calls:
        cell.record(measures.gets_through(about, call=about))
    cell.record(measures.call_ms("GET", call="GET", cap=budgets.HELD_BACK))
    cell.record(measures.opens_beside("WebSocket", stream="socket"))
    cell.serve(origin.streams("data: 1\n\n"))
    cell.serve(origin.answers(200, "answer"), place="/api")
    cell.serve(origin.accepts(), place="/socket")
    elsewhere = await cell.origin.listen()
    await cell.open_all(*NINE, place="/stream")
    await cell.wait_for("open", count=len(NINE), budget=budgets.HELD_BACK)
    for about, options in calls.items():
        url = cell.url("/api", port=elsewhere if about == "GET to another port" else None)
        await cell.ask("fetch", {"name": about, "url": url, "ms": budgets.DELIVER.ms, **options})
    await cell.open("socket", "/socket", transport="websocket")
    await cell.wait_for("fetched", count=len(calls), budget=budgets.HELD_BACK)
    cell.note("freed")
    for name in NINE:
        await cell.close(name)
    await cell.wait_for("fetched", count=len(calls))


@pytest.mark.check
@pytest.mark.entries("L05")
async def test_thirty_sockets_at_once(cell: RawCell) -> None:
    """Thirty WebSockets to one host at once, each with a handshake of 50 ms: side by side, or one after the other?"""
    cell.record(measures.handshakes_at_once(), measures.all_open_ms(streams=THIRTY))
    cell.record(measures.opens_before("to another port, opened last", stream="elsewhere", others=THIRTY))
    cell.serve(taking_its_time)
    cell.serve(origin.accepts(), place="/elsewhere")
    elsewhere = await cell.origin.listen()
    await cell.open_all(*THIRTY, place="/stream")
    await cell.open("elsewhere", "/elsewhere", port=elsewhere)
    await cell.wait_for("open", count=len(THIRTY) + 1, budget=budgets.BULK)  # one after the other, each takes its time


async def taking_its_time(exchange: origin.Exchange) -> None:
    """A handshake that is answered only after a while."""
    await origin.pause(HANDSHAKE_MS)
    await (await exchange.upgrade()).serve()


@pytest.mark.soak
@pytest.mark.own_engine
@pytest.mark.check
@pytest.mark.entries("L04")
async def test_as_many_sockets_as_open(cell: RawCell) -> None:
    """260 WebSockets to one origin: how many open, and what does the page hear of the others?"""
    cell.record(measures.open_at_once(streams=MANY), measures.told_while_waiting(streams=MANY))
    cell.serve(origin.accepts())
    await cell.open_all(*MANY, place="/stream")
    await cell.wait_for("open", count=len(MANY), budget=budgets.OPEN)
    cell.note("freed")


async def play_slow_consumer(cell: RawCell, mib: int) -> None:
    """A flood of big messages, and a handler that takes its time with each."""
    count = mib * MIB // BIG
    cell.judge(all_pushed_in_order)
    cell.record(
        measures.taken_ahead_mib(stream="slow", each=BIG, cap_mib=mib),
        measures.handed_over_ms(stream="slow"),
        measures.longest_delay_ms(stream="slow"),
    )
    cell.serve(origin.floods(count, chars=BIG), place="/slow")
    await cell.open("slow", "/slow", busy_ms=BUSY_MS, summed=False)
    await cell.wait_for(stream="slow", seq=count, budget=budgets.BULK)


@pytest.mark.entries("L06")
async def test_slow_consumer(cell: RawCell) -> None:
    """16 MiB in messages of 256 KiB at once, and the page's code takes 10 ms for each: nothing is lost. Who waits?"""
    await play_slow_consumer(cell, 16)


@pytest.mark.soak
@pytest.mark.entries("L06")
async def test_slow_consumer_of_much(cell: RawCell) -> None:
    """96 MiB, more than kernels buffer, and the page's code takes 10 ms for each 256 KiB: nothing is lost. Who waits?"""
    await play_slow_consumer(cell, MUCH_MIB)


@pytest.mark.check
@pytest.mark.entries("L06")
async def test_paused_reader(cell: RawCell) -> None:
    """A stream is opened and nothing is read from it: is the server held back, or does the engine take all the same?"""
    cell.record(measures.taken_mib(stream="paused", cap_mib=MUCH_MIB), measures.held_back(stream="paused"))
    cell.serve(origin.floods(MUCH_MIB * MIB // BIG, chars=BIG), place="/paused")
    await cell.open("paused", "/paused", pause_ms=budgets.ATTEMPT.ms)
    await cell.hears("open", stream="paused")
    await cell.sees("flooded", budget=budgets.ABSENT)
    cell.note("watched")
