"""Admission: never more cells than the limit, the limit always inside its bounds, and what waits holds nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import steady
from wirematrix import admission
from wirematrix.admission import LATE_MS, PUNCTUAL_MS, Admission, Limits

pytestmark = pytest.mark.anyio

bounds = st.tuples(st.integers(1, 30), st.integers(0, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))
samples = st.lists(st.tuples(st.floats(0, 300), st.floats(0, 100)), max_size=60)


def limits(least: int, most: int | None = None, *, beginning: int = 2) -> Limits:
    """Bounds of the number of live cells."""
    return Limits(least=least, most=least if most is None else most, beginning=beginning)


def never() -> bool:
    """It is not over."""
    return False


# ── the limit ──


@steady
@given(bounds=bounds, measured=samples)
def test_the_limit_stays_inside_its_bounds(bounds: tuple[int, int], measured: list[tuple[float, float]]) -> None:
    """Whatever the machine does, the limit is never above the most nor below the least."""

    async def govern() -> None:
        gate = Admission(limits(*bounds))
        for late_ms, busy_percent in measured:
            before = gate.limit
            await gate.adapt(late_ms=late_ms, busy_percent=busy_percent)
            assert bounds[0] <= gate.limit <= bounds[1]
            assert before * 0.9 <= gate.limit <= before + 1

    asyncio.run(govern())


@pytest.mark.parametrize(
    ("late_ms", "busy_percent", "limit"),
    [
        (LATE_MS + 1, 0, 9.0),  # late: down by a tenth, however idle the processors seem
        (LATE_MS + 1, 100, 9.0),
        (0, 50, 11.0),  # punctual and idle: one more
        (0, 100, 10.0),  # busy: as it is
        (PUNCTUAL_MS + 1, 0, 10.0),  # neither late nor punctual: as it is
        (LATE_MS, 0, 10.0),
    ],
)
async def test_one_step(late_ms: float, busy_percent: float, limit: float) -> None:
    """The limit falls when the loop wakes late, grows when there is CPU to spare, and else stays."""
    gate = Admission(limits(5, 20))
    gate.limit = 10
    await gate.adapt(late_ms=late_ms, busy_percent=busy_percent)
    assert gate.limit == limit


async def test_a_fixed_limit_is_not_governed() -> None:
    """With a number that was asked for there is nothing to adapt: governing ends at once."""
    gate = Admission(limits(3))
    await asyncio.wait_for(gate.govern(), 5)
    assert gate.limit == 3


async def test_governing_measures_and_adapts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The governor measures lateness and CPU again and again and hands both to `adapt`, until it is cancelled."""
    monkeypatch.setattr(admission, "PERIOD_S", 0.001)
    measured: list[tuple[float, float]] = []
    twice = asyncio.Event()

    class Recording(Admission):
        async def adapt(self, *, late_ms: float, busy_percent: float) -> None:
            measured.append((late_ms, busy_percent))
            if len(measured) == 2:
                twice.set()

    governor = asyncio.create_task(Recording(limits(2, 8)).govern())
    await asyncio.wait_for(twice.wait(), 5)
    governor.cancel()
    with pytest.raises(asyncio.CancelledError):
        await governor
    assert all(late_ms > -1 and 0 <= busy_percent <= 100 for late_ms, busy_percent in measured)


@pytest.mark.parametrize(
    ("asked", "processors", "least", "most", "beginning", "spelled"),
    [
        (1, 2, 1, 1, 1, "1"),
        (7, 2, 7, 7, 2, "7"),
        (None, 2, 4, 32, 2, "adaptive, 4 to 32"),
        (None, 1, 2, 16, 1, "adaptive, 2 to 16"),
    ],
)
def test_bounds_follow_the_request_or_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    asked: int | None,
    processors: int,
    least: int,
    most: int,
    beginning: int,
    spelled: str,
) -> None:
    """A number is kept exactly; without one the machine's cores decide, and no more begin at once than there are."""
    monkeypatch.setattr(admission, "cores", lambda: processors)
    found = Limits.for_concurrency(asked)
    assert found == Limits(least=least, most=most, beginning=beginning)
    assert found.spelled == spelled


