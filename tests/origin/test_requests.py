"""What a page sends is told as it came: heads, bodies, what is no request, preflights."""

from __future__ import annotations

import zlib

import pytest

from tests.origin.rig import Rig, answered, head, request, within
from wirematrix import origin
from wirematrix.origin import Exchange

pytestmark = pytest.mark.anyio

# ── requests ──


async def test_a_request_is_told_as_it_came(rig: Rig) -> None:
    """Method, target with query, every header in order and in its own spelling, and the number of its path."""
    rig.origin.serve("/stream", origin.answers(200))
    peer = await rig.asking("X-a: 1", "x-A: 2", "Last-Event-ID: 7", target="/stream?a=1&b=&a=2")
    await answered(peer)
    (told,) = rig.of("request")
    assert (told["connection"], told["number"], told["method"]) == (1, 1, "GET")
    assert told["target"] == "/stream?a=1&b=&a=2"
    assert told["headers"] == [["Host", "here"], ["X-a", "1"], ["x-A", "2"], ["Last-Event-ID", "7"]]
    assert told["last_event_id"] == "7"


async def test_a_script_reads_its_request(rig: Rig) -> None:
    """Path, query, first header of a name whatever its case, and whether a WebSocket is asked for."""
    exchange = rig.caught()
    await rig.asking("X-a: 1", "x-A: 2", "Upgrade: WebSocket", target="/stream?a=1&b=&a=2")
    asked = (await within(exchange)).request
    assert (asked.place, asked.query) == ("/stream", {"a": "2", "b": ""})
    assert (asked.header("X-A"), asked.header("other"), asked.is_upgrade) == ("1", None, True)


async def test_a_body_is_read_when_it_comes(rig: Rig) -> None:
    """A request's body is read to its stated length, however it is cut, and told by length and CRC-32."""

    async def script(exchange: Exchange) -> None:
        await exchange.answer(200, (await exchange.body()).decode())

    rig.origin.serve("/stream", script)
    peer = await rig.asking("Content-Length: 6", method="POST")
    for piece in (b"ab", b"cd", b"ef"):
        await peer.send(piece)
    assert (await answered(peer))[2] == b"abcdef"
    assert rig.of("body") == [{"connection": 1, "bytes": 6, "crc": zlib.crc32(b"abcdef")}]


async def test_a_body_that_nobody_reads_is_taken_away(rig: Rig) -> None:
    """A script that answers without reading leaves no rest of a body before the next request."""
    rig.origin.serve("/stream", origin.answers(413), origin.answers(200, "next"))
    peer = await rig.asking(method="POST", body=b"GET /other HTTP/1.1\r\n\r\n")
    await answered(peer)
    await peer.send(request())
    assert (await answered(peer))[2] == b"next"
    assert [told["number"] for told in rig.of("request")] == [1, 2]


async def test_a_body_that_breaks_off_ends_the_script(rig: Rig) -> None:
    """A peer that goes in the middle of its body ends the script, silently."""
    reached: list[bytes] = []

    async def script(exchange: Exchange) -> None:
        reached.append(await exchange.body())

    rig.origin.serve("/stream", script)
    peer = await rig.asking("Content-Length: 6", method="POST")
    await peer.send(b"ab")
    peer.fin()
    assert await peer.rest() == (b"", "fin")
    assert reached == []
    rig.origin.check()


async def test_what_is_no_request_is_told(rig: Rig) -> None:
    """Another protocol, a broken head, or one too long is no script's business: it is told, and ended by a FIN."""
    for sent in (b"\x16\x03\x01\r\n\r\n", b"GET /stream\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n"):
        peer = await rig.peer()
        await peer.send(sent)
        assert await peer.rest() == (b"", "fin")
    await rig.until("peer-end", 0)
    assert [told["begins"] for told in rig.of("unreadable")] == [
        "\\x16\\x03\\x01\\r\\n\\r\\n",
        "GET /stream\\r\\n\\r\\n",
        "GET / HTTP/2.0\\r\\n\\r\\n",
    ]
    assert rig.kinds[:3] == ["connection", "unreadable", "end"]
    rig.origin.check()


async def test_a_head_without_end_is_bounded(rig: Rig) -> None:
    """A head that grows beyond what is read ahead is told as no request, and memory does not grow with it."""
    peer = await rig.peer()
    await peer.send(b"GET /stream HTTP/1.1\r\nX: " + b"x" * (3 << 20))
    assert (await peer.rest())[1] == "fin"
    assert rig.of("unreadable")[0]["begins"].startswith("GET /stream HTTP/1.1")


async def test_a_long_header_arrives_whole(rig: Rig) -> None:
    """A Last-Event-ID of half a megabyte is a request like any other."""
    rig.origin.serve("/stream", origin.answers(200))
    await answered(await rig.asking("Last-Event-ID: " + "x" * 500_000))
    assert len(rig.of("request")[0]["last_event_id"]) == 500_000


# ── across origins ──


async def test_a_page_of_another_origin_may_read(rig: Rig) -> None:
    """A request that names its origin is allowed to read, with credentials; on request it is not."""
    rig.origin.serve("/stream", origin.streams(then="finish"), origin.streams(then="finish", cors=False))
    peer = await rig.asking("Origin: http://a.test")
    allowed = dict((await head(peer))[1])
    assert allowed["Access-Control-Allow-Origin"] == "http://a.test"
    assert allowed["Access-Control-Allow-Credentials"] == "true"
    forbidden = dict((await head(await rig.asking("Origin: http://a.test")))[1])
    assert [name for name in forbidden if name.startswith("Access")] == []


async def test_a_preflight_is_allowed_and_told(rig: Rig) -> None:
    """A preflight is allowed what it asks for, is told, counts as no request, and the connection stays."""
    rig.origin.serve("/stream", origin.answers(200))
    peer = await rig.asking(
        "Origin: http://a.test",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: x-token,last-event-id",
        method="OPTIONS",
    )
    status, headers = await head(peer)
    assert status == "HTTP/1.1 204 No Content"
    assert dict(headers) == {
        "Access-Control-Allow-Origin": "http://a.test",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "x-token,last-event-id",
        "Access-Control-Max-Age": "0",
    }
    assert rig.of("preflight") == [{"connection": 1, "target": "/stream", "wants": "x-token,last-event-id"}]
    await peer.send(request(method="POST"))
    await answered(peer)
    assert rig.kinds == ["connection", "preflight", "request", "respond", "end"]


async def test_a_preflights_answer_may_be_remembered(rig: Rig) -> None:
    """The origin says for how long, from the next preflight on."""
    rig.origin.serve("/stream", origin.answers(200))
    rig.origin.preflight_age_s = 600
    peer = await rig.asking("Origin: http://a.test", "Access-Control-Request-Method: GET", method="OPTIONS")
    assert dict((await head(peer))[1])["Access-Control-Max-Age"] == "600"


async def test_files_of_the_page_carry_its_headers(rig: Rig) -> None:
    """Headers of the page go with its files from then on, and with nothing that a script answers."""
    rig.origin.serve("/stream", origin.answers(200))
    before = dict((await answered(await rig.asking(target="/static/raw.html")))[1])
    rig.origin.page_headers["Content-Security-Policy"] = "connect-src 'self'"
    after = dict((await answered(await rig.asking(target="/static/raw.html")))[1])
    assert "Content-Security-Policy" not in before
    assert after == before | {"Content-Security-Policy": "connect-src 'self'"}
    assert "Content-Security-Policy" not in dict((await answered(await rig.asking()))[1])
