"""Request heads are recognised in a link's bytes, however those are cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirematrix.heads import LONGEST_HEAD, Request, RequestHeads

STREAM = b"GET /sse/c?since=0 HTTP/1.1\r\nHost: x\r\nlast-event-id:  0a1b2c3d-7 \r\n\r\n"
UPLINK = b"POST /channels/c/messages HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\nab"
PROBE = b"GET /static/probe.html HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = b"GET /ws/c HTTP/1.1\r\nUpgrade: websocket\r\n\r\nGET /not-a-request HTTP/1.1\r\n\r\n"

SEEN = (
    Request(method="GET", target="/static/probe.html", last_event_id=None),
    Request(method="POST", target="/channels/c/messages", last_event_id=None),
    Request(method="GET", target="/sse/c?since=0", last_event_id="0a1b2c3d-7"),
    Request(method="GET", target="/ws/c", last_event_id=None),
)


@given(cuts=st.lists(st.integers(0, len(PROBE + UPLINK + STREAM + UPGRADE)), max_size=40))
def test_every_head_of_a_kept_connection_is_seen(cuts: list[int]) -> None:
    """Requests on a kept-alive connection are each seen once; bodies and what follows an upgrade are none."""
    sent = PROBE + UPLINK + STREAM + UPGRADE
    edges = [0, *sorted(cuts), len(sent)]
    heads = RequestHeads()
    found = [request for start, end in pairwise(edges) for request in heads.feed(sent[start:end])]
    assert tuple(found) == SEEN
    assert heads.finished


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 a TLS hello",
        b"hello\n",
        b"GET nothing that HTTP knows\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET /" + b"x" * LONGEST_HEAD,
    ],
)
def test_other_bytes_are_no_requests(sent: bytes) -> None:
    """What is not an HTTP/1 head of a sane size yields nothing, for the whole life of the link."""
    heads = RequestHeads()
    assert heads.feed(sent) == ()
    assert heads.finished
    assert heads.feed(PROBE) == ()


def test_chunked_body_ends_the_search() -> None:
    """A chunked body isn't followed: what comes after it is not guessed at."""
    heads = RequestHeads()
    sent = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert [request.target for request in heads.feed(sent + PROBE)] == ["/a"]
    assert heads.finished


def test_last_event_id_is_utf8() -> None:
    """The header's value is UTF-8 on the wire (HTML standard, 9.2.3)."""
    (request,) = RequestHeads().feed("GET / HTTP/1.1\r\nLast-Event-ID: größe\r\n\r\n".encode())
    assert request.last_event_id == "größe"
