"""Engines, delivery: how late messages are, whether all of them come, in order, and what many or big ones cost."""

import random
import zlib

import pytest

from wirematrix import RawCell, all_pushed_in_order, budgets, bytes_unchanged, measures, origin

MIB = 1 << 20
RATES = (1, 10, 100)  # messages per second
FOR_S = 4
HANDFUL = 5  # an engine allows six connections to an origin over HTTP/1.1
HANDFUL_FOR_S = 3
BURST = 5_000
SMALL = 200  # characters
RANDOM = random.Random(5).randbytes(1 << 16)
BLOCK_MS = 600
BLOCK_AT = """([stream, seq, ms]) => {
  const stop = probe.watch((entry) => {
    if (entry.stream !== stream || entry.seq !== seq) return;
    stop();
    probe.verbs.block(ms);
  });
}"""
APART_MS = 200


@pytest.mark.entries("M01")
async def test_steady_push(cell: RawCell) -> None:
    """Numbered messages at 1, 10 and 100 per second, side by side: in order, none lost. How late is each?"""
    cell.judge(all_pushed_in_order)
    await cell.sharpen_clock()
    for rate in RATES:
        name = f"rate-{rate}"
        shares = (50, 95, 99) if rate == max(RATES) else (50, 95)
        cell.record(*(measures.delay_ms(f"{rate} per second", stream=name, share=share) for share in shares))
        cell.serve(origin.pushes(rate * FOR_S, every_ms=1000 / rate), place=f"/{name}")
        await cell.open(name, f"/{name}")
    for rate in RATES:
        await cell.wait_for(stream=f"rate-{rate}", seq=rate * FOR_S)


@pytest.mark.entries("C01", "M01")
async def test_handful_of_subscribers(cell: RawCell) -> None:
    """Five subscribers in one page, at 1, 10 and 100 messages per second each: how soon open, how late are messages?"""
    cell.judge(all_pushed_in_order)
    await cell.sharpen_clock()
    for rate in RATES:
        names = tuple(f"of-five-{rate}-{number}" for number in range(1, HANDFUL + 1))
        about = f"{rate} per second"
        cell.record(
            measures.opens_ms(about, names),
            *(measures.delay_over_all_ms(about, names, share=share) for share in (50, 99)),
        )
        count = rate * HANDFUL_FOR_S + 1
        for name in names:
            cell.serve(origin.pushes(count, every_ms=1000 / rate), place=f"/{name}")
        await cell.open_all(*names)
        for name in names:
            await cell.wait_for(stream=name, seq=count)
        for name in names:
            await cell.close(name)


@pytest.mark.entries("M08")
async def test_burst_of_small_messages(cell: RawCell) -> None:
    """Five thousand messages of 200 characters as fast as they go: in order, none lost. How fast are they taken?"""
    cell.judge(all_pushed_in_order)
    cell.record(
        measures.messages_each_second(stream="burst"),
        measures.longest_gap_ms(stream="burst"),
        measures.all_taken_ms(stream="burst"),
    )
    cell.serve(origin.bursts(BURST, chars=SMALL), origin.answers(204), place="/burst")
    await cell.open("burst", "/burst", tally=True)
    await cell.wait_for("error", "close", stream="burst", budget=budgets.BULK)
    await cell.ask("tell", "burst")


async def play_large_messages(cell: RawCell, sizes_mib: tuple[int, ...]) -> None:
    """One message of each size, one after the other."""
    cell.judge(all_pushed_in_order)
    for size in sizes_mib:
        name = f"mib-{size}"
        cell.record(
            measures.all_taken_ms(f"{size} MiB", stream=name), measures.thread_block_ms(f"{size} MiB", stream=name)
        )
        cell.serve(origin.bursts(1, chars=size * MIB), origin.answers(204), place=f"/{name}")
        await cell.ask("watchThread")
        await cell.open(name, f"/{name}", tally=True)
        await cell.wait_for("error", "close", stream=name, budget=budgets.BULK)
        await cell.ask("threadWatched", name)
        await cell.ask("tell", name)
        await cell.close(name)


@pytest.mark.entries("M07")
async def test_large_message(cell: RawCell) -> None:
    """One message of 1 and 4 MiB: how long does it take, and how long is the main thread blocked?"""
    await play_large_messages(cell, (1, 4))


