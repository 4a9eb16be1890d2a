"""The smallest complete service over SSE: `python examples/sse/server.py`, open http://127.0.0.1:8000/?token=letmein.

A comment that begins with `for auth` marks what is there for authorisation, and so on: the statement below it or the
line it ends. Without that code the service still runs and lacks just this; what has no mark is there to connect at all.
"""

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
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from fastapi.staticfiles import StaticFiles
from sse_starlette import EventSourceResponse, ServerSentEvent

FILE = os.environ.get("FILE", Path(__file__).with_name("messages.db"))  # for resume
TOKEN = os.environ.get("TOKEN", "letmein")  # for auth
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "5"))  # for notice-silence: a page waits for three of them
STEP_S = float(os.environ.get("STEP_S", "1"))

# Whoever was away asks for what it missed, after a restart, too: so messages are written down before anybody is told.
# Prune them as you need to, and then tell a page that was away for longer that something is missing.
kept = sqlite3.connect(FILE, isolation_level=None)  # for resume
kept.execute("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, text TEXT)")  # for resume
listeners: set[asyncio.Queue[dict[str, str] | None]] = set()
ending = anyio.Event()  # set by sse-starlette when uvicorn is told to stop (SIGTERM)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work()), asyncio.create_task(say_goodbye())]
    yield
    for task in tasks:
        task.cancel()


# for auth: EventSource sends no headers, so its token is in the URL, where logs see it: let it expire soon.
def authorise(request: Request) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.query_params.get("token", "")
    if not hmac.compare_digest(given.encode(), TOKEN.encode()):
        raise HTTPException(401, "wrong token")


app = FastAPI(
    lifespan=lifespan,
    dependencies=[Depends(authorise)],  # for auth
)


async def work() -> None:
    """An execution that has something to tell: a step now and then."""
    for step in count(1):
        publish(f"step {step}")
        await asyncio.sleep(STEP_S)


def publish(text: str) -> None:
    message = {"data": text}
    message["id"] = str(kept.execute("INSERT INTO message (text) VALUES (?)", (text,)).lastrowid)  # for resume
    for queue in listeners:
        queue.put_nowait(message)


async def say_goodbye() -> None:
    """End every stream when the service is to stop: it cannot stop before, and a page sees an end in good order."""
    await ending.wait()
    for queue in listeners:
        queue.put_nowait(None)


@app.get("/stream")
async def stream(request: Request) -> EventSourceResponse:
    return EventSourceResponse(
        messages(request),
        send_timeout=10,  # a reader that takes nothing for so long is let go; it may come back
        shutdown_event=ending,
        shutdown_grace_period=1,
        ping=HEARTBEAT_S,  # for notice-silence: not a comment, as usual, for a page is not shown comments
        ping_message_factory=lambda: ServerSentEvent("alive", event="heartbeat"),  # for notice-silence
    )


async def messages(request: Request) -> AsyncIterator[dict[str, str]]:
    queue: asyncio.Queue[dict[str, str] | None] = asyncio.Queue()
    replay(queue, request)  # for resume: in one go with the next line, so that nothing falls in between
    listeners.add(queue)
    try:
        while (message := await queue.get()) is not None:
            yield message
    finally:
        listeners.discard(queue)


# for resume: what came after the last message that the page has seen; nothing on a first visit, or for nonsense.
def replay(queue: asyncio.Queue[dict[str, str] | None], request: Request) -> None:
    last = request.headers.get("last-event-id") or request.query_params.get("since", "")
    newest = kept.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    after = int(last) if last.isdecimal() and len(last) < 19 else newest
    queue.put_nowait({"id": str(after)})  # to resume from if the line breaks at once; the browser remembers the last id
    for number, text in kept.execute("SELECT id, text FROM message WHERE id > ? ORDER BY id", (after,)):
        queue.put_nowait({"id": str(number), "data": text})


# for two-way: SSE leads one way only; the other way is a request like any other.
@app.post("/messages", status_code=204)
async def say(text: Annotated[str, Body(embed=True, max_length=1000)]) -> None:
    publish(text)


app.mount("/", StaticFiles(directory=Path(__file__).with_name("page"), html=True))

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
