"""`python -m app` as a process of its own, for tests that ask it from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from wirematrix.budgets import SERVICE_START, SERVICE_STOP

ROOT: Final = Path(__file__).resolve().parent.parent


@contextmanager
def app_process(**settings: str) -> Iterator[str]:
    """The app with its control endpoints and these environment variables; the origin it is at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = subprocess.Popen(
            [sys.executable, "-m", "app", "--fd", str(listening.fileno())],
            cwd=ROOT,
            env={**os.environ, "APP_CONTROL": "true", **settings},
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
        )
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        httpx.get(f"{origin}/healthz", timeout=SERVICE_START.seconds, trust_env=False).raise_for_status()
        yield origin
    finally:
        serving.terminate()
        try:
            serving.wait(timeout=SERVICE_STOP.seconds)
        finally:
            serving.kill()
            serving.wait()
