"""Every verb of a response does on the wire exactly what it says: heads, chunks, lengths, raw bytes."""

from __future__ import annotations

import asyncio
import http.client

import pytest

from tests.origin.rig import HOST, Rig, answered, doing, head, request, within
from wirematrix import origin
from wirematrix.origin import Exchange

pytestmark = pytest.mark.anyio


async def test_responds_with_chunks(rig: Rig) -> None:
    """By default: 200, an event stream, each piece a chunk of its own, then the last chunk, and nothing else."""
    rig.origin.serve("/stream", origin.streams("data: 1\n\n", b"\xff" * 20, then="finish"))
    peer = await rig.asking()
    assert await head(peer) == (
        "HTTP/1.1 200 OK",
        [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")],
    )
    body = b"9\r\ndata: 1\n\n\r\n14\r\n" + b"\xff" * 20 + b"\r\n0\r\n\r\n"
    assert await peer.read(len(body)) == body
    await rig.until("end")
    assert peer.quiet()
    assert rig.kinds == ["connection", "request", "respond", "end"]
    assert rig.of("end") == [{"connection": 1, "how": "finish"}]


async def test_an_empty_piece_is_not_the_last_chunk(rig: Rig) -> None:
    """A piece of no bytes sends nothing: as a chunk it would end the body."""
    rig.origin.serve("/stream", origin.streams("", "a", then="hold"))
    peer = await rig.asking()
    await head(peer)
    assert await peer.read(6) == b"1\r\na\r\n"
    assert rig.of("end") == []


async def test_responds_with_a_length(rig: Rig) -> None:
    """With a stated length pieces are bare bytes, the body ends with the last of them, and the connection stays."""
    exchange = rig.caught()
    peer = await rig.asking()
    script = await within(exchange)
    await script.respond(length=4)
    assert dict((await head(peer))[1])["Content-Length"] == "4"
    await script.send("ab")
    assert await peer.read(2) == b"ab"
    assert rig.of("end") == []
    await script.send("cd")
    assert await peer.read(2) == b"cd"
    assert rig.of("end") == [{"connection": 1, "how": "finish"}]
    await script.finish()
    assert len(rig.of("end")) == 1
    assert peer.quiet()


async def test_a_body_that_owes_bytes_cannot_finish(rig: Rig) -> None:
    """`finish` of a body that is shorter than was stated is a mistake of the script, not a FIN that nobody asked for."""
    exchange = rig.caught()
    await rig.asking()
    script = await within(exchange)
    await script.respond(length=4)
    await script.send("ab")
    with pytest.raises(Exception, match="owes 2 bytes"):
        await script.finish()


async def test_responds_with_neither(rig: Rig) -> None:
    """Neither chunked nor with a length: bare bytes, and the body ends with the connection's FIN."""

    async def script(exchange: Exchange) -> None:
        await exchange.respond(media_type=None, chunked=False, headers={"X-One": "1"})
        await exchange.send("abc")
        await exchange.finish()

    rig.origin.serve("/stream", script)
    peer = await rig.asking()
    assert await head(peer) == ("HTTP/1.1 200 OK", [("X-One", "1")])
    assert await peer.rest() == (b"abc", "fin")
    assert rig.of("end") == [{"connection": 1, "how": "fin"}]


@pytest.mark.parametrize(
    ("status", "line", "framing"),
    [
        (204, "HTTP/1.1 204 No Content", []),
        (304, "HTTP/1.1 304 Not Modified", []),
        (205, "HTTP/1.1 205 Reset Content", [("Content-Length", "0")]),
        (299, "HTTP/1.1 299 Unnamed", [("Content-Length", "0")]),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["answer", "respond"])
async def test_a_response_without_content(
    rig: Rig, status: int, line: str, framing: list[tuple[str, str]], *, whole: bool
) -> None:
    """204 and 304 end with their head (RFC 9110, section 8.6, forbids 204 a length); others state that nothing comes."""
    length = None if status in (204, 205, 304) else 0
    play = (lambda it: it.answer(status)) if whole else (lambda it: it.respond(status, "text/plain", length=length))
    rig.origin.serve("/stream", doing(play), origin.answers(200, "next"))
    peer = await rig.asking()
    assert await head(peer) == (line, [("Content-Type", "text/plain"), *framing])
    assert await rig.until("end") == [{"connection": 1, "how": "finish"}]
    await peer.send(request())
    assert (await answered(peer))[2] == b"next"
    assert len(rig.of("connection")) == 1


async def test_answers_whole(rig: Rig) -> None:
    """A whole response states its length in bytes, and its headers may repeat."""
    rig.origin.serve("/stream", origin.answers(503, "später", headers=[("Retry-After", "1"), ("Retry-After", "2")]))
    status, headers, body = await answered(await rig.asking())
    assert (status, body.decode()) == ("HTTP/1.1 503 Service Unavailable", "später")
    assert headers[1:] == [("Content-Length", "7"), ("Retry-After", "1"), ("Retry-After", "2")]
    assert rig.kinds == ["connection", "request", "respond", "end"]


async def test_raw_is_exactly_these_bytes(rig: Rig) -> None:
    """Raw bytes go out as they are, before a head or in the middle of a body."""

    async def script(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 Fine\nX:\xff\n\n")
        await exchange.raw(b"zz\r\n")
        exchange.fin()

    rig.origin.serve("/stream", script)
    assert await (await rig.asking()).rest() == (b"HTTP/1.1 200 Fine\nX:\xff\n\nzz\r\n", "fin")


async def test_headers_are_bytes_both_ways(rig: Rig) -> None:
    """A header goes back as it came: UTF-8, and bytes that are none; only spaces and tabs around it are not its own."""
    sent = b"\xc3\xa9\xff\xe2\x80\x83"  # e acute, a byte that is no UTF-8, an em space

    async def script(exchange: Exchange) -> None:
        await exchange.answer(200, headers={"X-Back": exchange.request.header("last-event-id") or "lost"})

    rig.origin.serve("/stream", script)
    peer = await rig.peer()
    await peer.send(b"GET /stream HTTP/1.1\r\nLast-Event-ID: \t" + sent + b" \t\r\n\r\n")
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        got += await peer.read(1)
    assert b"X-Back: " + sent + b"\r\n" in got
    assert rig.of("request")[0]["last_event_id"] == "é\udcff\u2003"


async def test_an_independent_reader_agrees(rig: Rig) -> None:
    """Python's own HTTP client reads both framings, twice on one connection."""
    rig.origin.serve("/a", origin.streams("one", "two" * 50_000, then="finish"))
    rig.origin.serve("/b", origin.answers(404, "none"))

    def read() -> list[tuple[int, bytes]]:
        client = http.client.HTTPConnection(HOST, rig.origin.port, timeout=8)
        got = []
        for target in ("/a", "/b", "/a"):
            client.request("GET", target)
            with client.getresponse() as response:
                got.append((response.status, response.read()))
        client.close()
        return got

    whole = b"one" + b"two" * 50_000
    assert await asyncio.to_thread(read) == [(200, whole), (404, b"none"), (200, whole)]
    assert len(rig.of("connection")) == 1
