"""The examples as a reader starts them, in all three engines: each guarantee holds in a real page."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from tests_browser.example_play import (
    COMPLAINT,
    LOOK_AGAIN_S,
    PLAYS,
    SERVERS,
    Play,
    Program,
    free_port,
    listens,
    outcomes,
)
from wirematrix.budgets import SERVICE_START, SERVICE_STOP
from wirematrix.engines import LiveEngine

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("chromium", "firefox", "webkit")


@pytest.mark.parametrize("play", PLAYS)
@pytest.mark.parametrize("kept_engine", ENGINES, indirect=True)
async def test_the_examples_give_it(kept_engine: LiveEngine, play: Play, tmp_path: Path) -> None:
    """What the examples promise, a page gets over each transport; the server ends at once and without complaint."""
    promised = frozenset(PLAYS[play])
    programs = [
        Program(over=over, server=ROOT / server, kept=tmp_path / f"{over}.db", expected=promised)
        for over, server in SERVERS.items()
    ]
    held, logs = await outcomes(play, kept_engine, programs)
    assert held == dict.fromkeys(SERVERS, promised), logs


@pytest.mark.parametrize("server", dict.fromkeys(SERVERS.values()), ids=str)
async def test_an_example_starts_as_it_says(server: Path, tmp_path: Path) -> None:
    """`python FILE` listens where it was told to, ends when it is told to, and has nothing to complain of."""
    port = free_port()
    settings = {"PORT": str(port), "FILE": str(tmp_path / "messages.db")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / server), env={**os.environ, **settings}, stdout=DEVNULL, stderr=PIPE
    )
    try:
        async with asyncio.timeout(SERVICE_START.seconds):
            while not listens(port):
                assert process.returncode is None, (await process.communicate())[1].decode()
                await asyncio.sleep(LOOK_AGAIN_S)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SERVICE_STOP.seconds):
            said = (await process.communicate())[1].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode in (0, -signal.SIGTERM), said
    assert f":{port}" in said
    assert not COMPLAINT.search(said), said
