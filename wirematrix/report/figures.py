"""Numbers as people read them: times with a unit, counts with separators, and the one in the cell."""

from __future__ import annotations

from typing import Final

from wirematrix.keynumbers import NUMBERLESS, claimed_metric, duration, key_metric
from wirematrix.metrics import METRICS
from wirematrix.model import Attempt

# What a cell's number is and how a time is written belongs to `keynumbers`; reports find it here with the rest.
__all__ = [
    "NUMBERLESS",
    "claimed_metric",
    "duration",
    "key_metric",
    "key_number",
    "metric_label",
    "metric_meaning",
    "quantity",
]

UNITS: Final = ("ms", "s", "mib", "bytes", "percent")
UNIT_SIGNS: Final = {"mib": "MiB", "percent": "%"}
LOSSES: Final = ("lost", "duplicated", "reordered")


def metric_label(name: str) -> str:
    """A metric's name without its unit, in words: `first_message_ms` is `first message`."""
    stem, _, unit = name.rpartition("_")
    return (stem if stem and unit in UNITS else name).replace("_", " ")


def metric_meaning(name: str) -> str:
    """What a metric of the machinery's own measures; empty for a scenario's own."""
    return METRICS.get(name, "")


def quantity(name: str, value: float | None) -> str:
    """A metric's value with the unit its name ends in; None was not measured."""
    if value is None:
        return "not measured"
    unit = name.rpartition("_")[2]
    digits = f"{value:,.1f}".removesuffix(".0")
    return f"{digits} {UNIT_SIGNS.get(unit, unit)}" if unit in UNITS else digits


def key_number(metric: str, attempt: Attempt) -> str:
    """What stands in the cell: its scenario's metric, else what was lost, else nothing.

    A cell that was not judged on its own evidence has no number.
    """
    if attempt.verdict.status in NUMBERLESS:
        return ""
    metrics = attempt.metrics
    value = metrics.get(metric)
    if value is not None:
        return duration(value)
    return next((f"{metrics[name]:,} {name}" for name in LOSSES if metrics.get(name)), "")
