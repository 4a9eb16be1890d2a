"""Measures of an app behind something, on timelines that a person can follow."""

from __future__ import annotations

import pytest

from tests.timelines import also, driver, link, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import BUFFERED, SERVER_NOTICE
from wirematrix.measures import Measure
from wirematrix.timeline import Timeline

QUIET_MS = 2_000
PROMPT = story(page(10, "opening"), page(30, "open"), page(2_040, "message", type="hello"))
HELD = story(page(10, "opening"), page(2_035, "open"), page(2_040, "message", type="hello"))
LEFT = story(server(50, "gone"), driver(100, "left", how="closed"), server(180, "gone"))
RESTARTED = story(
    link(50, "answer", link=1, status=404),
    driver(100, "break", network="nginx-restart-behind", page_entries=3),
    driver(350, "app-ended", by="term"),
    link(500, "answer", link=2, status=502),
    link(900, "answer", link=3, status=502),
    link(1_300, "answer", link=4, status=503),
    page(1_900, "open"),
)


def observed(measure: Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


@pytest.mark.parametrize(
    ("timeline", "wait_ms", "comes"), [(PROMPT, 20, "the head"), (HELD, 2_025, "the first message")]
)
def test_head_that_is_held_back_shows(timeline: Timeline, wait_ms: float, comes: str) -> None:
    """An open long before the first message came with the head; one as late as that was held back."""
    assert observed(measures.head_wait_ms(cap=BUFFERED), timeline) == (wait_ms,)
    assert observed(measures.head_comes_with(quiet_ms=QUIET_MS), timeline) == (comes,)


def test_head_that_never_comes_is_the_cap() -> None:
    """Without an open the wait is the cap, if it was waited for that long, and nothing otherwise."""
    never = without("page", "open")(PROMPT)
    assert observed(measures.head_wait_ms(cap=BUFFERED), never) == ()
    assert observed(measures.head_wait_ms(cap=BUFFERED), also(driver(10 + BUFFERED.ms, "watched"))(never)) == (
        BUFFERED.ms,
    )
    assert observed(measures.head_comes_with(quiet_ms=QUIET_MS), never) == ("neither",)
    assert observed(measures.head_comes_with(quiet_ms=QUIET_MS), story()) == ()


def test_app_learns_from_the_leaving_on() -> None:
    """What went before the page left is another's end; an app that never learns counts as the cap."""
    measure = measures.app_learns_ms(cap=SERVER_NOTICE)
    assert observed(measure, LEFT) == (80,)
    deaf = without("server", "gone")(LEFT)
    assert observed(measure, deaf) == ()
    assert observed(measure, also(driver(100 + SERVER_NOTICE.ms, "clock"))(deaf)) == (SERVER_NOTICE.ms,)
    assert observed(measure, without("driver", "left")(LEFT)) == ()


def test_stopping_is_timed_to_the_end_of_the_process() -> None:
    """SIGTERM to the process's end; without an end there is no time."""
    assert observed(measures.app_stops_ms(), RESTARTED) == (250,)
    assert observed(measures.app_stops_ms(), without("driver", "app-ended")(RESTARTED)) == ()


def test_error_statuses_since_the_break_are_told_once_each() -> None:
    """What was answered before the break is no part of it; equal statuses are one; silence is "none"."""
    assert observed(measures.answered_with(), RESTARTED) == ("502, 503",)
    assert observed(measures.answered_with(), without("link", "answer")(RESTARTED)) == ("none",)
    assert observed(measures.answered_with(), without("driver", "break")(RESTARTED)) == ()


def test_stream_is_open_or_over_or_waits_after_the_break() -> None:
    """An open since the break counts, whatever was said before it; else the page's own last word does."""
    away = without("page", "open")(RESTARTED)
    assert observed(measures.back_as(), RESTARTED) == ("open",)
    assert observed(measures.back_as(), also(page(20, "open"))(away)) == ("waits",)
    assert observed(measures.back_as(), also(page(600, "over", because="CLOSED"))(away)) == ("over",)