def test_there_is_a_processor() -> None:
    """At least the one that runs this may be used."""
    assert admission.cores() >= 1


# ── the places ──


def queue_of(*things: str) -> Callable[[], str | None]:
    """A choice: the first of what is left, None when nothing is."""
    left = deque(things)
    return lambda: left.popleft() if left else None


async def test_there_are_never_more_than_the_limit() -> None:
    """As many are admitted as there are places; a place that is left lets the next one in, in the order of choice."""
    gate = Admission(limits(2))
    choose = queue_of("a", "b", "c")
    assert [await gate.admit(choose, over=never) for _ in range(2)] == ["a", "b"]
    third = asyncio.create_task(gate.admit(choose, over=never))
    await checkpoint()
    assert (gate.live, third.done()) == (2, False)
    await gate.leave()
    assert await asyncio.wait_for(third, 5) == "c"
    assert (gate.live, gate.most_live) == (2, 2)


async def test_waiting_for_a_choice_holds_no_place() -> None:
    """While there is nothing to choose no place is taken; whoever has news tells, and is heard."""
    gate = Admission(limits(1))
    things: list[str] = []
    waiter = asyncio.create_task(gate.admit(lambda: things.pop() if things else None, over=never))
    await checkpoint()
    assert (gate.live, waiter.done()) == (0, False)
    things.append("late")
    await gate.tell()
    assert await asyncio.wait_for(waiter, 5) == "late"


async def test_when_it_is_over_nobody_waits() -> None:
    """Nothing is chosen any more once it is over, whether a place is free or not."""
    gate = Admission(limits(1))
    assert await gate.admit(queue_of("a"), over=lambda: True) is None
    assert await gate.admit(queue_of("a"), over=never) == "a"
    ended: list[str] = []
    waiter = asyncio.create_task(gate.admit(queue_of("b"), over=lambda: bool(ended)))
    await checkpoint()
    ended.append("yes")
    await gate.leave()
    assert await asyncio.wait_for(waiter, 5) is None
    assert gate.live == 0


async def test_a_growing_limit_lets_the_next_in() -> None:
    """When the limit grows, the next is let in at once; when it falls, nobody is put out."""
    gate = Admission(limits(1, 3))
    choose = queue_of("a", "b", "c")
    assert await gate.admit(choose, over=never) == "a"
    for name in ("b", "c"):
        waiter = asyncio.create_task(gate.admit(choose, over=never))
        await checkpoint()
        assert not waiter.done()
        await gate.adapt(late_ms=0, busy_percent=0)
        assert await asyncio.wait_for(waiter, 5) == name
    await gate.adapt(late_ms=200, busy_percent=100)
    assert (gate.live, int(gate.limit)) == (3, 2)


async def test_a_cancelled_wait_takes_no_place() -> None:
    """Who is cancelled while waiting leaves everything as it was."""
    gate = Admission(limits(1))
    assert await gate.admit(queue_of("a"), over=never) == "a"
    waiter = asyncio.create_task(gate.admit(queue_of("b"), over=never))
    await checkpoint()
    waiter.cancel()
    await asyncio.wait({waiter}, timeout=5)
    await gate.leave()
    assert gate.live == 0
    assert await asyncio.wait_for(gate.admit(queue_of("c"), over=never), 5) == "c"


async def test_few_begin_at_once() -> None:
    """What costs CPU is done by no more cells at once than there are places for it, and by all in the end."""
    gate = Admission(limits(10, beginning=2))
    beginning, most, done = 0, 0, 0

    async def cell() -> None:
        nonlocal beginning, most, done
        async with gate.beginning():
            beginning += 1
            most = max(most, beginning)
            await checkpoint()
            beginning -= 1
            done += 1

    async with asyncio.TaskGroup() as cells:
        for _ in range(8):
            cells.create_task(cell())
    assert (most, done) == (2, 8)
