"""Measures of what a server in between does, on timelines that a person can follow: found where it is, else not."""

from __future__ import annotations

import pytest

from tests.timelines import (
    also,
    altered,
    driver,
    heartbeat,
    hello,
    lasting,
    link,
    message,
    moved,
    opening,
    page,
    server,
    story,
    without,
)
from wirematrix import measures
from wirematrix.budgets import BUFFERED, IDLE, OPEN
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

PACE_MS = 150


def said(at_ms: float, seq: int) -> Observation:
    """The app published an update."""
    return server(at_ms, "publish", type="update", epoch="0a0a0a0a", seq=seq)


def route(*, reads: str = "front") -> Observation:
    """Which proxy reads."""
    return driver(0, "route", route="nginx", side="front", reads=reads, idle_s=5)


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


# Three updates; the second one waits for the third.
STREAM = story(said(100, 1), message(103, 1), said(250, 2), said(400, 3), message(405, 2), message(406, 3))


def test_events_are_timed_from_the_apps_word() -> None:
    """Each update from published to seen, the first one by itself; what came twice counts once."""
    first, each = measures.first_event_delay_ms(cap=BUFFERED), measures.event_delay_ms(cap=BUFFERED)
    assert observed(first, STREAM) == (3,)
    assert observed(each, STREAM) == (3, 155, 6)
    assert observed(each, also(message(900, 2))(STREAM)) == (3, 155, 6)
    assert observed(each, moved("page", "message", -10, seq=1)(STREAM)) == (0, 155, 6)  # clocks differ by a little
    assert first.fact(STREAM).cap == each.fact(STREAM).cap == BUFFERED.ms


def test_an_event_that_never_came_is_the_cap() -> None:
    """Held back for good is the cap if it was waited for so long; ended before, nothing is known of it."""
    first, each = measures.first_event_delay_ms(cap=BUFFERED), measures.event_delay_ms(cap=BUFFERED)
    missing = without("page", "message", seq=1)(STREAM)
    assert observed(first, lasting(100 + BUFFERED.ms)(missing)) == (BUFFERED.ms,)
    assert observed(each, lasting(100 + BUFFERED.ms)(missing)) == (BUFFERED.ms, 155, 6)
    assert observed(each, missing) == (155, 6)
    assert observed(each, Timeline(())) == ()


def test_what_comes_with_the_next_was_held_back() -> None:
    """An update counts as held back that comes no sooner than the next is due, or never; without updates, nothing."""
    measure = measures.events_held_back(pace_ms=PACE_MS)
    assert observed(measure, STREAM) == (1,)
    assert observed(measure, moved("page", "message", -150, seq=2)(STREAM)) == (0,)
    assert observed(measure, without("page", "message", seq=3)(STREAM)) == (2,)
    assert observed(measure, Timeline(())) == ()


SILENT = story(
    route(),
    opening(10),
    link(12, "request", link=1, target="/sse/c1"),
    link(12, "far-request", link=4, target="/sse/c1"),
    page(30, "open"),
    hello(40),
    link(5_050, "far-link-end", link=4, by="client"),
    link(5_051, "link-end", link=1, by="server"),
    page(5_060, "error", state="CONNECTING"),
    driver(8_060, "watched"),
)


def test_silence_is_from_the_last_word_to_the_sign() -> None:
    """From what the page heard last, or its opening, to the first sign of an end; the cap where there is none."""
    measure = measures.idle_for_ms(cap=IDLE)
    assert observed(measure, SILENT) == (5_020,)
    assert observed(measure, also(heartbeat(2_000))(SILENT)) == (3_060,)
    assert observed(measure, also(heartbeat(6_000))(SILENT)) == (5_020,)  # of the next connection
    assert observed(measure, without("page", "message")(SILENT)) == (5_030,)
    endless = without("page", "error")(SILENT)
    assert observed(measure, lasting(40 + IDLE.ms)(endless)) == (IDLE.ms,)
    assert observed(measure, without("page", "open")(SILENT)) == ()


