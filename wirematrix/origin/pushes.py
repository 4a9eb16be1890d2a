"""Scripts that push numbered messages: at a pace, all at once, in big pieces. What was pushed is an observation.

    pushed {stream, seq}                 one message, written down just before its bytes go
    pushing {stream, count, chars}       a burst begins
    pushed {stream, first, last}         a burst, when the last of it was handed to the socket
    taken {stream, bytes, of}            so much of what was written has left this side, behind each piece of a flood
    flooded {stream}                     all of a flood was taken off the script's hands

A message begins with its number; `padded` fills it up. The scripts serve plain requests and WebSockets alike.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable
from typing import Final, Literal

from wirematrix.origin.exchange import Exchange
from wirematrix.origin.origin import Script
from wirematrix.origin.outlet import Outlet

FILLER: Final = "0123456789abcdef"
Then = Literal["hold", "end"]


def padded(seq: int, chars: int = 0) -> str:
    """A numbered text, filled up to so many characters."""
    head = f"{seq} "
    missing = chars - len(head)
    return head + (FILLER * (missing // len(FILLER) + 1))[:missing] if missing > 0 else str(seq)


async def ticks(count: int, every_ms: float) -> AsyncIterator[int]:
    """1 to `count`, each at its time of a fixed schedule: one that is late does not delay the next."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, began + (number - 1) * every_ms / 1000 - loop.time()))
        yield number


async def pause(ms: float) -> None:
    """A script takes its time."""
    await asyncio.sleep(ms / 1000)


def pushes(count: int, *, every_ms: float = 0.0, chars: int = 0, then: Then = "hold") -> Script:
    """So many numbered messages, one every so many milliseconds."""

    async def script(exchange: Exchange) -> None:
        outlet = await Outlet.open(exchange)
        async for seq in ticks(count, every_ms):
            await outlet.push(seq, padded(seq, chars))
        await _then(outlet, then)

    return script


def bursts(count: int, *, chars: int = 0, then: Then = "end") -> Script:
    """So many numbered messages as fast as the peer takes them."""

    async def script(exchange: Exchange) -> None:
        outlet = await Outlet.open(exchange)
        outlet.note("pushing", chars=chars, count=count)
        for seq in range(1, count + 1):
            await outlet.say(padded(seq, chars))
        outlet.note("pushed", first=1, last=count)
        await _then(outlet, then)

    return script


def floods(count: int, *, chars: int) -> Script:
    """The same with big messages, and after each of them how much has left for the peer: does this side feel it?"""

    async def script(exchange: Exchange) -> None:
        outlet = await Outlet.open(exchange)
        written = 0
        for seq in range(1, count + 1):
            text = padded(seq, chars)
            await outlet.push(seq, text)
            written += len(text)
            outlet.note("taken", bytes=max(0, written - outlet.unsent_bytes), of=count * chars)
        outlet.note("flooded")
        await outlet.hold()

    return script


def sends_bytes(content: bytes, times: int) -> Script:
    """Bytes as each transport can carry them, and then the end: base64 in events, binary frames, or the body itself.

    An EventSource is told by its Accept header (HTML standard, section 9.2.2).
    """

    async def script(exchange: Exchange) -> None:
        outlet = await Outlet.open(exchange)
        wire, checksum = 0, 1
        outlet.note("pushing", count=times, chars=len(content))
        for _ in range(times):
            wire += await outlet.send_bytes(content)
            checksum = zlib.adler32(content, checksum)
        outlet.note("bytes-sent", bytes=times * len(content), sum=checksum, wire_bytes=wire)
        await outlet.end()

    return script


def slowly(*pieces: str | bytes, every_ms: float, then: Then = "hold") -> Script:
    """An event stream in these chunks, each in a TCP segment of its own, so many milliseconds apart."""

    async def script(exchange: Exchange) -> None:
        await exchange.respond()
        async for number in ticks(len(pieces), every_ms):
            await exchange.send(pieces[number - 1])
        if then == "end":
            await exchange.finish()
        else:
            await exchange.gone()

    return script


def single_bytes(text: str) -> Iterable[bytes]:
    """The bytes of a text, one by one."""
    content = text.encode()
    return (content[place : place + 1] for place in range(len(content)))


async def _then(outlet: Outlet, then: Then) -> None:
    await (outlet.end() if then == "end" else outlet.hold())
