"""The smallest complete service over WebSocket. Start it, open http://127.0.0.1:8000/?token=letmein, kill it, start it.

    python examples/websocket/server.py      settings are environment variables, see below

What is marked `for auth` is there for authorisation, and so on: a mark above a statement means all of it, one at the
end of a line that line. Without the marked lines the service still runs, and lacks just that guarantee.
"""

from __future__ import annotations

import asyncio
import hmac  # for auth
import json
import os
import sqlite3  # for resume
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

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
listeners: set[asyncio.Queue[str]] = set()


# for connect
@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Work as long as the service runs. At SIGTERM uvicorn itself closes every WebSocket with code 1012."""
    working = asyncio.create_task(work())
    beating = asyncio.create_task(beat())  # for notice-silence
    yield
    working.cancel()
    beating.cancel()  # for notice-silence


app = FastAPI(lifespan=lifespan)


# for connect
async def work() -> None:
    """An execution that has something to tell: a step now and then."""
    for step in count(1):
        publish(f"step {step}")
        await asyncio.sleep(STEP_S)


# for notice-silence: pages are not shown the protocol's own pings, so this one is a message.
async def beat() -> None:
    """Something on every line at least every HEARTBEAT_S."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        tell({"type": "heartbeat"})


# for connect
def publish(text: str) -> None:
    """Hand a message to everybody who listens now."""
    tell(
        {
            "text": text,
            "id": keep(text),  # for resume: the page remembers the last id it was given
        }
    )


# for connect
def tell(message: dict[str, object]) -> None:
    """Encoded once, however many listeners there are."""
    frame = json.dumps(message)
    for queue in listeners:
        queue.put_nowait(frame)


# for resume
def keep(text: str) -> int:
    """Write a message down before anybody is told of it; its id, one more than the last."""
    return int(kept.execute("INSERT INTO message (text) VALUES (?) RETURNING id", (text,)).fetchone()[0])


# for connect
@app.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    """Everything that is published from now on, and whatever the page has missed."""
    await websocket.accept()
    if not await authorised(websocket):  # for auth
        return  # for auth
    queue: asyncio.Queue[str] = asyncio.Queue()
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


# for auth: a browser adds no headers to a WebSocket, so its token is in the URL, where logs see it: let it expire soon.
async def authorised(websocket: WebSocket) -> bool:
    """Whether the page brought the token. It is let in to be told why not: of a refused handshake it learns nothing."""
    if hmac.compare_digest(websocket.query_params.get("token", "").encode(), TOKEN.encode()):
        return True
    await websocket.close(4401, "wrong token")
    return False


# for connect
async def send(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    """What one listener is sent; TimeoutError when it takes nothing for too long."""
    while True:
        frame = await queue.get()
        async with asyncio.timeout(STUCK_S):
            await websocket.send_text(frame)


# for connect
async def receive(websocket: WebSocket) -> None:
    """Listen, which is also the only way to learn that the page has gone; that raises WebSocketDisconnect."""
    while True:
        text = await websocket.receive_text()
        publish(text[:1000])  # for two-way: both ways on one line


# for resume
def replay(queue: asyncio.Queue[str], websocket: WebSocket) -> None:
    """What came after the last message that the page has seen; for a first visit, and for nonsense, where it is now."""
    last = websocket.query_params.get("since", "")
    newest = kept.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    after = int(last) if last.isdecimal() and len(last) < 19 else newest
    queue.put_nowait(json.dumps({"type": "hello", "id": after}))  # to resume from if the line breaks at once
    for number, text in kept.execute("SELECT id, text FROM message WHERE id > ? ORDER BY id", (after,)):
        queue.put_nowait(json.dumps({"text": text, "id": number}))


app.mount("/", StaticFiles(directory=HERE / "page", html=True))

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, ws="websockets-sansio")
