"""Two instances of the app behind a balancer: what becomes of a stream that comes back at the other one?"""

import pytest

from wirematrix import LiveCell, in_order, no_duplicate, no_gap, stayed_open, told_of_the_new_epoch

QUICK_MS = 200


@pytest.mark.entries("D06", "R05")
async def test_resumes_on_another_node(cell: LiveCell) -> None:
    """The connection breaks, and the balancer leads to the other app: delivery goes on from the last message seen."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    async with cell.network.broken():
        await cell.publish(2)
    if await cell.reopens():
        await cell.lands_elsewhere()
        await cell.fence()


@pytest.mark.entries("R05")
async def test_another_node_tells_of_the_gap(cell: LiveCell) -> None:
    """Each app has its own messages: the other one does not know the resume point, and says so instead of nothing."""
    cell.judge(told_of_the_new_epoch)
    await cell.tune(retry_ms=QUICK_MS)
    await cell.open()
    await cell.publish(3)
    await cell.catch_up()
    async with cell.network.broken():
        pass
    if await cell.reopens():
        await cell.lands_elsewhere()
        await cell.wait_for(type="gap", since_break=True)


@pytest.mark.entries("D06")
async def test_outlives_its_redis(cell: LiveCell) -> None:
    """The apps' Redis goes away and comes back: streams stay open, and nothing that was acknowledged is lost."""
    cell.judge(stayed_open, no_gap, no_duplicate, in_order)
    await cell.open()
    await cell.publish(3)
    async with cell.network.without_redis():
        await cell.offer(2)
    await cell.publishes_again()
    await cell.publish(2)
    await cell.fence()
    cell.note("watched")
