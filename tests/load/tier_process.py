"""A tier as a process, for tests: started on a socket of our own, asked over loopback, ended by SIGTERM."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from websockets.sync.client import ClientConnection, connect

from tests.app.serving import BUDGET_S, HOST, Facts, Served

ROOT: Final = Path(__file__).resolve().parents[2]
HEARTBEAT_MS: Final = 300


def command(name: str, fd: int) -> list[str]:
    """How a tier is started."""
    return [sys.executable, "-m", "load.tiers", name, "--fd", str(fd)]


@contextmanager
def tier(name: str, *, heartbeat_ms: int = HEARTBEAT_MS) -> Iterator[Served]:
    """A running tier; afterwards it has ended by itself at SIGTERM, with status 0."""
    environment = {**os.environ, "APP_HEARTBEAT_MS": str(heartbeat_ms)}
    with contextlib.closing(socket.create_server((HOST, 0), backlog=128)) as listener:
        fd, port = listener.fileno(), listener.getsockname()[1]
        process = subprocess.Popen(command(name, fd), cwd=ROOT, env=environment, pass_fds=[fd])
    served = Served(port, Facts())
    try:
        with contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=BUDGET_S)) as asking:
            asking.request("GET", "/healthz")  # waits in the backlog until the process accepts
            assert asking.getresponse().status == 200
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=BUDGET_S)
    assert status in {0, -signal.SIGTERM}  # uvicorn raises the signal again when it has stopped in order


@contextmanager
def publisher(served: Served, channel: str) -> Iterator[ClientConnection]:
    """The publishing socket of a channel."""
    target = f"ws://{HOST}:{served.port}/control/channels/{channel}/publish"
    with connect(target, compression=None, open_timeout=BUDGET_S, proxy=None) as publishing:
        yield publishing
