"""Measures of heartbeats, on timelines that a person can follow."""

from __future__ import annotations

from tests.timelines import also, driver, page, server, story, without
from wirematrix import measures
from wirematrix.measures import Measure
from wirematrix.timeline import Timeline

KEPT = story(
    page(0, "opening", stream="told"),
    page(10, "open", stream="told"),
    server(20, "beat", stream="told", bytes=14),
    page(25, "message", stream="told"),
    server(2_020, "beat", stream="told", bytes=14),
    driver(8_000, "watched", budget_ms=8_000),
    page(8_100, "error", stream="told", state="CLOSED"),
)


def observed(measure: Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def test_path_is_alive_while_nobody_tells_of_an_end() -> None:
    """An end while it is watched says how; one that comes with the attempt's own end says nothing."""
    measure = measures.kept_open("event", stream="told")
    assert observed(measure, KEPT) == ("open",)
    assert observed(measure, also(page(5_000, "error", stream="told", state="CONNECTING"))(KEPT)) == (
        "error, CONNECTING",
    )
    assert observed(measure, without("page", "open")(KEPT)) == ("never opens",)
    assert observed(measure, without("driver", "watched")(KEPT)) == ()


def test_heartbeat_is_seen_or_not() -> None:
    """What script was handed counts; of a stream without heartbeats nothing can be said."""
    measure = measures.seen_by_script("event", stream="told")
    assert observed(measure, KEPT) == ("yes",)
    assert observed(measure, without("page", "message")(KEPT)) == ("no",)
    assert observed(measure, without("server", "beat")(KEPT)) == ()


def test_heartbeat_has_its_price() -> None:
    """The bytes of the first one, whatever the others'."""
    measure = measures.beat_bytes("event", stream="told")
    assert observed(measure, KEPT) == (14,)
    assert observed(measures.beat_bytes("event", stream="quiet"), KEPT) == ()
