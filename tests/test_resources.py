"""What a run cost: CPU and memory of real child processes that say when they are ready."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil
import pytest

from wirematrix import resources
from wirematrix.resources import PARTS, Resources, idle_s, memory_bytes

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
def busy_child(*words: str) -> Iterator[psutil.Process]:
    """A child that has used 0.1 s of CPU, holds 32 MiB, and ends when the body does."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", BUSY, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield psutil.Process(process.pid)


def test_a_child_counts_while_it_lives_and_after() -> None:
    """A child's CPU is counted as it was last seen, and stays counted when the child is gone."""
    spent = Resources()
    with busy_child():
        spent.take(memory=True)
        assert spent.cpu_by_part_s["other"] >= 0.09
        peak_mib = spent.peak_memory_mib
        assert peak_mib >= 32
        before_s = spent.cpu_by_part_s["other"]
    spent.take(memory=True)
    assert spent.cpu_by_part_s["other"] >= before_s
    assert spent.peak_memory_mib >= peak_mib


def test_children_are_added_and_nobody_counts_twice() -> None:
    """Processes of one part are one sum, and a second look adds only what was used meanwhile."""
    spent = Resources()
    with busy_child(), busy_child():
        spent.take(memory=False)
        once_s = spent.cpu_by_part_s["other"]
        assert once_s >= 0.18
        spent.take(memory=False)
        assert spent.cpu_by_part_s["other"] - once_s < 0.09
        assert spent.peak_memory_mib == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what ended children used")
def test_a_child_that_no_look_saw_counts() -> None:
    """A process that began and ended between two looks is known by whoever waited for it."""
    spent = Resources()
    with busy_child():
        pass
    spent.take(memory=False)
    assert spent.cpu_by_part_s["other"] >= 0.09


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["run-driver"], "driver"),
        (["/somewhere/webkitgtk_shell.py"], "engines"),
        (["/somewhere/forkserver.py"], "app"),
        (["something else"], "other"),
    ],
)
def test_processes_are_known_by_their_command_line(words: list[str], part: str) -> None:
    """What a process is says its command line; whatever the app is started with is the app."""
    spent = Resources()
    with busy_child(*words):
        spent.take(memory=False)
        assert spent.cpu_by_part_s[part] >= 0.09
    own = Resources([sys.executable, "-I", "-S", "{fd}"])
    with busy_child(*words):
        own.take(memory=False)
        assert own.cpu_by_part_s["app"] >= 0.09


def test_what_the_driver_starts_is_an_engine() -> None:
    """A process below Playwright's driver is of the engines, whatever it is called."""
    spent = Resources()
    below = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", below, "run-driver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "ready\n"
        spent.take(memory=False)
        assert spent.cpu_by_part_s["engines"] >= 0.09
        assert driver.stdin is not None
        driver.stdin.close()
    assert sum(spent.cpu_by_part_s[part] for part in ("app", "other")) == 0


def test_only_what_the_run_itself_used_counts() -> None:
    """What this process used before the run is not part of its cost."""
    spent = Resources()
    spent.take(memory=False)
    assert set(spent.cpu_by_part_s) == set(PARTS)
    assert sum(spent.cpu_by_part_s.values()) < 0.5 * sum(psutil.Process().cpu_times()[:2])


def test_idle_time_goes_on() -> None:
    """The processors' idle time never runs backwards, nor faster than all of them together."""
    before_s, began_s = idle_s(), time.monotonic()
    with busy_child():
        pass
    passed_s = time.monotonic() - began_s
    assert 0 <= idle_s() - before_s <= passed_s * (os.cpu_count() or 1) + 0.5


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


async def test_a_process_that_is_slow_to_look_at_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the kernel takes its time to tell a process's memory, the event loop turns."""
    asked, may_answer = threading.Event(), threading.Event()

    def slow(_process: psutil.Process) -> int:
        asked.set()
        assert may_answer.wait(30)
        return 1

    monkeypatch.setattr(resources, "memory_bytes", slow)
    sampling = asyncio.create_task(Resources().sample())
    assert await asyncio.to_thread(asked.wait, 30)
    await asyncio.sleep(0)  # would not come back
    may_answer.set()
    sampling.cancel()
    await asyncio.gather(sampling, return_exceptions=True)
