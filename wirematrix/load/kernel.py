"""What the kernel counts for us: CPU time per process, and bytes per TCP connection.

CPU time comes from /proc/PID/task/*/schedstat in nanoseconds, with the time that threads waited for a core beside it;
elsewhere from psutil, in clock ticks, and the waiting is unknown. Threads that ended are missing from schedstat: the
processes measured here start theirs once. Bytes are TCP payload, without headers and repeats of lost segments.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_TCP_INFO: Final = 11
_COUNTERS: Final = struct.Struct("=QQ")  # tcpi_bytes_acked, tcpi_bytes_received
_COUNTERS_AT: Final = 120  # in struct tcp_info, <linux/tcp.h>, since Linux 4.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTime:
    """Of one process since it began."""

    busy_ns: int
    waited_ns: int | None  # threads could have run and no core was free for them

    def __sub__(self, other: CpuTime) -> CpuTime:
        known = self.waited_ns is not None and other.waited_ns is not None
        return CpuTime(
            busy_ns=self.busy_ns - other.busy_ns,
            waited_ns=(self.waited_ns or 0) - (other.waited_ns or 0) if known else None,
        )


def cpu_time(pid: int) -> CpuTime | None:
    """What a process used so far; None if it is not there any more."""
    busy_ns = waited_ns = 0
    found = False
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError, ValueError):
                busy, waited = (thread / "schedstat").read_text(encoding="ascii").split()[:2]
                busy_ns, waited_ns, found = busy_ns + int(busy), waited_ns + int(waited), True
    if found:
        return CpuTime(busy_ns=busy_ns, waited_ns=waited_ns)
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return CpuTime(busy_ns=round((times.user + times.system) * 1e9), waited_ns=None)
    return None


def resident_bytes(pid: int) -> int | None:
    """RSS of a process; None if it is not there any more."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return None


def tcp_bytes(connected: socket.socket) -> tuple[int, int] | None:
    """Bytes sent (and acknowledged) and received on a connection; None where the system does not count them."""
    if sys.platform != "linux":
        return None
    try:
        told = connected.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _COUNTERS_AT + _COUNTERS.size)
    except OSError:
        return None
    if len(told) < _COUNTERS_AT + _COUNTERS.size:
        return None
    sent, received = _COUNTERS.unpack_from(told, _COUNTERS_AT)
    return max(0, sent - 1), received  # the SYN counts as a byte


def raise_descriptor_limit(wanted: int) -> int:
    """How many files this process may have open, after asking for `wanted` of them."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else soft


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or 1
