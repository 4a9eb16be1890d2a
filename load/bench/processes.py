"""Processes that are measured: started on loopback, asked for CPU time and memory, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wirematrix.load import kernel
from wirematrix.load.kernel import cpu_time, raise_descriptor_limit

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]
BUDGET_S = 60.0
STOP_S = 10.0
OPEN_FILES = 8192
APP = {"APP_CONTROL": "true", "APP_HEARTBEAT_MS": "15000"}


class Unmeasured(Exception):
    """Something could not be measured; the text says what and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server process that answers."""

    pid: int
    port: int

    def url(self, target: str, *, scheme: str = "http") -> str:
        """An address on this server."""
        return f"{scheme}://{HOST}:{self.port}{target}"


def server_words(tier: str) -> tuple[list[str], dict[str, str]]:
    """How a tier is started, without its socket, and its environment."""
    if tier.startswith("app-"):
        return [sys.executable, "-m", "app"], {"APP_WEBSOCKET_COMPRESSION": str(tier.endswith("-deflate")).lower()}
    return [sys.executable, "-m", "load.tiers", tier], {}


@contextmanager
def serving(tier: str, *, folder: Path = ROOT) -> Iterator[Serving]:
    """A tier of the tree in `folder` as a process, from when it answers until the end of the block."""
    words, environment = server_words(tier)
    with contextlib.closing(socket.create_server((HOST, 0), backlog=2048)) as listener:
        port, fd = listener.getsockname()[1], listener.fileno()
        process = start([*words, "--fd", str(fd)], folder=folder, environment=environment, hand_on=[fd])
    try:
        wait_until_it_answers(port, process)
        yield Serving(pid=process.pid, port=port)
    finally:
        stop(process)


def start(
    words: Sequence[str],
    *,
    folder: Path = ROOT,
    environment: Mapping[str, str],
    hand_on: Sequence[int] = (),
    quiet: bool = False,
) -> subprocess.Popen[str]:
    """A process with text pipes; the output of a quiet one, and its complaints, are thrown away."""
    return subprocess.Popen(
        words,
        cwd=folder,
        env={**os.environ, **APP, **environment},
        pass_fds=hand_on,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        text=True,
        bufsize=1,
    )


def stop(process: subprocess.Popen[str]) -> None:
    """End a process in order, or by force when it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def wait_until_it_answers(port: int, process: subprocess.Popen[str]) -> None:
    """Ask for /healthz on a connection that waits in the backlog; raises Unmeasured if the process ends first."""
    with socket.create_connection((HOST, port), timeout=BUDGET_S) as asking:
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            if b" 200 " in asking.recv(1 << 12):
                return
    raise Unmeasured(f"the server with process id {process.pid} never answered")


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, of all its threads; raises Unmeasured if it has ended."""
    used = cpu_time(pid)
    if used is None:
        raise Unmeasured(f"process {pid} has ended")
    return used.busy_ns / 1e9


def resident_bytes(pid: int) -> int:
    """Memory that the process has in RAM; raises Unmeasured if it has ended."""
    resident = kernel.resident_bytes(pid)
    if resident is None:
        raise Unmeasured(f"process {pid} has ended")
    return resident


def allow_many_files() -> None:
    """Raise our own limit of open files as far as we may; the processes we start inherit it."""
    raise_descriptor_limit(OPEN_FILES)


def wait_for_cpu_rest(pid: int, *, rest_s: float = 0.1) -> None:
    """Wait until a process has used next to nothing for `rest_s`: what is measured next begins from rest."""
    until = time.monotonic() + BUDGET_S
    before = cpu_s(pid)
    while time.monotonic() < until:
        time.sleep(rest_s)
        now = cpu_s(pid)
        if now - before < 0.02 * rest_s:
            return
        before = now
    raise Unmeasured(f"process {pid} never came to rest within {BUDGET_S:.0f} s")
