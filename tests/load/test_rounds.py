"""Whole rounds against real servers: the machinery's own processes, a small raw tier, and what it does wrong."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.load.oddserver import odd_server
from wirematrix import latency_hdr
from wirematrix.budgets import Budget
from wirematrix.load import rounds
from wirematrix.load.crew import Crew
from wirematrix.load.rounds import Turn
from wirematrix.load.target import TierTarget
from wirematrix.load_figures import FIGURES
from wirematrix.load_model import Limit, LoadTransport, Phase, Round, Tier
from wirematrix.load_settings import LoadSettings
from wirematrix.server import Command

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="no inherited sockets on this system"),
]
SETTINGS = LoadSettings(rate=100, window=0.2, warm_up=0.02, storm_delay_ms=20, heartbeat_ms=100, in_flight=8)
SUBSCRIBERS = 3
transports = pytest.mark.parametrize("transport", list(LoadTransport))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of these, so that they share the processes."""
    return "asyncio"


@pytest.fixture(scope="module")
async def crew() -> AsyncIterator[Crew]:
    """Two generators, so that sums over processes are sums, and a publisher."""
    crew = Crew(2)
    await crew.start()
    yield crew
    await crew.close()


async def played(crew: Crew, mood: str, transport: LoadTransport = LoadTransport.SSE) -> Round:
    """A round against the small raw tier in a mood."""
    tier = Tier(name=f"odd-{mood}", transport=transport, title="a tier for tests")
    target = TierTarget(tier, Command(argv=odd_server(mood), folder=Path.cwd()), None)
    turn = Turn(tier=tier.name, subscribers=SUBSCRIBERS, repeat=1, position=1)
    return await rounds.play(turn, target, crew, SETTINGS, lambda *_: None)


@transports
async def test_measures_every_figure(crew: Crew, transport: LoadTransport) -> None:
    """A server that does what it should gives every figure of every phase, loses nothing and is given up nowhere."""
    found = await played(crew, "well", transport)
    assert found.error == ""
    assert [end.phase for end in found.phases] == list(Phase)
    measured = {name for name, value in found.figures.items() if value is not None}
    in_kernel = set() if sys.platform == "linux" else {name for name in FIGURES if "bytes" in name}
    assert measured == set(FIGURES) - in_kernel
    assert (found.figures["lost"], found.figures["duplicated"], found.figures["reordered"]) == (0, 0, 0)
    assert found.figures["deliveries"] == SETTINGS.window_messages * SUBSCRIBERS
    assert latency_hdr.count(found.latency_hdr) == found.figures["deliveries"]
    assert sum(found.storm_arrivals) == SUBSCRIBERS


async def test_losses_are_counted(crew: Crew) -> None:
    """A subscriber that never gets every tenth message loses two of twenty."""
    found = await played(crew, "loses")
    assert (found.figures["lost"], found.figures["duplicated"]) == (2, 0)


async def test_repeats_are_counted(crew: Crew) -> None:
    """Every tenth message twice is two repeats of twenty for each subscriber."""
    found = await played(crew, "doubles", LoadTransport.WEBSOCKET)
    assert (found.figures["lost"], found.figures["duplicated"]) == (0, 2 * SUBSCRIBERS)


async def test_a_stall_is_seen_from_the_due_time(crew: Crew) -> None:
    """A server that stands still for 300 ms makes late what was due meanwhile, not only what it had in hand."""
    found = await played(crew, "stalls")
    slowest, third = found.figures["latency_max_ms"], latency_hdr.percentiles_ms(found.latency_hdr, (70,))[0]
    assert slowest is not None
    assert slowest >= 300
    assert third >= 100  # messages 10 to 22 waited, each 10 ms less; a closed loop would have had one late message
    assert found.figures["lost"] == 0


async def test_a_slow_greeting_is_seen_in_the_time_to_open(crew: Crew) -> None:
    """A server that lets subscribers in after 50 ms takes at least as long to open."""
    opened = (await played(crew, "lags")).figures["open_p50_ms"]
    assert opened is not None
    assert opened >= 50


async def test_a_dead_server_ends_its_round_and_no_other(crew: Crew) -> None:
    """A server that dies is named with exit code and last words; what was measured before stays; the crew goes on."""
    found = await played(crew, "dies")
    assert "ended with exit code 3" in found.error
    assert "out of memory" in found.error
    assert [end.phase for end in found.phases] == [Phase.OPEN]
    assert found.figures["opened"] == SUBSCRIBERS
    assert (await played(crew, "well")).error == ""


@transports
async def test_a_server_that_lets_nobody_in_is_named(crew: Crew, transport: LoadTransport) -> None:
    """Without connections there is no figure, and a sentence with what was answered."""
    found = await played(crew, "refuses", transport)
    assert "503" in found.error
    assert (found.figures, found.phases) == ({}, ())


async def test_a_generator_at_its_end_is_marked(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the generator is busy for more than what it may be, every phase that had it busy is marked as its limit."""
    monkeypatch.setattr("wirematrix.load.limits.GENERATOR_BUSY", 0.0)
    found = await played(crew, "well")
    assert {end.limit for end in found.phases} == {Limit.GENERATOR}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A storm may last a second."""
    monkeypatch.setattr("wirematrix.load.phases.LOAD_STORM", Budget("load-storm", 1_000))


@pytest.mark.usefixtures("hasty")
async def test_who_never_comes_back_is_counted(crew: Crew) -> None:
    """Where a subscriber is refused after the cut the round ends there, with the times of those that came back."""
    found = await played(crew, "forgets")
    assert found.error == "1 of 3 were not back within 1 s"
    assert found.phases[-1].phase is Phase.STORM
    assert found.figures["storm_half_back_ms"] is not None
    assert found.figures["storm_all_back_ms"] is None
    assert sum(found.storm_arrivals) == SUBSCRIBERS - 1
