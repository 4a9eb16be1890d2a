"""What the tests of the origin share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.origin.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """An origin of its own."""
    async with Rig.running() as running:
        yield running
