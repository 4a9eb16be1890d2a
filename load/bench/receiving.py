"""What receiving a message costs the receiver: CPU of its whole process tree, paced and saturated told apart.

All receive from the raw tier of their transport, the cheapest server there is. Paced: messages are due at fixed times.
Saturated: all of them are published at once, the server keeps what is not taken yet, and everybody takes as fast as
it can; what is measured ends when the receiver comes to rest.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load.bench.fanout import PAYLOAD_BYTES, WARM_UP, Sink, wait_for_subscribers
from load.bench.processes import BUDGET_S, Serving, Unmeasured, cpu_s, serving, start, stop
from load.bench.publisher import Publisher, publisher
from load.bench.rivals import Rival

SETTLE_S = 1.0
SATURATING_MESSAGES = 1_000  # a few hundred KiB for each subscriber: less than the server keeps
RESTING_SHARE = 0.08  # of a core: timers and statistics go on
LOOK_S, RESTS = 0.25, 4  # on a busy machine a process may be still because it is not let run


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU microseconds a message takes its receiver, once."""

    paced: float
    saturated: float


@contextmanager
def receiving(rival: Rival, server: Serving, subscribers: int) -> Iterator[Sink]:
    """Subscribers by a rival, all connected."""
    if rival.words is None:
        raise Unmeasured(f"not there; {rival.add}")
    process = start(rival.words(server.port, subscribers), environment=rival.environment, quiet=not rival.counts)
    try:
        wait_for_subscribers(server, subscribers)
        yield Sink(process)
    finally:
        stop(process)


def measure(rival: Rival, subscribers: int, *, deliveries_per_s: float, window_s: float) -> Cost:
    """Measure one rival once."""
    with (
        serving(f"raw-{rival.transport}") as server,
        receiving(rival, server, subscribers) as receiver,
        publisher(server, payload_bytes=PAYLOAD_BYTES) as out,
    ):
        if rival.counts:
            receiver.wait_for("open", f"{subscribers} subscribers")
        rate_per_s = deliveries_per_s / subscribers
        out.publish(WARM_UP, per_s=rate_per_s)
        time.sleep(SETTLE_S)
        paced = cost_of(rival, server, receiver, out, int(rate_per_s * window_s), rate_per_s, subscribers)
        saturated = cost_of(rival, server, receiver, out, SATURATING_MESSAGES, None, subscribers)
    return Cost(paced=paced, saturated=saturated)


def cost_of(
    rival: Rival, server: Serving, receiver: Sink, out: Publisher, messages: int, per_s: float | None, subscribers: int
) -> float:
    """CPU microseconds a message in one regime."""
    before_s = tree_cpu_s(receiver.pid)
    out.publish(messages, per_s=per_s)
    if rival.counts:
        receiver.expect(out.published * subscribers)
    else:
        wait_for_rest(server.pid, receiver.pid)
    return (tree_cpu_s(receiver.pid) - before_s) * 1e6 / (messages * subscribers)


def wait_for_rest(*pids: int) -> None:
    """Wait until process trees use next to nothing, RESTS looks in a row; raises Unmeasured."""
    until = time.monotonic() + BUDGET_S
    before, rests = sum(map(tree_cpu_s, pids)), 0
    while rests < RESTS:
        if time.monotonic() > until:
            raise Unmeasured(f"it never came to rest within {BUDGET_S:.0f} s")
        time.sleep(LOOK_S)
        now = sum(map(tree_cpu_s, pids))
        rests = rests + 1 if now - before < RESTING_SHARE * LOOK_S else 0
        before = now


def tree_cpu_s(pid: int) -> float:
    """CPU time of a process and of everything it started."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        children[int(words[1])].append(int(stat.parent.name))
    family, total_s = [pid], 0.0
    while family:
        member = family.pop()
        family.extend(children[member])
        try:
            total_s += cpu_s(member)
        except Unmeasured:  # gone meanwhile
            continue
    return total_s
