"""What people put in front of their routes, and what it does to streams: for the matrix, never for the service itself.

`APP_MIDDLEWARE=NAME` wraps the whole application in one of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Literal

from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Middleware = Literal["gzip", "base-http", "naive-gzip"]


class PassesOn(BaseHTTPMiddleware):
    """A middleware in Starlette's convenient way that changes nothing."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Hand the request on and the response back."""
        return await call_next(request)


class NaiveGzip:
    """Compresses whatever passes and never flushes: what comes out waits until the compressor has enough."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap `send` of requests whose peer accepts gzip; leave WebSockets alone."""
        accepted = scope["type"] == "http" and any(
            name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
        )
        await self._app(scope, receive, _compressing(send) if accepted else send)


def _compressing(send: Send) -> Send:
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)

    async def send_compressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            headers["Content-Encoding"] = "gzip"
            del headers["Content-Length"]
        elif message["type"] == "http.response.body":
            more = message.get("more_body", False)
            body = compressor.compress(message.get("body", b""))
            message = {**message, "body": body if more else body + compressor.flush()}
        await send(message)

    return send_compressed


MIDDLEWARES: Mapping[Middleware, Any] = {"gzip": GZipMiddleware, "base-http": PassesOn, "naive-gzip": NaiveGzip}
