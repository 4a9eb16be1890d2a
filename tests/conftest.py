"""Async tests run on asyncio alone, by anyio's own pytest plugin."""

from __future__ import annotations

import httpcore  # noqa: F401 - pytester's in-process runs forget what they imported first, and httpx would map two
import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The one backend everything here is written for."""
    return "asyncio"
