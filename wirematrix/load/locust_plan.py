"""The comparison on Locust: the words that start master and workers, for one machine or many.

A plan only spells; `load/locustfile.py` is what runs. Each transport is a run of its own, so that they do not take time
from each other.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.load.receivers import authority
from wirematrix.load.target import door_of
from wirematrix.load_model import LoadTransport, Tier
from wirematrix.load_settings import LoadSettings

LOCUSTFILE: Final = "load/locustfile.py"
USERS: Final = {LoadTransport.SSE: "SseSubscriber", LoadTransport.WEBSOCKET: "WebSocketSubscriber"}
TARGET_OPTIONS: Final = {LoadTransport.SSE: "--sse", LoadTransport.WEBSOCKET: "--ws"}
MOST_WORKERS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustPlan:
    """One run: a transport with so many subscribers. Words follow `python -m`."""

    title: str
    name: str  # of a file for its figures
    master: tuple[str, ...]
    worker: tuple[str, ...]
    workers: int

    def lines(self) -> tuple[str, ...]:
        """What a person types: the master's line, then the line for every worker."""
        return (
            f"# {self.title}: the master, on the machine that publishes",
            shlex.join(("python", "-m", *self.master)),
            f"# {self.workers} of these, on any machine that has this folder",
            shlex.join(("python", "-m", *self.worker)),
        )


def locust_plans(
    settings: LoadSettings,
    services: Mapping[LoadTransport, str],
    *,
    publish_url: str | None,
    workers: int,
    master: str,
) -> tuple[LocustPlan, ...]:
    """A plan per transport and number of subscribers; InvalidInput for what they cannot be made of."""
    if not services:
        raise InvalidInput("--locust", "got no service", expected="--url, --sse or --ws: what all machines can reach")
    if publish_url is None:
        raise InvalidInput("--locust", "got no --publish", expected="where to publish: a ws:// or http:// URL")
    if not 1 <= workers <= MOST_WORKERS:
        raise InvalidInput("--workers", f"got {workers}", expected=f"a whole number from 1 to {MOST_WORKERS}")
    return tuple(
        _plan(settings, transport, url, subscribers, publish_url=publish_url, workers=workers, master=master)
        for transport, url in services.items()
        for subscribers in settings.subscribers
    )


def _plan(
    settings: LoadSettings,
    transport: LoadTransport,
    url: str,
    subscribers: int,
    *,
    publish_url: str,
    workers: int,
    master: str,
) -> LocustPlan:
    door = door_of(url, Tier(name=str(transport), transport=transport, title=url))
    shared = ("locust", "-f", LOCUSTFILE)
    return LocustPlan(
        title=f"{transport}, {subscribers} subscribers",
        name=f"locust-{transport}-{subscribers}",
        workers=workers,
        master=(
            *(*shared, "--master", "--headless", "--expect-workers", str(workers)),
            *("-u", str(subscribers), "-r", str(settings.opening_at_once * workers)),
            *("--host", f"http://{authority(door)}", TARGET_OPTIONS[transport], door.target, "--publish", publish_url),
            *("--messages", str(settings.window_messages), "--warm-up", str(settings.warm_up_messages)),
            *("--rate", f"{settings.rate:g}"),
            *("--payload", str(settings.payload), "--seed", str(settings.seed), USERS[transport]),
        ),
        worker=(*shared, "--worker", "--master-host", master),
    )
