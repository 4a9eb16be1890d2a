r"""Engines, reading: event streams and frames read to the letter of their standards.

Where the transport is fetch, the standard is kept by our own parser, static/transports/event-stream-parser.js.
"""

from collections.abc import Mapping

import pytest

from wirematrix import Dispatched, RawCell, failed_the_connection, heard_exactly, measures, origin, pings_answered

APART_MS = 300
BYTE_MS = 3

LAST = "data: last\n\n"
ENDINGS = f"data: LF\n\ndata: CR\r\rdata: CRLF\r\n\r\ndata: all\r\ndata: three\rdata: mixed\n\r\n{LAST}"
SLOW = f"data: grüße 🧵\r\n\r\n{LAST}"
SPLIT = (b"data: one\r", b"\n\r", b"\ndata: l", b"ast\n", b"\ndata: never ended")

FIELDS: dict[str, Dispatched | None] = {  # a block of the stream, and what becomes of it
    ": a comment\n\n": None,
    "id: 7\nevent: named\ndata: all three\n\n": Dispatched(text="all three", type="named", id="7"),
    "unknown: field\ndata: unknown beside\n\n": Dispatched(text="unknown beside", id="7"),
    "data:no space\n\n": Dispatched(text="no space", id="7"),
    "data:  two spaces\n\n": Dispatched(text=" two spaces", id="7"),
    "data: two\ndata: lines\n\n": Dispatched(text="two\nlines", id="7"),
    "data: a: colon\n\n": Dispatched(text="a: colon", id="7"),
    " data: a space before\n\n": None,
    "DATA: upper case\n\n": None,
    "id\ndata: last\n\n": Dispatched(text="last"),
}
EMPTY: dict[str, Dispatched | None] = {
    "data\n\n": Dispatched(text=""),
    "data:\n\n": Dispatched(text=""),
    "data\ndata\n\n": Dispatched(text="\n"),
    "event: named\n\n": None,
    "data: last\n\n": Dispatched(text="last"),
}
BOM = "\ufeffdata: first\n\n\ufeffdata: second\n\ndata: last\n\n"
ODD: dict[
    str, tuple[list[str | bytes], list[Dispatched | str]]
] = {  # chunks of a stream, and what the page should hear
    "NULL in data": (["data: N\0L\n\n", LAST], ["N\0L", "last"]),
    "NULL in an id": (["id: N\0L\ndata: text\n\n", LAST], ["text", "last"]),
    "BOM in two chunks": ([b"\xef", b"\xbb\xbfdata: text\n\n", LAST], ["text", "last"]),
    "an id alone": (["id: 9\n\n", LAST], [Dispatched(text="last", id="9")]),
}
NOT_UTF_8 = {  # Encoding standard, section 8.1.1: each maximal prefix of a sequence becomes one U+FFFD
    b"a\xffb": "a\ufffdb",
    b"\xe2\x82": "\ufffd",
    b"\xf0\x9f\xa7": "\ufffd",
    b"\xc0\xaf": "\ufffd\ufffd",
    b"\xed\xa0\x80": "\ufffd\ufffd\ufffd",
    b"last": "last",
}
NO_TEXT = {  # text frames that are not UTF-8 (RFC 6455, section 8.1)
    "bad-byte": b"1 a\xffb",
    "unfinished": b"1 \xe2\x82",
    "surrogate": b"1 \xed\xa0\x80",
    "overlong": b"1 \xc0\xaf",
}


def heard_of(blocks: Mapping[str, Dispatched | None]) -> list[Dispatched]:
    """What a page should hear of these blocks."""
    return [one for one in blocks.values() if one is not None]


@pytest.mark.entries("M02", "M03", "M04", "M09")
async def test_reads_event_streams_to_the_letter(cell: RawCell) -> None:
    """Line endings, bytes one by one, all fields, empty data, a BOM and broken UTF-8 are read as the standard says."""
    cell.judge(
        heard_exactly("line endings", {"endings": ["LF", "CR", "CRLF", "all\nthree\nmixed", "last"], "cr": ["1", "2"]}),
        heard_exactly("slow bytes", {"slow": ["grüße 🧵", "last"], "split": ["one", "last"]}),
        heard_exactly("fields", {"fields": heard_of(FIELDS), "bom": ["first", "last"]}),
        heard_exactly("empty data", {"empty": heard_of(EMPTY)}),
        heard_exactly("invalid UTF-8", {"invalid": list(NOT_UTF_8.values())}),
    )
    cell.record(measures.comes("CR CR ends a chunk", stream="cr", every_ms=APART_MS))
    scripts = {
        "endings": origin.streams(ENDINGS),
        "cr": each_ended_by_two_crs,
        "slow": origin.slowly(*origin.single_bytes(SLOW), every_ms=BYTE_MS),
        "split": origin.slowly(*SPLIT, every_ms=BYTE_MS, then="end"),
        "fields": origin.streams(*FIELDS),
        "bom": origin.streams(BOM),
        "empty": origin.streams(*EMPTY),
        "invalid": origin.streams(*(b"data: %b\n\n" % content for content in NOT_UTF_8)),
    }
    ports = [cell.origin.port, await cell.origin.listen()]  # six connections each
    for number, (name, script) in enumerate(scripts.items()):
        cell.serve(script, origin.answers(204), place=f"/{name}")
        await cell.open(name, f"/{name}", types=["named"], port=ports[number % 2])
    for name in scripts:
        await cell.wait_for(stream=name, text="2" if name == "cr" else "last")
    await cell.wait_for("error", "close", stream="split")


