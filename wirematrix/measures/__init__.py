"""Measures: named pure functions from a timeline to what was observed of an engine, in numbers or categories."""

from wirematrix.measures.endings import causes_told_apart, close_timeout_ms, sending, tcp_ended_after_ms, told_after_ms
from wirematrix.measures.measure import Measure, shown_value, spoken
from wirematrix.measures.streams import (
    asked_from,
    ending,
    fate,
    heard,
    noticed_ms,
    opened_ms,
    reconnect_delay_ms,
    request_count,
)

__all__ = [
    "Measure",
    "asked_from",
    "causes_told_apart",
    "close_timeout_ms",
    "ending",
    "fate",
    "heard",
    "noticed_ms",
    "opened_ms",
    "reconnect_delay_ms",
    "request_count",
    "sending",
    "shown_value",
    "spoken",
    "tcp_ended_after_ms",
    "told_after_ms",
]
