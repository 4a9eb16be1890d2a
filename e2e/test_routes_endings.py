"""Routes, endings: the app behind a real server goes away, says nothing, or is slow to speak. Who learns what, and when?"""

import pytest

from wirematrix import LiveCell, RawCell, budgets, measures, origin

QUICK_MS = 300
QUIET_MS = 2_000
LAST = 20
EVERY_MS = 200
CALLS = 3


@pytest.mark.check
@pytest.mark.entries("N03")
async def test_first_message_after_two_seconds(cell: LiveCell) -> None:
    """The app sends the head at once and its first message 2 s later: does what is between hold the head back?"""
    cell.record(measures.head_wait_ms(cap=budgets.BUFFERED), measures.head_comes_with(quiet_ms=QUIET_MS))
    await cell.tune(quiet_ms=QUIET_MS, heartbeat_ms=None)
    await cell.start()
    await cell.wait_for("open", budget=budgets.BUFFERED)


@pytest.mark.check
@pytest.mark.entries("N04")
async def test_app_learns_that_the_page_left(cell: LiveCell) -> None:
    """The page is closed with its stream open: when does the app behind what is between know?"""
    cell.record(measures.app_learns_ms(cap=budgets.SERVER_NOTICE))
    await cell.start()
    await cell.wait_for("open", budget=budgets.BUFFERED)
    await cell.leave("closed")
    await cell.server_notices()


@pytest.mark.check
@pytest.mark.entries("N04", "D06")
async def test_app_stops_with_streams_open(cell: LiveCell) -> None:
    """The app is told to stop while its stream is open: how long does it take, and does the stream come back?"""
    cell.record(measures.app_stops_ms(), measures.back_as())
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    async with cell.network.broken():
        pass
    await cell.reopens()


@pytest.mark.check
@pytest.mark.entries("R04", "D06")
async def test_app_is_gone_behind_the_route(cell: LiveCell) -> None:
    """The app is restarted; meanwhile the server in between answers for it. With which status, and is the stream over?"""
    cell.record(measures.answered_with(), measures.back_as())
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    async with cell.network.broken():
        pass
    await cell.reopens()


@pytest.mark.check
@pytest.mark.entries("R04", "C10")
async def test_app_is_silent_behind_the_route(cell: LiveCell) -> None:
    """A stream is opened while the app says nothing for 8 s; the server in between gives up after 5 s. What is said?"""
    cell.record(measures.answered_with(), measures.back_as(), measures.never_opens_told_ms(cap=budgets.OPEN))
    async with cell.network.broken():
        await cell.start()
        await cell.wait_for("close", "error", "open", budget=budgets.OPEN, until_over=False)
    await cell.wait_for("open", budget=budgets.HELD_BACK)


@pytest.mark.check
@pytest.mark.entries("N09")
async def test_stream_outlives_the_goaway(cell: RawCell) -> None:
    """The server in between is told to reload, and says GOAWAY: does the open stream go on, and where do calls go then?"""
    cell.record(
        measures.goes_to_its_end(stream="a", last=LAST),
        measures.connections_since_reload(),
        *(measures.gets_through(f"call {number}", call=f"call {number}") for number in range(1, CALLS + 1)),
    )
    cell.serve(origin.pushes(LAST, every_ms=EVERY_MS), place="/a")
    cell.serve(origin.answers(200, "answer"), place="/api")
    await cell.open("a", "/a")
    await cell.hears(stream="a", seq=2)
    cell.reload()
    for number in range(1, CALLS + 1):  # paced by the stream: a reload takes effect some time after the signal
        await cell.wait_for(stream="a", seq=2 + 4 * number)
        await cell.ask("fetch", {"name": f"call {number}", "url": cell.url("/api"), "ms": budgets.DELIVER.ms})
    await cell.wait_for(stream="a", seq=LAST)
    await cell.wait_for("fetched", count=CALLS)