@pytest.mark.entries("M03", "M04")
async def test_reads_odd_fields_to_the_letter(cell: RawCell) -> None:
    """NULL in data and in an id, a BOM in two chunks, and an id without data are read as the standard says."""
    for number, (topic, (chunks, heard)) in enumerate(ODD.items()):
        name = f"odd-{number}"
        cell.judge(heard_exactly(topic, {name: heard}))
        cell.record(measures.heard(topic, stream=name))
        cell.serve(origin.slowly(*chunks, every_ms=BYTE_MS), place=f"/{name}")
        await cell.open(name, f"/{name}")
    for number in range(len(ODD)):
        await cell.wait_for(stream=f"odd-{number}", text="last")


async def each_ended_by_two_crs(exchange: origin.Exchange) -> None:
    """Two events, each ended by CR CR at the end of a chunk: the next byte could still be the LF of a CRLF."""
    await exchange.respond()
    async for seq in origin.ticks(2, APART_MS):
        exchange.note("pushed", stream="cr", seq=seq)
        await exchange.send(f"data: {seq}\r\r")
    await exchange.gone()


@pytest.mark.entries("M09", "M10")
async def test_reads_frames_to_the_letter(cell: RawCell) -> None:
    """Fragments with pings between them, empty ones and split characters are read as RFC 6455 says, each ping is
    answered, and text that is not UTF-8 fails the connection.
    """
    cell.judge(
        heard_exactly("fragments", {"frames": ["one, two, three", "", "grüße 🧵", "", "last"]}),
        pings_answered,
        failed_the_connection([*NO_TEXT, "second-fragment"]),
    )
    cell.serve(fragmenting, place="/frames")
    await cell.open("frames", "/frames")
    for name, content in {**NO_TEXT, "second-fragment": b""}.items():
        cell.record(measures.ending(name, stream=name), measures.code_of_the_page(name, place=f"/{name}"))
        cell.serve(no_text(content), place=f"/{name}")
        await cell.open(name, f"/{name}")
        await cell.hears("open", stream=name)
        await cell.ask("send", {"name": name, "text": "ready"})
    for name in (*NO_TEXT, "second-fragment"):
        await cell.wait_for("close", stream=name)
    await cell.wait_for(stream="frames", text="last")


async def fragmenting(exchange: origin.Exchange) -> None:
    """Messages in pieces, pings between them, a pong read before the next piece."""
    socket = await exchange.upgrade()
    await socket.frame(origin.TEXT, b"one, ", fin=False)
    await pinging(exchange, socket, "between")
    await socket.frame(origin.CONTINUATION, b"two, ", fin=False)
    await socket.frame(origin.CONTINUATION, b"", fin=False)
    await pinging(exchange, socket, "again " * 20)
    await socket.frame(origin.CONTINUATION, b"three")
    await socket.frame(origin.TEXT, b"", fin=False)
    await socket.frame(origin.CONTINUATION, b"")
    text = "grüße 🧵".encode()
    await socket.frame(origin.TEXT, text[:3], fin=False)  # in the middle of ü
    await socket.frame(origin.CONTINUATION, text[3:10], fin=False)  # in the middle of the last character
    await socket.frame(origin.CONTINUATION, text[10:])
    await socket.text("")
    await socket.text("last")
    await pinging(exchange, socket, "")
    await socket.serve()


async def pinging(exchange: origin.Exchange, socket: origin.Socket, content: str) -> None:
    """A ping, and what comes back."""
    exchange.note("ping-sent", content=content)
    await socket.ping(content.encode())
    frame = await socket.read()
    exchange.note(frame.name, content=frame.payload.decode())


def no_text(content: bytes) -> origin.Script:
    """A text frame with these bytes; without any, a message whose second fragment is what is wrong with it."""

    async def script(exchange: origin.Exchange) -> None:
        socket = await exchange.upgrade()
        await socket.read()  # the page is open: an engine may fail a connection before that without a word of `open`
        await socket.frame(origin.TEXT, content or b"1 good", fin=bool(content))
        if not content:
            await socket.frame(origin.CONTINUATION, b"bad \xff")
        await socket.peer_closes()
        socket.fin()

    return script
