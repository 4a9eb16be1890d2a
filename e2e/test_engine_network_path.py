"""Engines, the way between: heartbeats that keep it open, and a service worker in it."""

import pytest

from wirematrix import RawCell, budgets, measures, origin, pongs_came

BEAT = b"beat"
PINGS = 3


@pytest.mark.check
@pytest.mark.entries("N07")
async def test_heartbeats_that_script_sees(cell: RawCell) -> None:
    """The server sends a heartbeat that is no message, a comment or a ping, and then one that is: which of them is seen?

    A fetch reads the bytes as they come.
    """
    cell.record(measures.heard("a comment or ping, then a message"))
    cell.serve(origin.either(commenting, pinging_and_telling))
    await cell.open(parse=False)
    await cell.wait_for("message", stream="a", text=["1 heartbeat", "data: 1 heartbeat\n\n"])


async def commenting(exchange: origin.Exchange) -> None:
    """A comment, which costs nothing; after a moment, so that it is a read of its own, a message."""
    await exchange.respond()
    await exchange.send(":\n\n")
    await exchange.pause(budgets.A_MOMENT.ms)
    await exchange.send("data: 1 heartbeat\n\n")


async def pinging_and_telling(exchange: origin.Exchange) -> None:
    """A ping, and after a moment a message."""
    socket = await exchange.upgrade()
    await socket.ping(BEAT)
    await exchange.pause(budgets.A_MOMENT.ms)
    await socket.text("1 heartbeat")
    await socket.serve()


@pytest.mark.entries("N07")
async def test_pings_are_answered(cell: RawCell) -> None:
    """The server's pings are answered by the engine, each with what it carried (RFC 6455, section 5.5.3)."""
    cell.judge(pongs_came(PINGS))
    cell.record(measures.pong_ms())
    cell.serve(pinging)
    await cell.open()
    await cell.sees("pong", count=PINGS)


async def pinging(exchange: origin.Exchange) -> None:
    """Pings, one after the other."""
    socket = await exchange.upgrade()
    for number in range(PINGS):
        exchange.note("ping-sent", number=number)
        await socket.ping(BEAT)
        while (frame := await socket.read()).opcode != origin.PONG:
            pass
        exchange.note("pong", number=number, same=frame.payload == BEAT)
    await socket.serve()


@pytest.mark.check
@pytest.mark.entries("N12")
async def test_through_a_service_worker(cell: RawCell) -> None:
    """A service worker passes on whatever its page asks for: does a stream go through it, and does it come back?"""
    cell.record(measures.passed_through(), measures.heard())
    cell.record(measures.told("the server ends it once"), measures.request_count())
    await passing_through(cell)
    again = origin.streams("retry: 50\ndata: 1 one\n\n", then="finish"), origin.streams("data: 2 two\n\n")
    cell.serve(*(origin.either(http, origin.accepts("1 one", close=1000)) for http in again))
    await cell.open()
    await cell.outcome()
    await cell.watch(budgets.A_MOMENT)
    await cell.ask("dismiss", "worker")


async def passing_through(cell: RawCell) -> None:
    """The page is a service worker's from now on."""
    cell.origin.page_headers["Service-Worker-Allowed"] = "/"
    await cell.ask("passThrough", "worker", within=budgets.DELIVER)


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("N12")
async def test_lives_through_a_service_worker(cell: RawCell) -> None:
    """A stream with a message every three seconds goes through a service worker: how long does it live?"""
    cell.record(measures.lifetime_ms(budgets.MINUTE), measures.passed_through())
    await passing_through(cell)
    cell.serve(origin.either(beating, beating_socket))
    await cell.open()
    await cell.wait_for("error", "close", stream="a", budget=budgets.MINUTE)
    await cell.ask("dismiss", "worker")


async def beating(exchange: origin.Exchange) -> None:
    """Messages until the peer has had enough."""
    await exchange.respond()
    while True:
        await exchange.send("data: 1 heartbeat\n\n")
        await exchange.pause(budgets.PRIMING.ms)


async def beating_socket(exchange: origin.Exchange) -> None:
    """The same as text frames."""
    socket = await exchange.upgrade()
    while True:
        await socket.text("1 heartbeat")
        await exchange.pause(budgets.PRIMING.ms)
