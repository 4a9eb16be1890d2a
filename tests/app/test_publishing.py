"""/control/channels/{channel}/publish as a WebSocket: each frame is published, nothing is answered but a mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.app.peers import Transport, both_transports, subscribed
from tests.app.serving import BUDGET_S, HOST, Served, serving


@contextmanager
def publishing(served: Served, channel: str, *, origin: str | None = None) -> Iterator[ClientConnection]:
    """A publisher's socket."""
    target = f"ws://{HOST}:{served.port}/control/channels/{channel}/publish"
    headers = None if origin is None else {"Origin": origin}
    with connect(target, additional_headers=headers, compression=None, open_timeout=BUDGET_S, proxy=None) as socket:
        yield socket


def closed_with(socket: ClientConnection) -> tuple[int, str]:
    """The code and the sentence the service closes with."""
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=BUDGET_S)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


@both_transports
def test_each_frame_is_published_in_order(served: Served, channel: str, transport: Transport) -> None:
    """A thousand frames reach a subscriber once each, in order."""
    with subscribed(served, transport, channel) as reading, publishing(served, channel) as socket:
        for number in range(1, 1001):
            socket.send(json.dumps({"data": {"n": number}}))
        envelopes = reading.take(1000)
    assert [envelope["data"]["n"] for envelope in envelopes] == list(range(1, 1001))
    assert [envelope["seq"] for envelope in envelopes] == list(range(1, 1001))
    assert {envelope["type"] for envelope in envelopes} == {"update"}


def test_items_and_fences_are_published_in_one_go(served: Served, channel: str) -> None:
    """A frame is the body of the POST beside it: several items at once, and a fence."""
    with subscribed(served, "sse", channel) as reading, publishing(served, channel) as socket:
        socket.send('{"items": [1, null, "x"]}')
        socket.send('{"data": 2, "type": "fence"}')
        found = [(envelope["type"], envelope["data"]) for envelope in reading.take(4)]
    assert found == [("update", 1), ("update", None), ("update", "x"), ("fence", 2)]


def test_nothing_is_answered(served: Served, channel: str) -> None:
    """A publisher that never reads is told nothing: the first frame it gets is the answer to its own close."""
    with publishing(served, channel) as socket:
        socket.send('{"data": 1}')
        socket.send("[]")
        code, reason = closed_with(socket)  # no message came before the close
    assert code == 4400
    assert "publish: " in reason
    assert served.statistics(channel)["published"] == 1


@pytest.mark.parametrize(
    ("frame", "code", "sentence"),
    [
        ("{", 4400, "publish: malformed JSON"),
        ("{}", 4400, "needs either data or items"),
        ('{"items": []}', 4400, "items: list should have at least 1 item"),
        ('{"data": 1, "type": "hello"}', 4400, "type: input should be 'update' or 'fence'"),
        ('{"data": 1e999}', 4400, "publish: not encodable"),
        (b"{}", 4400, "publish: binary frame"),
        ('{"data": "' + "x" * 200_001 + '"}', 1009, ""),
    ],
)
def test_a_malformed_frame_closes_the_socket(
    served: Served, channel: str, frame: str | bytes, code: int, sentence: str
) -> None:
    """The socket is closed with the code and the sentence of the mistake, and nothing was published."""
    with publishing(served, channel) as socket:
        socket.send(frame)
        told, reason = closed_with(socket)
    assert told == code
    assert sentence in reason
    assert served.statistics(channel)["published"] == 0


def test_a_finished_channel_closes_the_socket(served: Served, channel: str) -> None:
    """Nothing can be published any more: code 1000 and the reason."""
    served.control(channel, "finish")
    with publishing(served, channel) as socket:
        socket.send('{"data": 1}')
        assert closed_with(socket) == (
            1000, f"channel {channel}: finished; expected a channel that is still open, got 'update'",
        )  # fmt: skip


def test_a_bad_channel_name_closes_the_socket(served: Served) -> None:
    """The name is refused as it is for subscribers."""
    with publishing(served, "BAD") as socket:
        code, reason = closed_with(socket)
    assert code == 4404
    assert "bad channel name" in reason


def test_a_foreign_page_may_not_publish(served: Served, channel: str) -> None:
    """A WebSocket is exempt from CORS, so Origin is looked at here, too."""
    with publishing(served, channel, origin="http://elsewhere.example") as socket:
        code, _ = closed_with(socket)
    assert code == 4403
    with publishing(served, channel, origin=f"http://{HOST}:{served.port}") as socket:
        socket.send("1")
        code, _ = closed_with(socket)
    assert code == 4400


def test_is_not_there_unless_asked_for() -> None:
    """Without the setting there is no publishing socket."""
    with serving(control=False) as served, pytest.raises(InvalidStatus), publishing(served, "a"):
        pass


def test_a_publisher_delays_no_drain() -> None:
    """A publisher that is connected while the service stops is told 1012 and keeps it from nothing."""
    with serving() as served:
        leaving = publishing(served, "a")
        socket = leaving.__enter__()
        socket.send('{"data": 1}')
        served.facts.wait(kind="publish", channel="a")
    assert closed_with(socket)[0] == 1012
    leaving.__exit__(None, None, None)
