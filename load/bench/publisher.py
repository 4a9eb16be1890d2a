"""The load model's publisher: messages due at fixed times, over the publishing socket of a server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect

from load.bench.processes import BUDGET_S, Serving

CHANNEL = "bench"


class Publisher:
    """Numbers the messages of one server."""

    def __init__(self, socket: ClientConnection, payload_bytes: int) -> None:
        self._socket = socket
        self._payload_bytes = payload_bytes
        self.published = 0

    def publish(self, count: int, *, per_s: float | None, burst: int = 1) -> None:
        """Publish `count` messages, `burst` of them in one go, on average `per_s` a second; None is all at once."""
        began = time.monotonic()
        for index in range(count // burst):
            due_s = began + (index * burst / per_s if per_s else 0)
            if (early_s := due_s - time.monotonic()) > 0:
                time.sleep(early_s)
            items = [self._payload(due_s) for _ in range(burst)]
            wish = {"data": items[0]} if burst == 1 else {"items": items}
            self._socket.send(json.dumps(wish, separators=(",", ":")))

    def _payload(self, due_s: float) -> dict[str, int | str]:
        self.published += 1
        due_ns = int(due_s * 1e9)
        bare = json.dumps({"n": self.published, "due_ns": due_ns, "fill": ""}, separators=(",", ":"))
        return {"n": self.published, "due_ns": due_ns, "fill": "x" * max(0, self._payload_bytes - len(bare))}


@contextmanager
def publisher(server: Serving, *, payload_bytes: int) -> Iterator[Publisher]:
    """A publisher that is connected."""
    target = server.url(f"/control/channels/{CHANNEL}/publish", scheme="ws")
    with connect(target, compression=None, open_timeout=BUDGET_S, proxy=None) as socket:
        yield Publisher(socket, payload_bytes)
