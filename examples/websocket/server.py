"""The smallest complete service over WebSocket: `python examples/websocket/server.py`, open 127.0.0.1:8000/?token=letmein.

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

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

FILE = os.environ.get("FILE", Path(__file__).with_name("messages.db"))  # for resume
TOKEN = os.environ.get("TOKEN", "letmein")  # for auth
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "5"))  # for notice-silence: a page waits for three of them
STEP_S = float(os.environ.get("STEP_S", "1"))

# Whoever was away asks for what it missed, after a restart, too: so messages are written down before anybody is told.
# Prune them as you need to, and then tell a page that was away for longer that something is missing.
kept = sqlite3.connect(FILE, isolation_level=None)  # for resume
kept.execute("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, text TEXT)")  # for resume
listeners: set[asyncio.Queue[dict[str, object]]] = set()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Work as long as the service runs. At SIGTERM uvicorn itself closes every WebSocket with code 1012."""
    tasks = [asyncio.create_task(work())]
    tasks.append(asyncio.create_task(beat()))  # for notice-silence
    yield
    for task in tasks:
        task.cancel()


app = FastAPI(lifespan=lifespan)


async def work() -> None:
    """An execution that has something to tell: a step now and then."""
    for step in count(1):
        publish(f"step {step}")
        await asyncio.sleep(STEP_S)


# for notice-silence: pages are not shown the protocol's own pings, so this one is a message.
async def beat() -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        tell({"type": "heartbeat"})


def publish(text: str) -> None:
    message: dict[str, object] = {"text": text}
    message["id"] = kept.execute("INSERT INTO message (text) VALUES (?)", (text,)).lastrowid  # for resume
    tell(message)


def tell(message: dict[str, object]) -> None:
    for queue in listeners:
        queue.put_nowait(message)


@app.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    await websocket.accept()
    # for auth: a browser adds no headers to a WebSocket, so its token is in the URL, where logs see it: let it expire soon.
    if not hmac.compare_digest(websocket.query_params.get("token", "").encode(), TOKEN.encode()):
        await websocket.close(4401, "wrong token")  # let in to be told: a refused handshake tells a page nothing
        return
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    replay(queue, websocket)  # for resume: in one go with the next line, so that nothing falls in between
    listeners.add(queue)
    try:
        async with asyncio.TaskGroup() as both:  # the first to fail ends the other
            both.create_task(send(websocket, queue))
            both.create_task(receive(websocket))
    except* (TimeoutError, WebSocketDisconnect, KeyError):
        pass  # it was stuck, it went away, or it sent what is no text
    finally:
        listeners.discard(queue)


async def send(websocket: WebSocket, queue: asyncio.Queue[dict[str, object]]) -> None:
    while True:
        message = await queue.get()
        async with asyncio.timeout(10):  # a reader that takes nothing for so long is let go; it may come back
            await websocket.send_json(message)


async def receive(websocket: WebSocket) -> None:
    """Listen, which is also the only way to learn that the page has gone; that raises WebSocketDisconnect."""
    while True:
        text = await websocket.receive_text()
        publish(text[:1000])  # for two-way: both ways on one line


# for resume: what came after the last message that the page has seen; nothing on a first visit, or for nonsense.
def replay(queue: asyncio.Queue[dict[str, object]], websocket: WebSocket) -> None:
    last = websocket.query_params.get("since", "")
    newest = kept.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    after = int(last) if last.isdecimal() and len(last) < 19 else newest
    queue.put_nowait({"type": "hello", "id": after})  # to resume from if the line breaks at once
    for number, text in kept.execute("SELECT id, text FROM message WHERE id > ? ORDER BY id", (after,)):
        queue.put_nowait({"text": text, "id": number})


app.mount("/", StaticFiles(directory=Path(__file__).with_name("page"), html=True))

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), ws="websockets-sansio")
