"""The one envelope, encoded once per message: text for WebSocket, bytes for SSE, both shared by all subscribers.

    {"seq": 7, "ts": 1763826300123.456, "type": "update", "data": ...}

`ensure_ascii` escapes everything beyond ASCII: no line break, NUL or lone surrogate in `data` can reach the framing,
so the envelope is always a single SSE `data:` line (HTML standard, section 9.2.6) and valid UTF-8 in a text frame.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from app.refusal import malformed

Published = Literal["update", "uplink", "fence"]  # these consume a seq
Spoken = Literal["hello", "heartbeat", "gap"]  # these do not: the service speaks for itself

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One envelope, ready to be handed to any number of sockets."""

    seq: int
    kind: Published | Spoken  # the envelope's `type`
    text: str
    sse: bytes


def encode_payload(payload: object, *, where: str) -> str:
    """JSON of what goes into `data`; raises Refused for what JSON cannot carry (infinity, endless nesting)."""
    try:
        return _ENCODER.encode(payload)
    except (ValueError, TypeError, RecursionError) as problem:
        raise malformed(where, f"not encodable ({problem})", expected="JSON", got=payload) from problem


def encode_message(
    *,
    seq: int,
    kind: Published | Spoken,
    payload: str,
    resume: str | None = None,
    retry_ms: int | None = None,
    ts: str | None = None,
) -> Message:
    """Both encodings of one message.

    `payload` is JSON already, `resume` becomes the SSE `id:` (none for heartbeats), `retry_ms` the `retry:` field;
    `ts` is when it was published, in epoch milliseconds, if that is not now.
    """
    text = f'{{"seq":{seq},"ts":{ts or f"{time.time() * 1000:.3f}"},"type":"{kind}","data":{payload}}}'
    id_line = "" if resume is None else f"id: {resume}\n"
    retry_line = "" if retry_ms is None else f"retry: {retry_ms}\n"
    return Message(seq=seq, kind=kind, text=text, sse=f"{id_line}{retry_line}data: {text}\n\n".encode("ascii"))


def encode_hello(*, channel: str, epoch: str, seq: int, heartbeat_ms: int | None, retry_ms: int | None) -> Message:
    """The first message of every connection: where it stands and what to expect of it."""
    resume = f"{epoch}-{seq}"
    payload = {
        "channel": channel,
        "epoch": epoch,
        "resume": resume,
        "heartbeat_ms": heartbeat_ms,
        "retry_ms": retry_ms,
    }
    return encode_message(seq=seq, kind="hello", payload=_ENCODER.encode(payload), resume=resume, retry_ms=retry_ms)


def encode_heartbeat(*, seq: int) -> Message:
    """Traffic so that silence means something; no `id:`, it moves no resume point."""
    return encode_message(seq=seq, kind="heartbeat", payload="null")


def encode_gap(*, first: int, last: int, reason: str, resume: str, lost_from: str | None) -> Message:
    """Tell that `first` to `last` are lost. Its seq is `last`: what was announced as lost is dealt with."""
    payload: dict[str, Any] = {"from": first, "to": last, "reason": reason}
    if lost_from is not None:
        payload["lost_from"] = lost_from
    return encode_message(seq=last, kind="gap", payload=_ENCODER.encode(payload), resume=resume)
