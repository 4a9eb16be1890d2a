"""Engines, reconnect: when an EventSource comes back by itself, what it asks for, and what stops it for good."""

import random

import pytest

from wirematrix import RawCell, asked_for, budgets, each_once_in_order, measures, origin, waited_at_least

QUICK = "retry: 100\n\n"  # where the delay itself is not the subject
ONE = "id: 1\ndata: 1 one\n\n"
STATUSES = (204, 401, 404, 500, 502, 503, 504)
IDS = {"empty": "", "null": "a\0b", "not-ascii": "grüße-✓", "one-kib": "x" * 1024}
BREAKS = 10  # of each stream
STREAMS = ("a", "b", "c", "d", "e")


@pytest.mark.check
@pytest.mark.entries("R01", "D01")
async def test_default_reconnect_delay(cell: RawCell) -> None:
    """Nobody names a delay and the response ends in good order: how long does the engine wait, time after time?"""
    places = ("/a", "/b", "/c")
    cell.record(measures.reconnect_delay_ms(places=places, least=6))
    for place in places:
        cell.serve(*3 * [origin.streams(ONE, then="finish")], origin.streams(ONE), place=place)
        await cell.open(place, place)
    for place in places:
        await cell.asked(4, place=place, budget=budgets.FLAPPING)


@pytest.mark.check
@pytest.mark.entries("R02")
async def test_asked_reconnect_delay(cell: RawCell) -> None:
    """The server asks for 0, 100, 2,000 or 60,000 ms: how long does the engine wait?"""
    cell.judge(waited_at_least(2000, place="/retry-2000"))
    for asked_ms in (0, 100, 2000):
        place = f"/retry-{asked_ms}"
        cell.record(measures.reconnect_delay_ms(f"retry: {asked_ms}", places=[place], least=2))
        asking = origin.streams(f"retry: {asked_ms}\n\n", ONE, then="finish")
        cell.serve(*4 * [asking], origin.streams(ONE), place=place)
        await cell.open(place, place)
    cell.record(measures.reconnect_delay_ms("retry: 60000", places=["/retry-60000"], cap=budgets.ABSENT))
    cell.serve(origin.streams("retry: 60000\n\n", ONE, then="finish"), place="/retry-60000")
    await cell.open("/retry-60000", "/retry-60000")
    for asked_ms in (0, 100, 2000):
        await cell.asked(5, place=f"/retry-{asked_ms}", budget=budgets.REOPEN)
    await cell.asked(2, place="/retry-60000", budget=budgets.ABSENT)


@pytest.mark.check
@pytest.mark.entries("R03")
async def test_malformed_reconnect_delay(cell: RawCell) -> None:
    """After `retry: 700`, the server says `retry:` with no digits, or with more than digits: which delay holds?"""
    for name, value in MALFORMED.items():
        place = f"/{name.replace(' ', '-')}"
        cell.record(measures.reconnect_delay_ms(f"retry: 700, then {name}", places=[place], least=2))
        asking = origin.streams(f"retry: 700\n\nretry:{value}\n\n", ONE, then="finish")
        cell.serve(asking, asking, origin.streams(ONE), place=place)
        await cell.open(place, place)
    for name in MALFORMED:
        await cell.asked(3, place=f"/{name.replace(' ', '-')}", budget=budgets.REOPEN)


MALFORMED = {"nothing": "", "letters behind digits": " 1500abc", "a minus sign": " -1500", "a decimal point": " 1500.5"}


@pytest.mark.check
@pytest.mark.entries("R04", "R11", "R18")
async def test_error_status_on_reconnect(cell: RawCell) -> None:
    """The stream breaks, and the request that follows is answered by an error once: is it the end of the stream?"""
    for status in STATUSES:
        cell.record(measures.fate(f"{status} on reconnect", stream=str(status), place=f"/{status}", count=3))
        cell.serve(
            origin.streams(QUICK, ONE, then="finish"),
            origin.answers(status, headers={"Retry-After": "1"}),
            origin.streams(ONE),
            place=f"/{status}",
        )
        port = await cell.origin.listen()  # six connections per origin would not do
        await cell.open(str(status), f"/{status}", port=port)
    for status in STATUSES:
        await cell.asked(2, place=f"/{status}", budget=budgets.REOPEN)
    await cell.watch(budgets.ABSENT)


