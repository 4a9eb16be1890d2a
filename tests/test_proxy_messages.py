"""Which messages passed the fault proxy, by real sockets: what it says is what the page's socket was given."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.rawlinks import Peer, Rig
from tests.wirebytes import EPOCH, STREAM_HEAD, UPGRADE_HEAD, Key, Wire, decoded, frame, hello, update
from wirematrix.faults import Blackhole, Close, Fault, Reset, Slices, Stall, Throttle, Truncate
from wirematrix.side import Side

pytestmark = pytest.mark.anyio

BIG = '"' + "x" * 20_000 + '"'


def sse(first: int, last: int, payload: str = "1") -> Wire:
    """The messages of an event stream, each in a chunk of its own."""
    said = [update(seq, payload) for seq in range(first, last + 1)]
    if first == 1:
        said.insert(0, hello())
    wire = Wire().stream(said, [len(message.sse) for message in said], ends=False)
    if first > 1:
        del wire.sent[: len(STREAM_HEAD)]
    return wire


def spelled(runs: list[dict[str, Any]]) -> list[Key]:
    """What was observed, message by message."""
    return [(run["epoch"], seq) for run in runs for seq in range(run["first"], run["last"] + 1)]


def keys(first: int, last: int) -> list[Key]:
    """Messages of the usual epoch."""
    return [(EPOCH, seq) for seq in range(first, last + 1)]


async def passes(rig: Rig, page: Peer, server: Peer, wire: Wire) -> None:
    """Send a wire's bytes and read them at the other end."""
    await server.send(bytes(wire.sent))
    assert await page.read(len(wire.sent)) == wire.sent


async def clog(rig: Rig, server: Peer, sent: bytes) -> None:
    """Write until no buffer on the way takes more, with a fence between tries."""
    left, refusals = memoryview(sent), 0
    while refusals < 3:
        took = 0
        with suppress(BlockingIOError):
            took = server.sock.send(left)
        left, refusals = left[took:], 0 if took else refusals + 1
        await rig.fence()
    assert left, "nothing held the messages up"


@pytest.mark.parametrize("framing", ["event stream", "frames"])
async def test_what_passes_is_told_once_for_each_piece(framing: str) -> None:
    """A hundred messages at once are one line, one more is another, with link and epoch; the bytes are unchanged."""
    hundred = [hello(), *(update(seq) for seq in range(1, 101))]
    async with Rig.running() as rig:
        page, server = await rig.link()
        wire = Wire().stream(hundred, [], ends=False) if framing == "event stream" else Wire().raw(UPGRADE_HEAD)
        await passes(rig, page, server, wire if framing == "event stream" else wire.frames(hundred))
        more = sse(101, 101) if framing == "event stream" else Wire().frames([update(101)])
        await passes(rig, page, server, more)
        assert spelled(rig.of("passed")) == keys(1, 101)
        assert len(rig.of("passed")) <= 3  # the kernel may have cut the hundred in two
        own = {"link": 1, "epoch": EPOCH, "first": 101, "last": 101, "bytes": more.sizes[-1]}
        assert rig.of("passed")[-1] == own
        assert rig.of("unread") == []


