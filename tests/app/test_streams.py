"""Both transports over real sockets: the same envelopes, hello, resume, gap, heartbeat, finish, private channels."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import Unpack

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.app.conftest import TOKEN
from tests.app.peers import Ask, SseReader, Transport, WebSocketPeer, both_transports, opened, sse_status, subscribed
from tests.app.serving import HOST, Served, serving

HOSTILE = ["a\nb\r\nc", "\x00", "\ud800", "\u2028🙂", "", {"deep": [1, None, True, 1.5]}]


def test_envelopes_are_identical_on_both_transports(served: Served, channel: str) -> None:
    """The same message is the same text, byte for byte, over SSE and WebSocket."""
    with subscribed(served, "sse", channel) as sse, subscribed(served, "websocket", channel) as websocket:
        served.publish(channel, *HOSTILE)
        texts = [(sse.peer.text(), websocket.peer.text()) for _ in HOSTILE]
    assert all(one == other for one, other in texts)
    assert [json.loads(one or "")["data"] for one, _ in texts] == HOSTILE


@both_transports
def test_hello_says_where_it_stands(served: Served, channel: str, transport: Transport) -> None:
    """The first message names channel, epoch, resume point and the times to expect."""
    served.publish(channel, 1, 2)
    served.control(channel, "tune", {"heartbeat_ms": 4_000, "retry_ms": 1_234})
    epoch = served.statistics(channel)["epoch"]
    with subscribed(served, transport, channel) as reading:
        assert reading.hello["seq"] == 2
        assert reading.hello["data"] == {
            "channel": channel,
            "epoch": epoch,
            "resume": f"{epoch}-2",
            "heartbeat_ms": 4_000,
            "retry_ms": 1_234,
        }


def test_sse_fields(served: Served, channel: str) -> None:
    """Numbered messages and hello carry `id:`, hello alone `retry:`, heartbeats neither; nothing has `event:`."""
    served.control(channel, "tune", {"heartbeat_ms": 20, "retry_ms": 50})
    epoch = served.statistics(channel)["epoch"]
    reader = SseReader(served, channel)
    hello, beat = reader.read(), reader.read()
    assert hello is not None
    assert beat is not None
    assert [name for name, _ in hello.fields] == ["id", "retry", "data"]
    assert (hello.field("id"), hello.field("retry")) == (f"{epoch}-0", "50")
    assert [name for name, _ in beat.fields] == ["data"]
    served.publish(channel, "x")
    while (found := reader.read()) is not None and found.field("id") is None:
        pass
    assert found is not None
    assert (found.field("id"), found.field("retry")) == (f"{epoch}-1", None)
    reader.close()


def test_sse_headers(served: Served, channel: str) -> None:
    """No cache and no buffering proxy may hold the stream back; no CORS unless configured."""
    reader = SseReader(served, channel, headers={"Origin": "http://other.example"})
    headers = reader.response.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert headers["access-control-allow-origin"] is None
    reader.close()


@both_transports
def test_resumes_exactly(served: Served, channel: str, transport: Transport) -> None:
    """After a break, delivery goes on with the message after the resume point."""
    epoch = served.statistics(channel)["epoch"]
    served.publish(channel, *range(5))
    with subscribed(served, transport, channel, since=f"{epoch}-2") as reading:
        assert (reading.hello["seq"], reading.hello["data"]["resume"]) == (2, f"{epoch}-2")
        served.publish(channel, "live")
        assert [envelope["seq"] for envelope in reading.take(4)] == [3, 4, 5, 6]


def test_last_event_id_wins_over_since(served: Served, channel: str) -> None:
    """A browser that reconnects sends the header with the old URL: the header is the newer one."""
    epoch = served.statistics(channel)["epoch"]
    served.publish(channel, *range(5))
    headers = {"Last-Event-ID": f"{epoch}-4"}
    with subscribed(served, "sse", channel, headers=headers, since=f"{epoch}-1") as reading:
        assert reading.take(1)[0]["seq"] == 5


@both_transports
def test_zero_replays_all_that_is_kept(served: Served, channel: str, transport: Transport) -> None:
    """`since=0` begins with the oldest message still buffered, without a gap."""
    served.control(channel, "tune", {"replay_limit": 2})
    served.publish(channel, *range(4))
    with subscribed(served, transport, channel, since="0") as reading:
        assert reading.hello["seq"] == 2
        assert [(envelope["type"], envelope["seq"]) for envelope in reading.take(2)] == [("update", 3), ("update", 4)]


@both_transports
def test_tells_of_lost_history(served: Served, channel: str, transport: Transport) -> None:
    """What cannot be replayed is named by a gap, and delivery goes on right after it."""
    epoch = served.statistics(channel)["epoch"]
    served.publish(channel, *range(6))
    served.control(channel, "tune", {"replay_limit": 2})
    with subscribed(served, transport, channel, since=f"{epoch}-1") as reading:
        gap, *rest = reading.take(3)
        assert reading.hello["seq"] == 1
        assert (gap["type"], gap["seq"]) == ("gap", 4)
        assert gap["data"] == {"from": 2, "to": 4, "reason": "history-gone"}
        assert [envelope["seq"] for envelope in rest] == [5, 6]


@both_transports
def test_tells_of_a_changed_epoch(served: Served, channel: str, transport: Transport) -> None:
    """A resume point from before a restart is answered with a gap that names it, then all of the new epoch."""
    served.publish(channel, "a", "b")
    with subscribed(served, transport, channel, since="00000000-9") as reading:
        gap, *rest = reading.take(3)
        assert gap["data"] == {"from": 1, "to": 0, "reason": "epoch-changed", "lost_from": "00000000-9"}
        assert (reading.hello["seq"], gap["seq"]) == (0, 0)
        assert [envelope["seq"] for envelope in rest] == [1, 2]


def test_gap_moves_the_last_event_id(served: Served, channel: str) -> None:
    """Until the gap has been read the resume point is the old one, so a break cannot swallow it; then it moves on."""
    epoch = served.statistics(channel)["epoch"]
    served.publish(channel, *range(6))
    served.control(channel, "tune", {"replay_limit": 1})
    reader = SseReader(served, channel, since=f"{epoch}-1")
    hello, gap = reader.read(), reader.read()
    assert hello is not None
    assert gap is not None
    assert (hello.field("id"), gap.field("id")) == (f"{epoch}-1", f"{epoch}-5")
    reader.close()


@both_transports
def test_heartbeats_are_messages(served: Served, channel: str, transport: Transport) -> None:
    """Heartbeats come at their interval as envelopes a page can see, with the resume point's seq."""
    served.publish(channel, 1)
    served.control(channel, "tune", {"heartbeat_ms": 50})
    with subscribed(served, transport, channel) as reading:
        began = time.monotonic()
        beats = [reading.next() for _ in range(3)]
        took_ms = (time.monotonic() - began) * 1000
    assert [(beat["type"], beat["seq"], beat["data"]) for beat in beats] == [("heartbeat", 1, None)] * 3
    assert took_ms > 100


