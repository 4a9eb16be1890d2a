"""Whose fault it is when a raw cell ends badly: what a script of ours does wrong is never the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.rawplay import LONG, ONE, SHORT, Play
from wirematrix import origin
from wirematrix.errors import EngineCrashed, NotReached
from wirematrix.measures import fate, request_count
from wirematrix.model import Status
from wirematrix.origin import Exchange
from wirematrix.rawcell import RawCell

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(request: pytest.FixtureRequest) -> AsyncIterator[Play]:
    """A cell that was visited; its origin relation may be a parameter."""
    async with Play.on_stage(getattr(request, "param", "same-origin")) as running:
        yield running


async def breaks(_: Exchange) -> None:
    """A script that is wrong."""
    raise NotReached("hello", "a script of ours may raise anything")


async def played(cell: RawCell) -> None:
    """A scenario that records, and whose script is asked for."""
    cell.record(fate(), request_count())
    await cell.asked(1, budget=SHORT)


@pytest.mark.parametrize(
    "raised",
    [NotReached("hello", "no"), KeyError("seq"), TimeoutError(), EngineCrashed("x", "y"), ConnectionResetError("ours")],
    ids=lambda raised: type(raised).__name__,
)
async def test_a_failing_script_is_an_error(play: Play, raised: Exception) -> None:
    """Whatever a script raises, the cell ends as an error of ours that names the script, with the traceback."""

    async def script(_: Exchange) -> None:
        raise raised

    async def scenario(cell: RawCell) -> None:
        await played(cell)
        cell.serve(script)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await play.asks()

    made = await play.made(scenario)
    assert made.verdict.status is Status.ERROR
    assert made.verdict.because.startswith(f"origin: the script of /stream, request 1: {type(raised).__name__}")
    assert made.facts == ()
    (exception,) = [seen for seen in made.timeline if seen.kind == "exception"]
    assert "in script" in exception.detail["traceback"]


async def test_a_failing_script_is_an_error_though_nothing_was_reached(play: Play) -> None:
    """A precondition that never came about because our script failed is our error, not the engine's."""

    async def scenario(cell: RawCell) -> None:
        cell.serve(breaks)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await play.asks()
        await cell.hears("open", stream="a", budget=SHORT)

    made = await play.made(scenario)
    assert (made.verdict.status, made.verdict.findings) == (Status.ERROR, ())


async def test_a_request_that_no_script_serves_is_an_error(play: Play) -> None:
    """A scenario that opens a path it forgot to serve is told so."""

    async def scenario(cell: RawCell) -> None:
        await played(cell)
        await play.asks("/forgotten")

    made = await play.made(scenario)
    assert made.verdict.status is Status.ERROR
    assert "no script serves it" in made.verdict.because


async def test_a_precondition_that_fails_with_sound_scripts_is_not_reached(play: Play) -> None:
    """The script did its part, the page said nothing: that is the engine's."""

    async def scenario(cell: RawCell) -> None:
        cell.serve(origin.streams(ONE))
        await play.asks()
        await cell.hears("open", stream="a", budget=SHORT)

    assert (await play.made(scenario)).verdict.status is Status.NOT_REACHED


async def test_a_page_that_leaves_ends_scripts_silently(play: Play) -> None:
    """A script that writes to an engine that is gone is nobody's fault: what was recorded counts."""

    async def floods(exchange: Exchange) -> None:
        await exchange.respond()
        while True:
            await exchange.send("x" * 10_000)

    async def scenario(cell: RawCell) -> None:
        cell.record(request_count())
        cell.serve(floods)
        await play.asks()
        play.leaves()
        await cell.parts(budget=LONG)

    made = await play.made(scenario)
    assert (made.verdict.status, made.facts[0].observed) == (Status.PASS, (1,))


async def test_a_page_that_died_is_a_crash(play: Play) -> None:
    """A page that died while the origin was watched is a crash, whatever was recorded."""

    async def scenario(cell: RawCell) -> None:
        cell.record(request_count())
        play.page.crashed.set()

    assert (await play.made(scenario)).verdict.status is Status.CRASH
