"""The app processes of a run: one that everybody shares, spares for who restarts theirs, and an end for all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.tinyservice import BUDGET_S, Mood, set_mood, status_of, tiny_service
from wirematrix import server as server_module
from wirematrix.budgets import SCALE_VARIABLE, Budget
from wirematrix.errors import BudgetSpent, ServiceDied
from wirematrix.server import Server
from wirematrix.services import Services

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="no inherited sockets and no SIGSTOP on this system"),
]


@asynccontextmanager
async def serving(folder: Path, mood: Mood = "well") -> AsyncIterator[Services]:
    """The processes of a run, ended with it."""
    services = Services(tiny_service(folder, mood))
    try:
        yield services
    finally:
        await services.close()


async def test_everybody_shares_one(tmp_path: Path) -> None:
    """Cells that do not restart their app are lent one and the same process, started once for all who ask together."""
    async with serving(tmp_path) as services:
        lent: list[Server] = []

        async def cell() -> None:
            async with services.lent(alone=False) as server:
                lent.append(server)

        async with asyncio.TaskGroup() as cells:
            for _ in range(5):
                cells.create_task(cell())
        assert len({id(server) for server in lent}) == 1
        assert lent[0].running
        await services.close()
        assert not any(server.running for server in lent)


async def test_a_spare_is_nobody_elses(tmp_path: Path) -> None:
    """Who asks to be alone gets a process that nobody else has; given back alive it is lent again."""
    async with serving(tmp_path) as services, AsyncExitStack() as cells:
        shared = await cells.enter_async_context(services.lent(alone=False))
        async with services.lent(alone=True) as one, services.lent(alone=True) as other:
            assert len({shared.port, one.port, other.port}) == 3
            pids = {one.pid, other.pid}
        async with services.lent(alone=True) as again:
            assert again.pid in pids
            assert await status_of(again) == 200


async def test_a_spare_killed_by_its_cell_is_thrown_away(tmp_path: Path) -> None:
    """A spare that is dead when its cell ends is not lent again, also when the cell raised."""
    async with serving(tmp_path) as services:

        async def cell() -> None:
            async with services.lent(alone=True) as server:
                killed.append(server)
                await server.kill()
                raise LookupError

        killed: list[Server] = []
        with pytest.raises(LookupError):
            await cell()
        async with services.lent(alone=True) as fresh:
            assert fresh is not killed[0]
            assert await status_of(fresh) == 200


async def test_a_spare_that_died_in_the_meantime_is_thrown_away(tmp_path: Path) -> None:
    """A spare that died while nobody had it is not lent: the next cell gets a live one."""
    async with serving(tmp_path) as services:
        async with services.lent(alone=True) as spare:
            pass
        await spare.kill()
        async with services.lent(alone=True) as fresh:
            assert fresh is not spare
            assert await status_of(fresh) == 200


async def test_a_spare_given_back_asleep_is_woken(tmp_path: Path) -> None:
    """A cell that ended while its app was suspended does not leave a silent one to the next cell."""
    async with serving(tmp_path) as services:
        async with services.lent(alone=True) as spare:
            spare.suspend()
        async with services.lent(alone=True) as again:
            assert again is spare
            assert await asyncio.wait_for(status_of(again), BUDGET_S) == 200


async def test_a_shared_one_that_died_is_replaced(tmp_path: Path) -> None:
    """A shared process that died by itself is an error for the cells on it, and a new one serves those after."""
    async with serving(tmp_path) as services:
        async with services.lent(alone=False) as dead:
            await dead.kill()
        async with services.lent(alone=False) as fresh:
            assert fresh is not dead
            assert await status_of(fresh) == 200


@pytest.mark.parametrize("alone", [False, True])
async def test_a_start_that_fails_may_be_tried_again(tmp_path: Path, *, alone: bool) -> None:
    """A process that dies at its start is the error of who asked for it; the next one who asks tries again."""
    async with serving(tmp_path, "dies") as services:
        with pytest.raises(ServiceDied, match="exit code 3"):
            async with services.lent(alone=alone):
                pytest.fail("a dead process was lent")
        set_mood(tmp_path, "well")
        async with services.lent(alone=alone) as server:
            assert await status_of(server) == 200


async def test_a_start_that_hangs_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that never answers is ended at once, not kept until the end of the run."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")
    monkeypatch.setattr(server_module, "SERVICE_START", Budget("service-start", 2_000))
    async with serving(tmp_path, "silent") as services:
        with pytest.raises(BudgetSpent):
            async with services.lent(alone=False):
                pytest.fail("a silent process was lent")
        assert services._all == []
