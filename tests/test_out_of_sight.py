"""What a cell does with a page out of sight: leaves and comes back, hides, cuts off, sends to sleep, opens further tabs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.rawplay import LONG, ONE, SHORT, Play
from wirematrix import origin, rawcell
from wirematrix.errors import BudgetSpent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    """A cell that was visited."""
    async with Play.on_stage() as running:
        yield running


def driven(play: Play, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """What the driver did of these kinds, in order."""
    return [(seen.kind, dict(seen.detail)) for seen in play.stage.recorder.timeline().of("driver", *kinds)]


async def test_restored_document_goes_on(play: Play) -> None:
    """A document with the same time origin is the one that was left: its log goes on, and nothing is told twice."""
    play.page.say("open", stream="a")
    await play.cell.follow_link("http://127.0.0.1:81/elsewhere")
    await play.cell.go_back(play.cell.page_url)
    play.page.say("message", stream="a")
    await play.cell.collect()
    told = play.stage.recorder.timeline().of("page", "open", "restored", "message")
    assert [(seen.kind, seen.detail["n"]) for seen in told] == [("open", 0), ("restored", 1), ("message", 2)]
    assert driven(play, "away", "back") == [("away", {"by": "link"}), ("back", {"document": "restored"})]
    assert play.page.visited[1:] == ["http://127.0.0.1:81/elsewhere"]


async def test_document_that_is_loaded_anew_begins_anew(play: Play) -> None:
    """Another time origin is another document: its log begins at nought, and what the first one said is kept."""
    play.page.restores = False
    play.page.say("open", stream="a")
    await play.cell.follow_link("http://127.0.0.1:81/elsewhere")
    await play.cell.go_back(play.cell.page_url)
    play.page.say("message", stream="b")
    await play.cell.collect()
    told = play.stage.recorder.timeline().of("page", "open", "message")
    assert [(seen.kind, seen.detail["n"]) for seen in told] == [("open", 0), ("message", 0)]
    assert driven(play, "back") == [("back", {"document": "loaded anew"})]


async def test_page_that_was_left_is_not_asked(play: Play) -> None:
    """A scenario that ends while the page is away asks nobody; what was said before is in the timeline."""
    play.page.say("open", stream="a")
    await play.cell.follow_link("http://127.0.0.1:81/elsewhere")
    play.page.failure = AssertionError("asked")
    await play.cell.collect()
    assert play.stage.recorder.timeline().first("page", "open")


async def test_what_is_done_to_page_and_engine_is_told(play: Play) -> None:
    """Hidden and shown, offline by its means and online, asleep and awake: done, and then an observation."""
    cell = play.cell
    await cell.hide()
    await cell.show()
    await cell.set_offline(offline=True)
    await cell.set_offline(offline=False)
    await cell.fall_asleep()
    await cell.wake()
    assert play.page.deeds == ["hide", "show", "offline True", "offline False", "suspend", "resume"]
    kinds = [kind for kind, _ in driven(play, "hidden", "shown", "offline", "online", "asleep", "awake")]
    assert kinds == ["hidden", "shown", "offline", "online", "asleep", "awake"]
    assert driven(play, "offline") == [("offline", {"means": "by decree"})]


@pytest.mark.parametrize(
    ("said", "hears"),
    [(("message", 4), True), (("message", 3), False), (("error", None), False)],
    ids=["new message", "kept message", "error"],
)
async def test_stream_hears_again(play: Play, said: tuple[str, int | None], *, hears: bool) -> None:
    """Only what is pushed later than the question counts; an error ends the wait as well, and a kept message does not."""
    for seq in (1, 2, 3):
        play.stage.recorder.observe("server", "pushed", stream="a", seq=seq)
    asking = asyncio.create_task(play.cell.hears_again(budget=SHORT if said[0] == "message" and not hears else LONG))
    await play.page.until_waiting(2)
    play.page.say(said[0], stream="a", seq=said[1])
    assert await asking is hears


@pytest.mark.parametrize("outcome", ["open", "its page does not load", "its stream does not open"])
async def test_further_tab(play: Play, monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    """A further tab has the stream when the origin was asked for it; else it is told what kept it from that."""
    monkeypatch.setattr(rawcell, "ABSENT", SHORT)
    play.cell.serve(origin.streams(ONE))

    async def goto(url: str, *, budget_ms: float) -> None:
        assert url == play.cell.page_url
        if outcome == "its page does not load":
            raise BudgetSpent("the page", budget_ms=budget_ms, came="nothing came")

    async def evaluate(_: str, wanted: dict[str, Any]) -> None:
        assert wanted["url"] == play.cell.url()
        if outcome == "open":
            await play.asks()

    play.page.sibling = SimpleNamespace(goto=goto, evaluate=evaluate)
    assert await play.cell.open_in_further_tab() == outcome
