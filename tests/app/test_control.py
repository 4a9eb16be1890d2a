"""/control: publish, statistics, and every misbehaviour it can be asked for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.app.peers import (
    RawSocket,
    SseReader,
    Transport,
    WebSocketPeer,
    both_transports,
    opened,
    sse_status,
    subscribed,
)
from tests.app.serving import Served, serving


def test_is_not_there_unless_asked_for() -> None:
    """Without the setting there is no /control."""
    with serving(control=False) as served:
        assert served.ask("GET", "/control/channels/a").status == 404
        assert served.ask("POST", "/control/restart").status == 404


def test_publish_answers_with_the_numbers(served: Served, channel: str) -> None:
    """One payload or several: epoch, first and last seq come back; a fence is a message, too."""
    epoch = served.statistics(channel)["epoch"]
    assert served.control(channel, "publish", {"data": None}) == {"epoch": epoch, "seqs": [1, 1]}
    assert served.control(channel, "publish", {"items": [1, [2], None]}) == {"epoch": epoch, "seqs": [2, 4]}
    assert served.control(channel, "publish", {"data": 5, "type": "fence"}) == {"epoch": epoch, "seqs": [5, 5]}
    assert served.control(channel, "fence") == {"epoch": epoch, "seq": 6}
    with subscribed(served, "sse", channel, since="0") as reading:
        kinds = [envelope["type"] for envelope in reading.take(6)]
    assert kinds == ["update"] * 4 + ["fence"] * 2


def test_statistics(served: Served, channel: str) -> None:
    """Head, oldest, subscribers and the counts of what happened."""
    served.publish(channel, 1, 2, 3)
    served.control(channel, "tune", {"replay_limit": 2})
    with subscribed(served, "sse", channel), subscribed(served, "websocket", channel):
        found = served.statistics(channel)
    assert len(found.pop("epoch")) == 8
    assert found == {
        "head": 3,
        "oldest": 2,
        "subscribers": 2,
        "published": 3,
        "finished": False,
        "opened": 2,
        "evicted": 0,
    }


BAD_WISHES: list[tuple[str, Any, str]] = [
    ("publish", {}, "needs either data or items"),
    ("publish", {"data": 1, "items": [1]}, "needs either data or items"),
    ("publish", {"items": []}, "items: list should have at least 1 item"),
    ("publish", {"items": 3}, "items: input should be a valid list"),
    ("publish", {"data": 1, "type": "hello"}, "type: input should be 'update' or 'fence'"),
    ("publish", b"{", "malformed JSON"),
    ("tune", {"heartbeat": 1}, "heartbeat: extra inputs are not permitted"),
    ("tune", {"heartbeat_ms": "20"}, "heartbeat_ms: input should be a valid integer"),
    ("tune", {"heartbeat_ms": 0}, "heartbeat_ms: input should be greater"),
    ("tune", {"next_status": 199}, "next_status: input should be greater"),
    ("tune", {"next_status": 503, "next_count": 0}, "next_count: input should be greater"),
    ("tune", b"", "malformed JSON"),
    ("mute", {}, "ms: field required"),
    ("mute", {"ms": -1}, "ms: input should be greater"),
    ("close", {"code": 1006}, "not a close code that may be sent"),
    ("close", {"code": 5000}, "not a close code that may be sent"),
    ("close", {"reason": "x" * 121}, "reason: string should have at most"),
    ("close", [], "input should be"),
]


@pytest.mark.parametrize(("verb", "body", "words"), BAD_WISHES)
def test_bad_wishes_are_told_why(served: Served, channel: str, verb: str, body: object, words: str) -> None:
    """A wish of the wrong shape is 400 with a sentence that names the key, and changes nothing."""
    answer = served.ask("POST", f"/control/channels/{channel}/{verb}", body)
    assert answer.status == 400
    assert words in answer.json["error"]
    assert answer.json["error"].startswith(f"/control/channels/{channel}/{verb}: ")
    assert served.statistics(channel)["head"] == 0


def test_bad_names_and_verbs_are_not_found(served: Served) -> None:
    """A bad channel name or an unknown verb is 404."""
    assert served.ask("POST", "/control/channels/Bad/fence").status == 404
    assert served.ask("GET", "/control/channels/Bad").status == 404
    assert served.ask("POST", "/control/channels/a/explode").status == 404


@both_transports
def test_close_ends_live_subscribers(served: Served, channel: str, transport: Transport) -> None:
    """SSE ends its body, WebSocket gets code and reason; what was published before still arrives, the channel lives."""
    with subscribed(served, transport, channel) as reading:
        served.publish(channel, 1)
        assert served.control(channel, "close", {"code": 4001, "reason": "bye"}) == {"closed": 1}
        served.publish(channel, 2)
        assert [envelope["seq"] for envelope in reading.rest()] == [1]
        if isinstance(reading.peer, WebSocketPeer):
            assert (reading.peer.code, reading.peer.reason) == (4001, "bye")
    assert served.wait_gone(channel)[0]["because"] == "closed by server"


@both_transports
def test_reset_cuts_live_connections(served: Served, channel: str, transport: Transport) -> None:
    """`reset` is an RST on the wire, and the subscriber is counted out."""
    with RawSocket(served, transport, channel) as raw:
        assert served.control(channel, "reset") == {"reset": 1}
        assert raw.read_to_end()[1] == "reset"
    assert served.wait_gone(channel)[0]["because"] == "peer left"


@both_transports
def test_mute_is_silence_and_then_everything(served: Served, channel: str, transport: Transport) -> None:
    """While muted nothing is sent, not even heartbeats; afterwards nothing is missing."""
    served.control(channel, "tune", {"heartbeat_ms": 20})
    with subscribed(served, transport, channel) as reading:
        began_at = time.time() * 1000
        assert served.control(channel, "mute", {"ms": 300}) == {"muted": 1}
        served.publish(channel, 1)
        served.publish(channel, 2)
        assert [envelope["seq"] for envelope in reading.take(2)] == [1, 2]
        [first_publish] = served.facts.wait(kind="publish", channel=channel)
        served.facts.wait(kind="send", channel=channel, seq=2)
        sends = [fact["at"] for fact in served.facts.all(kind="send", channel=channel)]
        ends_at = began_at + 300 - 1  # uvloop's timers count whole milliseconds from the last whole one
        assert not [at - began_at for at in sends if first_publish["at"] < at < ends_at]


def test_mute_of_nothing_ends_a_silence(served: Served, channel: str) -> None:
    """`mute` with 0 ms lets a muted subscriber go on."""
    with subscribed(served, "sse", channel) as reading:
        served.control(channel, "mute", {"ms": 60_000})
        served.publish(channel, 1)
        served.control(channel, "mute", {"ms": 0})
        assert reading.take(1)[0]["seq"] == 1


@both_transports
def test_next_connections_get_the_status(served: Served, channel: str, transport: Transport) -> None:
    """`next_status` answers exactly `next_count` connections, then things are as before."""
    served.control(channel, "tune", {"next_status": 503, "next_count": 2})
    assert [sse_status(served, channel) for _ in range(2)] == [503, 503]
    peer = opened(served, transport, channel)
    assert peer.text() is not None
    peer.close()


def test_next_status_can_be_taken_back(served: Served, channel: str) -> None:
    """`next_status: null` forgets what was planned; 204 has no body."""
    served.control(channel, "tune", {"next_status": 204})
    assert sse_status(served, channel) == 204
    served.control(channel, "tune", {"next_status": 500, "next_count": 9})
    served.control(channel, "tune", {"next_status": None})
    assert sse_status(served, channel) == 200


@both_transports
def test_headers_are_delayed(served: Served, channel: str, transport: Transport) -> None:
    """`header_delay_ms` holds back the answer; the subscriber misses nothing that came with its resume point."""
    epoch = served.statistics(channel)["epoch"]
    served.control(channel, "tune", {"header_delay_ms": 150})
    served.publish(channel, 1)
    began = time.monotonic()
    with subscribed(served, transport, channel, since=f"{epoch}-0") as reading:
        assert time.monotonic() - began >= 0.15
        assert reading.take(1)[0]["seq"] == 1


@both_transports
def test_first_word_is_late(served: Served, channel: str, transport: Transport) -> None:
    """`quiet_ms` holds back what a subscriber hears first, and neither the answer's head nor anything for good."""
    served.control(channel, "tune", {"quiet_ms": 300})
    began = time.monotonic()
    with subscribed(served, transport, channel) as reading:
        served.publish(channel, 1)
        assert reading.take(1)[0]["seq"] == 1
        assert time.monotonic() - began >= 0.3


