"""What measures read out of a timeline: requests of a path, their ends, the gaps between, what the clocks allow."""

from __future__ import annotations

from tests.timelines import also, driver, lasting, page, server, story
from wirematrix.budgets import NOTICE
from wirematrix.measures import reading
from wirematrix.model import Observation
from wirematrix.timeline import CLOCK_SLACK_MS


def asked(at_ms: float, connection: int = 1, target: str = "/stream") -> Observation:
    """A request at the origin."""
    return server(at_ms, "request", connection=connection, number=1, target=target, headers=[["X-One", "1"]])


def ended(at_ms: float, connection: int = 1, kind: str = "end") -> Observation:
    """The origin's end of something."""
    return server(at_ms, kind, connection=connection, how="fin")


def test_entries_are_of_one_stream_and_one_source() -> None:
    """Other streams, other kinds and what the server said of a stream of that name are left out."""
    mine = page(2, "open", stream="a")
    told = story(mine, page(1, "open", stream="b"), page(3, "close", stream="a"), server(1, "open", stream="a"))
    assert reading.entries(told, "a", "open") == (mine,)
    assert [seen.kind for seen in reading.entries(told, "a", "open", "close")] == ["open", "close"]


def test_headers_are_found_by_any_spelling() -> None:
    """The first of a name, whatever its case; None where there is none."""
    request = server(1, "request", headers=[["X-One", "1"], ["x-one", "2"], ["Empty", ""]])
    assert reading.header(request, "x-ONE") == "1"
    assert reading.header(request, "empty") == ""
    assert reading.header(request, "other") is None


def test_each_request_has_the_first_end_of_its_own_connection() -> None:
    """Kept-alive connections, parallel ones and other paths are not mixed up; a second end is of nothing."""
    story_of_four = story(
        *(asked(10, 1), asked(11, 2), asked(12, 3, "/other")),
        *(ended(20, 2), ended(21, 1), ended(22, 3), ended(23, 1)),
        *(asked(30, 1), asked(31, 1, "/other"), ended(40, 1)),
        *(asked(50, 4), ended(60, 4, "close-sent"), ended(61, 4)),
    )
    pairs = [(first.at_ms, end.at_ms) for first, end in reading.ends(story_of_four, "/stream")]
    assert pairs == [(11, 20), (10, 21), (50, 60)]
    assert [(first.at_ms, end.at_ms) for first, end in reading.ends(story_of_four, "/other")] == [(12, 22), (31, 40)]


def test_an_end_before_a_request_is_none_of_its() -> None:
    """What was done to a connection before the request came on it ended something else."""
    assert reading.ends(story(ended(5), asked(10)), "/stream") == []


def test_gaps_are_from_an_end_to_the_next_request_of_the_path() -> None:
    """On one clock, whatever came meanwhile on other paths; the last end has none."""
    seen = story(asked(10), ended(20), asked(25, 9, "/other"), asked(3_020, 2), ended(3_030, 2))
    assert reading.gaps_ms(seen, "/stream") == [3_000]
    assert reading.gaps_ms(seen, "/none") == []


def test_a_request_beside_a_living_response_is_no_return() -> None:
    """Another stream on the same path, asked for before the end, did not come back from it."""
    assert reading.gaps_ms(story(asked(10), asked(15, 2), ended(20), ended(21, 2)), "/stream") == []


def test_requests_at_one_instant_are_two() -> None:
    """Two requests that look alike at the same instant are told apart by their order."""
    seen = story(asked(10), ended(10), asked(10), ended(10), asked(40))
    assert reading.gaps_ms(seen, "/stream") == [0, 30]


def test_the_clocks_may_differ_by_what_is_known() -> None:
    """At least the usual slack, more where the brackets of this attempt are wider; the last word counts."""
    assert reading.slack_ms(story()) == CLOCK_SLACK_MS
    assert reading.slack_ms(story(driver(1, "clock", uncertainty_ms=0.4))) == CLOCK_SLACK_MS
    seen = story(driver(1, "clock", uncertainty_ms=90.0), driver(2, "clock", uncertainty_ms=30.0))
    assert reading.slack_ms(seen) == 30


def test_a_cap_is_what_was_waited_for() -> None:
    """Nobody can say "at least that" of a wait that was shorter; a hair's breadth does not count."""
    assert reading.capped(lasting(100 + NOTICE.ms)(story()), 100, NOTICE) == [NOTICE.ms]
    assert reading.capped(lasting(99 + NOTICE.ms)(story()), 100, NOTICE) == [NOTICE.ms]
    assert reading.capped(lasting(100 + 0.9 * NOTICE.ms)(story()), 100, NOTICE) == []
    assert reading.capped(story(), 100, NOTICE) == []
    assert reading.capped(lasting(100 + NOTICE.ms)(story()), 100, None) == []


def test_over_is_what_the_page_says_of_the_stream() -> None:
    """Another stream's end is not this one's."""
    told = story(page(1, "over", stream="b"))
    assert not reading.is_over(told, "a")
    assert reading.is_over(also(page(2, "over", stream="a"))(told), "a")
