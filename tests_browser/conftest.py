"""Tests with real engines: run by hand and in CI, `pytest tests_browser`. None of them is needed by `make test`."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The one backend everything here is written for; per module, so that an engine can be kept."""
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    """What asks for a `page` runs in all three engines unless some were asked for."""
    config.option.browser = config.option.browser or ["chromium", "firefox", "webkit"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for a `page` comes last: Playwright's blocking face keeps a loop in this thread to the session's end."""
    items.sort(key=lambda item: "page" in getattr(item, "fixturenames", ()))
