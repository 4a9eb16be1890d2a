"""Locust users for the benchmark: subscribe, parse each message, report its latency. BENCH_TRANSPORT says which way."""

from __future__ import annotations

import json
import os
import time
from urllib.parse import urlsplit

from locust import FastHttpUser, User, task

CHANNEL = "bench"
TRANSPORT = os.environ.get("BENCH_TRANSPORT", "sse")


def keep(user: User, text: str | bytes) -> None:
    """Report a message to Locust as its users do: a request with a response time in milliseconds."""
    envelope = json.loads(text)
    if envelope["type"] == "update":
        late_ms = (time.monotonic_ns() - envelope["data"]["due_ns"]) / 1e6
        user.environment.events.request.fire(
            request_type="message", name=TRANSPORT, response_time=late_ms, response_length=len(text), exception=None
        )


class SseUser(FastHttpUser):
    """SSE by Locust's own fast client, read raw: its iter_lines waits for whole kibibytes."""

    abstract = TRANSPORT != "sse"
    network_timeout = 600.0
    connection_timeout = 60.0

    @task
    def listen(self) -> None:
        """Read until stopped."""
        stream = self.client.get(f"/sse/{CHANNEL}", stream=True).stream
        while block := stream.readline(b"\n\n"):
            keep(self, block.partition(b"data: ")[2])


class WebSocketUser(User):
    """WebSocket by websocket-client, which Locust's documentation uses."""

    abstract = TRANSPORT != "websocket"

    @task
    def listen(self) -> None:
        """Read until stopped."""
        from websocket import create_connection  # noqa: PLC0415  (only this transport needs it)

        peer = create_connection(f"ws://{urlsplit(self.host or '').netloc}/ws/{CHANNEL}")
        while text := peer.recv():
            keep(self, text)
