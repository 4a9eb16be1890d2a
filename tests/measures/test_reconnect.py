"""Measures of coming back, on timelines that a person can follow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import also, broke, driver, lasting, page, server, steady, story, without
from wirematrix import measures
from wirematrix.budgets import ABSENT, TRIES
from wirematrix.model import Observation
from wirematrix.timeline import Timeline


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def asked(at_ms: float, connection: int = 1, target: str = "/stream") -> Observation:
    """A request at the origin."""
    return server(at_ms, "request", connection=connection, number=1, target=target, headers=[])


def ended(at_ms: float, connection: int = 1) -> Observation:
    """The end of a response."""
    return server(at_ms, "end", connection=connection, how="finish")


TWICE_BACK = story(
    asked(10), ended(20), asked(3_020), ended(3_030), asked(6_530, 2), asked(50, 9, "/other"), ended(60, 9)
)


def test_delay_is_from_end_to_next_request_of_the_same_path() -> None:
    """Each end of a response with the request that follows on the same path, whatever connection it comes on."""
    assert observed(measures.reconnect_delay_ms(), TWICE_BACK) == (3_000, 3_500)
    assert observed(measures.reconnect_delay_ms(turn=2), TWICE_BACK) == (3_500,)
    assert observed(measures.reconnect_delay_ms(turn=3), TWICE_BACK) == ()
    assert observed(measures.reconnect_delay_ms(places=("/stream", "/other")), TWICE_BACK) == (3_000, 3_500)


def test_a_path_that_was_not_asked_again_counts_as_the_cap() -> None:
    """With a cap a path that nobody came back to is recorded as "at least that"; one never asked for is not."""
    measure = measures.reconnect_delay_ms(places=("/other", "/never"), cap=ABSENT)
    assert observed(measure, lasting(60 + ABSENT.ms)(TWICE_BACK)) == (ABSENT.ms,)
    assert observed(measure, TWICE_BACK) == ()


def test_silent_repeats_are_requests_without_a_word() -> None:
    """Every open and every error that ends no open stream is the page's word of one request; the rest were silent."""
    opened, failed = page(11, "open", stream="a"), page(20, "error", stream="a")
    told = story(asked(10), opened, failed, asked(110, 2), page(120, "error", stream="a"), asked(220, 3))
    measure = measures.silent_repeats("x")
    assert observed(measure, also(page(221, "open", stream="a"))(told)) == (0,)
    assert observed(measure, also(asked(111, 4), page(221, "open", stream="a"))(told)) == (1,)


def test_preflights_are_counted_by_path() -> None:
    """Only those of the path."""
    seen = story(server(1, "preflight", target="/stream?a"), server(2, "preflight", target="/other"))
    assert observed(measures.preflights("x"), seen) == (1,)
    assert observed(measures.preflights("x", place="/none"), seen) == (0,)


def test_tries_are_told_by_their_turn() -> None:
    """The n-th try's own time; the cap where it never ended, and for the row where it is not complete."""
    row = story(page(10, "tried", turn=1, took_ms=2.0), page(20, "tried", turn=2, took_ms=9.5))
    assert observed(measures.try_duration_ms("second", turn=2), row) == (9.5,)
    assert observed(measures.try_duration_ms("third", turn=3), row) == ()
    assert observed(measures.try_duration_ms("third", turn=3, cap=TRIES), row) == (TRIES.unscaled_ms,)
    assert observed(measures.tries_total_ms(2, cap=TRIES), row) == (11.5,)
    assert observed(measures.tries_total_ms(3, cap=TRIES), row) == (TRIES.unscaled_ms,)


def test_the_break_is_noticed_or_not() -> None:
    """From the break to the page's first sign; the cap without one, nothing without a break."""
    measure = measures.break_noticed_ms(cap=ABSENT)
    seen = story(broke(100), page(150, "error", n=1))
    assert observed(measure, seen) == (50,)
    unnoticed = without("page", "error")(seen)
    assert observed(measure, lasting(100 + ABSENT.ms)(unnoticed)) == (ABSENT.ms,)
    assert observed(measure, unnoticed) == ()
    assert observed(measure, without("driver", "break")(seen)) == ()


@steady
@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=40))
def test_a_storm_is_told_by_its_arrivals(after_ms: list[int]) -> None:
    """First, spread and busiest 100 ms agree with the arrivals, counted the slow way."""
    count = len(after_ms)
    storm = story(asked(5), driver(10, "cut"), *(asked(10 + at_ms, number) for number, at_ms in enumerate(after_ms)))
    assert observed(measures.storm_begins_ms(), storm) == (min(after_ms),)
    assert observed(measures.storm_spread_ms(count), storm) == (max(after_ms) - min(after_ms),)
    busiest = max(len([at_ms for at_ms in after_ms if begin <= at_ms < begin + 100]) for begin in range(2_001))
    assert observed(measures.storm_peak_percent(count), storm) == (round(100 * busiest / count, 2),)
    assert observed(measures.storm_spread_ms(count + 1), storm) == ()
    assert observed(measures.storm_peak_percent(count + 1), storm) == ()
