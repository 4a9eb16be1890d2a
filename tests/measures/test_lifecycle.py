"""Measures of documents that come and go, on timelines that a person can follow."""

from __future__ import annotations

from tests.timelines import altered, driver, lasting, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import SERVER_NOTICE
from wirematrix.timeline import Timeline

IN_ADVANCE = server(5, "peer-end", connection=7, how="fin")  # of a connection that an engine opened and never used
LEFT = story(
    IN_ADVANCE,
    server(10, "request", connection=1, number=1, target="/stream", headers=[]),
    driver(100, "left", how="closed"),
    server(130, "frame", connection=1, name="close", code=1001),
    server(150, "peer-end", connection=1, how="fin"),
)


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def test_the_first_sign_is_when_the_server_can_know() -> None:
    """The close frame, or else the end of the connection; what was never asked on a connection is no sign."""
    assert observed(measures.server_knows_ms(), LEFT) == (30,)
    silent = without("server", "frame")(LEFT)
    assert observed(measures.server_knows_ms(), silent) == (50,)
    gone = without("server", "peer-end", connection=1)(silent)
    assert observed(measures.server_knows_ms(), gone) == ()
    capped = measures.server_knows_ms(cap=SERVER_NOTICE)
    assert observed(capped, lasting(100 + SERVER_NOTICE.ms)(gone)) == (SERVER_NOTICE.ms,)
    assert observed(capped, gone) == ()
    assert observed(measures.server_knows_ms(), without("driver", "left")(LEFT)) == ()


def test_the_first_sign_is_named() -> None:
    """A close frame by its code, an end by its kind, and nothing at all."""
    assert observed(measures.server_sees(), LEFT) == ("close frame 1001",)
    silent = without("server", "frame")(LEFT)
    assert observed(measures.server_sees(), silent) == ("FIN",)
    assert observed(measures.server_sees(), altered("server", "peer-end", {"how": "reset"})(silent)) == ("RESET",)
    assert observed(measures.server_sees(), without("server", "peer-end", connection=1)(silent)) == ("nothing",)


def test_streams_at_once_are_counted_at_the_server() -> None:
    """A stream counts from its request to the first sign of the peer's leaving."""
    second = server(140, "request", connection=2, number=2, target="/stream", headers=[])
    after = story(*LEFT, second)
    assert observed(measures.most_at_once(), after) == (1,)
    assert observed(measures.most_at_once(), without("server", "frame")(after)) == (2,)


def test_errors_in_leaving_are_one_number_a_document() -> None:
    """What each leaving document told the next one."""
    told = story(page(1, "errors-in-leaving", count=0), page(2, "errors-in-leaving", count=2))
    assert observed(measures.errors_before_leaving(), told) == (0, 2)
