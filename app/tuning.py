"""What may differ from channel to channel: set by the settings, changed only by /control."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How one channel treats its subscribers. Times in milliseconds; None switches the thing off."""

    heartbeat_ms: int | None
    retry_ms: int | None
    replay_limit: int
    replay_bytes: int
    header_delay_ms: int = 0
    quiet_ms: int = 0  # of a subscriber's beginning: the answer's head is sent, its first message held back so long
    hint_unbuffered: bool = True  # SSE answers say X-Accel-Buffering: no, which nginx obeys
    next_status: int | None = None  # answer the next `next_count` connections with this HTTP status
    next_count: int = 0
