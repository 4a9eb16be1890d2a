"""The phases of a round: each tells the processes what to do, reads the meters before and after, and makes figures.

What begins a phase is left out of it by message number: readings are taken when a certain message is due, or was
received by everybody. Where a time is waited for, that time is what is measured (a window, whole heartbeat periods).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from wirematrix import latency_hdr
from wirematrix.budgets import LOAD_OPEN, LOAD_SETTLE, LOAD_STORM, LOAD_WORKER
from wirematrix.errors import LoadFailed
from wirematrix.load.crew import ask_all
from wirematrix.load.kernel import resident_bytes
from wirematrix.load.limits import phase_end
from wirematrix.load.meters import Stretch, as_meters, between, read_meters
from wirematrix.load.receivers import Door
from wirematrix.load.stage import Figures, Played, Settled, Stage
from wirematrix.load.tally import Account
from wirematrix.load.worker import Worker
from wirematrix.load_model import Phase
from wirematrix.load_settings import LoadSettings

AHEAD_NS: Final = 50_000_000  # from now until the first message is due
WARM_UP_CONNECTIONS: Final = 2  # one after the other, before anything is counted
STORM_MS: Final = 100  # width of a step of `storm_arrivals`
PER_100K: Final = 100_000


async def open_all(stage: Stage) -> Played:
    """All subscribers connect, so many at a time, after two that are not counted."""
    served, settings = stage.served, stage.settings
    if served.warm_up_door is not None:
        first = stage.workers[0]
        for _ in range(WARM_UP_CONNECTIONS):
            await _open(first, served.warm_up_door, 1, settings)
            await first.ask("close")
    idle_bytes = resident_bytes(served.pid) if served.pid else None
    before = await read_meters(stage.workers, served.pid)
    said = await asyncio.gather(
        *(_open(worker, served.door, share, settings) for worker, share in stage.crew.shares(stage.subscribers))
    )
    stretch = between(before, await read_meters(stage.workers, served.pid))
    await stage.all_subscribed()
    steady_bytes = resident_bytes(served.pid) if served.pid else None
    began_ns = [at for one in said for at in one["began_ns"]]
    opened_ns = [at for one in said for at in one["opened_ns"]]
    took = latency_hdr.encoded(
        Counter((opened - began) // 1000 for began, opened in zip(began_ns, opened_ns, strict=True))
    )
    p50, p95, p99 = latency_hdr.percentiles_ms(took, (50, 95, 99))
    count = len(opened_ns)
    grown = steady_bytes - idle_bytes if steady_bytes is not None and idle_bytes is not None else None
    figures = {
        "opened": count,
        "open_p50_ms": p50,
        "open_p95_ms": p95,
        "open_p99_ms": p99,
        "connections_per_s": count / max(1e-6, (max(opened_ns) - min(began_ns)) / 1e9),
        "open_bytes_per_connection": _per(stretch.all_bytes, count),
        "memory_per_connection_kib": _per(grown, count * 1024),
        "open_server_cpu_ms_per_connection": stretch.server_per(1e6, count),
    }
    return Played(figures=figures, end=phase_end(Phase.OPEN, stretch.spent()))


async def paced(stage: Stage) -> Played:
    """Messages are due at fixed times, whatever becomes of those before."""
    settings, served = stage.settings, stage.served
    interval_ns = 1e9 / settings.rate
    first = stage.next_number + settings.warm_up_messages
    last = first + settings.window_messages - 1
    await ask_all(stage.workers, "forget", within_s=LOAD_WORKER.seconds)
    start_ns = time.monotonic_ns() + AHEAD_NS
    count = settings.warm_up_messages + settings.window_messages
    await stage.pace(start_ns=start_ns, count=count)
    first_due_ns = start_ns + round(settings.warm_up_messages * interval_ns)
    await _until_ns(first_due_ns - round(interval_ns / 2))
    before = await read_meters(stage.workers, served.pid)
    window_s = settings.window_messages / settings.rate
    published = await stage.crew.publisher.ask("finish", now=False, within_s=window_s + LOAD_WORKER.seconds)
    settled = await stage.settled(first, last)
    after = as_meters(settled.readings, served.pid)
    stage.next_number = last + 1
    stretch = between(before, after)
    offered = settings.rate * stage.subscribers
    delivered = settled.account.deliveries / max(window_s, (after.at_ns - first_due_ns) / 1e9)
    share = (settled.account.deliveries - settled.account.duplicated) / (settings.window_messages * stage.subscribers)
    # What was delivered in the time that the settling took is late, not missing: the rate says so.
    in_time = min(share, delivered / offered)
    late_ms = float(published["late_p99_ms"] or 0)
    return Played(
        figures=_paced_figures(settled, stretch, offered, delivered, late_ms),
        end=phase_end(Phase.PACED, stretch.spent(delivered=in_time, late_intervals=late_ms * 1e6 / interval_ns)),
        latency_hdr=settled.latency_hdr,
    )


def _paced_figures(settled: Settled, stretch: Stretch, offered: float, delivered: float, late_p99_ms: float) -> Figures:
    names = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_p999_ms", "latency_max_ms")
    found = latency_hdr.percentiles_ms(settled.latency_hdr, (50, 95, 99, 99.9, 100))
    return {
        **dict.fromkeys(names),
        **dict(zip(names, found, strict=False)),
        **asdict(settled.account),
        "offered_per_s": offered,
        "delivered_per_s": delivered,
        "server_cpu_s_per_100k": stretch.server_per(1e9 / PER_100K, stretch.received),
        "generator_cpu_s_per_100k": stretch.generator_per(1e9 / PER_100K, stretch.received),
        "generator_busy_share": stretch.spent().generator_busy,
        "machine_busy_share": stretch.cores_busy,
        "publisher_late_ms": late_p99_ms,
        "bytes_per_delivery": _per(stretch.received_bytes, stretch.received),
    }


async def saturated(stage: Stage) -> Played:
    """The next message follows as soon as fewer than a fixed number are on their way."""
    settings, served, publisher = stage.settings, stage.served, stage.crew.publisher
    await ask_all(stage.workers, "forget", within_s=LOAD_WORKER.seconds)
    first = stage.next_number
    said = await publisher.ask(
        "flood", first=first, in_flight=settings.in_flight, generators=len(stage.workers), within_s=LOAD_WORKER.seconds
    )
    try:
        for index, worker in enumerate(stage.workers):
            await worker.ask("feed", index=index, port=said["port"])
        await ask_all(
            stage.workers,
            "until",
            within_s=LOAD_SETTLE.seconds + LOAD_WORKER.seconds,
            number=first + settings.in_flight,
            budget_s=LOAD_SETTLE.seconds,
        )
        before = await read_meters(stage.workers, served.pid)
        await _until_ns(time.monotonic_ns() + round(settings.window * 1e9))
        stretch = between(before, await read_meters(stage.workers, served.pid))
    finally:
        published = await publisher.ask("finish", now=True)
        await ask_all(stage.workers, "unfeed", within_s=LOAD_WORKER.seconds)
    stage.next_number = published["last"] + 1
    await stage.settled(first, published["last"])
    if not stretch.received:
        raise LoadFailed(f"nothing was delivered at saturation; {published['problem'] or 'the publisher lives'}")
    figures = {
        "saturated_per_s": stretch.received / (stretch.wall_ns / 1e9),
        "saturated_server_cpu_s_per_100k": stretch.server_per(1e9 / PER_100K, stretch.received),
        "saturated_generator_cpu_s_per_100k": stretch.generator_per(1e9 / PER_100K, stretch.received),
    }
    return Played(figures=figures, end=phase_end(Phase.SATURATED, stretch.spent()))


async def storm(stage: Stage) -> Played:
    """Everybody is cut at once and comes back, while publishing goes on."""
    settings, served = stage.settings, stage.served
    publishes = served.publish_url is not None
    first = stage.next_number
    await ask_all(stage.workers, "forget", within_s=LOAD_WORKER.seconds)
    if publishes:
        await stage.pace(start_ns=time.monotonic_ns() + AHEAD_NS, count=None)
        budget_s = LOAD_SETTLE.seconds + 2 / settings.rate
        await ask_all(stage.workers, "until", within_s=budget_s * 2, number=first + 1, budget_s=budget_s)
    before = await read_meters(stage.workers, served.pid)
    said = await ask_all(
        stage.workers,
        "storm",
        within_s=LOAD_STORM.seconds + LOAD_WORKER.seconds,
        delay_s=settings.storm_delay_ms / 1000,
        resume=stage.tier.resumes,
        budget_s=LOAD_STORM.seconds,
    )
    stretch = between(before, await read_meters(stage.workers, served.pid))
    back_ms = sorted((at - one["cut_ns"]) / 1e6 for one in said for at in one["back_ns"])
    count = stage.subscribers
    all_back = len(back_ms) == count
    account = await _account_of_storm(stage, first) if publishes and all_back else None
    figures = {
        "storm_half_back_ms": _when_back(back_ms, count, 0.5),
        "storm_95_back_ms": _when_back(back_ms, count, 0.95),
        "storm_all_back_ms": _when_back(back_ms, count, 1.0),
        "storm_lost": account.lost if account else None,
        "storm_duplicated": account.duplicated if account else None,
        "storm_server_cpu_ms_per_connection": stretch.server_per(1e6, len(back_ms)),
    }
    served.check_alive()
    missing = f"{count - len(back_ms)} of {count} were not back within {LOAD_STORM.seconds:.0f} s"
    return Played(
        figures=figures,
        end=phase_end(Phase.STORM, stretch.spent()),
        storm_arrivals=arrivals_per_step(back_ms),
        error="" if all_back else missing,
    )


async def _account_of_storm(stage: Stage, first: int) -> Account:
    """What was lost and repeated of everything published since before the cut, once a last message has come."""
    published = await stage.crew.publisher.ask("finish", now=True)  # first: a server at its end answers nobody else
    await stage.all_subscribed()
    last = published["last"]
    stage.next_number = last + 1
    await stage.pace(start_ns=time.monotonic_ns(), count=1)
    await stage.crew.publisher.ask("finish", now=False)
    stage.next_number += 1
    settled = await stage.settled(first, last + 1)
    return settled.account


async def idle(stage: Stage) -> Played:
    """Nothing but heartbeats, for a whole number of their periods."""
    period_s = stage.settings.heartbeat_ms / 1000
    window_s = max(1, math.ceil(stage.settings.window / period_s)) * period_s
    before = await read_meters(stage.workers, stage.served.pid)
    await _until_ns(time.monotonic_ns() + round(window_s * 1e9))
    stretch = between(before, await read_meters(stage.workers, stage.served.pid))
    connection_s = stage.subscribers * stretch.wall_ns / 1e9
    figures = {
        "idle_server_cpu_us_per_connection_s": stretch.server_per(1e3, connection_s),
        "idle_bytes_per_connection_s": _per(stretch.all_bytes, connection_s),
        "idle_heartbeats_per_connection_s": stretch.heartbeats / connection_s,
    }
    return Played(figures=figures, end=phase_end(Phase.IDLE, stretch.spent()))


def arrivals_per_step(back_ms: Sequence[float]) -> tuple[int, ...]:
    """How many were back in each 100 ms since the cut, up to the last one."""
    steps = Counter(int(at // STORM_MS) for at in back_ms)
    return tuple(steps[step] for step in range(max(steps, default=-1) + 1))


def _when_back(back_ms: Sequence[float], count: int, share: float) -> float | None:
    """When that share was back; None if it never was."""
    needed = max(1, math.ceil(share * count))
    return back_ms[needed - 1] if len(back_ms) >= needed else None


def _per(amount: float | None, count: float) -> float | None:
    return amount / count if amount is not None and count else None


async def _open(worker: Worker, door: Door, subscribers: int, settings: LoadSettings) -> Any:
    return await worker.ask(
        "open",
        within_s=LOAD_OPEN.seconds + LOAD_WORKER.seconds,
        door=asdict(door),
        subscribers=subscribers,
        at_once=settings.opening_at_once,
        budget_s=LOAD_OPEN.seconds,
    )


async def _until_ns(at_ns: int) -> None:
    await asyncio.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))