@both_transports
def test_heartbeats_follow_a_change(served: Served, channel: str, transport: Transport) -> None:
    """A changed interval holds for live subscribers, too; null stops the heartbeat."""
    with subscribed(served, transport, channel) as reading:
        served.control(channel, "tune", {"heartbeat_ms": 20})
        assert reading.next()["type"] == "heartbeat"
        served.control(channel, "tune", {"heartbeat_ms": None})
        served.control(channel, "fence")
        assert reading.take(1)[0]["type"] == "fence"


def test_finished_sse_replays_then_says_204(served: Served, channel: str) -> None:
    """A finished channel gives what is left and ends the body; who comes back with nothing left is told 204."""
    epoch = served.statistics(channel)["epoch"]
    with subscribed(served, "sse", channel) as live:
        served.publish(channel, 1, 2)
        assert served.control(channel, "finish")["finished"] is True
        assert [envelope["seq"] for envelope in live.rest()] == [1, 2]
    with subscribed(served, "sse", channel, since=f"{epoch}-1") as late:
        assert [envelope["seq"] for envelope in late.rest()] == [2]
    for query in (Ask(since=f"{epoch}-2"), Ask()):
        assert sse_status(served, channel, **query) == 204


def test_finished_websocket_replays_then_closes(served: Served, channel: str) -> None:
    """A finished channel gives what is left and closes with 1000."""
    epoch = served.statistics(channel)["epoch"]
    with subscribed(served, "websocket", channel) as live:
        served.publish(channel, 1, 2)
        served.control(channel, "finish")
        assert [envelope["seq"] for envelope in live.rest()] == [1, 2]
    for since, left in ((f"{epoch}-1", [2]), (f"{epoch}-2", [])):
        with subscribed(served, "websocket", channel, since=since) as late:
            assert [envelope["seq"] for envelope in late.rest()] == left
            assert isinstance(late.peer, WebSocketPeer)
            assert (late.peer.code, late.peer.reason) == (1000, "the channel is finished")