@pytest.mark.soak
@pytest.mark.entries("M07")
async def test_very_large_message(cell: RawCell) -> None:
    """One message of 8 and 20 MiB: how long does it take, and how long is the main thread blocked?"""
    await play_large_messages(cell, (8, 20))


@pytest.mark.entries("M12")
async def test_main_thread_blocked(cell: RawCell) -> None:
    """The main thread is blocked while the server pushes on: nothing is lost. How late does it all come?"""
    cell.judge(all_pushed_in_order)
    cell.record(measures.longest_delay_ms(stream="steady"), measures.backlog_ms(stream="steady"))
    await cell.sharpen_clock()
    cell.serve(origin.pushes(50, every_ms=20), place="/steady")
    await cell.script(BLOCK_AT, ["steady", 5, BLOCK_MS])
    await cell.open("steady", "/steady")
    await cell.wait_for(stream="steady", seq=50)


@pytest.mark.check
@pytest.mark.entries("M12")
async def test_listener_attached_late(cell: RawCell) -> None:
    """The listener is attached only some time after the stream has opened: is what came before it lost?"""
    cell.record(measures.lost_at_first("listener 300 ms after open", stream="late"))
    cell.serve(origin.pushes(2, every_ms=1200), place="/late")
    await cell.open("late", "/late", late_ms=300)
    await cell.wait_for(stream="late", seq=2)


@pytest.mark.check
@pytest.mark.entries("M11")
async def test_gzip_flushed_after_each(cell: RawCell) -> None:
    """An event stream in gzip, flushed after each event: does each come at once, or is it held back?"""
    await cell.sharpen_clock()
    for name, script in (("gzip", gzipped), ("plain", origin.pushes(6, every_ms=APART_MS))):
        cell.record(measures.comes(name, stream=name, every_ms=APART_MS), measures.delay_ms(name, stream=name))
        cell.serve(script, place=f"/{name}")
        await cell.open(name, f"/{name}")
    for name in ("gzip", "plain"):
        await cell.wait_for(stream=name, seq=6)


async def gzipped(exchange: origin.Exchange) -> None:
    """Six events in one gzip member, with a sync flush behind each (RFC 1952; Z_SYNC_FLUSH of zlib)."""
    packer = zlib.compressobj(wbits=31)
    await exchange.respond(headers={"Content-Encoding": "gzip"})
    async for seq in origin.ticks(6, APART_MS):
        exchange.note("pushed", stream="gzip", seq=seq)
        event = f"data: {origin.padded(seq, SMALL)}\n\n".encode()
        await exchange.send(packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH))
    await exchange.gone()


@pytest.mark.check
@pytest.mark.entries("M11")
async def test_compressed_frames(cell: RawCell) -> None:
    """Compression of WebSocket messages (permessage-deflate): is it offered, and is a compressed frame read?"""
    cell.record(measures.offered(), measures.agreed(), measures.heard("compressed frame"), measures.compresses())
    cell.serve(deflating)
    await cell.open()
    await cell.wait_for(stream="a")
    await cell.ask("send", {"name": "a", "text": "compress me, " * 20})
    await cell.sees("uplink")


async def deflating(exchange: origin.Exchange) -> None:
    """Agree to the extension (RFC 7692) if it is offered, say one message in a compressed frame, take one."""
    offered = "permessage-deflate" in (exchange.request.header("sec-websocket-extensions") or "")
    agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    socket = await exchange.upgrade(headers={"Sec-WebSocket-Extensions": agreed} if offered else {})
    await (socket.compressed("1 small") if offered else socket.text("1 small"))
    frame = await socket.read()
    exchange.note("uplink", compressed=frame.compressed, bytes=len(frame.payload))
    await exchange.gone()


@pytest.mark.entries("M05")
async def test_binary_content(cell: RawCell) -> None:
    """A hundred times 64 KiB of random bytes, as each transport can carry them, arrive unchanged. At what cost?"""
    cell.judge(bytes_unchanged)
    cell.record(measures.all_taken_ms(stream="bytes"), measures.on_the_wire_percent(stream="bytes"))
    cell.serve(origin.sends_bytes(RANDOM, 100), origin.answers(204), place="/bytes")
    await cell.open("bytes", "/bytes", tally=True, parse=False, base64=True)
    await cell.wait_for("error", "close", stream="bytes", budget=budgets.BULK)
    await cell.ask("tell", "bytes")
