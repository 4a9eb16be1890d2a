"""Reconnect: does it come back, when, and with everything that was said meanwhile?"""

import pytest

from wirematrix import (
    LiveCell,
    budgets,
    delay_measured,
    delivers_again,
    heard_heartbeats,
    in_order,
    measures,
    no_duplicate,
    no_gap,
    noticed_the_break,
    reopened,
    told_of_the_gap,
    told_of_the_new_epoch,
    waited_as_asked,
)

QUICK_MS = 200  # the server's `retry:`, where the delay itself is not the subject
LONG_MS = 6_000  # longer than any engine waits by itself, so that one which ignores it comes back too early


async def test_reopens_after_the_break(cell: LiveCell) -> None:
    """After the connection breaks, it is opened again without the page's user doing anything."""
    cell.judge(reopened)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    async with cell.network.broken():
        pass
    await cell.reopens()


@pytest.mark.entries("R12", "R14")
async def test_resumes_without_a_gap(cell: LiveCell) -> None:
    """After each of two breaks, delivery continues from the last message seen: none lost, none twice."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    for _ in range(2):
        async with cell.network.broken():
            await cell.publish(2)
        if not await cell.catch_up():
            break
    await cell.fence()


@pytest.mark.entries("R12")
async def test_survives_five_breaks(cell: LiveCell) -> None:
    """Five breaks in a row are survived: each time it opens again and delivers what comes next."""
    cell.judge(reopened, delivers_again)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    for _ in range(5):
        async with cell.network.broken():
            pass
        if not await cell.reopens():
            break
        await cell.hears(type="hello", since_break=True)
        await cell.publish(after_reopening=True)
        await cell.catch_up()


@pytest.mark.check
async def test_waits_the_default_delay(cell: LiveCell) -> None:
    """Nobody names a delay: how long does the engine itself wait before it comes back?"""
    cell.judge(delay_measured)
    cell.record(measures.comeback_delay())
    await cell.open()
    for _ in range(2):
        async with cell.network.broken():
            pass
        if not await cell.reopens():
            break


@pytest.mark.entries("R02")
async def test_honours_the_retry_delay(cell: LiveCell) -> None:
    """The server asks for six seconds before the next try, longer than any engine's own delay, and is given them."""
    cell.judge(waited_as_asked(LONG_MS))
    await cell.tune(retry_ms=LONG_MS)
    await cell.open()
    async with cell.network.broken():
        pass
    await cell.reopens()


@pytest.mark.entries("D06")
async def test_survives_a_restart(cell: LiveCell) -> None:
    """The server process goes away and a new one takes its place: the stream goes on with the new one."""
    cell.judge(reopened, delivers_again)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    async with cell.network.broken():
        pass
    if await cell.reopens():
        await cell.hears(type="hello", since_break=True)
        await cell.publish(after_reopening=True)
        await cell.catch_up()


@pytest.mark.entries("D08")
async def test_notices_silence(cell: LiveCell) -> None:
    """When the link goes silent without ending, the page finds out by missing heartbeats."""
    cell.judge(heard_heartbeats, noticed_the_break)
    await cell.tune(heartbeat_ms=500)
    await cell.open()
    await cell.wait_for(type="heartbeat", count=2)
    async with cell.network.broken():
        await cell.notices(budgets.NOTICE_SILENCE)


@pytest.mark.entries("R16")
async def test_learns_of_lost_history(cell: LiveCell) -> None:
    """Messages that the server no longer has are not skipped in silence: a gap names them."""
    cell.judge(told_of_the_gap)
    await cell.tune(retry_ms=QUICK_MS, replay_limit=3)
    await cell.open()
    await cell.publish(2)
    await cell.catch_up()
    async with cell.network.broken():
        await cell.publish(10)
    await cell.wait_for(type="gap")
    await cell.catch_up()


@pytest.mark.entries("R04")
async def test_recovers_from_a_503(cell: LiveCell) -> None:
    """The first request after the break is answered by 503, as by a proxy without its server; the next would be good."""
    cell.judge(reopened, delivers_again)
    await cell.open()
    await cell.tune(retry_ms=QUICK_MS, next_status=503, next_count=1)
    async with cell.network.broken():
        pass
    if await cell.reopens():
        await cell.hears(type="hello", since_break=True)
        await cell.publish(after_reopening=True)
        await cell.catch_up()


@pytest.mark.entries("R05")
async def test_returns_after_eight_seconds_refused(cell: LiveCell) -> None:
    """The connection is reset, for eight seconds nobody listens, and then somebody does: it is opened again."""
    cell.judge(reopened)
    await cell.open()
    async with cell.network.broken():
        pass
    await cell.reopens()


@pytest.mark.entries("R14", "R12")
async def test_loses_nothing_in_an_outage(cell: LiveCell) -> None:
    """What is published during eight seconds without a connection arrives afterwards: all of it, once, in order."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    async with cell.network.broken():
        for _ in range(5):
            await cell.publish()
    await cell.fence(budgets.RECOVER)


@pytest.mark.entries("D10")
async def test_rides_out_a_glitch(cell: LiveCell) -> None:
    """Nothing moves for some seconds, and then all of it: nothing is lost and nothing comes twice."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.tune(heartbeat_ms=500)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    async with cell.network.broken():
        await cell.publish(5)
    await cell.fence(budgets.RECOVER)


@pytest.mark.entries("R16")
async def test_learns_of_a_new_epoch(cell: LiveCell) -> None:
    """Another server process without the old one's history takes over: the page is told that messages may be gone."""
    cell.judge(told_of_the_new_epoch)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    async with cell.network.broken():
        pass
    if await cell.reopens():
        await cell.hears(type="hello", since_break=True)
        await cell.fence()


@pytest.mark.check
@pytest.mark.entries("D09")
async def test_one_way_silence(cell: LiveCell) -> None:
    """Nothing moves in one direction only, while heartbeats are sent: does the page notice, and how soon?"""
    cell.record(measures.break_noticed_ms(cap=budgets.NOTICE_SILENCE))
    await cell.tune(heartbeat_ms=500)
    await cell.open()
    await cell.wait_for(type="heartbeat", count=2)
    async with cell.network.broken():
        await cell.notices(budgets.NOTICE_SILENCE)


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("D08")
async def test_minute_of_silence(cell: LiveCell) -> None:
    """Without heartbeats nothing moves for a minute on a connection that stays: does the page notice?"""
    cell.record(measures.break_noticed_ms(cap=budgets.MINUTE))
    await cell.tune(heartbeat_ms=None)
    await cell.open()
    async with cell.network.broken():
        await cell.notices(budgets.MINUTE)
