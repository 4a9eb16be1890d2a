"""Numbers as people read them: times with a unit, counts with separators, and the one in the cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from wirematrix.metrics import METRICS
from wirematrix.model import Attempt, Status

UNITS: Final = ("ms", "s", "mib", "bytes", "percent")
UNIT_SIGNS: Final = {"mib": "MiB", "percent": "%"}

# Which metric answers which claim. A scenario shows the first whose check it claimed and that any of its
# cells has, so that its numbers can be compared.
KEY_METRICS: Final = (
    ("reconnect_delay_ms", ("delay_measured", "waited_as_asked")),
    ("server_notice_ms", ("server_learned", "nobody_left_behind")),
    ("uplink_ms", ("uplinks_returned",)),
    ("recover_ms", ("no_gap", "no_duplicate", "delivers_again", "told_of_the_gap")),
    ("reopen_ms", ("reopened",)),
    ("detect_ms", ("noticed_the_break",)),
    ("delivery_p95_ms", ("in_order", "payloads_unchanged")),
    ("first_message_ms", ("said_hello",)),
    ("open_ms", ("opened",)),
)
OTHERWISE: Final = (
    "recover_ms", "reopen_ms", "detect_ms", "delivery_p95_ms", "first_message_ms", "open_ms"
)  # fmt: skip
WITHOUT_NUMBER: Final = ("is_over", "stayed_closed", "told_why", "never_delivered")  # claims of words
NUMBERLESS: Final = (Status.SKIP, Status.UNSUPPORTED, Status.NOT_REACHED, Status.ERROR, Status.CRASH)
LOSSES: Final = ("lost", "duplicated", "reordered")


def duration(ms: float) -> str:
    """A time of any size in the unit that suits it: `0.4 ms`, `12 ms`, `3.0 s`, `2 min 05 s`."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds:02d} s"


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


def key_metric(attempts: Iterable[Attempt]) -> str:
    """The metric whose value stands in the cells of a scenario; empty if they have none of them."""
    own = tuple(attempts)
    if claimed := claimed_metric(own):
        return claimed
    if any(claim in WITHOUT_NUMBER for claim in _claims(own)):
        return ""
    measured = _measured(own)
    return next((name for name in OTHERWISE if name in measured), "")


def claimed_metric(attempts: Sequence[Attempt]) -> str:
    """The metric that answers a claim of a scenario; empty if it has none of them."""
    claims, measured = _claims(attempts), _measured(attempts)
    for name, checks in KEY_METRICS:
        if name in measured and any(claim.startswith(checks) for claim in claims):
            return name
    return ""


def _claims(attempts: Iterable[Attempt]) -> set[str]:
    return {finding.check for attempt in attempts for finding in attempt.verdict.findings}


def _measured(attempts: Iterable[Attempt]) -> set[str]:
    return {name for attempt in attempts for name, value in attempt.metrics.items() if value is not None}


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
