"""The cell of a scenario about an engine: what the page is asked, how waits end, what becomes of a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.rawplay import LONG, ONE, SHORT, Play
from wirematrix import origin, rawcell
from wirematrix.budgets import Budget
from wirematrix.errors import EngineCrashed, NotReached, ScriptFailed, Unsupported
from wirematrix.origin import Exchange
from wirematrix.rawcell import first_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(request: pytest.FixtureRequest) -> AsyncIterator[Play]:
    """A cell that was visited; its origin relation may be a parameter."""
    async with Play.on_stage(getattr(request, "param", "same-origin")) as running:
        yield running


# ── what the page is asked ──


@pytest.mark.parametrize("play", ["same-origin", "cross-origin"], indirect=True)
async def test_the_page_comes_from_the_relations_origin(play: Play) -> None:
    """Same-origin: page and streams share a port; across origins the page has another one, the streams do not."""
    here, made = play.cell.cell.relation == "same-origin", play.cell.origin
    port = made.port if here else made.page_port
    assert play.page.visited == [f"http://127.0.0.1:{port}/static/raw.html"]
    await play.cell.open()
    assert play.page.asked == [
        ("open", {"name": "a", "transport": "eventsource", "url": f"http://127.0.0.1:{made.port}/stream"})
    ]


async def test_verbs_reach_the_page(play: Play) -> None:
    """Open with its options, close with what was given and no more, any other verb, and scripts as they are."""
    cell = play.cell
    await cell.open("b", "/other?x=1", transport="websocket", host="localhost", port=81, protocols=["p"])
    await cell.close()
    await cell.close("b", code=4000, reason="because")
    await cell.ask("states")
    await cell.script("(x) => x", 5)
    assert play.page.asked == [
        ("open", {"name": "b", "transport": "websocket", "url": "ws://localhost:81/other?x=1", "protocols": ["p"]}),
        ("close", {"name": "a"}),
        ("close", {"name": "b", "code": 4000, "reason": "because"}),
        ("states", None),
    ]
    ((script, argument),) = play.page.scripts
    assert "((x) => x)(argument)" in script
    assert argument == 5


async def test_another_page_keeps_the_story(play: Play) -> None:
    """What the document before had said is in the timeline when another is visited, and is not told again."""
    play.page.say("open", stream="a")
    await play.cell.visit("http://127.0.0.1:81/static/raw.html")
    play.page.say("open", stream="b")
    await play.cell.collect()
    assert [seen.detail["stream"] for seen in play.stage.recorder.timeline().of("page", "open")] == ["a", "b"]
    assert play.page.visited[1] == "http://127.0.0.1:81/static/raw.html"


async def test_an_api_that_is_not_there_is_unsupported(play: Play) -> None:
    """The page's own probe of the APIs says so, for the transport that the cell is about."""
    play.page.supports["eventsource"] = False
    with pytest.raises(Unsupported, match="Lynx has no eventsource"):
        await play.cell.visit()


async def test_notes_are_the_drivers(play: Play) -> None:
    """An observation of the scenario's own is in the timeline, with its detail."""
    play.cell.note("cut", streams=50)
    assert play.stage.recorder.timeline().first("driver", "cut", streams=50)


async def test_two_questions_at_once_bring_every_entry_once(play: Play) -> None:
    """Waits side by side read the same log: no entry is told twice, none is left out, and their numbers are right."""
    waits = [asyncio.create_task(play.cell.wait_for("message", stream=name, budget=LONG)) for name in ("a", "b", "c")]
    await play.page.until_waiting(3)
    for name in ("a", "x", "b", "c"):
        play.page.say("message", stream=name)
    assert await asyncio.gather(*waits) == [True] * 3
    play.page.say("message", stream="d")
    await play.cell.collect()
    told = [(seen.detail["n"], seen.detail["stream"]) for seen in play.stage.recorder.timeline().of("page", "message")]
    assert told == [(0, "a"), (1, "x"), (2, "b"), (3, "c"), (4, "d")]


