"""Measures: named pure functions from a timeline to what was observed of an engine, in numbers or categories."""

from wirematrix.measures.comeback import comeback_delay
from wirematrix.measures.endings import causes_told_apart, close_timeout_ms, sending, tcp_ended_after_ms, told_after_ms
from wirematrix.measures.lifecycle import errors_before_leaving, most_at_once, server_knows_ms, server_sees
from wirematrix.measures.measure import Measure, finding_name, observations, shown_value, spoken, unit_of
from wirematrix.measures.reconnect import (
    break_noticed_ms,
    preflights,
    reconnect_delay_ms,
    silent_repeats,
    storm_begins_ms,
    storm_peak_percent,
    storm_spread_ms,
    tries_total_ms,
    try_duration_ms,
)
from wirematrix.measures.streams import (
    asked_from,
    ending,
    fate,
    heard,
    noticed_ms,
    opened_ms,
    request_count,
)

__all__ = [
    "Measure",
    "asked_from",
    "break_noticed_ms",
    "causes_told_apart",
    "close_timeout_ms",
    "comeback_delay",
    "ending",
    "errors_before_leaving",
    "fate",
    "finding_name",
    "heard",
    "most_at_once",
    "noticed_ms",
    "observations",
    "opened_ms",
    "preflights",
    "reconnect_delay_ms",
    "request_count",
    "sending",
    "server_knows_ms",
    "server_sees",
    "shown_value",
    "silent_repeats",
    "spoken",
    "storm_begins_ms",
    "storm_peak_percent",
    "storm_spread_ms",
    "tcp_ended_after_ms",
    "told_after_ms",
    "tries_total_ms",
    "try_duration_ms",
    "unit_of",
]
