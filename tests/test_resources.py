"""What a run cost: CPU and memory of real child processes that say when they are ready."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil
import pytest

from wirematrix import resources
from wirematrix.resources import Resources, memory_bytes

pytestmark = pytest.mark.anyio

BUSY: Final = """
import sys, time
while time.process_time() < 0.1: pass
kept = bytearray(32 << 20)
for place in range(0, len(kept), 4096): kept[place] = 1
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def busy_child() -> Iterator[psutil.Process]:
    """A child that has used 0.1 s of CPU, holds 32 MiB, and ends when the body does."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield psutil.Process(process.pid)


def test_a_child_counts_while_it_lives_and_after() -> None:
    """A child's CPU is counted by name as it was last seen with, and stays counted when the child is gone."""
    spent = Resources()
    with busy_child() as child:
        name = child.name()
        spent.take(memory=True)
        assert spent.cpu_by_name_s[name] >= 0.09
        peak_mib = spent.peak_memory_mib
        assert peak_mib >= 32
        before_s = spent.cpu_s
    spent.take(memory=True)
    assert spent.cpu_s >= before_s >= 0.09
    assert spent.cpu_by_name_s[name] >= 0.09
    assert spent.peak_memory_mib >= peak_mib


def test_two_children_of_one_name_are_added() -> None:
    """Processes of the same name are one line in the account, and a second look counts nobody twice."""
    spent = Resources()
    with busy_child() as child, busy_child():
        name = child.name()
        spent.take(memory=False)
        once_s = spent.cpu_by_name_s[name]
        assert once_s >= 0.18
        spent.take(memory=False)
        assert spent.cpu_by_name_s[name] - once_s < 0.09
        assert spent.peak_memory_mib == 0


def test_only_what_the_run_itself_used_counts() -> None:
    """What this process used before the run is not part of its cost."""
    assert Resources().cpu_s < 0.5 * sum(psutil.Process().cpu_times()[:2])


def test_memory_falls_back_to_rss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not tell the shared part of memory, the resident size stands in for it."""
    own = psutil.Process()

    def denied(_: psutil.Process) -> None:
        raise psutil.AccessDenied

    assert memory_bytes(own) > 0
    monkeypatch.setattr(psutil.Process, "memory_full_info", denied)  # the answer of a system we may not be on
    assert memory_bytes(own) >= 1 << 20


async def test_sampling_goes_on_until_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples are taken again and again, memory in the first and then now and then, until the run cancels it."""
    monkeypatch.setattr(resources, "PERIOD_S", 0.0)
    monkeypatch.setattr(resources, "MEMORY_EVERY", 3)
    asked: list[bool] = []
    enough = asyncio.Event()

    class Recording(Resources):
        def take(self, *, memory: bool) -> None:
            asked.append(memory)
            if len(asked) == 4:
                enough.set()

    sampling = asyncio.create_task(Recording().sample())
    await asyncio.wait_for(enough.wait(), 5)
    sampling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sampling
    assert asked[:4] == [True, False, False, True]
