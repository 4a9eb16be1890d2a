"""Tests with real engines: run by hand and in CI, `pytest tests_browser`. None of them is needed by `make test`."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The one backend everything here is written for; per module, so that an engine can be kept."""
    return "asyncio"