# ── waits have three ends ──


async def test_a_wait_for_the_origin_ends_when_it_happened(play: Play) -> None:
    """Now or before: requests are counted by path whatever their query, other observations by what they say."""
    cell = play.cell
    cell.serve(origin.streams(ONE))
    cell.serve(origin.streams(ONE), place="/other")
    waiting = asyncio.create_task(cell.asked(2, budget=LONG))
    for target in ("/stream", "/other", "/stream?again"):
        await play.asks(target)
    assert await waiting
    assert await cell.asked(1, place="/other", budget=SHORT)
    assert await cell.sees("request", count=3, budget=SHORT)
    assert await cell.sees("request", number=2, budget=SHORT)
    gone = asyncio.create_task(cell.sees("peer-end", count=3, how="fin", budget=LONG))
    play.leaves()
    assert await gone
    assert await cell.parts(count=3, budget=SHORT)
    assert all(met for _, met in play.awaited())


async def test_a_wait_for_the_origin_ends_with_its_budget(play: Play) -> None:
    """What did not happen, or not often enough, or not as asked, is written down and raises nothing."""
    cell = play.cell
    cell.serve(origin.streams(ONE))
    await play.asks()
    assert not await cell.asked(2, budget=SHORT)
    assert not await cell.asked(1, place="/other", budget=SHORT)
    assert not await cell.sees("request", count=2, budget=SHORT)
    assert not await cell.sees("request", number=2, budget=SHORT)
    assert not await cell.parts(budget=SHORT)
    assert play.awaited() == [
        *[("server request", False)] * 4,
        ("server peer-end or frame", False),
    ]


async def test_a_wait_for_the_origin_ends_with_whoever_died(play: Play) -> None:
    """A script that failed and a page that died are raised where they are waited for in vain."""
    cell = play.cell
    play.page.crashed.set()
    with pytest.raises(EngineCrashed):
        await cell.asked(1, budget=SHORT)
    cell.serve(breaks)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await play.asks()
    with pytest.raises(ScriptFailed):
        await cell.sees("peer-end", budget=SHORT)


async def breaks(_: Exchange) -> None:
    """A script that is wrong."""
    raise NotReached("hello", "a script of ours may raise anything")


@pytest.mark.parametrize("until_over", [None, True, False])
async def test_a_wait_for_a_stream_ends_when_it_is_over(play: Play, *, until_over: bool | None) -> None:
    """Its own end ends the wait unless that was not wanted; another stream's end does not."""
    play.page.say("over", stream="b")
    budget = SHORT if until_over is False else LONG
    waiting = asyncio.create_task(play.cell.wait_for("open", stream="a", budget=budget, until_over=until_over))
    await play.page.until_waiting()
    play.page.say("over", stream="a")
    assert not await waiting
    waited_ms = play.stage.recorder.timeline().of("driver", "awaited")[-1].detail["waited_ms"]
    assert (waited_ms >= budget.ms * 0.9) is (until_over is False)


async def test_a_watch_lasts_to_its_end(play: Play) -> None:
    """Whatever happens meanwhile does not end it, is in the timeline, and so is how long it was."""
    cell = play.cell
    cell.serve(origin.streams(ONE))
    watching = asyncio.create_task(cell.watch(SHORT))
    await asyncio.sleep(0)
    play.page.say("open", stream="b")
    await play.asks()
    await watching
    timeline = play.stage.recorder.timeline()
    assert timeline.first("driver", "watched", budget_ms=SHORT.ms)
    assert timeline.first("page", "open", stream="b")
    assert timeline.first("driver", "awaited", met=False)


# ── what becomes of a stream ──


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Budget:
    """The grace after a stream is over, for tests."""
    monkeypatch.setattr(rawcell, "NEVER_REOPENS", SHORT)
    return SHORT


