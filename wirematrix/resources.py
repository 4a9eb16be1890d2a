"""What a run cost: CPU seconds and peak memory of this process and everything it started.

Looked at every two seconds, because browsers start and end processes all the time; `cpu_ledger.py` says how what lies
between two looks is counted. Memory is PSS where the system tells it (shared pages counted once), else RSS. The kernel
answers for a busy process when that lets it: up to 5.5 s were seen, so samples are taken beside the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import psutil

from wirematrix.cpu_ledger import Key, Ledger, Seen

PERIOD_S = 2.0
MEMORY_EVERY = 4  # PSS is costly to ask for
ENGINES, APP, DRIVER, PYTHON, OTHER = PARTS = ("engines", "app", "driver", "python", "other")
# What a process started by us is, by a word of its command line; what it starts itself is in the second.
BY_WORD: Final[Mapping[str, tuple[str, str]]] = {
    "run-driver": (DRIVER, ENGINES),  # Playwright's node process
    "webkitgtk_shell.py": (ENGINES, ENGINES),
    "forkserver.py": (APP, APP),
}


class Resources:
    """Running totals over the process tree; `app` are the words that start the app."""

    def __init__(self, app: Sequence[str] = ()) -> None:
        self._own = psutil.Process()
        self._app = [word for word in app if "{" not in word][:3]
        self._parts: dict[Key, tuple[str, str]] = {}
        self._ledger = Ledger(self._looked())
        self.peak_memory_mib = 0.0
        self._one_at_a_time = threading.Lock()

    @property
    def cpu_by_part_s(self) -> dict[str, float]:
        """CPU seconds since the start, user and system, by part; see PARTS."""
        return {part: self._ledger.by_part_s.get(part, 0.0) for part in PARTS}

    async def sample(self) -> None:
        """Sample until cancelled."""
        turn = 0
        while True:
            await asyncio.to_thread(self.take, memory=turn % MEMORY_EVERY == 0)
            turn += 1
            await asyncio.sleep(PERIOD_S)

    def take(self, *, memory: bool) -> None:
        """One sample now; from whichever thread."""
        with self._one_at_a_time:
            self._ledger.note(self._looked())
            if memory:
                total_bytes = 0
                for process in self._tree():
                    with contextlib.suppress(psutil.Error):
                        total_bytes += memory_bytes(process)
                self.peak_memory_mib = max(self.peak_memory_mib, total_bytes / 2**20)

    def _tree(self) -> list[psutil.Process]:
        """Our own process and all below it, each after its parent."""
        return [self._own, *self._own.children(recursive=True)]

    def _looked(self) -> Mapping[Key, Seen]:
        found: dict[int, tuple[Key, Seen]] = {}
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                key, times = (process.pid, process.create_time()), process.cpu_times()
                parent, above = found.get(process.ppid(), (None, None))
                if key not in self._parts:
                    self._parts[key] = self._part(process, above)
                part, children_part = self._parts[key]
                reaped_s = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                found[process.pid] = (
                    key,
                    Seen(
                        parent=parent,
                        part=part,
                        children_part=children_part,
                        own_s=times.user + times.system,
                        reaped_s=reaped_s,
                    ),
                )
        return dict(found.values())

    def _part(self, process: psutil.Process, parent: Seen | None) -> tuple[str, str]:
        """What a process is, and what an unknown child of it would be."""
        if parent is None:
            return PYTHON, OTHER
        if parent.part != PYTHON:
            return parent.children_part, parent.children_part
        words = process.cmdline()
        if self._app and words[: len(self._app)] == self._app:
            return APP, APP
        known = (what for word, what in BY_WORD.items() if any(one.endswith(word) for one in words))
        return next(known, (OTHER, OTHER))


def idle_s() -> float:
    """Seconds that the processors this process may use have been idle since the system began, added up."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(psutil.cpu_count() or 1)
    each = psutil.cpu_times(percpu=True)
    return sum(float(each[core].idle) + getattr(each[core], "iowait", 0.0) for core in usable if core < len(each))


def memory_bytes(process: psutil.Process) -> int:
    """PSS where there is one, else RSS."""
    with contextlib.suppress(AttributeError, psutil.AccessDenied):
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)
