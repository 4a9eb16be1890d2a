"""The examples as a reader starts them, in all three engines: each guarantee holds in a real page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_browser.example_play import PLAYS, SERVERS, Play, Program, outcomes
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
