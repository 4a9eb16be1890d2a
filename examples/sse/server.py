"""The smallest complete service over SSE. Start it and open http://127.0.0.1:8000/?token=letmein, then kill it, start it.

    python examples/sse/server.py      settings are environment variables, see below

What is marked `for auth` is there for authorisation, and so on: a mark above a statement means all of it, one at the
end of a line that line. Without the marked lines the service still runs, and lacks just that guarantee.
"""

from __future__ import annotations

import asyncio
import hmac  # for auth
import os
import sqlite3  # for resume
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Annotated  # for two-way

import anyio
import uvicorn
from fastapi import (
    Body,  # for two-way
    Depends,  # for auth
    FastAPI,
    HTTPException,  # for auth
    Request,
)
from fastapi.staticfiles import StaticFiles
from sse_starlette import EventSourceResponse, ServerSentEvent

HERE = Path(__file__).parent
PORT = int(os.environ.get("PORT", "8000"))
FILE = os.environ.get("FILE", HERE / "messages.db")  # for resume
TOKEN = os.environ.get("TOKEN", "letmein")  # for auth
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "5"))  # for notice-silence: a page waits for three of them
STEP_S = float(os.environ.get("STEP_S", "1"))
STUCK_S = 10  # a reader that takes nothing for so long is let go; it may come back

# Whoever was away asks for what it missed, after a restart, too: so messages outlive the process. Prune them as you
# need to, and then tell a page that was away for longer that something is missing.
kept = sqlite3.connect(FILE, isolation_level=None)  # for resume
kept.execute("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, text TEXT)")  # for resume
listeners: set[asyncio.Queue[bytes | None]] = set()
ending = anyio.Event()  # set by sse-starlette when uvicorn is told to stop (SIGTERM)


# for connect
@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Work as long as the service runs."""
    tasks = [asyncio.create_task(work()), asyncio.create_task(say_goodbye())]
    yield
    for task in tasks:
        task.cancel()


# for connect
async def say_goodbye() -> None:
    """End every stream when the service is to stop: it cannot stop before, and a page sees an end in good order."""
    await ending.wait()
    for queue in listeners:
        queue.put_nowait(None)


# for auth: EventSource sends no headers, so its token is in the URL, where logs see it: let it expire soon.
def authorise(request: Request) -> None:
    """Let only those pass who bring the token, as `Authorization: Bearer ...` or as ?token=..."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.query_params.get("token", "")
    if not hmac.compare_digest(given.encode(), TOKEN.encode()):
        raise HTTPException(401, "wrong token")


app = FastAPI(
    lifespan=lifespan,
    dependencies=[Depends(authorise)],  # for auth
)


# for connect
async def work() -> None:
    """An execution that has something to tell: a step now and then."""
    for step in count(1):
        publish(f"step {step}")
        await asyncio.sleep(STEP_S)


# for connect
def publish(text: str) -> None:
    """Hand a message to everybody who listens now: encoded once, however many they are."""
    message = ServerSentEvent(
        text,
        id=keep(text),  # for resume: the browser remembers the last id it was given
        sep="\n",
    ).encode()
    for queue in listeners:
        queue.put_nowait(message)


# for resume
def keep(text: str) -> str:
    """Write a message down before anybody is told of it; its id, one more than the last."""
    return str(kept.execute("INSERT INTO message (text) VALUES (?) RETURNING id", (text,)).fetchone()[0])


# for connect
@app.get("/stream")
async def stream(request: Request) -> EventSourceResponse:
    """Everything that is published from now on, and whatever the page has missed."""
    return EventSourceResponse(
        messages(request),
        send_timeout=STUCK_S,
        shutdown_event=ending,
        shutdown_grace_period=1,
        ping=HEARTBEAT_S,  # for notice-silence: not a comment, as usual, for a page is not shown comments
        ping_message_factory=lambda: ServerSentEvent("alive", event="heartbeat", sep="\n"),  # for notice-silence
    )


# for connect
async def messages(request: Request) -> AsyncIterator[bytes]:
    """What one listener is sent, until it goes away."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    replay(queue, request)  # for resume: in one go with the next line, so that nothing falls in between
    listeners.add(queue)
    try:
        while (message := await queue.get()) is not None:
            yield message
    finally:
        listeners.discard(queue)


# for resume
def replay(queue: asyncio.Queue[bytes | None], request: Request) -> None:
    """What came after the last message that the page has seen; for a first visit, and for nonsense, where it is now."""
    last = request.headers.get("last-event-id") or request.query_params.get("since", "")
    newest = kept.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    after = int(last) if last.isdecimal() and len(last) < 19 else newest
    queue.put_nowait(ServerSentEvent(id=str(after), sep="\n").encode())  # to resume from if the line breaks at once
    for number, text in kept.execute("SELECT id, text FROM message WHERE id > ? ORDER BY id", (after,)):
        queue.put_nowait(ServerSentEvent(text, id=str(number), sep="\n").encode())


# for two-way: SSE leads one way only; the other way is a request like any other.
@app.post("/messages", status_code=204)
async def say(text: Annotated[str, Body(embed=True, max_length=1000)]) -> None:
    """Tell everybody what a page says."""
    publish(text)


app.mount("/", StaticFiles(directory=HERE / "page", html=True))

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT)
