"""The words of the load comparison: tiers, the conditions they share, and what was measured of each in each round.

A round is one tier with one number of subscribers, measured once. Rounds of the same number of subscribers and the
same repeat form a lap, in which the tiers follow each other in alternating order. All of it is part of a run file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class LoadTransport(StrEnum):
    """What goes over the wire. A server cannot tell EventSource from fetch streaming: both are `sse`."""

    SSE = "sse"
    WEBSOCKET = "websocket"


class Limit(StrEnum):
    """What kept a phase of a round from more; only `none` and `server` say something about the tier."""

    NONE = "none"
    SERVER = "server"
    GENERATOR = "generator"
    MACHINE = "machine"


LIMIT_MEANS: Final[Mapping[Limit, str]] = {
    Limit.NONE: "what was offered was delivered, and nobody was at the end of what it can do",
    Limit.SERVER: "the server was at the end of what it can do: these are its figures",
    Limit.GENERATOR: "the load generator was at the end of what it can do: not compared",
    Limit.MACHINE: "all cores were busy, so server and generator took time from each other: not compared",
}


class Phase(StrEnum):
    """The parts of a round, in their order."""

    OPEN = "open"  # all subscribers connect
    PACED = "paced"  # messages are due at fixed times
    SATURATED = "saturated"  # as fast as they are taken
    STORM = "storm"  # all subscribers are cut at once and come back
    IDLE = "idle"  # nothing but heartbeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One way to serve a transport: the implementation decides more than the protocol does."""

    name: str  # "app-sse"
    transport: LoadTransport
    title: str  # one line: what does it, with which library
    floor: bool = False  # the raw asyncio fan-out that others are held against
    compressed: bool = False
    resumes: bool = False  # whoever comes back is given what it missed
    heartbeats: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)  # of the libraries that serve it


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadConditions:
    """What every round of a comparison shares: equal terms."""

    subscribers: tuple[int, ...]
    repeats: int
    seed: int
    payload_bytes: int  # of one message's `data`, as JSON
    rate_per_s: float  # messages published, each for all subscribers
    warm_up_s: float  # begins each phase and is left out of it
    window_s: float
    opening_at_once: int  # connections that are being opened at a time
    storm_delay_ms: float  # from the cut until a subscriber tries again
    heartbeat_ms: int  # in the idle phase; the other phases have the same
    generator: str  # what receives, with versions
    generator_processes: int
    target: str  # "tiers of this project", or the address of another service


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnd:
    """How one phase of a round went: what was its limit, and how we know."""

    phase: Phase
    limit: Limit
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What was measured of one tier with one number of subscribers, once.

    `figures` are named in docs/measuring.md; a name ends in its unit, counts have none, null was not measured.
    """

    tier: str
    subscribers: int
    repeat: int  # 1, 2, ...
    position: int  # in its lap: 1 was measured first
    started: str  # ISO 8601 UTC
    figures: Mapping[str, float | int | None]
    phases: tuple[PhaseEnd, ...]
    latency_hdr: (
        str  # delivery latency in microseconds: an HDR histogram, base64 as HdrHistogram encodes it; "" without
    )
    storm_arrivals: tuple[int, ...] = ()  # subscribers that are back, per 100 ms since the cut
    error: str = ""  # why the round was given up; its figures are those that were measured before


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A whole comparison; what was not measured, because it was interrupted, is missing and not made up."""

    conditions: LoadConditions
    tiers: tuple[Tier, ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What code one guarantee takes over one transport, on one side: measured from the example's source."""

    guarantee: str  # "connect", "reconnect", "resume", "notice-silence", "two-way", "auth"
    transport: str  # "eventsource", "fetch-stream", "websocket"
    side: str  # "server", "page"
    lines: int  # of code, without comments and blanks
    branches: int  # decisions: cyclomatic complexity minus one per function
    concepts: tuple[str, ...]  # names from outside that one must know
    files: tuple[str, ...]  # where the code is
    possible: bool = True  # false: the transport cannot give it, whatever is written
    because: str = ""