@pytest.mark.check
@pytest.mark.entries("R06")
async def test_reconnect_dies_early(cell: RawCell) -> None:
    """The stream breaks, and the connection that follows ends before a byte, or within the head of its response.

    On a pooled connection the request goes out where the response before has ended in good order, and an engine may
    repeat it unasked; on a fresh one that response said that its connection would be closed.
    """
    for name in DIES_EARLY:
        where = name.rpartition("-")[2]
        breaks = origin.streams(QUICK, ONE, then="finish", headers=NOT_KEPT if where == "fresh" else ())
        about = name.replace("-", " ")
        place = f"/{name}"
        cell.record(
            measures.fate(about, stream=name, place=place, count=3),
            measures.silent_repeats(about, stream=name, place=place),
        )
        cell.serve(breaks, dying_early(name), origin.streams(ONE), place=place)
        await cell.open(name, place, port=await cell.origin.listen())  # a pool of its own
    for name in DIES_EARLY:
        await cell.outcome(name, place=f"/{name}", count=3)


NOT_KEPT = {"Connection": "close"}
DIES_EARLY = (
    "fin-before-a-byte-fresh",
    "reset-before-a-byte-fresh",
    "fin-before-a-byte-pooled",
    "reset-before-a-byte-pooled",
    "fin-in-the-head-fresh",
)


def dying_early(how: str) -> origin.Script:
    """End the connection with no response, or with a part of its head."""

    async def script(exchange: origin.Exchange) -> None:
        if how.startswith("fin-in-the-head"):
            await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Ty")
        if how.startswith("reset"):
            exchange.reset()
        else:
            exchange.fin()

    return script


@pytest.mark.entries("R07")
async def test_resumes_after_fifty_breaks(cell: RawCell) -> None:
    """Ten breaks of each of five streams, between messages and within them: every message comes once, in order."""
    for name in STREAMS:
        cell.judge(each_once_in_order(name, MESSAGES))
        cell.serve(breaking_at_random(name), place=f"/{name}")
        await cell.open(name, f"/{name}")
    for name in STREAMS:
        await cell.wait_for("message", stream=name, seq=MESSAGES, budget=budgets.BULK)


MESSAGES = 6 * (BREAKS + 1)


def breaking_at_random(name: str) -> origin.Script:
    """Go on after the id that is asked for, and reset: before a message, within it, or right behind it."""
    chance = random.Random(name)
    plan = [(chance.randint(1, 6), chance.choice(("before", "within", "behind"))) for _ in range(BREAKS)]

    async def script(exchange: origin.Exchange) -> None:
        await exchange.respond()
        await exchange.send(QUICK)
        first = int(exchange.request.header("last-event-id") or 0) + 1
        if exchange.request.number > BREAKS:
            for number in range(first, MESSAGES + 1):
                await exchange.send(f"id: {number}\ndata: {number} message\n\n")
            return
        count, where = plan[exchange.request.number - 1]
        for number in range(first, first + count):
            await exchange.send(f"id: {number}\ndata: {number} message\n\n")
        if where == "within":
            await exchange.send(f"id: {first + count}\ndata: {first + count} mess")
        exchange.fin()

    return script


@pytest.mark.entries("R08")
async def test_id_without_data_is_the_resume_point(cell: RawCell) -> None:
    """A block with an id and no data dispatches nothing, but the next request begins from it."""
    cell.judge(asked_for("B"))
    cell.record(measures.heard(), measures.asked_from())
    cell.serve(origin.streams(QUICK, "id: A\ndata: 1 one\n\nid: B\n\n", then="finish"), origin.streams(ONE))
    await cell.open()
    await cell.asked(2, budget=budgets.REOPEN)


@pytest.mark.check
@pytest.mark.entries("R09")
async def test_odd_ids(cell: RawCell) -> None:
    """After the id "before": an empty id, one with NULL, one beyond ASCII, one of 1,024 characters. What is asked for?"""
    for name, value in IDS.items():
        cell.record(
            measures.asked_from(f"id {name.replace('-', ' ')}", place=f"/{name}"),
            measures.preflights(f"id {name.replace('-', ' ')}", place=f"/{name}"),
        )
        before = "id: before\ndata: 1 one\n\n"
        cell.serve(
            origin.streams(QUICK, before, f"id: {value}\ndata: 2 two\n\n", then="finish"),
            origin.streams(ONE),
            place=f"/{name}",
        )
        await cell.open(name, f"/{name}")
    for name in IDS:
        await cell.asked(2, place=f"/{name}", budget=budgets.REOPEN)