async def test_an_outcome_is_a_return(play: Play) -> None:
    """Asked for as often as expected, it is clear, whatever the page has said by then."""
    play.cell.serve(origin.streams(ONE))
    await play.asks()
    waiting = asyncio.create_task(play.cell.outcome(budget=LONG))
    await play.page.until_waiting()
    play.page.say("error", stream="a", state="CONNECTING")
    await play.asks("/stream?2")
    await waiting
    assert play.awaited() == [("server request", True)]
    assert play.page.waiting == 0
    assert play.stage.recorder.timeline().first("driver", "watched") is None


async def test_an_outcome_is_an_end(play: Play, brief: Budget) -> None:
    """Over for the page, however late: the origin is watched, and that nothing came is written down."""
    play.cell.serve(origin.streams(ONE))
    await play.asks()
    waiting = asyncio.create_task(play.cell.outcome(count=3, budget=LONG))
    await play.page.until_waiting()
    play.page.say("error", stream="a", state="CONNECTING")
    await play.asks()
    play.page.say("over", stream="b")
    assert not waiting.done()
    play.page.say("over", stream="a")
    await waiting
    assert play.awaited() == [("page over stream a", True), ("server request", False)]
    assert play.stage.recorder.timeline().first("driver", "watched", stream="a", budget_ms=brief.ms)


async def test_a_request_after_the_end_is_seen(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that says it is over and asks again all the same is caught, and nobody says that it was watched."""
    monkeypatch.setattr(rawcell, "NEVER_REOPENS", LONG)
    play.cell.serve(origin.streams(ONE))
    await play.asks()
    play.page.say("over", stream="a")
    waiting = asyncio.create_task(play.cell.outcome(budget=LONG))
    await play.until_awaited()
    await play.asks()
    await waiting
    assert play.awaited() == [("page over stream a", True), ("server request", True)]
    assert play.stage.recorder.timeline().first("driver", "watched") is None


async def test_an_outcome_that_never_comes_costs_one_budget(play: Play) -> None:
    """A stream that stays as it is: both waits end with the budget, and nothing is watched after that."""
    play.cell.serve(origin.streams(ONE))
    await play.asks()
    await play.cell.outcome(budget=SHORT)
    assert len(play.awaited()) <= 2
    assert play.stage.recorder.timeline().first("driver", "watched") is None
    assert not any(met for _, met in play.awaited())


async def test_several_outcomes_are_awaited_at_once(play: Play, brief: Budget) -> None:
    """Streams side by side share the waiting: each has its own end, and one grace serves all."""
    play.cell.serve(origin.streams(ONE), place="/c")
    waiting = asyncio.gather(*(play.cell.outcome(name, place=f"/{name}", budget=LONG) for name in "abc"))
    await play.page.until_waiting(3)
    for name in "ab":
        play.page.say("over", stream=name)
    await play.asks("/c")
    await play.asks("/c")
    await waiting
    assert len(play.stage.recorder.timeline().of("driver", "watched")) == 2
    assert len(play.stage.recorder.timeline().of("page", "over")) == 2


async def test_an_outcome_ends_with_the_page(play: Play) -> None:
    """A page that cannot be asked any more ends the wait at once with what it died of, and no wait is left behind."""
    play.page.failure = EngineCrashed("chromium", "exit code -11")
    before = asyncio.all_tasks()
    with pytest.raises(EngineCrashed):
        await play.cell.outcome(budget=LONG)
    assert asyncio.all_tasks() == before


async def test_the_first_of_several_waits_ends_the_others() -> None:
    """The others are given up and have ended, too; what the first raised is raised."""
    ended: list[str] = []

    async def forever() -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("given up")
        return True

    async def at_once() -> bool:
        await asyncio.sleep(0)
        return False

    async def failing() -> bool:
        await asyncio.sleep(0)
        raise KeyError("x")

    await first_of(forever(), at_once())
    with pytest.raises(KeyError):
        await first_of(forever(), failing())
    assert ended == ["given up", "given up"]