def test_tune_answers_with_what_holds(served: Served, channel: str) -> None:
    """Absent keys stay as they are."""
    served.control(channel, "tune", {"heartbeat_ms": None, "retry_ms": 10})
    found = served.control(channel, "tune", {"header_delay_ms": 1})
    assert (found["heartbeat_ms"], found["retry_ms"], found["header_delay_ms"]) == (None, 10, 1)


def test_a_mark_stands_behind_everything_said_before(served: Served, channel: str) -> None:
    """Whoever has read a mark in the connection log has read what was published and sent before it was asked for."""
    with subscribed(served, "websocket", channel) as reading:
        served.publish(channel, *range(50))
        reading.take(50)
        assert served.control(channel, "mark") == {}
        served.facts.wait(kind="mark", channel=channel)
        kinds = [fact["kind"] for fact in served.facts.all(channel=channel)]
    assert kinds[: kinds.index("mark")].count("send") == 51
    assert kinds[: kinds.index("mark")].count("publish") == 50


def test_a_mark_needs_a_log() -> None:
    """A service that writes no log says so: it has nothing that a mark could vouch for."""

    async def asked() -> httpx.Response:
        app = create_app(Settings(control=True, connection_log=False))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as asking:
            return await asking.post("/control/channels/a/mark")

    answer = asyncio.run(asked())
    assert answer.status_code == 501
    assert "cannot mark here" in answer.json()["error"]


def test_restart_needs_a_process_of_its_own(served: Served) -> None:
    """Where the process cannot be replaced, restart says so."""
    answer = served.ask("POST", "/control/restart")
    assert answer.status == 501
    assert "cannot restart here" in answer.json["error"]


def test_a_burst_in_one_go_evicts_nobody_who_reads() -> None:
    """Publishing more in one go than a mailbox holds is delivered whole to a subscriber that keeps up."""
    with serving(queue_limit=10, queue_bytes=1_000) as served:
        reader = SseReader(served, "a")
        served.publish("a", *range(500))
        found = [reader.read() for _ in range(501)]
        assert found[-1] is not None
        assert served.statistics("a")["evicted"] == 0
        reader.close()
