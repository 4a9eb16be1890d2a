"""Checks of coming back: when, and with everything that was said meanwhile."""

from __future__ import annotations

from wirematrix.accounting import audit, losses, spell
from wirematrix.budgets import Budget
from wirematrix.checks.claims import Answer, Check, how_it_ended
from wirematrix.ledger import published
from wirematrix.metrics import (
    connection_attempts,
    first_open,
    reconnect_delays_ms,
)
from wirematrix.model import Held
from wirematrix.timeline import Timeline


def reopened(timeline: Timeline) -> Answer:
    """After every break the transport opened again by itself."""
    breaks = timeline.of("driver", "break")
    if not breaks:
        return Held.UNDECIDED, "nothing was broken"
    took = []
    for number, broken in enumerate(breaks, 1):
        again = first_open(timeline, broken)
        if again is None:
            tries = connection_attempts(timeline, broken)
            return Held.BROKEN, (
                f"not open again after break {number} of {len(breaks)} ({tries} tries); {how_it_ended(timeline)}"
            )
        took.append(max(0.0, again.at_ms - broken.at_ms))
    times = ", ".join(f"{ms:.0f}" for ms in took)
    return Held.HELD, f"open again after {len(breaks)} of {len(breaks)} breaks, after {times} ms"


def reopened_within(budget: Budget) -> Check:
    """The same, and the worst of the times stays inside a budget."""

    def reopened_in_time(timeline: Timeline) -> Answer:
        held, because = reopened(timeline)
        if held is not Held.HELD:
            return held, because
        worst = max(
            again.at_ms - broken.at_ms
            for broken in timeline.of("driver", "break")
            if (again := first_open(timeline, broken))
        )
        if worst > budget.ms:
            return Held.BROKEN, f"open again only after {worst:.0f} ms; expected at most {budget.ms:.0f}"
        return Held.HELD, f"open again at the latest {worst:.0f} ms after the break"

    return reopened_in_time


def delivers_again(timeline: Timeline) -> Answer:
    """What was published after the transport had reopened arrived."""
    wanted = published(Timeline(timeline.of("driver", "published", after_reopening=True)))
    if not wanted:
        return Held.UNDECIDED, f"nothing was published after a reopening; {how_it_ended(timeline)}"
    account = audit(timeline)
    missing = tuple(key for key in account.lost if key in wanted)
    if missing:
        return Held.BROKEN, (
            f"{len(missing)} of {len(wanted)} messages published after reopening are missing: "
            f"{spell(missing)} ({losses(account, missing)})"
        )
    return Held.HELD, f"all {len(wanted)} messages published after reopening arrived"


def waited_as_asked(asked_ms: float) -> Check:
    """The page came back no sooner than the server's `retry:` asked (HTML standard, 9.2.6)."""

    def waited_the_retry_delay(timeline: Timeline) -> Answer:
        if not _something_ended(timeline):
            return Held.UNDECIDED, "nothing ended, so there was nothing to come back from"
        delays = reconnect_delays_ms(timeline)
        if not delays:
            return Held.BROKEN, f"it never came back; {how_it_ended(timeline)}"
        shortest = min(delays)
        if shortest < asked_ms * 0.95:
            return Held.BROKEN, f"came back after {shortest:.0f} ms; the server asked for {asked_ms:.0f}"
        return (
            Held.HELD,
            f"came back after {', '.join(f'{d:.0f}' for d in delays)} ms; asked {asked_ms:.0f}",
        )

    return waited_the_retry_delay


def delay_measured(timeline: Timeline) -> Answer:
    """The engine's own reconnect delay was observed."""
    if not _something_ended(timeline):
        return Held.UNDECIDED, "nothing ended, so there was nothing to come back from"
    delays = reconnect_delays_ms(timeline)
    if not delays:
        return Held.BROKEN, f"it never came back by itself; {how_it_ended(timeline)}"
    return (
        Held.HELD,
        f"came back by itself after {', '.join(f'{d:.0f}' for d in delays)} ms ({len(delays)} times)",
    )


def told_of_the_gap(timeline: Timeline) -> Answer:
    """Every message that was lost for good was named by a `gap`."""
    account = audit(timeline)
    if not account.lost:
        return Held.UNDECIDED, "no message was lost: history was still there"
    gap = timeline.last("page", "message", type="gap")
    if gap is None:
        return Held.BROKEN, (f"{len(account.lost)} messages are gone and no gap told of it; {how_it_ended(timeline)}")
    if len(account.told) != len(account.lost):
        return Held.BROKEN, (
            f"the gap named {gap.detail['from']} to {gap.detail['to']}, "
            f"but lost are {spell(account.lost)} ({len(account.told)} of {len(account.lost)} named)"
        )
    return Held.HELD, f"the gap named all {len(account.lost)} lost messages: {spell(account.lost)}"


def told_of_the_new_epoch(timeline: Timeline) -> Answer:
    """After another process took over without the old history, the page was told of it: another epoch, and a `gap`."""
    hellos = timeline.of("page", "message", type="hello")
    if len(hellos) < 2:
        return Held.BROKEN, f"it never came back to be told; {how_it_ended(timeline)}"
    before, after = hellos[0].detail.get("epoch"), hellos[-1].detail.get("epoch")
    if before == after:
        return Held.UNDECIDED, f"the epoch is still {before}: no other process took over"
    gap = timeline.last("page", "message", type="gap")
    if gap is None:
        return Held.BROKEN, f"epoch {before} became {after}, and no gap told of it"
    return Held.HELD, f"epoch {before} became {after}, and a gap said: {gap.detail.get('reason')}"


def _something_ended(timeline: Timeline) -> bool:
    """Whether the network was broken, or the page saw an end without that."""
    return bool(timeline.of("driver", "break") or timeline.of("page", "error", "close"))