@both_transports
def test_private_channels_want_the_token(served: Served, channel: str, transport: Transport) -> None:
    """The token opens a private channel by query or header; nothing else does."""
    private = f"private-{channel}"
    with subscribed(served, transport, private, access_token=TOKEN) as reading:
        assert reading.hello["data"]["channel"] == private
    with subscribed(served, transport, private, headers={"Authorization": f"Bearer {TOKEN}"}) as reading:
        assert reading.hello["type"] == "hello"
    assert_unauthorised(served, transport, private, access_token="wrong")
    assert_unauthorised(served, transport, private, headers={"Authorization": "Bearer"})
    assert_unauthorised(served, transport, private)


def test_private_channels_without_a_token_are_shut() -> None:
    """With no token configured, not even an empty one opens a private channel."""
    for settings in ({}, {"access_token": ""}):
        with serving(**settings) as served:
            assert_unauthorised(served, "sse", "private-a", access_token="")
            assert_unauthorised(served, "websocket", "private-a", headers={"Authorization": "Bearer "})
            assert served.ask("POST", "/channels/private-a/messages", {"data": 1}).status == 401


def assert_unauthorised(served: Served, transport: Transport, channel: str, **ask: Unpack[Ask]) -> None:
    """401 over SSE; over WebSocket an accepted connection closed with 4401, which a page can see."""
    peer = opened(served, transport, channel, **ask)
    with contextlib.closing(peer):
        if isinstance(peer, SseReader):
            assert peer.status == 401
            assert peer.response.headers["www-authenticate"] == "Bearer"
            assert "unauthorised; expected" in json.loads(peer.response.read())["error"]
        else:
            assert peer.text() is None
            assert peer.code == 4401


BAD_REQUESTS: list[tuple[str, Ask, int, int, str]] = [
    ("Upper", {}, 404, 4404, "bad channel name; expected [a-z0-9]"),
    ("a/b", {}, 404, 4404, "bad channel name"),
    ("%00", {}, 404, 4404, "bad channel name"),
    ("%F0%9F%99%82", {}, 404, 4404, "bad channel name"),
    ("demo", {"since": "x" * 500}, 400, 4400, "malformed resume point; expected"),
    (
        "demo",
        {"since": "é\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16")},
        400,
        4400,
        "since: malformed",
    ),
]


@pytest.mark.parametrize(("name", "query", "status", "code", "words"), BAD_REQUESTS)
def test_bad_requests_are_told_why(served: Served, name: str, query: Ask, status: int, code: int, words: str) -> None:
    """A bad name or resume point gets a status and a sentence over SSE, a close code and reason over WebSocket."""
    reader = SseReader(served, name, **query)
    assert reader.status == status
    assert words in json.loads(reader.response.read())["error"]
    reader.close()
    peer = WebSocketPeer(served, name, **query)
    assert peer.text() is None
    assert peer.code == code
    assert words[:20] in peer.reason
    peer.close()


