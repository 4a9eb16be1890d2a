"""Tests with real engines: run by hand and in CI, `pytest tests_browser`. None of them is needed by `make test`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.app_process import app_process
from wirematrix.engines import LiveEngine, launched, locate, playwright_driver
from wirematrix.errors import EngineUnavailable


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
    with app_process() as origin:
        yield origin


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
