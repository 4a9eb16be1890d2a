"""A Redis for a test: a process of its own on a Unix socket, which can be killed and started again on its folder."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.app.serving import BUDGET_S

LOOK_S: Final = 0.02  # a server that begins to listen tells nobody
NEEDS_REDIS: Final = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed; make matrix-routes installs it"
)


class OwnRedis:
    """One Redis; `url` is what APP_FEED says of it."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        self._keeps = keeps
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "redis-server",
                *("--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder), "--save", ""),
                *("--appendonly", "yes" if self._keeps else "no", "--appendfsync", "always"),
            ],
            stdout=subprocess.DEVNULL,
        )
        ends_at = time.monotonic() + BUDGET_S
        while time.monotonic() < ends_at:
            try:
                with self.asked() as redis:
                    redis.ping()
            except RedisError:
                time.sleep(LOOK_S)
            else:
                return
        pytest.fail("redis-server did not answer")

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(BUDGET_S)
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It lives, keeps its connections, and answers nobody for the length of the block."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def asked(self) -> Iterator[Redis]:
        """A connection of the test's own."""
        redis = Redis.from_url(self.url, decode_responses=True)
        try:
            yield redis
        finally:
            redis.close()


@contextmanager
def own_redis(folder: Path, *, keeps: bool = True) -> Iterator[OwnRedis]:
    """A running Redis for the length of the block; one that does not keep is empty after it was killed."""
    redis = OwnRedis(folder, keeps=keeps)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
