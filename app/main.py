"""create_app(): the application put together. Nothing in front of the streams but Starlette's own pure ASGI layers.

BaseHTTPMiddleware has no place here: it wraps a streaming response in a second task and a queue, which costs three
times the CPU per message and hides that the peer has gone (https://github.com/Kludex/starlette/issues/2094).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import control, publishing, sse, uplink, websocket
from app.middlewares import MIDDLEWARES
from app.refusal import Refused
from app.service import make_service
from app.settings import Settings
from app.websocket import denial


def create_app(settings: Settings | None = None, *, log_to: Callable[[str], object] | None = None) -> FastAPI:
    """The service for these settings (default: from the environment); its parts are in `app.state.service`.

    `log_to` takes the text of the connection log, if that is on, instead of stdout.
    """
    settings = Settings() if settings is None else settings
    service = make_service(settings, log_to=log_to)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await service.feed.start()
        yield
        await service.feed.close()
        service.log.flush()

    # No docs pages: they load scripts from a CDN. The description itself is at /openapi.json.
    app = FastAPI(title="numbered messages over SSE and WebSocket", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.service = service
    app.include_router(sse.router)
    app.include_router(websocket.router)
    app.include_router(uplink.router)
    if settings.control:
        app.include_router(control.router)
        app.include_router(publishing.router)
    app.exception_handler(Refused)(_answer_refusal)
    app.exception_handler(HTTPException)(_answer_http_exception)
    app.exception_handler(Exception)(_answer_failure)
    if settings.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allow_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Cache-Control", "Content-Type", "Last-Event-ID"],
        )

    if settings.middleware is not None:
        app.add_middleware(MIDDLEWARES[settings.middleware])

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process serves, and where its messages are."""
        return {"status": "ok", "feed": service.feed.state}

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        """The page for people."""
        return RedirectResponse("/static/probe.html")

    if settings.static.is_dir():
        app.mount("/static", StaticFiles(directory=settings.static), name="static")
    return app


async def _answer_refusal(_request: Request, refused: Refused) -> Response:
    answer = denial(refused.status, str(refused))
    if refused.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 11.6.1
    if refused.status == 503:
        answer.headers["Retry-After"] = "1"  # RFC 9110 section 10.2.3
    return answer


async def _answer_http_exception(request: Request, problem: HTTPException) -> Response:
    sentence = f"{request.method} {ascii(request.url.path)[1:-1]}: {problem.detail.lower()}"
    return JSONResponse({"error": sentence}, status_code=problem.status_code, headers=problem.headers)


async def _answer_failure(_request: Request, _problem: Exception) -> Response:
    return JSONResponse({"error": "the service failed; its log on stderr has the reason"}, status_code=500)
