"""A stream compressed with gzip so that each message is out at once: Starlette's GZipMiddleware leaves SSE alone."""

from __future__ import annotations

import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

GZIP = 16 + zlib.MAX_WBITS  # zlib's way of asking for a gzip header and trailer
LEVEL = 6  # zlib's own default, about what nginx and browsers' servers use


def accepts_gzip(request: Request) -> bool:
    """Whether the peer has asked for it."""
    return "gzip" in Headers(scope=request.scope).get("accept-encoding", "")


class Gzipped(Response):
    """Another response with its body compressed; every part of the body is flushed (RFC 1952, Z_SYNC_FLUSH)."""

    def __init__(self, inner: Response) -> None:
        super().__init__()
        self._inner = inner
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the inner response does."""

        async def compressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["Content-Encoding"] = "gzip"
                headers.add_vary_header("Accept-Encoding")
            elif message["type"] == "http.response.body":
                message["body"] = self._compress(message["body"], last=not message.get("more_body", False))
            await send(message)

        await self._inner(scope, receive, compressed)

    def _compress(self, body: bytes, *, last: bool) -> bytes:
        return self._compressor.compress(body) + self._compressor.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
