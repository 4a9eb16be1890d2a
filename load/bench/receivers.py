"""`python -m load.bench.receivers NAME PORT COUNT`: subscribers by one library, as a user of it would write them.

Every message is parsed and its latency kept. What differs is the library and nothing else: one process, uvloop.
`open` is said when everybody is connected; a line `expect N` is answered by `reached N` when so many messages came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine

import uvloop

HOST = "127.0.0.1"
CHANNEL = "bench"
LOOK_S = 0.02
latency_ns: list[int] = []


def keep(text: str | bytes) -> None:
    """Parse an envelope and keep its latency."""
    envelope = json.loads(text)
    if envelope["type"] == "update":
        latency_ns.append(time.monotonic_ns() - envelope["data"]["due_ns"])


def say(line: str) -> None:
    """One line to whoever started us."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def answer(received: Callable[[], int]) -> None:
    """Obey the lines on stdin until it ends."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async for line in orders:
        while received() < int(line.removeprefix(b"expect ")):  # noqa: ASYNC110  (setting an event would be measured)
            await asyncio.sleep(LOOK_S)
        say(f"reached {received()}")


async def by_library(count: int, subscribe: Callable[[Callable[[], None]], Coroutine[None, None, None]]) -> None:
    """So many subscriptions, each a task that calls back when it is open."""
    opened = 0

    def open_one() -> None:
        nonlocal opened
        opened += 1
        if opened == count:
            say("open")

    tasks = [asyncio.create_task(subscribe(open_one)) for _ in range(count)]
    await answer(lambda: len(latency_ns))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def ours(transport: str, port: int, count: int) -> None:
    """The load generator's own subscribers."""
    from wirematrix.load.crowd import Crowd  # noqa: PLC0415  (another interpreter may run the others)
    from wirematrix.load.receivers import Door  # noqa: PLC0415
    from wirematrix.load_model import LoadTransport  # noqa: PLC0415

    target = f"/sse/{CHANNEL}" if transport == "sse" else f"/ws/{CHANNEL}"
    crowd = Crowd(
        Door(transport=LoadTransport(transport), host=HOST, port=port, target=target, compressed=False), count
    )
    await crowd.open(at_once=20, budget_s=30)
    say("open")
    await answer(lambda: sum(seat.tally.received for seat in crowd.seats))
    crowd.close()


async def aiohttp_sse(port: int, count: int) -> None:
    """Pieces of the body as aiohttp hands them over; events are cut at empty lines."""
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as door:

        async def subscribe(opened: Callable[[], None]) -> None:
            rest = b""
            async with door.get(f"http://{HOST}:{port}/sse/{CHANNEL}") as response:
                opened()
                async for piece in response.content.iter_any():
                    *blocks, rest = (rest + piece).split(b"\n\n")
                    for block in blocks:
                        keep(block.partition(b"data: ")[2])

        await by_library(count, subscribe)


async def aiohttp_websocket(port: int, count: int) -> None:
    """By aiohttp, message by message."""
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as door:

        async def subscribe(opened: Callable[[], None]) -> None:
            async with door.ws_connect(f"http://{HOST}:{port}/ws/{CHANNEL}") as peer:
                opened()
                async for message in peer:
                    keep(message.data)

        await by_library(count, subscribe)


async def websockets(port: int, count: int) -> None:
    """The websockets library."""
    from websockets.asyncio.client import connect  # noqa: PLC0415

    async def subscribe(opened: Callable[[], None]) -> None:
        async with connect(
            f"ws://{HOST}:{port}/ws/{CHANNEL}", compression=None, ping_interval=None, proxy=None
        ) as peer:
            opened()
            async for message in peer:
                keep(message)

    await by_library(count, subscribe)


async def httpx_sse(port: int, count: int) -> None:
    """By httpx with httpx-sse."""
    import httpx  # noqa: PLC0415
    from httpx_sse import aconnect_sse  # noqa: PLC0415

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as door:  # noqa: S113

        async def subscribe(opened: Callable[[], None]) -> None:
            async with aconnect_sse(door, "GET", f"http://{HOST}:{port}/sse/{CHANNEL}") as source:
                opened()
                async for each in source.aiter_sse():
                    keep(each.data)

        await by_library(count, subscribe)


RECEIVERS: dict[str, Callable[[int, int], Awaitable[None]]] = {
    "ours-sse": lambda port, count: ours("sse", port, count),
    "ours-websocket": lambda port, count: ours("websocket", port, count),
    "aiohttp-sse": aiohttp_sse,
    "aiohttp-websocket": aiohttp_websocket,
    "websockets": websockets,
    "httpx-sse": httpx_sse,
}


async def main() -> None:
    """Be the receiver that is asked for."""
    await RECEIVERS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    uvloop.run(main())
