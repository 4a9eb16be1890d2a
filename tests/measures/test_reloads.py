"""Measures of a server in between that reloads, on timelines that a person can follow."""

from __future__ import annotations

from tests.timelines import also, driver, link, page, story, without
from wirematrix import measures
from wirematrix.measures import Measure
from wirematrix.timeline import Timeline

LAST = 3
RELOADED = story(
    driver(0, "route", route="nginx-h2", side="front", reads="behind", idle_s=60),
    link(5, "far-link-open", link=1),
    page(10, "message", stream="a", seq=1),
    driver(20, "reload"),
    link(30, "link-open", link=7),
    link(40, "far-link-open", link=2),
    page(50, "message", stream="a", seq=LAST),
)


def observed(measure: Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def test_connections_count_in_front_and_from_the_reload_on() -> None:
    """Those between server and app, and those from before the reload, are no part of it."""
    measure = measures.connections_since_reload()
    assert observed(measure, RELOADED) == (1,)
    assert observed(measure, without("link", "far-link-open")(RELOADED)) == (0,)
    assert observed(measure, without("driver", "reload")(RELOADED)) == ()


def test_stream_goes_to_its_end_or_is_cut_off() -> None:
    """The last message before any end is the whole of it; after an end the stream was resumed; without it, cut off."""
    measure = measures.goes_to_its_end(stream="a", last=LAST)
    cut = also(page(30, "error", stream="a", state="CONNECTING"))
    short = without("page", "message", seq=LAST)
    assert observed(measure, RELOADED) == ("to its end",)
    assert observed(measure, cut(RELOADED)) == ("cut off and resumed",)
    assert observed(measure, cut(short(RELOADED))) == ("cut off",)
    assert observed(measure, short(RELOADED)) == ("stays silent",)
    assert observed(measure, without("driver", "reload")(RELOADED)) == ()
