"""Routes: a real server stands between page and app. What does it hold back, end, or hide?"""

import pytest

from wirematrix import LiveCell, RawCell, budgets, in_order, measures, no_duplicate, no_gap, origin, stayed_open

PACE_MS = 150
MESSAGES = 12
TWENTY = tuple(f"s{number}" for number in range(1, 21))
BEAT_MS = 2_000  # below the 5 s that a route allows to pass in silence


@pytest.mark.check
@pytest.mark.entries("N01", "N11")
async def test_events_come_one_by_one(cell: LiveCell) -> None:
    """Small events, each published by itself: how late does each of them come, and how many come at once?"""
    cell.record(
        measures.first_event_delay_ms(cap=budgets.BUFFERED),
        measures.event_delay_ms(cap=budgets.BUFFERED),
        measures.events_held_back(pace_ms=PACE_MS),
    )
    await cell.open()
    await cell.publish_at_pace(MESSAGES, PACE_MS)
    await cell.catch_up(budgets.BUFFERED)


@pytest.mark.check
@pytest.mark.entries("N01")
async def test_events_without_the_hint(cell: LiveCell) -> None:
    """The same, and the answer does not say X-Accel-Buffering: no, as most services' do not: are events held back?

    The stream counts as open once its head is there, for its first message may be held back, too.
    """
    cell.record(
        measures.first_event_delay_ms(cap=budgets.BUFFERED),
        measures.event_delay_ms(cap=budgets.BUFFERED),
        measures.events_held_back(pace_ms=PACE_MS),
    )
    await cell.tune(hint_unbuffered=False)
    await cell.start()
    await cell.wait_for("open", budget=budgets.BUFFERED)
    await cell.publish_at_pace(MESSAGES, PACE_MS)
    await cell.catch_up(budgets.BUFFERED)


@pytest.mark.check
@pytest.mark.entries("N01")
async def test_events_without_chunks(cell: RawCell) -> None:
    """An answer whose end is its connection's, as HTTP/1.0 has it and some servers still write: are events held back?"""
    cell.record(measures.comes(every_ms=PACE_MS), measures.longest_delay_ms())
    cell.serve(unchunked)
    await cell.open()
    await cell.wait_for(stream="a", seq=MESSAGES)


async def unchunked(exchange: origin.Exchange) -> None:
    """Numbered events at a pace, neither in chunks nor of a stated length; then the end."""
    await exchange.respond(chunked=False)
    async for seq in origin.ticks(MESSAGES, PACE_MS):
        exchange.note("pushed", stream="a", seq=seq)
        await exchange.send(f"data: {seq}\n\n")
    exchange.connection.close()


@pytest.mark.check
@pytest.mark.entries("N08", "L03")
async def test_twenty_streams_over_http2(cell: RawCell) -> None:
    """Twenty streams to one origin over HTTP/2: how many open, over how many connections, and how long does a call wait
    beside them? Does a WebSocket open?
    """
    cell.record(
        measures.open_at_once(streams=TWENTY),
        measures.connections_used(),
        measures.call_ms("GET", call="GET", cap=budgets.HELD_BACK),
        measures.opens_beside("WebSocket", stream="socket"),
    )
    cell.serve(origin.streams("data: 1\n\n"))
    cell.serve(origin.answers(200, "answer"), place="/api")
    cell.serve(origin.accepts(), place="/socket")
    await cell.open_all(*TWENTY, place="/stream")
    await cell.wait_for("open", count=len(TWENTY), budget=budgets.HELD_BACK)
    await cell.ask("fetch", {"name": "GET", "url": cell.url("/api"), "ms": budgets.DELIVER.ms})
    await cell.open("socket", "/socket", transport="websocket")
    await cell.wait_for("fetched", budget=budgets.HELD_BACK)
    await cell.wait_for("open", stream="socket", budget=budgets.HELD_BACK)
    cell.note("freed")


@pytest.mark.entries("N09")
async def test_lives_through_a_reload(cell: LiveCell) -> None:
    """The server in between reads its configuration anew while messages flow (nginx: SIGHUP): none is lost, none doubled."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    cell.network.reload()
    await cell.publish_at_pace(MESSAGES, PACE_MS)
    await cell.fence()


@pytest.mark.entries("N06", "N07")
async def test_heartbeats_keep_it_open(cell: LiveCell) -> None:
    """Nothing is published for longer than the route allows, but the app's heartbeats come: the stream stays open."""
    cell.judge(stayed_open, no_gap, no_duplicate, in_order)
    await cell.tune(heartbeat_ms=BEAT_MS)
    await cell.open()
    await cell.watch(budgets.IDLE)
    await cell.publish(2)
    await cell.fence()


@pytest.mark.check
@pytest.mark.entries("N06")
async def test_idle_without_heartbeats(cell: LiveCell) -> None:
    """Nobody says anything for longer than the route allows: who ends the stream, when, and is the page told?"""
    cell.record(measures.idle_ended_by(), measures.idle_for_ms(cap=budgets.IDLE))
    await cell.tune(heartbeat_ms=None)
    await cell.open()
    await cell.watch(budgets.IDLE)


@pytest.mark.check
@pytest.mark.entries("N05")
async def test_learns_that_nothing_opens(cell: LiveCell) -> None:
    """A server in between does not pass Upgrade on: when does the page know that no WebSocket will open, and how?"""
    cell.record(measures.never_opens_told_ms(cap=budgets.OPEN), measures.never_opens_as())
    await cell.start()
    await cell.wait_for("open", "close", "error", "gave-up", budget=budgets.OPEN)
