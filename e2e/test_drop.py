"""Drop: who learns that the connection is gone, and how soon?"""

import pytest

from wirematrix import (
    LiveCell,
    budgets,
    nobody_left_behind,
    noticed_the_break,
    server_learned,
    stayed_closed,
)


async def test_notices_the_break(cell: LiveCell) -> None:
    """When the connection breaks, the page gets a sign of it."""
    cell.judge(noticed_the_break)
    await cell.open()
    async with cell.network.broken():
        await cell.notices()


@pytest.mark.entries("R11")
async def test_stays_closed_when_told(cell: LiveCell) -> None:
    """Told that there is nothing more (204, close code 1000), the transport stays closed."""
    cell.judge(stayed_closed)
    await cell.tune(retry_ms=200)
    await cell.open()
    await cell.publish()
    await cell.catch_up()
    await cell.finish()
    await cell.wait_for("over", budget=budgets.REOPEN)
    await cell.watch()


@pytest.mark.entries("Y01")
async def test_server_learns_page_closed(cell: LiveCell) -> None:
    """When the page is closed, the server learns of it and nobody is left behind in its books."""
    cell.judge(server_learned, nobody_left_behind)
    await cell.open()
    await cell.leave("closed")
    await cell.server_notices()
    await cell.count_subscribers()


@pytest.mark.entries("Y01")
async def test_server_learns_page_navigated(cell: LiveCell) -> None:
    """When the page navigates away, the server learns that the subscriber has gone."""
    cell.judge(server_learned)
    await cell.open()
    await cell.leave("navigated")
    await cell.server_notices()


@pytest.mark.own_engine
@pytest.mark.entries("Y01")
async def test_server_learns_engine_killed(cell: LiveCell) -> None:
    """When the whole engine is killed, the server learns that the subscriber has gone."""
    cell.judge(server_learned)
    await cell.open()
    await cell.leave("killed")
    await cell.server_notices()
