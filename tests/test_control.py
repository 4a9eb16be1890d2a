"""What the driver asks of the app: the request that is made, the answer it becomes, and whose fault a refusal is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final, cast

import httpx
import pytest

from wirematrix.budgets import CONTROL, SCALE_VARIABLE
from wirematrix.control import Control, Published, control_of
from wirematrix.errors import ControlRefused
from wirematrix.sockets import reset

pytestmark = pytest.mark.anyio

ORIGIN: Final = "http://127.0.0.1:1"
BASE: Final = f"{ORIGIN}/control/channels/c1"
Ask = Callable[[Control], Awaitable[object]]


class App:
    """An app that gives one answer, or fails in one way, and remembers what it was asked."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, Any]] = []
        self.timeouts: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, str(request.url), json.loads(request.content or b"null")))
        self.timeouts.append(request.extensions["timeout"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @asynccontextmanager
    async def controlled(self) -> AsyncIterator[Control]:
        """The control interface of channel c1."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(self)) as http:
            yield Control(http, ORIGIN, "c1")


@pytest.mark.parametrize(
    ("ask", "method", "url", "body", "answer", "becomes"),
    [
        (
            lambda control: control.publish(["a", {"b": 1}]),
            "POST",
            f"{BASE}/publish",
            {"items": ["a", {"b": 1}]},
            {"epoch": "0a0a0a0a", "seqs": [4, 5]},
            Published(epoch="0a0a0a0a", first=4, last=5),
        ),
        (
            lambda control: control.fence(),
            "POST",
            f"{BASE}/fence",
            {},
            {"epoch": "0a0a0a0a", "seq": 6},
            Published(epoch="0a0a0a0a", first=6, last=6),
        ),
        (
            lambda control: control.tune(retry_ms=200, heartbeat_ms=None),
            "POST",
            f"{BASE}/tune",
            {"retry_ms": 200, "heartbeat_ms": None},
            {},
            None,
        ),
        (lambda control: control.mark(), "POST", f"{BASE}/mark", {}, {}, None),
        (lambda control: control.finish(), "POST", f"{BASE}/finish", {}, None, None),
        (lambda control: control.statistics(), "GET", BASE, None, {"subscribers": 2}, {"subscribers": 2}),
    ],
    ids=["publish", "fence", "tune", "mark", "finish", "statistics"],
)
async def test_each_verb_is_one_request(
    ask: Ask, method: str, url: str, body: object, answer: object, becomes: object
) -> None:
    """Each verb makes one request with a budget, and its answer becomes a value; an empty answer is none."""
    app = App(httpx.Response(202) if answer is None else httpx.Response(200, json=answer))
    async with app.controlled() as control:
        assert await ask(control) == becomes
    assert app.asked == [(method, url, body)]
    assert set(app.timeouts[0].values()) == {CONTROL.seconds}


@pytest.mark.parametrize("status", [400, 404, 413, 500, 503])
async def test_an_error_answer_is_a_refusal(status: int) -> None:
    """An answer with an error status says which request, which status, and what the app said about it."""
    app = App(httpx.Response(status, json={"error": "bad channel name"}))
    async with app.controlled() as control:
        with pytest.raises(ControlRefused) as refused:
            await control.fence()
    assert (refused.value.status, refused.value.request) == (status, f"POST {BASE}/fence")
    assert "bad channel name" in refused.value.answer


async def test_a_long_answer_is_shortened() -> None:
    """A page of HTML in place of an answer does not drown the sentence."""
    app = App(httpx.Response(500, text="<p>" * 10_000))
    async with app.controlled() as control:
        with pytest.raises(ControlRefused) as refused:
            await control.fence()
    assert len(refused.value.answer) == 300


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (httpx.ConnectError("All connection attempts failed"), "ConnectError: All connection attempts failed"),
        (httpx.ReadError("reset"), "ReadError: reset"),
        (httpx.RemoteProtocolError("closed"), "RemoteProtocolError: closed"),
    ],
)
async def test_no_connection_is_a_refusal(failure: Exception, says: str) -> None:
    """An app that is down or breaks off is a refusal with status 0 that names the failure."""
    async with App(failure).controlled() as control:
        with pytest.raises(ControlRefused) as refused:
            await control.statistics()
    assert (refused.value.status, refused.value.answer) == (0, says)


async def test_a_silent_app_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that does not answer within the budget is refused like any other: a spent budget would blame the page."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")
    async with App(httpx.ReadTimeout("")).controlled() as control:
        with pytest.raises(ControlRefused) as refused:
            await control.publish([1])
    assert str(refused.value) == f"POST {BASE}/publish: answered 0: no answer within 1500 ms"


class Peer:
    """A server on a real socket: which connection brought each request, and how many were under way at once."""

    def __init__(self, *, resets: bool = False) -> None:
        self.brought_by: list[int] = []
        self.most_at_once = 0
        self._under_way = 0
        self._connections = count(1)
        self._resets = resets

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Its origin."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(self._connections)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self._resets:
                    reset(cast("asyncio.Transport", writer.transport))
                    return
                self.brought_by.append(connection)
                self._under_way += 1
                self.most_at_once = max(self.most_at_once, self._under_way)
                if b"POST" in head:
                    await reader.readexactly(2)
                await asyncio.sleep(0.01)  # a request takes a while, or two could not be under way at once
                self._under_way -= 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


async def test_nobody_else_has_its_connections() -> None:
    """Each control interface keeps one connection and uses it again; none is on a connection of another one.

    A pool that all cells shared closed connections under requests: 13 of 3,000 were a ReadError without a reason.
    """
    peer = Peer()
    async with peer.listening() as origin, control_of(origin, "c1") as one, control_of(origin, "c2") as other:
        for control in (one, other, one, other):
            await control.statistics()
    assert peer.brought_by == [1, 2, 1, 2]


async def test_one_request_at_a_time() -> None:
    """Tasks that ask at once are served one after the other, by one connection."""
    peer = Peer()
    async with peer.listening() as origin, control_of(origin, "c1") as control:
        await asyncio.gather(*(control.mark() for _ in range(5)))
    assert (peer.brought_by, peer.most_at_once) == ([1] * 5, 1)


async def test_a_reset_says_so() -> None:
    """What the system said of a connection that broke is told, which httpx by itself keeps to itself."""
    async with Peer(resets=True).listening() as origin, control_of(origin, "c1") as control:
        with pytest.raises(ControlRefused) as refused:
            await control.mark()
    assert refused.value.answer.startswith("ReadError ([")  # and the system's own number and words
