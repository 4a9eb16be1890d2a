"""Where subscribers connect, and how one does: an SSE or WebSocket stream that is open, or the reason why not.

Callbacks, no tasks; both were the cheapest of what was measured, and near each other (docs/measuring.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from wirematrix.load.sse_stream import SseStream
from wirematrix.load.stream import Known, NotOpened, Stream
from wirematrix.load.tally import Tally
from wirematrix.load.websocket_stream import WebSocketStream
from wirematrix.load_model import LoadTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where subscribers connect: the address, and what each asks for."""

    transport: LoadTransport
    host: str
    port: int
    target: str  # "/sse/load", with its query
    compressed: bool


async def connected(
    door: Door, tally: Tally, known: Known, ended: Callable[[str], None], *, resume: str, budget_s: float
) -> tuple[Stream, int]:
    """An open stream and when it opened (monotonic ns); NotOpened says why there is none.

    `known` is shared by all who get the same messages. With `resume` the connection asks to go on from there.
    """
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[int] = loop.create_future()

    def stream() -> Stream:
        if door.transport is LoadTransport.SSE:
            return SseStream(tally, known, opened, ended, sse_request(door, resume))
        since = f"{'&' if '?' in door.target else '?'}since={resume}" if resume else ""
        url = f"ws://{authority(door)}{door.target}{since}"
        return WebSocketStream(tally, known, opened, ended, url, compressed=door.compressed)

    receiver: Stream | None = None
    try:
        async with asyncio.timeout(budget_s):
            _, receiver = await loop.create_connection(stream, door.host, door.port)
            return receiver, await opened
    except TimeoutError:
        if receiver is not None:
            receiver.abort()  # an answer that comes after all must not be counted beside the next attempt's
        raise NotOpened(f"not open within {budget_s:.0f} s") from None
    except OSError as error:
        raise NotOpened(f"{type(error).__name__}: {error}") from error
    finally:
        opened.cancel()


def sse_request(door: Door, resume: str) -> bytes:
    """The head of the GET."""
    lines = [
        f"GET {door.target} HTTP/1.1",
        f"Host: {authority(door)}",
        "Accept: text/event-stream",
        "Cache-Control: no-store",
    ]
    if door.compressed:
        lines.append("Accept-Encoding: gzip")
    if resume:
        lines.append(f"Last-Event-ID: {resume}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def authority(door: Door) -> str:
    """Host and port as a URL has them."""
    host = f"[{door.host}]" if ":" in door.host else door.host
    return f"{host}:{door.port}"
