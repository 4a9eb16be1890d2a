"""Routes, limits and heartbeats: how many streams a real server in between carries, and what keeps it patient."""

import pytest

from wirematrix import RawCell, budgets, measures, origin

CROWD = tuple(f"c{number}" for number in range(1, 261))  # nginx allows 128 at once, Caddy 250
BEAT_MS = 2_000  # below the 5 s that a route allows to pass in silence
BEATS = 4  # and longer than these, all together
COMMENT, EVENT, PAYLOAD = ":\n\n", "data: 1\n\n", "1"


@pytest.mark.check
@pytest.mark.entries("L03", "N08")
async def test_streams_beyond_what_http2_allows(cell: RawCell) -> None:
    """260 streams to one origin over HTTP/2, more than the server in between allows at once: how many open, how do the
    others wait, and does a call get through?
    """
    cell.record(
        measures.open_at_once(streams=CROWD),
        measures.told_while_waiting(streams=CROWD),
        measures.connections_used(),
        measures.gets_through("GET", call="GET"),
    )
    cell.serve(origin.streams("data: 1\n\n"))
    cell.serve(origin.answers(200, "answer"), place="/api")
    await cell.open_all(*CROWD, place="/stream")
    await cell.wait_for("open", count=len(CROWD), budget=budgets.OPEN)
    await cell.ask("fetch", {"name": "GET", "url": cell.url("/api"), "ms": budgets.DELIVER.ms})
    await cell.wait_for("fetched", budget=budgets.HELD_BACK)
    cell.note("freed")
    for name in CROWD:
        await cell.close(name)
    await cell.wait_for("fetched")


@pytest.mark.check
@pytest.mark.entries("N07", "N06")
async def test_kinds_of_heartbeats(cell: RawCell) -> None:
    """Two streams on which only heartbeats are said, of either kind: do they keep the path alive, who sees them, what do
    they cost? SSE: a comment, or an event; WebSocket: a ping, or a message.
    """
    kinds = {"quiet": "comment or ping", "told": "event or message"}
    for stream, about in kinds.items():
        cell.record(
            measures.kept_open(about, stream=stream),
            measures.seen_by_script(about, stream=stream),
            measures.beat_bytes(about, stream=stream),
        )
        cell.serve(origin.either(beating_events, beating_frames), place=f"/{stream}")
        await cell.open(stream, f"/{stream}")
    await cell.watch(budgets.IDLE)


async def beating_events(exchange: origin.Exchange) -> None:
    """Comments on /quiet, events on /told; each a chunk."""
    piece = COMMENT if exchange.request.place == "/quiet" else EVENT
    await exchange.respond()
    async for _ in origin.ticks(BEATS + 1, BEAT_MS):
        size = len(piece) + len(f"{len(piece):x}") + 4  # its size and two line ends (RFC 9112, section 7.1)
        exchange.note("beat", stream=exchange.request.place.removeprefix("/"), bytes=size)
        await exchange.send(piece)
    await exchange.gone()


async def beating_frames(exchange: origin.Exchange) -> None:
    """Pings on /quiet, messages on /told; a head of two bytes each (RFC 6455, section 5.2)."""
    quiet = exchange.request.place == "/quiet"
    socket = await exchange.upgrade()
    async for _ in origin.ticks(BEATS + 1, BEAT_MS):
        exchange.note("beat", stream=exchange.request.place.removeprefix("/"), bytes=2 + len(PAYLOAD))
        await (socket.ping(PAYLOAD.encode()) if quiet else socket.text(PAYLOAD))
    await socket.serve()
