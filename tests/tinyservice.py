"""A tiny service as a real process: an HTTP server on an inherited socket that does what it is told.

    GET  /healthz    200
    POST /say        the body goes to standard output as it is
    POST /complain   the body goes to standard error as it is
    POST /exit       the body goes to standard output, and the process ends with exit code 7

Its mood is read from the file `mood` beside the script when it starts, so that a second start may differ. It is
started the plain way, or forked from a process that has imported it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from wirematrix.server import Command, Fact, Server, fork_server

Mood = Literal["well", "dies", "dies when asked", "silent", "sick", "stubborn", "warming up"]
Way = Literal["plain", "forked"]
BUDGET_S: Final = 8.0  # of one operation in here
LAST_FACT: Final = {"at": 1.5, "kind": "stopped", "channel": "c1"}

SCRIPT: Final = """
import http.server, json, os, pathlib, signal, socket, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the other side closes first, so that no TIME_WAIT keeps this port

    def do_GET(self):
        if mood == "dies when asked":
            say(b"cannot open the database\\n", sys.stderr)
            os._exit(4)
        self.server.asked += 1
        self.answer(503 if mood == "sick" or (mood == "warming up" and self.server.asked < 3) else 200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        say(body, sys.stderr if self.path == "/complain" else sys.stdout)
        if self.path == "/exit":
            os._exit(7)
        self.answer(202)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words): ...

def say(raw, stream=sys.stdout):
    stream.buffer.write(raw)
    stream.flush()

def end(number, frame):
    say(json.dumps(LAST_FACT).encode() + b"\\n")
    os._exit(0)

if __name__ == "__main__":
    listening = socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1]))
    mood = pathlib.Path(__file__).with_name("mood").read_text()
    if mood == "dies":
        say(b"no such setting\\n", sys.stderr)
        say(b"half a word")
        os._exit(3)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if mood == "stubborn" else end)
    while mood == "silent":
        signal.pause()
    serving = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    serving.socket.close()
    serving.socket = listening
    serving.asked = 0
    serving.serve_forever()
"""


def tiny_service(folder: Path, mood: Mood = "well", way: Way = "plain") -> Command:
    """The command that starts the tiny service, a package written to `folder`."""
    set_mood(folder, mood)
    (folder / "tiny" / "__main__.py").write_text(SCRIPT.replace("LAST_FACT", repr(LAST_FACT)), encoding="utf-8")
    start = ("-m", "tiny") if way == "forked" else ("-I", "-S", "tiny/__main__.py")
    return Command(argv=(sys.executable, *start, "--fd", "{fd}"), folder=folder)


def set_mood(folder: Path, mood: Mood) -> None:
    """How the service will be when it is started next."""
    (folder / "tiny").mkdir(exist_ok=True)
    (folder / "tiny" / "mood").write_text(mood, encoding="utf-8")


@asynccontextmanager
async def prepared(folder: Path, mood: Mood = "well", way: Way = "plain") -> AsyncIterator[Server]:
    """A tiny service that is ready to be started, and is closed at the end whatever happened to it."""
    command = tiny_service(folder, mood, way)
    forks = fork_server(command)
    server = Server(command, forks)
    try:
        yield server
    finally:
        await server.close()
        if forks:
            await forks.close()


@asynccontextmanager
async def running(folder: Path, mood: Mood = "well", way: Way = "plain") -> AsyncIterator[Server]:
    """The same, started."""
    async with prepared(folder, mood, way) as server:
        await server.start()
        yield server


async def status_of(server: Server) -> int:
    """What the service answers to a request for its health."""
    async with httpx.AsyncClient(timeout=BUDGET_S) as asking:
        return (await asking.get(f"{server.origin}/healthz")).status_code


async def tell(server: Server, what: Literal["say", "complain", "exit"], raw: bytes) -> None:
    """Have the service write these bytes, or write them and end."""
    async with httpx.AsyncClient(timeout=BUDGET_S) as telling:
        try:
            await telling.post(f"{server.origin}/{what}", content=raw)
        except httpx.RemoteProtocolError:
            if what != "exit":
                raise


def line(channel: object, number: int, **more: Any) -> bytes:
    """One fact as a line of standard output."""
    return json.dumps({"at": 1.0, "kind": "send", "channel": channel, "number": number, **more}).encode() + b"\n"


class Ear:
    """A listener that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._more = asyncio.Event()

    def __call__(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._more.set()

    @property
    def numbers(self) -> list[object]:
        """The numbers of the facts heard so far."""
        return [fact.get("number") for fact in self.facts]

    async def hears(self, count: int) -> None:
        """Wait until so many facts were heard."""
        async with asyncio.timeout(BUDGET_S):
            while len(self.facts) < count:
                self._more.clear()
                await self._more.wait()
