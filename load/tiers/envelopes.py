"""The app's envelope, for those who serve it otherwise: numbered, stamped, the same bytes."""

from __future__ import annotations

import json
import os
import secrets
import time
from typing import Any

HEARTBEAT_VARIABLE = "APP_HEARTBEAT_MS"  # the app's own
DEFAULT_HEARTBEAT_MS = 15_000

dumps = json.JSONEncoder(separators=(",", ":")).encode
Envelope = dict[str, Any]


class Malformed(Exception):
    """A publisher's frame that is not `{"data": ...}` or `{"items": [...]}`; the text says what came."""


class Numbering:
    """The `seq` of a channel's messages in one life of it."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.head = 0

    def update(self, payload: object) -> Envelope:
        """The next message."""
        self.head += 1
        return envelope(self.head, "update", payload)

    def heartbeat(self) -> Envelope:
        """What is said when nothing happens; it consumes no number."""
        return envelope(self.head, "heartbeat", None)


def envelope(seq: int, kind: str, payload: object) -> Envelope:
    """One message as a dict, stamped now in epoch milliseconds."""
    return {"seq": seq, "ts": round(time.time() * 1000, 3), "type": kind, "data": payload}


def resume_point(epoch: str, message: Envelope) -> str | None:
    """The SSE `id:` of a message; None for what moves no resume point."""
    return None if message["type"] == "heartbeat" else f"{epoch}-{message['seq']}"


def items_of(frame: str) -> list[object]:
    """What a publisher's frame asks to publish in one go; raises Malformed."""
    try:
        wish: object = json.loads(frame)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"publish: malformed JSON ({ascii(str(problem))[1:60]})") from problem
    match wish:
        case {"data": item, **rest} if not rest:
            return [item]
        case {"items": [_, *_] as items, **rest} if not rest:
            return list(items)
        case _:
            raise Malformed(f'publish: expected {{"data": ...}} or {{"items": [...]}}, got {frame[:40]!a}')


def heartbeat_period_s() -> float:
    """The period from the environment, in seconds; raises ValueError that names the variable."""
    text = os.environ.get(HEARTBEAT_VARIABLE, str(DEFAULT_HEARTBEAT_MS))
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{HEARTBEAT_VARIABLE}: expected milliseconds, 1 or more, got {text!a}")
    return int(text) / 1000
