"""Tests with real engines: run by hand and in CI, `pytest tests_browser`. None of them is needed by `make test`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from wirematrix.budgets import SERVICE_START, SERVICE_STOP
from wirematrix.engines import LiveEngine, launched, locate, playwright_driver
from wirematrix.errors import EngineUnavailable

ROOT: Final = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The one backend everything here is written for; per module, so that an engine can be kept."""
    return "asyncio"


@pytest.fixture(scope="module")
async def kept_engine(request: pytest.FixtureRequest) -> AsyncIterator[LiveEngine]:
    """A running engine by its name, shared by a module; skipped where nobody asked for it or it is not here."""
    name: str = request.param
    if name not in request.config.option.browser:
        pytest.skip("another engine was asked for")
    try:
        locate(name)
    except EngineUnavailable as unavailable:
        if request.config.getoption("--require-engines", default=False):
            pytest.fail(str(unavailable), pytrace=False)
        pytest.skip(str(unavailable))
    async with playwright_driver() as playwright, launched(playwright, name) as running:
        yield running


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """`python -m app` with its control endpoints; the origin it is at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = subprocess.Popen(
            [sys.executable, "-m", "app", "--fd", str(listening.fileno())],
            cwd=ROOT,
            env={**os.environ, "APP_CONTROL": "true"},
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


@pytest.fixture
def channel() -> str:
    """A channel of the test's own."""
    return f"c-{uuid.uuid4().hex}"


def pytest_configure(config: pytest.Config) -> None:
    """What asks for a `page` runs in all three engines unless some were asked for."""
    config.option.browser = config.option.browser or ["chromium", "firefox", "webkit"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for a `page` comes last: Playwright's blocking face keeps a loop in this thread to the session's end."""
    items.sort(key=lambda item: "page" in getattr(item, "fixturenames", ()))