@pytest.mark.check
@pytest.mark.entries("R10")
async def test_redirect_is_remembered(cell: RawCell) -> None:
    """The first request was redirected, permanently or not: where does the request after the break go?"""
    for status in (301, 302, 307, 308):
        about = f"{status}"
        cell.record(measures.request_count(f"{about}: where it began", place=f"/start-{status}"))
        cell.record(measures.request_count(f"{about}: where it was sent", place=f"/there-{status}"))
        cell.serve(origin.answers(status, headers={"Location": f"/there-{status}"}), place=f"/start-{status}")
        cell.serve(
            origin.streams(QUICK, ONE, then="finish"), origin.streams(ONE, "data: 2 last\n\n"), place=f"/there-{status}"
        )
        await cell.open(about, f"/start-{status}")
    for status in (301, 302, 307, 308):
        await cell.wait_for("message", stream=f"{status}", seq=2, budget=budgets.REOPEN)


@pytest.mark.check
@pytest.mark.entries("R15")
async def test_inclusive_replay(cell: RawCell) -> None:
    """The server begins again with the message that was asked for: is it handed to the page's code twice?"""
    cell.record(measures.heard())
    cell.serve(
        origin.streams(QUICK, "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", then="finish"),
        origin.streams("id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n"),
    )
    await cell.open()
    await cell.wait_for("message", stream="a", seq=3, budget=budgets.REOPEN)


@pytest.mark.check
@pytest.mark.entries("R19")
async def test_flapping(cell: RawCell) -> None:
    """Accepted, and reset after 300 ms, again and again: do the engine's own delays grow?"""
    places = ("/a", "/b")
    cell.record(measures.reconnect_delay_ms("first return", places=places, turn=1))
    cell.record(measures.reconnect_delay_ms("third return", places=places, turn=3))
    for place in places:
        cell.serve(flapping, place=place)
        await cell.open(place, place)
    for place in places:
        await cell.asked(4, place=place, budget=budgets.FLAPPING)


async def flapping(exchange: origin.Exchange) -> None:
    """A message, 300 ms, RST."""
    await exchange.respond()
    await exchange.send(ONE)
    await exchange.pause(300)
    exchange.reset()


@pytest.mark.check
@pytest.mark.entries("R13")
async def test_websocket_tries_without_a_pause(cell: RawCell) -> None:
    """Eight WebSockets, each made the moment the one before failed, to a port where nobody listens."""
    cell.record(measures.try_duration_ms("first", turn=1), measures.try_duration_ms("fourth", turn=4))
    cell.record(measures.try_duration_ms("eighth", turn=8, cap=budgets.TRIES))
    cell.record(measures.tries_total_ms(8, cap=budgets.TRIES))
    await tries(cell, 8, budgets.TRIES)


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("R13")
async def test_fourteen_websocket_tries_without_a_pause(cell: RawCell) -> None:
    """Fourteen WebSockets, each made the moment the one before failed: how long does an engine make the last wait?"""
    cell.record(measures.try_duration_ms("fourteenth", turn=14, cap=budgets.MANY_TRIES))
    cell.record(measures.tries_total_ms(14, cap=budgets.MANY_TRIES))
    await tries(cell, 14, budgets.MANY_TRIES)


async def tries(cell: RawCell, times: int, budget: budgets.Budget) -> None:
    """Have the page try, and wait for the last."""
    url = cell.url("/stream", scheme="ws", port=await cell.origin.closed_port())
    await cell.script(TRY_AGAIN_AT_ONCE, {"url": url, "times": times})
    await cell.wait_for("tried", count=times, budget=budget)


TRY_AGAIN_AT_ONCE = """({url, times}) => {
  const attempt = (turn) => {
    if (turn > times) return;
    const began = performance.now();
    const socket = new WebSocket(url);
    socket.onclose = ({code}) => {
      probe.record("tried", {turn, code, took_ms: performance.now() - began});
      attempt(turn + 1);
    };
  };
  attempt(1);
}"""


@pytest.mark.check
@pytest.mark.entries("R17")
async def test_reconnect_storm(cell: RawCell) -> None:
    """Fifty streams are cut at one instant: do they come back at one instant, too, or spread out?"""
    cell.record(measures.storm_begins_ms(), measures.storm_spread_ms(50), measures.storm_peak_percent(50))
    cell.serve(origin.envelopes(), place="/sse/storm")
    cell.serve(origin.envelopes(), place="/ws/storm")
    ports = [await cell.origin.listen() for _ in range(10)]  # six connections per origin
    for number in range(50):
        await cell.open_channel(f"{number}", "storm", port=ports[number % 10])
    await cell.wait_for("message", seq=0, count=50, budget=budgets.OPEN)
    cell.note("cut")
    cell.origin.cut("reset")
    await cell.sees("request", count=100, budget=budgets.REOPEN)
