"""Measures of ends, on timelines that a person can follow: found where it is, not found where it is not."""

from __future__ import annotations

from tests.timelines import also, altered, lasting, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import CLOSE_TIMEOUT
from wirematrix.timeline import Timeline

CAP_MS = CLOSE_TIMEOUT.unscaled_ms
CLOSED = story(
    page(1_000, "closing", stream="a", state="CLOSING"),
    page(1_050, "close", stream="b", code=1000, clean=True),
    page(6_000, "close", stream="a", code=1006, clean=False),
)
GOODBYE = story(
    server(100, "close-sent", connection=1, code=1000),
    page(2_100, "close", stream="a", code=1000, clean=True),
    server(2_150, "peer-end", connection=1, how="fin"),
)
SENT = story(
    page(10, "sent", stream="a", buffered=5, state="CLOSING"), page(20, "sent", stream="a", buffered=5, state="CLOSED")
)
FAILURES = story(
    page(10, "error", stream="refused", state="CONNECTING"),
    page(11, "error", stream="missing", state="CLOSED"),
    page(12, "open", stream="reset", state="OPEN"),
    page(13, "error", stream="reset", state="CONNECTING"),
)


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def test_close_timeout_is_from_close_to_its_event() -> None:
    """The time until the same stream's close event; the cap where it was waited for that long, else nothing."""
    measure = measures.close_timeout_ms(cap=CLOSE_TIMEOUT)
    assert observed(measure, CLOSED) == (5_000,)
    unanswered = without("page", "close", stream="a")(CLOSED)
    assert observed(measure, lasting(1_000 + CAP_MS)(unanswered)) == (CAP_MS,)
    assert observed(measure, lasting(CAP_MS / 2)(unanswered)) == ()
    assert observed(measure, without("page", "closing")(CLOSED)) == ()
    assert measure.fact(CLOSED).cap == CAP_MS


def test_goodbyes_are_timed_from_the_origins_word() -> None:
    """The page's event and the engine's end of TCP are both timed from the close frame; never before it."""
    told = measures.told_after_ms("close-sent", cap=CLOSE_TIMEOUT)
    gone = measures.tcp_ended_after_ms("close-sent", cap=CLOSE_TIMEOUT)
    assert (observed(told, GOODBYE), observed(gone, GOODBYE)) == ((2_000,), (2_050,))
    long_ago = lasting(100 + CAP_MS)(GOODBYE)
    assert observed(told, without("page", "close")(long_ago)) == (CAP_MS,)
    assert observed(gone, without("server", "peer-end")(long_ago)) == (CAP_MS,)
    assert observed(told, without("page", "close")(GOODBYE)) == ()
    assert observed(told, without("server", "close-sent")(GOODBYE)) == ()
    assert told.name == "told_after_close_sent_ms"


def test_a_send_is_told_by_what_it_did() -> None:
    """Whether it was buffered, against the send before, and in which state."""
    assert observed(measures.sending("x", 1), SENT) == ("no exception, bufferedAmount grows, CLOSING",)
    assert observed(measures.sending("x", 2), SENT) == ("no exception, bufferedAmount stays, CLOSED",)
    grown = altered("page", "sent", {"buffered": 9}, state="CLOSED")(SENT)
    assert observed(measures.sending("x", 2), grown) == ("no exception, bufferedAmount grows, CLOSED",)


def test_a_send_that_throws_names_the_exception() -> None:
    """An exception is recorded by its name; a send that never was is no record."""
    thrown = also(page(30, "send-failed", stream="a", because="InvalidStateError: still CONNECTING"))(SENT)
    assert observed(measures.sending("x", 3), thrown) == ("throws InvalidStateError",)
    assert observed(measures.sending("x", 3), SENT) == ()


def test_causes_are_told_apart_by_their_traces() -> None:
    """Each stream is a cause; equal traces are one. A cause without a trace yet is no record."""
    measure = measures.causes_told_apart(("refused", "missing", "reset"))
    assert observed(measure, FAILURES) == (3,)
    alike = altered("page", "error", {"state": "CONNECTING"}, stream="missing")(FAILURES)
    assert observed(measure, alike) == (2,)
    assert observed(measure, without("page", "error", stream="missing")(FAILURES)) == ()
