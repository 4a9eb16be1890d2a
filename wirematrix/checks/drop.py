"""Checks of the end: who learns of it, and does it stay closed?"""

from __future__ import annotations

from wirematrix.budgets import NEVER_REOPENS
from wirematrix.checks.claims import Answer, how_it_ended
from wirematrix.ledger import is_stream
from wirematrix.metrics import first_sign, server_notice
from wirematrix.model import Held
from wirematrix.timeline import Timeline


def noticed_the_break(timeline: Timeline) -> Answer:
    """The page got a sign (error, close, watchdog) that the connection broke."""
    broken = timeline.first("driver", "break")
    if broken is None:
        return Held.UNDECIDED, "nothing was broken"
    sign = first_sign(timeline, broken)
    if sign is None:
        until = timeline.last("driver", "awaited")
        watched = (until.at_ms if until else broken.at_ms) - broken.at_ms
        return Held.BROKEN, f"no sign in the page within {watched:.0f} ms of the break"
    return Held.HELD, f"{sign.kind} {max(0.0, sign.at_ms - broken.at_ms):.0f} ms after the break"


def heard_heartbeats(timeline: Timeline) -> Answer:
    """While nothing was broken, heartbeats reached the page's code."""
    broken = timeline.first("driver", "break")
    end = broken.at_ms if broken else float("inf")
    beats = [seen for seen in timeline.of("page", "message", type="heartbeat") if seen.at_ms < end]
    if len(beats) < 2:
        return Held.BROKEN, f"{len(beats)} heartbeats before the break; expected at least 2"
    return Held.HELD, f"{len(beats)} heartbeats before the break"


def stayed_open(timeline: Timeline) -> Answer:
    """For as long as somebody watched, the page got no sign of an end."""
    opened, watched = timeline.first("page", "open"), timeline.last("driver", "watched")
    if opened is None or watched is None:
        return Held.UNDECIDED, f"nobody watched an open stream; {how_it_ended(timeline)}"
    sign = timeline.first("page", "error", "close", "silence", since_ms=opened.at_ms)
    if sign is not None and sign.at_ms < watched.at_ms:
        return Held.BROKEN, f"{sign.kind} {sign.at_ms - opened.at_ms:.0f} ms after it opened"
    return Held.HELD, f"no sign of an end in {watched.at_ms - opened.at_ms:.0f} ms"


def stayed_closed(timeline: Timeline) -> Answer:
    """Once told to stop, the page asked for no further connection."""
    over = timeline.last("page", "over")
    if over is None:
        return Held.BROKEN, f"the page does not know that it is over; {how_it_ended(timeline)}"
    after = [
        seen
        for seen in timeline.of("link", "request", since_ms=over.at_ms + 1)
        if is_stream(str(seen.detail.get("target", "")))
    ]
    if after:
        return Held.BROKEN, (
            f"{len(after)} more requests after it was over, the first {after[0].at_ms - over.at_ms:.0f} ms later"
        )
    watched = timeline.last("driver", "watched")
    if watched is None or watched.at_ms - over.at_ms < NEVER_REOPENS.ms * 0.9:
        return Held.UNDECIDED, "nobody watched long enough after it was over"
    return Held.HELD, f"no request in {watched.at_ms - over.at_ms:.0f} ms; over: {over.detail.get('because')}"


def server_learned(timeline: Timeline) -> Answer:
    """The server's log says that the subscriber is gone."""
    left = timeline.first("driver", "left")
    if left is None:
        return Held.UNDECIDED, "the page never left"
    gone = server_notice(timeline)
    if gone is None:
        return Held.BROKEN, "the server never noticed that the page had gone"
    return (
        Held.HELD,
        f"the server knew {gone.at_ms - left.at_ms:.0f} ms after it: {gone.detail.get('because')}",
    )


def nobody_left_behind(timeline: Timeline) -> Answer:
    """The server's own count of subscribers is back to none."""
    counted = timeline.last("driver", "statistics")
    if counted is None:
        return Held.UNDECIDED, "the server's subscribers were not counted"
    if counted.detail["subscribers"] != 0:
        return Held.BROKEN, f"the server still counts {counted.detail['subscribers']} subscribers"
    return Held.HELD, "the server counts no subscriber"
