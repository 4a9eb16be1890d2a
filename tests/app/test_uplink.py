"""What subscribers send: POST beside SSE, text frames on a WebSocket, and what is refused."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest

from tests.app.peers import Transport, WebSocketPeer, both_transports, subscribed
from tests.app.serving import BUDGET_S, HOST, Served

LIMIT = 200_000  # max_body_bytes of the shared service


@both_transports
def test_post_reaches_every_subscriber(served: Served, channel: str, transport: Transport) -> None:
    """A posted message gets a seq and is delivered as type `uplink`."""
    with subscribed(served, transport, channel) as reading:
        answer = served.ask("POST", f"/channels/{channel}/messages", {"data": {"say": "hé\ud800"}})
        assert (answer.status, answer.json) == (202, {"seq": 1})
        [envelope] = reading.take(1)
        assert (envelope["seq"], envelope["type"], envelope["data"]) == (1, "uplink", {"say": "hé\ud800"})


def test_text_frame_reaches_every_subscriber(served: Served, channel: str) -> None:
    """A text frame `{"data": ...}` is published to all, to its sender, too."""
    with subscribed(served, "websocket", channel) as sender, subscribed(served, "sse", channel) as other:
        assert isinstance(sender.peer, WebSocketPeer)
        sender.peer.socket.send(json.dumps({"data": [1, "ü"]}))
        for reading in (sender, other):
            [envelope] = reading.take(1)
            assert (envelope["type"], envelope["data"]) == ("uplink", [1, "ü"])


BAD_BODIES = [
    (b"", "malformed JSON"),
    (b"{", "malformed JSON"),
    (b'{"data": NaN}', "NaN is not JSON"),
    (b'{"data": 1e999}', "not encodable"),
    (b'\xef\xbb\xbf{"data": 1}', "malformed JSON"),
    (b'{"data": "\xff"}', "malformed JSON"),
    (b"[" * 50_000, "malformed JSON"),
    (b'{"data": ' + b"9" * 5_000 + b"}", "malformed JSON"),
    (b"[]", "expected a JSON object with data"),
    (b"{}", "data: field required"),
    (b'{"data": 1, "x\\n\\u00e9": 2}', "extra inputs are not permitted"),
]


@pytest.mark.parametrize(("body", "words"), BAD_BODIES, ids=[body[:16].hex() for body, _ in BAD_BODIES])
def test_bad_bodies_are_told_why(served: Served, channel: str, body: bytes, words: str) -> None:
    """What is not JSON of the right shape gets 400 with a sentence and is not published; others notice nothing."""
    with subscribed(served, "sse", channel) as other:
        answer = served.ask("POST", f"/channels/{channel}/messages", body)
        assert answer.status == 400
        assert words in answer.json["error"]
        assert "\n" not in answer.json["error"]
        served.control(channel, "fence")
        assert other.take(1)[0] | {"ts": 0} == {"seq": 1, "ts": 0, "type": "fence", "data": None}


@pytest.mark.parametrize("frame", [body.decode() for body, _ in BAD_BODIES if body.isascii()] + [b"binary"])
def test_bad_frames_end_their_sender_only(served: Served, channel: str, frame: str | bytes) -> None:
    """A malformed uplink closes its own connection with 4400 and a reason; other subscribers go on."""
    with subscribed(served, "websocket", channel) as sender, subscribed(served, "websocket", channel) as other:
        assert isinstance(sender.peer, WebSocketPeer)
        sender.peer.socket.send(frame)
        assert sender.rest() == []
        assert sender.peer.code == 4400
        assert sender.peer.reason.startswith("uplink: ")
        served.control(channel, "fence")
        assert other.take(1)[0]["seq"] == 1


def test_largest_body_passes(served: Served, channel: str) -> None:
    """A body of exactly the limit is accepted over both ways."""
    body = b'{"data":"' + b"x" * (LIMIT - 11) + b'"}'
    assert len(body) == LIMIT
    with subscribed(served, "websocket", channel) as reading:
        assert served.ask("POST", f"/channels/{channel}/messages", body).status == 202
        assert isinstance(reading.peer, WebSocketPeer)
        reading.peer.socket.send(body.decode())
        assert [len(envelope["data"]) for envelope in reading.take(2)] == [LIMIT - 11] * 2


def test_oversized_body_is_refused(served: Served, channel: str) -> None:
    """One byte more is 413 with the limit in the text."""
    answer = served.ask("POST", f"/channels/{channel}/messages", b" " * (LIMIT + 1))
    assert answer.status == 413
    assert f"expected at most {LIMIT} bytes" in answer.json["error"]


def test_oversized_body_is_refused_unread(served: Served, channel: str) -> None:
    """A body of unannounced length is refused as soon as it is over the limit, not when it ends."""
    with contextlib.closing(socket.create_connection((HOST, served.port), timeout=BUDGET_S)) as raw:
        head = f"POST /channels/{channel}/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        raw.sendall(head.encode() + b"%x\r\n" % (LIMIT * 2) + b"x" * (LIMIT + 1))
        assert raw.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


def test_half_a_body_is_no_message(served: Served, channel: str) -> None:
    """A peer that leaves in the middle of its body has published nothing; the log says what happened."""
    with socket.create_connection((HOST, served.port), timeout=BUDGET_S) as raw:
        head = f"POST /channels/{channel}/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"
        raw.sendall(head.encode() + b'{"data":')
        served.facts.wait(kind="request", channel=channel)
    [refused] = served.facts.wait(kind="refuse", channel=channel)
    assert refused["because"] == "POST body: incomplete; expected a whole body, got 8 bytes, then the peer left"
    assert served.statistics(channel)["head"] == 0


def test_oversized_frame_is_refused(served: Served, channel: str) -> None:
    """A frame over the limit closes its connection with 1009; others go on."""
    with subscribed(served, "websocket", channel) as sender, subscribed(served, "websocket", channel) as other:
        assert isinstance(sender.peer, WebSocketPeer)
        sender.peer.socket.send("x" * (LIMIT + 1))
        assert sender.rest() == []
        assert sender.peer.code == 1009
        served.control(channel, "fence")
        assert other.take(1)[0]["seq"] == 1


def test_refuses_bad_channel_and_finished_channel(served: Served, channel: str) -> None:
    """POST to a bad name is 404, to a finished channel 409, to a private one without token 401."""
    assert served.ask("POST", "/channels/Bad/messages", {"data": 1}).status == 404
    assert served.ask("POST", f"/channels/private-{channel}/messages", {"data": 1}).status == 401
    served.control(channel, "finish")
    answer = served.ask("POST", f"/channels/{channel}/messages", {"data": 1})
    assert answer.status == 409
    assert "finished; expected a channel that is still open" in answer.json["error"]


def test_unknown_addresses_answer_in_json(served: Served) -> None:
    """What is not there says so in the same shape as every other error."""
    assert served.ask("GET", "/nowhere").json == {"error": "GET /nowhere: not found"}
    assert served.ask("DELETE", "/healthz").status == 405


def test_health_and_home(served: Served) -> None:
    """/healthz answers, and / leads to the page for people."""
    assert served.ask("GET", "/healthz").json in [{"status": "ok", "feed": feed} for feed in ("memory", "redis")]
    home = served.ask("GET", "/")
    assert (home.status, home.headers["location"]) == (307, "/static/probe.html")