def test_too_many_subscribers() -> None:
    """Beyond the limit SSE is told 503 and WebSocket 1013; when somebody leaves there is room again."""
    with serving(max_subscribers=1) as served:
        with subscribed(served, "sse", "a"):
            assert sse_status(served, "a") == 503
            with contextlib.closing(WebSocketPeer(served, "a")) as peer:
                assert peer.text() is None
                assert peer.code == 1013
        served.wait_gone("a")
        with subscribed(served, "websocket", "a") as reading:
            assert reading.hello["seq"] == 0


def test_cors_for_configured_origins_only() -> None:
    """A page of an allowed origin may read the stream, and refusals, too; others may not."""
    with serving(allow_origins=("http://page.example",)) as served:
        for target in ("/sse/a", "/sse/A"):
            allowed = SseReader(served, target.rpartition("/")[2], headers={"Origin": "http://page.example"})
            assert allowed.response.headers["access-control-allow-origin"] == "http://page.example"
            allowed.close()
        other = SseReader(served, "a", headers={"Origin": "http://other.example"})
        assert other.response.headers["access-control-allow-origin"] is None
        other.close()


def test_a_foreign_page_gets_no_websocket() -> None:
    """CORS does not cover WebSocket, so its Origin is looked at: our own and allowed ones come in, others get 4403."""
    with serving(allow_origins=("http://page.example",)) as served:
        own = f"http://{HOST}:{served.port}"
        for origin in (own, "http://page.example"):
            with subscribed(served, "websocket", "a", headers={"Origin": origin}) as reading:
                assert reading.hello["seq"] == 0
        for origin in ("http://other.example", f"{own}.other.example", "null", "http://["):
            with contextlib.closing(opened(served, "websocket", "a", headers={"Origin": origin})) as peer:
                assert peer.text() is None
                assert isinstance(peer, WebSocketPeer)
                assert peer.code == 4403


@both_transports
def test_a_star_lets_pages_of_any_origin_in(transport: Transport) -> None:
    """With "*" among the allowed origins no page is foreign, on either transport."""
    headers = {"Origin": "http://any.example"}
    with serving(allow_origins=("*",)) as served, subscribed(served, transport, "a", headers=headers) as reading:
        assert reading.hello["seq"] == 0


@both_transports
def test_reconnecting_loses_and_repeats_nothing(served: Served, channel: str, transport: Transport) -> None:
    """A subscriber that breaks off and resumes again and again while others publish sees each message once."""
    total = 300
    seen: list[int] = []
    epoch = served.statistics(channel)["epoch"]

    def publish() -> None:
        for first in range(0, total, 5):
            served.publish(channel, *range(first, first + 5))

    publishing = threading.Thread(target=publish)
    publishing.start()
    while len(seen) < total:
        with subscribed(served, transport, channel, since=f"{epoch}-{len(seen)}") as reading:
            seen += [envelope["seq"] for envelope in reading.take(min(17, total - len(seen)))]
    publishing.join()
    assert seen == list(range(1, total + 1))


def test_websocket_denied_when_control_asks(served: Served, channel: str) -> None:
    """`next_status` answers the WebSocket handshake itself with an HTTP status."""
    served.control(channel, "tune", {"next_status": 503})
    with pytest.raises(InvalidStatus) as denied:
        WebSocketPeer(served, channel)
    assert denied.value.response.status_code == 503
    with subscribed(served, "websocket", channel) as reading:
        assert reading.hello["seq"] == 0


@pytest.mark.parametrize("on", [True, False])
def test_compression_is_a_setting(on: bool) -> None:  # noqa: FBT001  (pytest passes it by name)
    """permessage-deflate is agreed on only where it is switched on, even if the peer offers it."""
    with serving(websocket_compression=on) as served, contextlib.ExitStack() as stack:
        offer = connect(f"ws://127.0.0.1:{served.port}/ws/a", compression="deflate", proxy=None)
        response = stack.enter_context(offer).response
        assert response is not None
        assert ("Sec-WebSocket-Extensions" in response.headers) is on
