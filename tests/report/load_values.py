"""A load comparison of all tiers for the tests of charts and reports: made-up numbers, none of them measured.

Nothing random: what a round found follows from its place, so that two calls give equal values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.run_values import LOAD
from wirematrix.latency_hdr import encoded
from wirematrix.load_model import (
    Effort,
    Limit,
    Load,
    LoadTransport,
    Phase,
    PhaseEnd,
    Round,
    Tier,
)

SSE, WEBSOCKET = LoadTransport.SSE, LoadTransport.WEBSOCKET
TIERS = (
    Tier(name="raw-sse", transport=SSE, title="asyncio, bytes encoded once", floor=True),
    Tier(name="app-sse", transport=SSE, title="the app", resumes=True, heartbeats=True, versions={"uvicorn": "0.54.0"}),
    Tier(name="sse-starlette", transport=SSE, title="a queue and a JSON dump per subscriber", heartbeats=True),
    Tier(name="sse-starlette-encoded", transport=SSE, title="the same, encoded once", heartbeats=True),
    Tier(name="sse-starlette-gzip", transport=SSE, title="the same, in gzip", compressed=True, heartbeats=True),
    Tier(name="raw-websocket", transport=WEBSOCKET, title="asyncio, frames made once", floor=True),
    Tier(name="app-websocket", transport=WEBSOCKET, title="the app", resumes=True, heartbeats=True),
    Tier(name="app-websocket-deflate", transport=WEBSOCKET, title="the app, deflated", compressed=True, resumes=True),
    Tier(name="websocket", transport=WEBSOCKET, title="Starlette on websockets-sansio"),
    Tier(name="websocket-wsproto", transport=WEBSOCKET, title="the same on wsproto"),
    Tier(name="websocket-deflate", transport=WEBSOCKET, title="the same, deflated", compressed=True),
)
SUBSCRIBERS = (10, 50, 100)
COST = {  # CPU seconds per 100,000 deliveries
    "raw-sse": 0.7, "app-sse": 1.1, "sse-starlette": 4.9, "sse-starlette-encoded": 2.8, "sse-starlette-gzip": 7.0,
    "raw-websocket": 0.6, "app-websocket": 1.2, "app-websocket-deflate": 2.2,
    "websocket": 3.9, "websocket-wsproto": 3.5, "websocket-deflate": 5.2,
}  # fmt: skip


def whole_load(repeats: int = 3, subscribers: tuple[int, ...] = SUBSCRIBERS) -> Load:
    """Every tier at every number of subscribers, with rounds that the generator or the machine limited."""
    rounds = [
        _round(tier, place, number, repeat)
        for number in subscribers
        for repeat in range(1, repeats + 1)
        for place, tier in enumerate(TIERS)
    ]
    conditions = replace(LOAD.conditions, subscribers=subscribers, repeats=repeats, rate_per_s=20.0, window_s=5.0)
    return Load(conditions=conditions, tiers=TIERS, rounds=tuple(rounds))


def _round(tier: Tier, place: int, subscribers: int, repeat: int) -> Round:
    wobble = 1 + 0.06 * ((place + repeat) % 3 - 1)
    cost = COST[tier.name] * (1 + subscribers / 400) * wobble
    late_us = [int(400 * cost * (1 + (n % 97) / 30 + 40 * (n % 499 == 0))) for n in range(20 * subscribers)]
    late_us.sort()
    at_limit = Limit.SERVER if tier.name == "sse-starlette-gzip" and subscribers == 100 else Limit.NONE
    limits = dict.fromkeys(Phase, Limit.NONE)
    limits[Phase.SATURATED] = Limit.GENERATOR if tier.name == "raw-websocket" else Limit.SERVER
    limits[Phase.PACED] = at_limit
    if tier.name == "app-websocket-deflate" and subscribers == 100:
        limits[Phase.PACED] = Limit.MACHINE
    because = {
        Limit.NONE: "what was offered was delivered",
        Limit.SERVER: "the server used 0.97 of a core",
        Limit.GENERATOR: "a generator process used 0.99 of a core",
        Limit.MACHINE: "all cores were busy for 0.98 of the window",
    }
    quarter = subscribers // 4
    return Round(
        tier=tier.name,
        subscribers=subscribers,
        repeat=repeat,
        position=place + 1,
        started=f"2026-11-26T04:{repeat:02d}:{place:02d}+00:00",
        figures={
            "open_p50_ms": 1.1 * cost, "open_p95_ms": 3.2 * cost, "open_p99_ms": 4.5 * cost, "opened": subscribers,
            "connections_per_s": round(3000 / cost), "open_bytes_per_connection": 612 + 40 * place,
            "memory_per_connection_kib": None if place == 4 else 9.0 + 6.1 * cost,
            "open_server_cpu_ms_per_connection": 0.09 * cost,
            "latency_p50_ms": late_us[len(late_us) // 2] / 1000, "latency_p95_ms": late_us[-len(late_us) // 20] / 1000,
            "latency_p99_ms": late_us[-max(1, len(late_us) // 100)] / 1000, "latency_p999_ms": late_us[-1] / 1000,
            "latency_max_ms": late_us[-1] / 1000, "deliveries": 100 * subscribers, "offered_per_s": 20 * subscribers,
            "delivered_per_s": 20 * subscribers, "server_cpu_s_per_100k": cost, "generator_cpu_s_per_100k": 0.6,
            "generator_busy_share": 0.2, "bytes_per_delivery": 290.0, "lost": 0, "duplicated": 0,
            "saturated_per_s": round(97_000 / cost), "saturated_server_cpu_s_per_100k": cost,
            "saturated_generator_cpu_s_per_100k": 0.5,
            "storm_half_back_ms": 110 * wobble, "storm_95_back_ms": 190 * wobble, "storm_all_back_ms": 90 * cost,
            "storm_lost": 0 if tier.resumes else 4 * repeat, "storm_duplicated": 0,
            "storm_server_cpu_ms_per_connection": 0.2 * cost,
            "idle_server_cpu_us_per_connection_s": 11 * cost, "idle_bytes_per_connection_s": 45.0,
            "idle_heartbeats_per_connection_s": 1.0,
        },
        phases=tuple(PhaseEnd(phase=phase, limit=limit, because=because[limit]) for phase, limit in limits.items()),
        latency_hdr=encoded(Counter(late_us)),
        storm_arrivals=(quarter, quarter + place % 3, quarter, subscribers - 3 * quarter - place % 3),
    )  # fmt: skip


EFFORTS = tuple(
    Effort(
        guarantee=guarantee,
        transport=transport,
        side=side,
        lines=0 if side == "page" and guarantee == "reconnect" and transport == "eventsource" else 6 + 3 * place,
        branches=place,
        concepts=("Last-Event-ID", "retry") if transport == "eventsource" else ("close code",),
        files=(f"examples/{transport}/{side}",),
        possible=(guarantee, transport) != ("auth", "eventsource"),
        because="EventSource cannot send a header" if (guarantee, transport) == ("auth", "eventsource") else "",
    )
    for transport in ("eventsource", "fetch-stream", "websocket")
    for side in ("server", "page")
    for place, guarantee in enumerate(("connect", "reconnect", "resume", "notice-silence", "two-way", "auth"))
)
