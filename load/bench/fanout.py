"""What a delivery costs the server by tier, subscribers and regime, and what a connection costs in memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from load.bench.processes import (
    BUDGET_S,
    HOST,
    ROOT,
    Serving,
    Unmeasured,
    cpu_s,
    resident_bytes,
    serving,
    start,
    stop,
    wait_for_cpu_rest,
)
from load.bench.publisher import CHANNEL, Publisher, publisher

Regime = Literal["paced", "bursts"]
BURST = {"paced": 1, "bursts": 16}
PAYLOAD_BYTES = 200
WARM_UP = 48  # messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was measured of one tier once."""

    us_per_delivery: dict[Regime, float]  # CPU microseconds of the server process
    kib_per_connection: float  # resident memory with everybody there and messages sent, minus idle
    open_ms_per_connection: float  # CPU milliseconds of the server process


class Sink:
    """The counting subscribers of load/bench/sink.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def expect(self, total: int) -> None:
        """Wait until that many messages came to all subscribers together; raises Unmeasured."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(f"expect {total}\n")
        self.wait_for("reached", f"{total} deliveries")

    def wait_for(self, word: str, what: str) -> None:
        """Wait for a line; raises Unmeasured."""
        out = self._process.stdout
        assert out is not None  # noqa: S101
        ready, _, _ = select.select([out], [], [], BUDGET_S)
        line = out.readline() if ready else ""
        if not line.startswith(word):
            raise Unmeasured(f"waited {BUDGET_S:.0f} s for {what}; came {line!r}")


@contextmanager
def sink(server: Serving, transport: str, subscribers: int) -> Iterator[Sink]:
    """Subscribers in a process of their own."""
    words = [sys.executable, "-m", "load.bench.sink", str(server.port), transport, CHANNEL, str(subscribers)]
    process = start(words, environment={})
    try:
        counting = Sink(process)
        counting.wait_for("open", f"{subscribers} subscribers")
        wait_for_subscribers(server, subscribers)
        yield counting
    finally:
        stop(process)


def wait_for_subscribers(server: Serving, count: int) -> None:
    """Wait until the server has that many; raises Unmeasured."""
    until = time.monotonic() + BUDGET_S
    while (counted := subscribers_of(server)) != count:
        if time.monotonic() > until:
            raise Unmeasured(f"waited {BUDGET_S:.0f} s for {count} subscribers; the server has {counted}")
        time.sleep(0.02)


def subscribers_of(server: Serving) -> int:
    """What the server says."""
    with contextlib.closing(http.client.HTTPConnection(HOST, server.port, timeout=BUDGET_S)) as asking:
        asking.request("GET", f"/control/channels/{CHANNEL}")
        return int(json.loads(asking.getresponse().read())["subscribers"])


def measure(tier: str, subscribers: int, *, deliveries_per_s: float, window_s: float, folder: Path = ROOT) -> Cost:
    """Measure a tier once; a server of its own, so that memory begins at its bottom."""
    transport = "websocket" if "websocket" in tier else "sse"
    with serving(tier, folder=folder) as server:
        subscribers_of(server)  # whatever is made at the first request is there
        wait_for_cpu_rest(server.pid)
        idle_bytes, before_s = resident_bytes(server.pid), cpu_s(server.pid)
        with sink(server, transport, subscribers) as counting, publisher(server, payload_bytes=PAYLOAD_BYTES) as out:
            wait_for_cpu_rest(server.pid)
            open_s = cpu_s(server.pid) - before_s
            rate_per_s = deliveries_per_s / subscribers
            costs: dict[Regime, float] = {}
            for regime in ("paced", "bursts"):
                costs[regime] = cost_of(server, counting, out, regime, rate_per_s, window_s, subscribers)
            steady_bytes = resident_bytes(server.pid)
    return Cost(
        us_per_delivery=costs,
        kib_per_connection=(steady_bytes - idle_bytes) / 1024 / subscribers,
        open_ms_per_connection=open_s * 1000 / subscribers,
    )


def cost_of(
    server: Serving,
    counting: Sink,
    out: Publisher,
    regime: Regime,
    rate_per_s: float,
    window_s: float,
    subscribers: int,
) -> float:
    """CPU microseconds a delivery takes the server in one regime, after a warm-up."""
    burst = BURST[regime]
    out.publish(WARM_UP, per_s=rate_per_s * 2, burst=burst)
    counting.expect(out.published * subscribers)
    messages = max(burst * 4, int(rate_per_s * window_s) // burst * burst)
    before_s = cpu_s(server.pid)
    out.publish(messages, per_s=rate_per_s, burst=burst)
    counting.expect(out.published * subscribers)
    return (cpu_s(server.pid) - before_s) * 1e6 / (messages * subscribers)
