"""Services for all tests that need no settings of their own: what holds with one feed holds with the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.app.redis_servers import NEEDS_REDIS, own_redis
from tests.app.serving import Served, serving

TOKEN = "s3cret-token"
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["memory", pytest.param("redis", marks=NEEDS_REDIS)])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running service, whose messages are in its own memory or in a Redis."""
    with ExitStack() as scene:
        feed = {}
        if request.param == "redis":
            feed["feed"] = scene.enter_context(own_redis(tmp_path_factory.mktemp("redis"))).url
        yield scene.enter_context(serving(access_token=TOKEN, max_body_bytes=200_000, drain_ms=1_000, **feed))


@pytest.fixture
def channel() -> str:
    """A channel nobody used before."""
    return f"channel-{next(_numbers)}"
