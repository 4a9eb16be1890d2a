"""Engines, connecting: how long it takes, what is asked, where streams may live, and closing before they are open."""

import pytest

from wirematrix import (
    RawCell,
    asked_afresh,
    budgets,
    ended_by_the_page,
    header_carried,
    measures,
    opened_elsewhere,
    origin,
)

ONE = "data: 1 one\n\n"
PRIMING = ":\n\n"
TURNS = 10
COLD = tuple(f"cold-{number}" for number in range(TURNS))
WARM = tuple(f"warm-{number}" for number in range(TURNS))
SCOPES = ("dedicated", "shared", "service")


@pytest.mark.check
@pytest.mark.entries("C01")
async def test_time_to_open(cell: RawCell) -> None:
    """Streams are opened one after the other: ten on new TCP connections, ten where the last connection may be used again."""
    cell.record(measures.opened_in_turn_ms("new TCP connection", COLD, reused=False, least=TURNS))
    cell.record(measures.opened_in_turn_ms("reused TCP connection", WARM, reused=True, least=0))
    cell.record(measures.connection_count("where one may be reused", WARM))
    for name in COLD:
        cell.serve(origin.either(ended_with_its_connection, origin.accepts(close=1000)), place=f"/{name}")
    for name in WARM:
        cell.serve(origin.either(origin.streams(PRIMING, then="finish"), origin.accepts(close=1000)), place=f"/{name}")
    await cell.open_in_turn(*COLD)
    await cell.open_in_turn(*WARM)


async def ended_with_its_connection(exchange: origin.Exchange) -> None:
    """A response whose end is the connection's."""
    await exchange.respond(headers={"Connection": "close"}, chunked=False)
    await exchange.send(PRIMING)
    exchange.fin()


@pytest.mark.check
@pytest.mark.entries("C02")
async def test_head_without_a_body(cell: RawCell) -> None:
    """The head of the response comes at once and its first byte 3 s later: when does the page learn of the head?"""
    cell.record(measures.opens_with("no byte for 3 s", "first-byte", stream="late"))
    cell.record(measures.head_to_open_ms("no byte for 3 s", stream="late", place="/late"))
    cell.record(measures.head_to_open_ms("a comment at once", stream="primed", place="/primed"))
    cell.serve(first_byte_later, place="/late")
    cell.serve(origin.streams(PRIMING), place="/primed")
    await cell.open("primed", "/primed")
    await cell.open("late", "/late")
    await cell.sees("first-byte")
    await cell.wait_for("open", stream="late")


async def first_byte_later(exchange: origin.Exchange) -> None:
    """The head, a pause, a comment."""
    await exchange.respond()
    await exchange.pause(budgets.PRIMING.ms)
    exchange.note("first-byte")
    await exchange.send(PRIMING)


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("C10")
async def test_never_answered(cell: RawCell) -> None:
    """The request is read and never answered: when does the engine give up?"""
    cell.record(measures.failed_after_ms(budgets.UNANSWERED), measures.request_count())
    cell.serve(origin.silent())
    await cell.open()
    await cell.wait_for("error", "close", stream="a", budget=budgets.UNANSWERED)


@pytest.mark.entries("C12")
async def test_asks_for_an_event_stream_afresh(cell: RawCell) -> None:
    """An EventSource says that it accepts an event stream, and asks the server even for what a cache would have.

    The answers may be stored for an hour and carry an ETag; the second stream must be asked for all the same, and not
    conditionally.
    """
    cell.judge(header_carried("stored", "Accept", "text/event-stream"))
    cell.judge(header_carried("stored", "Cache-Control", "no-cache"), asked_afresh("stored", 2))
    cell.serve(origin.streams(ONE, then="finish", headers=STORED), place="/stored")
    await cell.open("first", "/stored")
    await cell.wait_for("error", "over", stream="first")
    await cell.close("first")
    await cell.open("again", "/stored")
    await cell.wait_for("open", "over", stream="again")


STORED = {"Cache-Control": "max-age=3600", "ETag": '"one"'}


@pytest.mark.check
@pytest.mark.entries("C12")
async def test_request_fingerprint(cell: RawCell) -> None:
    """Which headers does a request for a stream carry?"""
    cell.record(measures.header_names(), *map(measures.header_value, SHOWN))
    cell.serve(origin.either(origin.streams(ONE), origin.accepts()))
    await cell.open()
    await cell.wait_for("open", "over", stream="a")


SHOWN = (
    "Accept",
    "Accept-Encoding",
    "Cache-Control",
    "Connection",
    "Origin",
    "Pragma",
    "Priority",
    "Referer",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Version",
)


@pytest.mark.entries("C13")
async def test_opens_in_workers(cell: RawCell) -> None:
    """A stream opens in a dedicated, a shared and a service worker."""
    cell.judge(opened_elsewhere(*SCOPES))
    for scope in SCOPES:
        cell.record(measures.elsewhere(f"{scope} worker", stream=scope))
        cell.serve(origin.either(origin.streams(ONE), origin.accepts("1 one")), place=f"/{scope}")
        await cell.open_elsewhere(scope, scope=scope)
    for scope in SCOPES:
        await cell.wait_for("elsewhere", stream=scope, said=["message", "failed", "over"])
        await cell.ask("dismiss", scope)


@pytest.mark.entries("C14")
async def test_close_while_connecting(cell: RawCell) -> None:
    """What the page closes before it is open ends at once and never opens: called at once, and with the request sent."""
    cell.judge(ended_by_the_page("at-once", "asked"))
    cell.record(measures.told_after_closing("at once", stream="at-once"))
    cell.record(measures.told_after_closing("request sent", stream="asked"))
    cell.record(measures.server_saw("request sent", place="/asked"))
    cell.record(measures.let_go_ms("request sent", budgets.SERVER_NOTICE, stream="asked", place="/asked"))
    await closes_while_connecting(cell, budgets.SERVER_NOTICE)
    cell.serve(origin.silent(), place="/at-once")
    cell.serve(origin.either(origin.streams(ONE), origin.accepts()), place="/fence")
    await cell.open("at-once", "/at-once", at_once=True)
    await cell.open("fence", "/fence")
    await cell.wait_for("open", stream="fence")
    await cell.watch(budgets.A_MOMENT)


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("C14")
async def test_tcp_after_a_close_while_connecting(cell: RawCell) -> None:
    """The page closes a WebSocket whose handshake was sent and not answered: when does the TCP connection end?"""
    cell.record(measures.let_go_ms("request sent", budgets.UNANSWERED, stream="asked", place="/asked"))
    await closes_while_connecting(cell, budgets.UNANSWERED)


async def closes_while_connecting(cell: RawCell, budget: budgets.Budget) -> None:
    """A request is sent and not answered; the page closes the stream, and the server looks for the end."""
    cell.serve(origin.silent(), place="/asked")
    await cell.open("asked", "/asked")
    await cell.asked(1, place="/asked")
    await cell.close("asked")
    await cell.sees("peer-end", budget=budget)
