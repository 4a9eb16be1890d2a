"""The processes of the machinery from outside: what they answer, and how they end."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from wirematrix.errors import LoadFailed, OursSpent, ServiceDied
from wirematrix.load.crew import GENERATOR, PUBLISHER
from wirematrix.load.worker import Worker

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def worker(module: str) -> AsyncIterator[Worker]:
    """A process of ours, ended whatever happens."""
    started = await Worker.start(module)
    try:
        yield started
    finally:
        await started.close()


@pytest.mark.parametrize("module", [GENERATOR, PUBLISHER])
def test_ends_with_whoever_started_it(module: str) -> None:
    """When standard input ends, the process does, without a word."""
    done = subprocess.run(
        [sys.executable, "-m", module], input="", cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_a_refusal_is_a_sentence() -> None:
    """What a process cannot do is LoadFailed with its own words, and it answers the next command."""
    async with worker(GENERATOR) as generator:
        with pytest.raises(LoadFailed, match="no subscribers are open"):
            await generator.ask("forget")
        assert (await generator.ask("reading"))["received"] == 0


async def test_a_dead_process_is_named_with_its_last_words() -> None:
    """A process that ends instead of answering is ServiceDied, not a wait for ever."""
    async with worker(GENERATOR) as generator:
        with pytest.raises(ServiceDied, match=r"wirematrix\.load\.generator` ended with exit code 1.*KeyError"):
            await generator.ask("dance")


async def test_a_silent_process_is_named() -> None:
    """A process that lives and does not answer in time is OursSpent; an answer that comes later is nobody else's."""
    door = {"transport": "sse", "host": "127.0.0.1", "port": 1, "target": "/", "compressed": False}
    async with worker(GENERATOR) as generator:
        await generator.ask("reading")
        with pytest.raises(OursSpent, match="to answer 'reading'; it is alive and silent"):
            await generator.ask("reading", within_s=0.0)
        with pytest.raises(LoadFailed, match="Connect"):
            await generator.ask("open", door=door, subscribers=1, at_once=1, budget_s=5)


class Listening(ThreadingHTTPServer):
    """Keeps the bodies that are posted."""

    daemon_threads = True

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Posted)


class Posted(BaseHTTPRequestHandler):
    """Takes a POST."""

    protocol_version = "HTTP/1.1"
    server: Listening

    def do_POST(self) -> None:
        """Keep the body."""
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Any:
    """A server that takes posts, for the length of a test."""
    server = Listening()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_late_publisher_skips_nothing(service: Listening) -> None:
    """What was due 500 ms ago is published at once, every message with its own due time, and the lateness is told."""
    async with worker(PUBLISHER) as publisher:
        url = f"http://127.0.0.1:{service.server_port}/publish"
        await publisher.ask("attach", url=url, payload_bytes=100, seed=1, budget_s=5)
        start_ns = time.monotonic_ns() - 500_000_000
        await publisher.ask("pace", first=7, start_ns=start_ns, rate=100, count=20)
        said = await publisher.ask("finish", now=False)
    assert said["last"] == 26
    assert said["late_p99_ms"] >= 500
    payloads = [body["data"] for body in service.bodies]
    assert [one["n"] for one in payloads] == list(range(7, 27))
    assert [one["due_ns"] for one in payloads] == [start_ns + 10_000_000 * step for step in range(20)]


async def test_a_publisher_stops_when_told(service: Listening) -> None:
    """Without a count it publishes until it is told to finish, and says which message was the last."""
    async with worker(PUBLISHER) as publisher:
        url = f"http://127.0.0.1:{service.server_port}/publish"
        await publisher.ask("attach", url=url, payload_bytes=100, seed=1, budget_s=5)
        await publisher.ask("pace", first=1, start_ns=time.monotonic_ns(), rate=200, count=None)
        async with asyncio.timeout(30):
            while len(service.bodies) < 5:  # noqa: ASYNC110 - another thread's list
                await asyncio.sleep(0.01)
        said = await publisher.ask("finish", now=True)
    assert said["last"] == len(service.bodies) >= 5


async def test_nowhere_to_publish_is_named() -> None:
    """A publisher that reaches nobody says where it tried."""
    async with worker(PUBLISHER) as publisher:
        with pytest.raises(LoadFailed, match=r"cannot publish at ws://127\.0\.0\.1:1/x: "):
            await publisher.ask("attach", url="ws://127.0.0.1:1/x", payload_bytes=100, seed=1, budget_s=5)
