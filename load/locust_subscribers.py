"""Subscribers as Locust users: each holds one stream open and reads it raw, message by message.

Locust's own line reader waits for blocks of a kilobyte, so what it says about latency is wrong and the last messages
may never arrive. Here every read is taken as it comes, and what is in it is found by the same `Tally` that the load
generator of this project uses, so the two differ in how they receive and in nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import gevent
import websocket
from gevent.event import Event
from locust import HttpUser, User, task

from wirematrix.budgets import LOAD_OPEN
from wirematrix.load.tally import Tally

AT_ONCE: Final = 1 << 16  # bytes of one read
LOOK_S: Final = 0.01  # how often a wait looks
BOUNDARY: Final = b"\n\n"
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def clock_name() -> str:
    """What tells apart machines, whose monotonic clocks do not agree; "" where the system does not say."""
    return BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.exists() else ""


class Subscriber(User):
    """One stream, from its opening to its end. Each message is a request to Locust, its response time the latency.

    The latency of a message is known only on the machine on which it was published; elsewhere the message is counted
    and its time is None.
    """

    abstract = True
    kind = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.tally = Tally()
        self.live = False
        self.last_ns = 0  # when its newest message came
        self.same_clock = environment.parsed_options.clock == clock_name() != ""

    @task
    def listen(self) -> None:
        """Open the stream and take what comes, until the user is stopped."""
        began = time.perf_counter()
        try:
            for came in self.stream():
                if not self.live:
                    self.live = True
                    self.note("open", (time.perf_counter() - began) * 1000)
                self.take(came)
        except OSError as error:  # what requests and websocket-client raise is one, too, but for the next
            self.fail(error)
        except websocket.WebSocketException as error:
            self.fail(error)
        self.live = False
        Event().wait()  # what a broken stream misses is lost: it does not open another

    def stream(self) -> Iterator[bytes]:
        """Nothing once when the stream is open, then whole messages as they are read."""
        raise NotImplementedError

    def take(self, came: bytes) -> None:
        """Whole messages that came in one read."""
        before = len(self.tally.latency_ns)
        at_ns = time.monotonic_ns()
        self.tally.take(came, at_ns)
        latencies_ns = self.tally.latency_ns[before:]
        self.last_ns = at_ns if latencies_ns else self.last_ns
        for latency_ns in latencies_ns:
            self.note("message", latency_ns / 1e6 if self.same_clock else None, len(came) // len(latencies_ns))

    def note(self, name: str, took_ms: float | None, length: int = 0, problem: Exception | None = None) -> None:
        """Tell Locust."""
        self.environment.events.request.fire(
            request_type=self.kind,
            name=name,
            response_time=took_ms,
            response_length=length,
            exception=problem,
            context={},
        )

    def fail(self, problem: Exception) -> None:
        """The stream did not open, or broke."""
        self.note("stream", None, problem=problem)


class SseSubscriber(Subscriber, HttpUser):
    """A GET by Locust's own HTTP user, whose answer never ends."""

    kind = "SSE"

    def stream(self) -> Iterator[bytes]:
        """Blocks of the event stream."""
        self.client.trust_env = False
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-store"}
        target = self.environment.parsed_options.sse
        timeout = (LOAD_OPEN.seconds, None)
        with closing(self.client.get(target, stream=True, name="head", headers=headers, timeout=timeout)) as head:
            head.raise_for_status()
            yield b""
            rest = b""
            while came := head.raw.read1(AT_ONCE):
                whole, boundary, rest = (rest + came).rpartition(BOUNDARY)
                if boundary:
                    yield whole + boundary


class WebSocketSubscriber(Subscriber):
    """A WebSocket by websocket-client, which comes with Locust."""

    kind = "WebSocket"

    def stream(self) -> Iterator[bytes]:
        """Text frames."""
        base = urlsplit(self.host or "")
        target = self.environment.parsed_options.ws
        address = urlunsplit((base.scheme.replace("http", "ws"), base.netloc, target, "", ""))
        with closing(websocket.create_connection(address, timeout=LOAD_OPEN.seconds, http_no_proxy=["*"])) as stream:
            stream.settimeout(None)
            yield b""
            while True:
                opcode, frame = stream.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    return
                yield frame


def came_true(holds: Callable[[], bool], budget_s: float) -> bool:
    """Whether something comes to hold in time; everything else goes on meanwhile."""
    last_moment = time.monotonic() + budget_s
    while not holds():
        if time.monotonic() > last_moment:
            return False
        gevent.sleep(LOOK_S)
    return True
