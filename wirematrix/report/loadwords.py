"""Load figures as a report words them: a short label, a unit, and a p50 with its range and count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wirematrix.load_figures import LeftOut, Summary
from wirematrix.load_model import Limit
from wirematrix.report.charts.places import number

UNITS: Final[Mapping[str, str]] = {  # by the end of a name; the first that fits
    "_ms_per_connection": "ms per connection",
    "_us_per_connection_s": "µs per connection and s",
    "_bytes_per_connection_s": "bytes per connection and s",
    "_bytes_per_connection": "bytes",
    "_per_connection_kib": "KiB",
    "_per_connection_s": "per connection and s",
    "_s_per_100k": "s per 100,000",
    "_per_s": "per s",
    "_ms": "ms",
}
LABELS: Final[Mapping[str, str]] = {
    "open_p50_ms": "time to open, p50",
    "open_p95_ms": "time to open, p95",
    "open_p99_ms": "time to open, p99",
    "connections_per_s": "connections opened",
    "open_bytes_per_connection": "bytes to open one",
    "open_server_cpu_ms_per_connection": "server CPU to open one",
    "memory_per_connection_kib": "server memory per connection",
    "latency_p50_ms": "latency p50",
    "latency_p95_ms": "latency p95",
    "latency_p99_ms": "latency p99",
    "latency_p999_ms": "latency p99.9",
    "latency_max_ms": "latency, slowest",
    "offered_per_s": "deliveries offered",
    "delivered_per_s": "deliveries made",
    "server_cpu_s_per_100k": "server CPU",
    "generator_cpu_s_per_100k": "generator CPU",
    "generator_busy_share": "generator busy",
    "machine_busy_share": "all cores busy",
    "publisher_late_ms": "publisher late, p99",
    "bytes_per_delivery": "bytes per delivery",
    "saturated_per_s": "deliveries at saturation",
    "saturated_server_cpu_s_per_100k": "server CPU at saturation",
    "saturated_generator_cpu_s_per_100k": "generator CPU at saturation",
    "storm_half_back_ms": "half back after a cut",
    "storm_95_back_ms": "95 % back after a cut",
    "storm_all_back_ms": "all back after a cut",
    "storm_lost": "lost over a cut",
    "storm_duplicated": "came twice over a cut",
    "storm_server_cpu_ms_per_connection": "server CPU to come back",
    "idle_server_cpu_us_per_connection_s": "idle: server CPU",
    "idle_bytes_per_connection_s": "idle: bytes",
    "idle_heartbeats_per_connection_s": "idle: heartbeats",
}
LIMITED: Final[Mapping[Limit | None, str]] = {
    Limit.GENERATOR: "not compared: the generator was the limit",
    Limit.MACHINE: "not compared: the machine was the limit",
    None: "not measured: the round was given up",
}
NOT_MEASURED: Final = "not measured"
AT_LIMIT: Final = "▲"  # the server was at the end of what it can do


def label(figure: str) -> str:
    """What a figure is, in a few words; a name that nobody knows without its underscores."""
    return LABELS.get(figure, figure.replace("_", " "))


def unit(figure: str) -> str:
    """The unit a figure's name ends in; empty for counts and shares."""
    return next((words for end, words in UNITS.items() if figure.endswith(end)), "")


def titled(figure: str) -> str:
    """Label and unit: `server CPU, s per 100,000`."""
    words = unit(figure)
    return f"{label(figure)}, {words}" if words else label(figure)


def value_of(summary: Summary) -> str:
    """The p50, marked where the server was at its limit in any of the rounds."""
    return f"{number(summary.p50)}{f' {AT_LIMIT}' if summary.at_limit else ''}"


def spread_of(summary: Summary) -> str:
    """`1.8 to 2.2, n 3`; the count alone where all rounds read the same."""
    low, high = number(summary.low), number(summary.high)
    return f"n {summary.count}" if low == high else f"{low} to {high}, n {summary.count}"


def in_full(summary: Summary | None, because: str = NOT_MEASURED) -> str:
    """`1.94 (1.8 to 2.2, n 3)`, or why there is no number."""
    return f"{value_of(summary)} ({spread_of(summary)})" if summary else because


def why_absent(left_out: LeftOut | None) -> str:
    """Why a figure has no number: what limited its phase, or that it was not measured."""
    return LIMITED.get(left_out.limit, NOT_MEASURED) if left_out else NOT_MEASURED