def test_who_ended_the_silence() -> None:
    """The app if its end came first, the route if it ended what the app had not, the page, or nobody."""
    measure = measures.idle_ended_by()
    assert observed(measure, SILENT) == ("the route",)
    by_app = altered("link", "far-link-end", {"by": "server"})(SILENT)
    assert observed(measure, by_app) == ("the app",)
    afterwards = moved("link", "far-link-end", 100)(by_app)
    assert observed(measure, afterwards) == ("the route",)
    assert observed(measure, altered("link", "link-end", {"by": "client"})(SILENT)) == ("the page",)
    assert observed(measure, without("link", "link-end")(SILENT)) == ("the route",)
    nobody = without("link", "far-link-end")(without("link", "link-end")(SILENT))
    assert observed(measure, nobody) == ("nobody",)
    assert observed(measure, without("driver", "watched")(SILENT)) == ()


def test_the_attempts_own_end_is_nobodys() -> None:
    """Links that end after the watch, and what our own proxy ends, were not ended by anybody in the scenario."""
    measure = measures.idle_ended_by()
    late = moved("link", "far-link-end", 4_000)(moved("link", "link-end", 4_000)(SILENT))
    assert observed(measure, late) == ("nobody",)
    ours = altered("link", "far-link-end", {"by": "proxy"})(altered("link", "link-end", {"by": "proxy"})(SILENT))
    assert observed(measure, ours) == ("nobody",)


def test_behind_tls_the_twin_is_in_front() -> None:
    """Where the proxy behind reads, its ends are the app's side, and the twin's are the page's."""
    seen = story(
        route(reads="behind"),
        link(12, "request", link=4, target="/sse/c1"),
        page(30, "open"),
        link(5_050, "link-end", link=4, by="server"),
        driver(8_060, "watched"),
    )
    assert observed(measures.idle_ended_by(), seen) == ("the app",)
    assert observed(measures.idle_ended_by(), altered("link", "link-end", {"by": "client"})(seen)) == ("the route",)


def test_connections_are_those_of_the_page() -> None:
    """TCP connections in front of the server, told by the twin where the other one reads, until the page lets go."""
    measure = measures.connections_used()
    counted = story(
        route(), *(link(at_ms, "link-open", link=at_ms) for at_ms in (1, 2, 3)), link(4, "far-link-open", link=9)
    )
    assert observed(measure, counted) == (3,)
    assert observed(measure, altered("driver", "route", {"reads": "behind"})(counted)) == (1,)
    assert observed(measure, also(driver(2.5, "freed"))(counted)) == (2,)
    assert observed(measure, story(route())) == (0,)


NEVER = story(
    opening(10),
    page(60, "error", state="CLOSED"),
    page(61, "close", code=1006),
    page(70, "over", because="code 1006"),
)


def test_a_fallback_waits_for_the_first_word() -> None:
    """From the constructor to the first sign that nothing opens; the cap where there is none."""
    measure = measures.never_opens_told_ms(cap=OPEN)
    assert observed(measure, NEVER) == (50,)
    untold = without("page", "error")(without("page", "close")(NEVER))
    assert observed(measure, lasting(10 + OPEN.ms)(untold)) == (OPEN.ms,)
    assert observed(measure, without("page", "opening")(NEVER)) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda timeline: timeline, "code 1006"),
        (without("page", "over"), "code 1006"),
        (altered("page", "over", {"because": "gave up"}), "gave up"),
        (also(page(40, "open")), "it opens"),
    ],
)
def test_script_is_told_the_last_word(change: object, told: str) -> None:
    """What the page says of the end: its verdict, else the close code; that it opens, if it does."""
    assert callable(change)
    assert observed(measures.never_opens_as(), change(NEVER)) == (told,)
    assert observed(measures.never_opens_as(), Timeline(())) == ()
