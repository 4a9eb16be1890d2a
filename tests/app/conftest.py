"""One service for all tests that need no settings of their own; each uses a channel of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.app.serving import Served, serving

TOKEN = "s3cret-token"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A running service."""
    with serving(access_token=TOKEN, max_body_bytes=200_000, drain_ms=1_000) as running:
        yield running


@pytest.fixture
def channel() -> str:
    """A channel nobody used before."""
    return f"channel-{next(_numbers)}"
