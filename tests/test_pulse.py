"""Standstills of this program: noticed when they are long, and only then."""

from __future__ import annotations

import asyncio
import time

import pytest

from wirematrix import pulse

pytestmark = pytest.mark.anyio


async def test_a_standstill_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that stands still for longer than the limit is told once, with how long; a busy one that turns is not."""
    monkeypatch.setattr(pulse, "HELD_UP_MS", 200.0)
    told: list[float] = []
    watching = asyncio.create_task(pulse.watch(told.append))
    await asyncio.sleep(3 * pulse.PERIOD_S)
    before = list(told)  # a machine that stands still by itself may add one
    time.sleep(pulse.PERIOD_S + 0.25)  # noqa: ASYNC251 - what must never happen in the loop
    await asyncio.sleep(2 * pulse.PERIOD_S)
    watching.cancel()
    assert [late_ms >= 200 for late_ms in told[len(before) :]][:1] == [True]
