"""Waiting for an observation: it happened, the other side died, or the budget is spent; each is written down."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from wirematrix.budgets import SCALE_VARIABLE, Budget
from wirematrix.errors import ServiceDied
from wirematrix.model import NearMiss, Observation
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

pytestmark = pytest.mark.anyio

AMPLE: Final = Budget("ample", 60_000)
SCANT: Final = Budget("scant", 100)  # 10 ms, at the scale used here


@pytest.fixture(autouse=True)
def scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets are a tenth of what they say."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")


class Clock:
    """A monotonic clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def awaited(recorder: Recorder) -> dict[str, object]:
    """What the last wait wrote down."""
    seen = recorder.timeline().last("driver", "awaited")
    assert seen is not None
    return dict(seen.detail)


def nobody_watches(recorder: Recorder) -> bool:
    """Whether every wait has let go of the recorder."""
    return recorder._watchers == []


async def test_what_has_happened_is_found_at_once() -> None:
    """An observation from before the wait, at or after `since_ms`, ends it: the earliest one."""
    recorder = Recorder()
    for at_ms in (1.0, 5.0, 9.0):
        recorder.observe("server", "gone", at_ms=at_ms, number=at_ms)
    found = await Waits(recorder).until("server", "gone", since_ms=5, budget=AMPLE)
    assert found is not None
    assert found.detail["number"] == 5
    assert awaited(recorder)["met"] is True


async def test_what_happens_meanwhile_is_found() -> None:
    """An observation made during the wait ends it; others, of another source, kind, time or detail, do not."""
    recorder = Recorder()
    waiting = asyncio.create_task(
        Waits(recorder).until(
            "link",
            "link-end",
            "refused",
            since_ms=10,
            budget=AMPLE,
            where=lambda seen: seen.detail.get("number") == 2,
        )
    )
    loop = asyncio.get_running_loop()
    for source, kind, at_ms, number in (
        ("server", "refused", 20, 2),
        ("link", "link-open", 20, 2),
        ("link", "refused", 9, 2),
        ("link", "refused", 20, 1),
        ("link", "refused", 30, 2),
        ("link", "refused", 40, 2),
    ):
        loop.call_soon(
            lambda *told: recorder.observe(*told[:2], at_ms=told[2], number=told[3]), source, kind, at_ms, number
        )
    found = await waiting
    assert found == Observation(at_ms=30, source="link", kind="refused", detail={"number": 2})
    assert awaited(recorder)["awaited"] == "link link-end or refused"
    assert nobody_watches(recorder)


async def test_a_spent_budget_finds_nothing() -> None:
    """When the budget is spent the answer is None, and the timeline says what was awaited, how long, in vain."""
    recorder = Recorder()
    waits = Waits(recorder)
    assert await waits.until("server", "gone", since_ms=0, budget=SCANT) is None
    said = awaited(recorder)
    assert (said["awaited"], said["met"], said["budget_ms"]) == ("server gone", False, 10)
    assert isinstance(said["waited_ms"], int)
    assert said["waited_ms"] >= 9
    assert waits.near_misses == []
    assert nobody_watches(recorder)


async def test_what_is_only_heard_is_not_written_down() -> None:
    """What is none of the scenario's business is waited for in the same way, and leaves no trace, met or not."""
    recorder = Recorder()
    waits = Waits(recorder)
    assert await waits.heard("server", "mark", since_ms=0, budget=SCANT) is None
    asyncio.get_running_loop().call_soon(recorder.observe, "server", "mark")
    assert await waits.heard("server", "mark", since_ms=0, budget=AMPLE)
    assert recorder.timeline().of("driver", "awaited") == ()
    assert waits.near_misses == []
    assert nobody_watches(recorder)


async def test_a_dead_side_is_named() -> None:
    """When the side that would have to speak is dead, its own error ends the wait, not a None."""

    def alive() -> None:
        raise ServiceDied("python -m app", exit_code=-9, last_words="")

    recorder = Recorder()
    with pytest.raises(ServiceDied, match="exit code -9"):
        await Waits(recorder).until("server", "gone", since_ms=0, budget=SCANT, alive=alive)
    assert nobody_watches(recorder)


async def test_nobody_is_suspected_after_it_happened() -> None:
    """Whether the other side lives is asked only when the budget is spent: it may well end after having spoken."""

    def alive() -> None:
        raise ServiceDied("python -m app", exit_code=0, last_words="")

    recorder = Recorder()
    recorder.observe("server", "gone", at_ms=1)
    assert await Waits(recorder).until("server", "gone", since_ms=0, budget=AMPLE, alive=alive)


async def test_a_cancelled_wait_lets_go() -> None:
    """A wait that is cancelled stops watching and does not pass for one that ended by itself."""
    recorder = Recorder()
    waiting = asyncio.create_task(Waits(recorder).until("server", "gone", since_ms=0, budget=AMPLE))
    asyncio.get_running_loop().call_soon(waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert nobody_watches(recorder)
    assert recorder.timeline().first("driver", "awaited") is None


async def test_how_long_it_took_is_on_the_attempts_clock() -> None:
    """The time a wait took is measured by the recorder's clock, and a long one is a near miss."""
    clock = Clock()
    recorder = Recorder(monotonic=clock)
    waits = Waits(recorder)

    def happens() -> None:
        clock.now_s += 5.4
        recorder.observe("server", "gone")

    asyncio.get_running_loop().call_soon(happens)
    assert await waits.until("server", "gone", since_ms=0, budget=AMPLE)
    assert awaited(recorder) == {"awaited": "server gone", "met": True, "waited_ms": 5_400, "budget_ms": 6_000}
    assert waits.near_misses == [NearMiss(awaited="server gone", waited_ms=5_400, budget_ms=6_000)]


@pytest.mark.parametrize(
    ("waited_ms", "met", "near"),
    [(4_800, True, False), (4_801, True, True), (6_100, True, True), (6_000, False, False)],
)
def test_a_near_miss_was_met_late(waited_ms: float, *, met: bool, near: bool) -> None:
    """More than 0.8 of the budget, and met: that is a near miss. A wait in vain is no miss but a finding."""
    recorder = Recorder()
    waits = Waits(recorder)
    waits.account("page open", waited_ms, AMPLE, met=met)
    assert bool(waits.near_misses) is near
    assert awaited(recorder) == {"awaited": "page open", "met": met, "waited_ms": waited_ms, "budget_ms": 6_000}
