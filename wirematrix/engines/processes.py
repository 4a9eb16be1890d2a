"""The processes of an engine: find them, count what they use, end them all.

Playwright does not tell which process it started, so a launch marks its environment; the marked process
without a marked parent is the engine's main process and everything below it is its tree. Only processes
found that way are ever touched, and psutil makes sure that a number reused by the system is not taken for
the process it once was.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil

MARK_VARIABLE: Final = "WIREMATRIX_ENGINE"
GLANCE_S: Final = 0.005  # how often a dying process is looked at; systems tell nobody but the parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What some process trees have used up to now.

    `cpu_s` includes children that have ended and were waited for. `memory_mib` is the proportional share
    where the system tells it (Linux), which does not count shared pages twice; else the resident size.
    """

    cpu_s: float
    memory_mib: float
    processes: int


def marked_root(mark: str) -> psutil.Process | None:
    """The main process of the engine that was launched with this mark, among our own descendants."""
    marked = {process.pid: process for process in descendants(psutil.Process()) if carries(process, mark)}
    for process in marked.values():
        with suppress(psutil.Error):
            if process.ppid() not in marked:
                return process
    return None


def carries(process: psutil.Process, mark: str) -> bool:
    """Whether a process was started with a mark; no, where the system hides its environment."""
    try:
        return process.environ().get(MARK_VARIABLE) == mark
    except (psutil.Error, OSError):
        return False


def tree(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The processes of some trees that live now, each root before what it started."""
    return [process for root in roots if root.is_running() for process in (root, *descendants(root))]


def descendants(root: psutil.Process) -> list[psutil.Process]:
    """All that a process started, directly or not; nothing, once it has ended."""
    try:
        return root.children(recursive=True)
    except psutil.Error:
        return []


def usage(roots: Iterable[psutil.Process]) -> Usage:
    """CPU time, memory and number of the processes of some trees; reading memory costs a few ms each."""
    cpu_s, memory, count = 0.0, 0, 0
    for process in tree(roots):
        with suppress(psutil.Error):
            cpu_s += cpu_of(process)
            memory += memory_of(process)
            count += 1
    return Usage(cpu_s=cpu_s, memory_mib=memory / 2**20, processes=count)


def cpu_of(process: psutil.Process) -> float:
    """Seconds of CPU of a process and of its children that have ended."""
    times = process.cpu_times()
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def memory_of(process: psutil.Process) -> int:
    """Bytes of memory, shared pages counted once over all processes where the system can tell."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", None) or full.rss)


def suspend_tree(roots: Iterable[psutil.Process]) -> None:
    """Stop everything in some trees, as a machine does that falls asleep; clocks go on.

    Returns when all are stopped, also those that were started meanwhile by one that was not stopped yet.
    """
    roots = list(roots)
    while awake := [process for process in tree(roots) if lives(process) and not sleeps(process)]:
        for process in awake:
            with suppress(psutil.Error):
                process.suspend()
        time.sleep(GLANCE_S)


def resume_tree(roots: Iterable[psutil.Process]) -> None:
    """Let everything in some trees go on."""
    for process in tree(roots):
        with suppress(psutil.Error):
            process.resume()


def kill_tree(roots: Iterable[psutil.Process], *, within_s: float) -> list[int]:
    """SIGKILL everything in some trees; returns the ids of what still lives after `within_s` seconds.

    The roots are stopped first, so that none starts another process between the look and the kill. Does
    not collect exit codes: those belong to the parent.
    """
    roots = list(roots)
    for root in roots:
        with suppress(psutil.Error):
            root.suspend()
    doomed = tree(roots)
    for process in doomed:
        with suppress(psutil.Error):
            process.kill()
    kill_groups(roots)
    deadline = time.monotonic() + within_s
    while (alive := [process.pid for process in doomed if lives(process)]) and time.monotonic() < deadline:
        time.sleep(GLANCE_S)
    return alive


def kill_groups(roots: Iterable[psutil.Process]) -> None:
    """The process groups that the roots lead: reaches what has lost its parent meanwhile."""
    if sys.platform == "win32":
        return
    for root in roots:
        with suppress(OSError):
            if root.is_running() and os.getpgid(root.pid) == root.pid:
                os.killpg(root.pid, signal.SIGKILL)


def sleeps(process: psutil.Process) -> bool:
    """Whether a process is stopped."""
    try:
        return bool(process.status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def lives(process: psutil.Process) -> bool:
    """Whether a process still does anything; a zombie has only its exit code left."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
