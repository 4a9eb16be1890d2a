"""The raw page in real engines: what each API leaves in its log, against an origin whose every byte is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from wirematrix import budgets, origin
from wirematrix.engines import LiveEngine, Playwright, launched, locate, playwright_driver
from wirematrix.errors import EngineUnavailable, NotReached
from wirematrix.model import Cell, Observation
from wirematrix.origin import Exchange, Origin
from wirematrix.probe import Probe
from wirematrix.rawcell import RawCell
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

pytestmark = pytest.mark.anyio
STATIC = Path(__file__).resolve().parents[1] / "static"
TRANSPORTS = ("eventsource", "fetch-stream", "websocket")


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    """One driver for all engines, as in a run."""
    async with playwright_driver() as running:
        yield running


@pytest.fixture(scope="module", params=["chromium", "firefox", "webkit"])
def name(request: pytest.FixtureRequest) -> str:
    """Each engine that is here."""
    engine: str = request.param
    try:
        locate(engine)
    except EngineUnavailable as unavailable:
        if request.config.getoption("--require-engines", default=False):
            pytest.fail(str(unavailable), pytrace=False)
        pytest.skip(str(unavailable))
    return engine


@pytest.fixture(scope="module")
async def engine(playwright: Playwright, name: str) -> AsyncIterator[LiveEngine]:
    """A running engine, shared by the tests: none hurts it."""
    async with launched(playwright, name) as running:
        yield running


class Played:
    """A raw cell in a page of its own, and what was seen of it."""

    def __init__(self, cell: RawCell, recorder: Recorder) -> None:
        self.cell = cell
        self.recorder = recorder

    def entries(self, *kinds: str, stream: str = "a") -> list[Observation]:
        """What the page wrote down of a stream."""
        return list(self.recorder.timeline().of("page", *kinds, stream=stream))

    def kinds(self, stream: str = "a") -> list[str]:
        """The kinds of all that it wrote down of a stream, in order."""
        said = (seen for seen in self.recorder.timeline() if seen.source == "page")
        return [seen.kind for seen in said if seen.detail.get("stream") == stream]

    def only(self, kind: str, stream: str = "a") -> dict[str, Any]:
        """The detail of the one entry of a kind."""
        (entry,) = self.entries(kind, stream=stream)
        return dict(entry.detail)


@asynccontextmanager
async def played(
    engine: LiveEngine, transport: str = "websocket", relation: str = "same-origin"
) -> AsyncIterator[Played]:
    """A page of its own, as the runner makes it."""
    recorder = Recorder()

    def observe(kind: str, /, **detail: object) -> None:
        recorder.observe("server", kind, at_ms=None, **detail)

    made = await Origin.start(STATIC, observe)
    page = await engine.new_page()
    cell = RawCell(
        Cell(scenario="x", engine=engine.build.engine, transport=transport, network="direct", relation=relation),
        origin=made,
        page=page,
        probe=Probe(page, recorder),
        recorder=recorder,
        waits=Waits(recorder),
    )
    try:
        await cell.visit()
        yield Played(cell, recorder)
        await cell.collect()
        cell.check()
        assert recorder.timeline().of("page", "uncaught") == ()
    finally:
        await page.close()
        await made.close()


ONE = "id: 7\ndata: 1 one\n\n"


# ── what each API leaves ──


@pytest.mark.parametrize("relation", ["same-origin", "cross-origin"])
async def test_an_eventsource(engine: LiveEngine, relation: str) -> None:
    """Opening, open, messages with type and id, an error when it breaks, its states; over when it fails for good."""
    async with played(engine, "eventsource", relation) as seen:
        cell = seen.cell
        stream = origin.streams(ONE, "event: odd\ndata: 2\n\nretry: 100\n\n", then="finish")
        cell.serve(stream, origin.answers(503))
        await cell.open(types=["odd"])
        await cell.outcome(count=3)
        assert seen.kinds() == ["opening", "open", "message", "message", "error", "error", "over"]
        assert seen.only("open") == {"n": 1, "stream": "a", "state": "OPEN"}
        first, second = seen.entries("message")
        assert (first.detail["type"], first.detail["id"], first.detail["seq"]) == ("message", "7", 1)
        assert (first.detail["text"], first.detail["chars"]) == ("1 one", 5)
        assert (second.detail["type"], second.detail["id"], second.detail["seq"]) == ("odd", "7", 2)
        assert [entry.detail["state"] for entry in seen.entries("error")] == ["CONNECTING", "CLOSED"]
        assert cell.origin.asked("/stream") == 2
        await cell.ask("states")
        assert seen.only("state")["state"] == "CLOSED"
        await cell.close()
        assert seen.only("closing")["state"] == "CLOSED"


@pytest.mark.parametrize("relation", ["same-origin", "cross-origin"])
async def test_a_fetch_stream(engine: LiveEngine, relation: str) -> None:
    """Opening, open with its status, messages, the end of the body, over; a break is an error with its cause."""
    async with played(engine, "fetch-stream", relation) as seen:
        cell = seen.cell
        cell.serve(origin.streams(ONE, then="finish", status=202))
        cell.serve(origin.streams("1 raw", then="reset"), place="/reset")
        cell.serve(origin.answers(204), place="/empty")
        await cell.open()
        await cell.open("b", "/reset", parse=False)
        await cell.open("c", "/empty")
        for name in "abc":
            assert await cell.wait_for("over", stream=name)
        assert seen.kinds() == ["opening", "open", "message", "close", "over"]
        assert (seen.only("open")["status"], seen.only("message")["id"]) == (202, "7")
        assert (seen.only("close")["code"], seen.only("close")["clean"]) == (None, True)
        assert seen.kinds("b")[-2:] == ["error", "over"]
        assert seen.only("error", "b")["because"].startswith("TypeError")
        assert seen.kinds("c") == ["opening", "open", "close", "over"]


async def test_a_websocket(engine: LiveEngine) -> None:
    """Opening, open with protocol and extensions, text and binary messages, close with code and reason, over."""

    async def script(exchange: Exchange) -> None:
        socket = await exchange.upgrade(protocol="p")
        await socket.text("1 one")
        await socket.binary(b"\xff" * 300)
        await socket.end(4001, "enough")

    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(script)
        cell.serve(origin.accepts("x", then="reset"), place="/reset")
        await cell.open(protocols=["p"])
        await cell.open("b", "/reset")
        for name in "ab":
            assert await cell.wait_for("over", stream=name)
        assert seen.kinds() == ["opening", "open", "message", "message", "close", "over"]
        assert (seen.only("open")["protocol"], seen.only("open")["state"]) == ("p", "OPEN")
        text, binary = seen.entries("message")
        assert (text.detail["seq"], text.detail["text"]) == (1, "1 one")
        assert (binary.detail["bytes"], binary.detail["text"]) == (300, "")
        closed = seen.only("close")
        assert (closed["code"], closed["reason"], closed["clean"]) == (4001, "enough", True)
        assert (seen.only("close", "b")["code"], seen.only("close", "b")["clean"]) == (1006, False)


# ── what the page can be asked for ──


async def test_sends_and_closes(engine: LiveEngine) -> None:
    """What is sent arrives, random bytes are random; a close reaches the server with code and reason."""
    payloads: list[bytes] = []

    async def script(exchange: Exchange) -> None:
        socket = await exchange.upgrade()
        while (frame := await socket.read()).name != "close":
            payloads.append(frame.payload)
        await socket.frame(origin.CLOSE, frame.payload)
        socket.fin()

    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(script)
        await cell.open()
        await cell.hears("open", stream="a")
        await cell.ask("send", {"name": "a", "text": "später", "times": 2})
        await cell.ask("send", {"name": "a", "bytes": 200_000})
        await cell.ask("buffered", "a")
        assert await cell.sees("frame", name="binary")
        await cell.close(code=4002, reason="why not")
        assert await cell.wait_for("close", stream="a")
        assert [payload.decode() for payload in payloads[:2]] == ["später", "später"]
        assert len(set(payloads[2])) == 256
        assert payloads[2].count(payloads[2][:16]) == 1
        texts, random = seen.entries("sent")
        assert (texts.detail["times"], texts.detail["chars"]) == (2, 6)
        assert (random.detail["bytes"], random.detail["state"]) == (200_000, "OPEN")
        assert seen.only("buffered")["bytes"] >= 0
        assert seen.only("closing")["state"] == "CLOSING"
        assert await cell.sees("frame", code=4002, reason="why not")
        await cell.ask("send", {"name": "a", "text": "late"})
        assert seen.entries("sent")[-1].detail["state"] == "CLOSED"


async def test_refusals_are_told(engine: LiveEngine) -> None:
    """A constructor and a close that throw are told with their cause; a stream that was never made is over."""
    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(origin.accepts())
        await cell.open(protocols=["a", "a"])
        assert await cell.wait_for("over", stream="a")
        assert seen.kinds() == ["opening", "refused", "over"]
        assert "SyntaxError" in seen.only("refused")["because"]
        await cell.open("b")
        await cell.close("b", code=999)
        assert [kind for kind in seen.kinds("b") if kind != "open"] == ["opening", "refused", "closing"]
        assert "InvalidAccessError" in seen.only("refused", "b")["because"]


async def test_a_mistake_of_the_scenario_is_no_answer(engine: LiveEngine) -> None:
    """A transport, a stream or a verb that is not there is an error of ours, not something the engine refused."""
    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(origin.streams())
        for verb, argument, words in (
            ("open", {"name": "x", "transport": "pigeon", "url": "/"}, "transport pigeon"),
            ("close", {"name": "nobody"}, "stream nobody: was never opened"),
            ("tell", "nobody", "was never opened"),
        ):
            with pytest.raises(Exception, match=words):
                await cell.ask(verb, argument)
        await cell.open("b", transport="eventsource")
        with pytest.raises(Exception, match="cannot send"):
            await cell.ask("send", {"name": "b", "text": "x"})
        assert seen.entries("refused", "send-failed", stream="b") == []


async def test_tallies_many_messages(engine: LiveEngine) -> None:
    """Instead of entries: how many, how long, and how many were out of their order."""
    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(origin.accepts(*(f"{number} x" for number in (1, 2, 3, 5, 6)), close=1000))
        await cell.open(tally=True)
        assert await cell.wait_for("over", stream="a")
        await cell.ask("tell", "a")
        told = seen.only("tally")
        assert (told["count"], told["chars"], told["wrong"]) == (5, 15, 1)
        assert told["first_ago_ms"] >= told["last_ago_ms"] >= 0
        assert seen.entries("message") == []


async def test_waits_know_their_stream(engine: LiveEngine) -> None:
    """A wait for a stream that is over ends at once; the end of one stream does not end the wait for another."""
    async with played(engine) as seen:
        cell = seen.cell
        release = asyncio.Event()

        async def late(exchange: Exchange) -> None:
            socket = await exchange.upgrade()
            await release.wait()
            await socket.text("late")
            await socket.serve()

        cell.serve(origin.accepts(close=1000), place="/short")
        cell.serve(late, place="/late")
        await cell.open("short", "/short")
        await cell.open("late", "/late")
        waiting = asyncio.create_task(cell.wait_for("message", stream="late"))
        assert await cell.wait_for("over", stream="short")
        with pytest.raises(NotReached):
            await cell.hears("message", stream="short")
        assert not waiting.done()
        release.set()
        assert await waiting
        awaited = seen.recorder.timeline().of("driver", "awaited", met=False)
        assert [one.detail["waited_ms"] < budgets.DELIVER.ms / 2 for one in awaited] == [True]
        assert [entry.detail["n"] for entry in seen.recorder.timeline() if entry.source == "page"] == list(range(7))


async def test_round_trips(engine: LiveEngine) -> None:
    """Echoes over a WebSocket and by POST are timed one by one, and a fetch is told with status and text."""

    async def echoes(exchange: Exchange) -> None:
        await (await exchange.upgrade()).serve(echo=True)

    async def posted(exchange: Exchange) -> None:
        await exchange.answer(200, (await exchange.body()).decode())

    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(echoes)
        cell.serve(posted, place="/post")
        cell.serve(origin.answers(404, "nothing"), place="/none")
        await cell.open()
        await cell.hears("open", stream="a")
        await cell.ask("echo", {"name": "a", "times": 3, "ms": budgets.DELIVER.ms}, within=budgets.DELIVER)
        await cell.ask("post", {"name": "p", "url": "/post", "times": 2, "ms": budgets.DELIVER.ms})
        await cell.ask("fetch", {"name": "f", "url": "/none", "ms": budgets.DELIVER.ms})
        assert await cell.wait_for("fetched", name="f")
        assert len(seen.entries("round-trip")) == 3
        assert len(seen.entries("round-trip", stream="p")) == 2
        (fetched,) = seen.recorder.timeline().of("page", "fetched")
        assert (fetched.detail["status"], fetched.detail["text"]) == (404, "nothing")
        assert [told.detail["bytes"] for told in seen.recorder.timeline().of("server", "body")] == [6, 6]


async def test_scripts_run_in_the_page(engine: LiveEngine) -> None:
    """A function of JavaScript gets its argument, its value comes back, and what it records is in the timeline."""
    async with played(engine) as seen:
        cell = seen.cell
        assert await cell.script("(x) => { probe.record('noted', {x}); return x + 1; }", 4) == 5
        await cell.ask("block", 30)
        assert seen.recorder.timeline().first("page", "noted", x=4)
        (blocked,) = seen.recorder.timeline().of("page", "blocked")
        assert 29 <= blocked.detail["took_ms"] < 5000


@pytest.mark.parametrize("scope", ["dedicated", "shared", "service", "frame"])
async def test_streams_elsewhere_work_or_say_why_not(engine: LiveEngine, scope: str) -> None:
    """In a worker of each kind and in a frame each transport opens and says what it emits, or says why it cannot."""
    async with played(engine) as seen:
        cell = seen.cell
        for transport in TRANSPORTS:
            name = f"{scope}-{transport}"
            cell.serve(origin.either(origin.streams(ONE), origin.accepts("1 one")), place=f"/{name}")
            await cell.open_elsewhere(name, scope=scope, transport=transport)
            said = ["message", "failed"]
            assert await cell.wait_for("elsewhere", stream=name, said=said, budget=budgets.OPEN)
            last = seen.entries("elsewhere", stream=name)[-1].detail
            assert last["scope"] == scope
            assert last.get("text") == "1 one" or last["because"]


@pytest.mark.parametrize("scope", ["dedicated", "shared", "service", "frame"])
async def test_streams_elsewhere_end_when_dismissed(engine: LiveEngine, scope: str) -> None:
    """A stream in a worker or frame is closed, and its connection ends at the server, when it is dismissed."""
    async with played(engine) as seen:
        cell = seen.cell
        cell.serve(origin.streams(ONE), place="/inside")
        await cell.open_elsewhere("inside", scope=scope, transport="eventsource")
        assert await cell.wait_for("elsewhere", stream="inside", said="message", budget=budgets.OPEN)
        await cell.ask("dismiss", "inside")
        assert await cell.sees("peer-end")
        assert len(seen.entries("dismissed", stream="inside")) == 1


async def test_streams_take_their_turns(engine: LiveEngine) -> None:
    """Each is opened when the one before has had its turn and is closed, also where a constructor throws."""
    async with played(engine) as seen:
        cell = seen.cell
        for name in ("one", "two"):
            cell.serve(origin.either(origin.streams(ONE), origin.accepts()), place=f"/{name}")
        await cell.open_in_turn("one", "two", until=["open"])
        assert await cell.sees("request", count=2)
        first, second = (seen.entries("opening", stream=name)[0] for name in ("one", "two"))
        assert seen.entries("open", stream="one")[0].at_ms <= second.at_ms
        assert first.at_ms < second.at_ms
        assert await cell.sees("peer-end", count=2)


async def test_a_service_worker_passes_on(engine: LiveEngine) -> None:
    """What the page asks for goes through the service worker, which says so, and comes back as it was."""
    async with played(engine) as seen:
        cell = seen.cell
        cell.origin.page_headers["Service-Worker-Allowed"] = "/"
        await cell.ask("passThrough", "worker", within=budgets.OPEN)
        cell.serve(origin.streams(ONE))
        await cell.open(transport="eventsource")
        assert await cell.wait_for("message", stream="a", text="1 one")
        assert await cell.wait_for("passed-through", place="/stream")
        await cell.ask("dismiss", "worker")
