r"""The scripts that most scenarios need, as data: what is answered, and how it ends.

origin.serve("/stream", streams("data: 1\n\n", then="finish"), answers(503), streams("data: 2\n\n"))
"""

from __future__ import annotations

import json
from typing import Literal

from wirematrix.origin.exchange import EVENT_STREAM, Exchange, Headers
from wirematrix.origin.origin import Script

Then = Literal["finish", "fin", "reset", "hold"]


def answers(status: int, body: str = "", *, headers: Headers = (), media_type: str = "text/plain") -> Script:
    """A whole response."""

    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body, headers=headers, media_type=media_type)

    return script


def streams(
    *pieces: str | bytes,
    then: Then = "hold",
    status: int = 200,
    media_type: str | None = EVENT_STREAM,
    headers: Headers = (),
    cors: bool = True,
) -> Script:
    """A body in these chunks, and its end: the last chunk, a FIN or RST without it, or none."""

    async def script(exchange: Exchange) -> None:
        await exchange.respond(status, media_type, headers=headers, cors=cors)
        for piece in pieces:
            await exchange.send(piece)
        match then:
            case "finish":
                await exchange.finish()
            case "fin":
                exchange.fin()
            case "reset":
                exchange.reset()
            case "hold":
                pass

    return script


def accepts(
    *texts: str, close: int | None = None, reason: str = "", then: Then = "hold", headers: Headers = ()
) -> Script:
    """A WebSocket that says these texts and then closes with a code as the protocol asks, or ends as `then` says.

    With "hold" it behaves: pings and the peer's close frame are answered.
    """

    async def script(exchange: Exchange) -> None:
        socket = await exchange.upgrade(headers=headers)
        for text in texts:
            await socket.text(text)
        if close is not None:
            await socket.end(close, reason)
        elif then == "hold":
            await socket.serve()
        elif then == "reset":
            socket.reset()
        else:
            socket.fin()

    return script


def either(http: Script, websocket: Script) -> Script:
    """The first for a plain request, the second for a WebSocket's handshake: one story for all transports."""

    async def script(exchange: Exchange) -> None:
        await (websocket if exchange.request.is_upgrade else http)(exchange)

    return script


def envelopes() -> Script:
    """The app's protocol as far as a transport needs it: the hello, and then nothing, over either transport."""
    hello = {"epoch": "00000000", "resume": "00000000-0", "heartbeat_ms": None, "retry_ms": None}
    text = json.dumps({"seq": 0, "ts": 0, "type": "hello", "data": hello})
    return either(streams(f"data: {text}\n\n"), accepts(text))


def silent() -> Script:
    """The request is read and never answered."""

    async def script(exchange: Exchange) -> None:
        await exchange.gone()

    return script
