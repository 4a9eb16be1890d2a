"""Connect: does the transport open, and does it say why when it does not?"""

import pytest

from wirematrix import (
    LiveCell,
    budgets,
    is_over,
    never_delivered,
    no_gap,
    opened,
    opened_once_listening,
    said_hello,
    should,
    told_why,
)


async def test_opens(cell: LiveCell) -> None:
    """The transport opens and the first message carries the resume point."""
    cell.judge(opened, said_hello)
    await cell.start()
    await cell.wait_for(type="hello", budget=budgets.OPEN)


@pytest.mark.entries("C08")
async def test_opens_late(cell: LiveCell) -> None:
    """A server that refuses for two seconds and then listens is reached without anybody's help."""
    cell.judge(opened_once_listening)
    async with cell.network.refusing():
        await cell.start()
        await cell.wait_for("error", "close", until_over=False)
    await cell.wait_for("open", budget=budgets.REOPEN)


async def test_delivers_the_first_message(cell: LiveCell) -> None:
    """The first message published after the transport opened arrives."""
    cell.judge(no_gap)
    await cell.open()
    await cell.publish()
    await cell.catch_up(budgets.DELIVER)


async def test_refuses_the_unauthorised(cell: LiveCell) -> None:
    """A subscriber without a token for a private channel gets nothing, knows that it is over, and why."""
    cell.judge(never_delivered, is_over, should(told_why))
    await cell.start(channel=f"private-{cell.channel}")
    await cell.wait_for("over", budget=budgets.OPEN)
