"""Checks of the beginning: does it open, and what does a refusal say?"""

from __future__ import annotations

from wirematrix.checks.claims import Answer, how_it_ended
from wirematrix.model import Held
from wirematrix.timeline import Timeline


def opened(timeline: Timeline) -> Answer:
    """The browser API fired `open` (a fetch: resolved with an ok status)."""
    asked = timeline.first("page", "opening")
    opening = timeline.first("page", "open")
    if opening and asked:
        return Held.HELD, f"open {opening.at_ms - asked.at_ms:.0f} ms after it was asked for"
    return Held.BROKEN, f"never opened; {how_it_ended(timeline)}"


def said_hello(timeline: Timeline) -> Answer:
    """The first message carried the resume point."""
    first = timeline.first("page", "message")
    if first is None:
        return Held.BROKEN, f"no message ever came; {how_it_ended(timeline)}"
    kind, resume = first.detail.get("type"), first.detail.get("resume")
    if kind != "hello" or not resume:
        return Held.BROKEN, (
            f"the first message was {kind!r} with resume point {resume!r}; expected a hello that has one"
        )
    return Held.HELD, f"hello with resume point {resume}"


def opened_once_listening(timeline: Timeline) -> Answer:
    """A refused connection opened by itself once the server listened."""
    listening = timeline.first("driver", "mended")
    opening = timeline.first("page", "open")
    if listening is None:
        return Held.UNDECIDED, "the server was never made to listen"
    if opening is None:
        return Held.BROKEN, f"never opened after the server listened; {how_it_ended(timeline)}"
    if opening.at_ms < listening.at_ms - 50:
        return Held.UNDECIDED, "opened before the server listened: the refusal did not hold"
    return Held.HELD, f"open {opening.at_ms - listening.at_ms:.0f} ms after the server listened"


def never_delivered(timeline: Timeline) -> Answer:
    """A refused subscriber got not one message."""
    got = timeline.of("page", "message")
    if got:
        return Held.BROKEN, f"{len(got)} messages were delivered, the first a {got[0].detail.get('type')}"
    if timeline.first("page", "opening") is None:
        return Held.UNDECIDED, "the page never asked for a connection"
    return Held.HELD, "not one message was delivered"


def is_over(timeline: Timeline) -> Answer:
    """The transport is finished for good and the page knows it."""
    over = timeline.last("page", "over")
    if over is None:
        return Held.BROKEN, f"still trying; {how_it_ended(timeline)}"
    return Held.HELD, f"over: {over.detail.get('because')}"


def told_why(timeline: Timeline) -> Answer:
    """The page's code could see why it was refused: a status or a close code."""
    for seen in timeline.of("page", "status", "close", "gave-up"):
        reason = (
            seen.detail.get("status")
            or (seen.kind == "close" and seen.detail.get("code") not in (None, 1005, 1006))
            or seen.kind == "gave-up"
        )
        if reason:
            shown = seen.detail.get("status") or seen.detail.get("code") or seen.detail.get("because")
            return Held.HELD, f"the page could see: {shown}"
    return Held.BROKEN, "the page saw neither a status nor a close code"