async def test_answers_that_are_errors_are_told() -> None:
    """A 502 on a link is told with it; the 200 before it and the 304 behind it are not."""
    heads = ("200 OK", "502 Bad Gateway", "304 Not Modified")
    async with Rig.running() as rig:
        page, server = await rig.link()
        answers = "".join(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n" for head in heads).encode()
        await server.send(answers)
        await page.read(len(answers))
        assert rig.of("answer") == [{"link": 1, "status": 502}]


async def test_each_link_tells_of_its_own() -> None:
    """The same messages on two links have passed twice, and each line names its link."""
    async with Rig.running() as rig:
        for _ in range(2):
            page, server = await rig.link()
            await passes(rig, page, server, sse(1, 2))
        assert [(run["link"], run["first"], run["last"]) for run in rig.of("passed")] == [(1, 1, 2), (2, 1, 2)]


async def test_what_is_held_has_not_passed() -> None:
    """Under a stall nothing passes; healed, it does."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await passes(rig, page, server, sse(1, 1))
        await rig.proxy.apply(Stall(direction="downstream"))
        await server.send(bytes(sse(2, 3).sent))
        await rig.fence()
        assert spelled(rig.of("passed")) == keys(1, 1)
        await rig.proxy.heal()
        await page.read(len(sse(2, 3).sent))
        assert spelled(rig.of("passed")) == keys(1, 3)


async def test_a_message_that_was_cut_in_two_has_not_passed() -> None:
    """Of a truncated stream only those messages have passed whose last byte went through."""
    wire = sse(2, 4)
    (_, _), (end, _), _ = wire.messages
    offset = len(STREAM_HEAD)  # which the continuation lacks
    for short, last in ((1, 2), (0, 3)):
        async with Rig.running() as rig:
            page, server = await rig.link()
            await passes(rig, page, server, sse(1, 1))
            await rig.proxy.apply(Truncate(after_bytes=end - offset - short))
            await server.send(bytes(wire.sent))
            got, how = await page.rest()
            assert (len(got), how) == (end - offset - short, "fin")
            assert spelled(rig.of("passed")) == keys(1, last)


async def test_what_a_blackhole_swallowed_has_not_passed() -> None:
    """What was discarded on its way is not told of, not before healing and not after."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await passes(rig, page, server, sse(1, 1))
        await rig.proxy.apply(Blackhole(direction="downstream"))
        await server.send(bytes(sse(2, 3).sent))
        await rig.fence()
        await rig.proxy.heal()
        assert await page.ends() == "reset"
        assert spelled(rig.of("passed")) == keys(1, 1)


@pytest.mark.parametrize("slow", [Throttle(bytes_per_s=50_000), Slices(bytes_at_most=9, pause_ms=0)])
async def test_slices_are_read_too(slow: Fault) -> None:
    """Messages that leave in many small slices have each passed with their last one."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await rig.proxy.apply(slow)
        await passes(rig, page, server, sse(1, 30))
        assert spelled(rig.of("passed")) == keys(1, 30)


async def test_a_close_takes_nothing_back() -> None:
    """Before a FIN everything that was received arrives: all of it has passed."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await server.send(bytes(sse(1, 9).sent))
        await rig.proxy.cut(Close())
        got, how = await page.rest()
        assert (decoded(got), how) == (keys(1, 9), "fin")
        assert (spelled(rig.of("passed")), rig.of("discarded")) == (keys(1, 9), [])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps what was received before a RST readable")
@pytest.mark.parametrize("by", ["cut", "close"])
async def test_a_reset_takes_back_what_was_not_sent(by: str) -> None:
    """To a page that does not read, a RST takes back what its kernel has no room for: passed and kept is what arrived."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        await server.send(bytes(sse(1, 1).sent))
        await clog(rig, server, bytes(sse(2, 1_000, BIG).sent))
        await (rig.proxy.cut(Reset()) if by == "cut" else rig.proxy.close())
        got, how = await page.rest()
        assert how == "reset"
        passed, discarded = spelled(rig.of("passed")), spelled(rig.of("discarded"))
        assert discarded
        assert discarded == passed[-len(discarded) :]
        assert passed[: -len(discarded)] == decoded(got)


async def test_what_cannot_be_read_is_said_once() -> None:
    """A link that carries something else says so once, with the reason, and goes on carrying it."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        for _ in range(2):
            await server.send(b"SSH-2.0")
            assert await page.read(7) == b"SSH-2.0"
        assert rig.of("unread") == [{"link": 1, "because": "an answer that is not HTTP/1"}]


async def test_after_a_head_request_nothing_is_told() -> None:
    """What follows the answer to HEAD cannot be told from its body; messages before it stay told."""
    async with Rig.running() as rig:
        page, server = await rig.link()
        for _ in range(2):
            await page.send(b"HEAD /static/probe.html HTTP/1.1\r\n\r\n")
            await server.read(36)
        await passes(rig, page, server, Wire().raw(UPGRADE_HEAD).frames([hello(), update(1)]))
        assert rig.of("unread") == [{"link": 1, "because": "the answer to a HEAD request"}]
        assert rig.of("passed") == []


@pytest.mark.parametrize(
    ("host", "far"),
    [("127.0.0.1", False), ("127.9.9.9", False), ("::1", False), ("198.19.7.0", True), ("fe80::1", True)],
)
async def test_a_peer_is_far_unless_it_is_on_loopback(host: str, *, far: bool) -> None:
    """Between two sockets on loopback no packet is lost; about any other way nothing is known."""
    side = Side("page", cast("Any", None))
    assert not side.is_far
    side._transport = cast("Any", SimpleNamespace(get_extra_info={"peername": (host, 80)}.get))
    assert side.is_far is far


async def test_messages_to_a_far_page_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What went to a page beyond loopback may have been lost on its way: passed is said with that remark."""
    monkeypatch.setattr(Side, "is_far", property(lambda side: side.name == "page"))
    async with Rig.running() as rig:
        page, server = await rig.link()
        wire = sse(1, 2)
        await passes(rig, page, server, wire)
        sizes = {"bytes": sum(wire.sizes), "smallest": min(wire.sizes), "largest": max(wire.sizes)}
        assert rig.of("passed") == [{"link": 1, "epoch": EPOCH, "first": 1, "last": 2, **sizes, "far": True}]


async def test_a_frame_in_two_turns() -> None:
    """A message whose bytes come in two turns has passed with the second."""
    message = frame(update(1).text.encode())
    async with Rig.running() as rig:
        page, server = await rig.link()
        await passes(rig, page, server, Wire().raw(UPGRADE_HEAD).frames([hello()]).raw(message[:20]))
        assert rig.of("passed") == []
        await passes(rig, page, server, Wire().raw(message[20:]))
        assert spelled(rig.of("passed")) == keys(1, 1)
