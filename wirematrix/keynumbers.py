"""The number that stands in a cell beside its status: which one it is, and how it is written in few letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.facts import Bound
from wirematrix.measures import shown_value, unit_of
from wirematrix.model import Attempt, Kind, Status

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumber:
    """What stands in all cells of a scenario: a fact or a metric, by name; neither if both are empty."""

    fact: str = ""
    metric: str = ""

    @property
    def name(self) -> str:
        """The one it is."""
        return self.fact or self.metric


def key_number_of(kind: Kind, facts: Sequence[str], attempts: Sequence[Attempt]) -> KeyNumber:
    """A check's first fact; else the metric of the scenario's claim, or its first fact, or whatever was measured.

    `facts` are the names of what the scenario's attempts recorded, in the order of the table of facts.
    """
    if facts and (kind is Kind.CHECK or not claimed_metric(attempts)):
        return KeyNumber(fact=facts[0])
    return KeyNumber(metric=key_metric(attempts))


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


def short_number(name: str, bound: Bound) -> str:
    """A number in the few letters that a cell has room for: `3.0 s`, `≥ 20.0 s`, `12 MiB`; its unit ends its name."""
    unit = unit_of(name)
    shown = duration(bound.value) if unit == "ms" else f"{shown_value(bound.value)} {unit}".strip()
    return f"{'≥ ' if bound.at_least else ''}{shown}"


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


def _claims(attempts: Iterable[Attempt]) -> set[str]:
    return {finding.check for attempt in attempts for finding in attempt.verdict.findings}


def _measured(attempts: Iterable[Attempt]) -> set[str]:
    return {name for attempt in attempts for name, value in attempt.metrics.items() if value is not None}
