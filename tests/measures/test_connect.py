"""Measures of connecting, on timelines that a person can follow: found where it is, not found where it is not."""

from __future__ import annotations

from typing import Any

from tests.timelines import also, altered, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import UNANSWERED
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

CAP_MS = UNANSWERED.unscaled_ms


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def asked(at_ms: float, place: str, connection: int = 1, **headers: str) -> Observation:
    """The origin had a request."""
    return server(at_ms, "request", connection=connection, target=place, headers=list(map(list, headers.items())))


def stream(name: str, *, began: float, opened: float) -> tuple[Observation, Observation]:
    """The page opened a stream."""
    return page(began, "opening", stream=name), page(opened, "open", stream=name)


TURNS = story(
    *stream("a", began=10, opened=20),
    asked(15, "/a", connection=1),
    *stream("b", began=30, opened=33),
    asked(31, "/b", connection=1),
    *stream("c", began=40, opened=45),
    asked(41, "/c", connection=2),
)
LATE = story(
    page(0, "opening", stream="a"),
    asked(1, "/stream"),
    server(2, "respond", connection=1, status=200),
    server(3_002, "first-byte", connection=1),
    page(3_010, "open", stream="a"),
)
FAILED = story(
    page(100, "opening", stream="a"),
    page(150, "error", stream="a", state="CLOSED", n=1),
    page(151, "close", stream="a", code=1006, n=2),
    page(151, "over", stream="a", n=3),
)
LEFT = story(
    asked(5, "/stream", connection=3),
    page(10, "closing", stream="a", state="CLOSING", n=1),
    page(11, "error", stream="a", state="CLOSED", n=2),
    page(12, "close", stream="a", code=1006, n=3),
    server(60, "peer-end", connection=3, how="fin"),
)


def test_opens_are_told_apart_by_their_connection() -> None:
    """A stream on a connection that carried another before is one thing, one on a connection of its own another."""
    reused = measures.opened_in_turn_ms("reused", "abc", reused=True)
    fresh = measures.opened_in_turn_ms("new", "abc", reused=False)
    assert (observed(reused, TURNS), observed(fresh, TURNS)) == ((3,), (10, 5))
    assert observed(measures.connection_count("", "abc"), TURNS) == (2,)
    assert observed(fresh, without("page", "open", stream="c")(TURNS)) == (10,)
    assert observed(measures.connection_count("", "xyz"), TURNS) == ()


def test_every_open_is_timed_from_its_opening() -> None:
    """One time for each stream that opened; a stream that did not makes the record short."""
    measure = measures.opens_ms("each", "abc")
    assert observed(measure, TURNS) == (10, 3, 5)
    assert measure.least == 3
    assert observed(measure, without("page", "open", stream="b")(TURNS)) == (10, 5)


def test_open_comes_with_the_head_or_with_the_first_byte() -> None:
    """An open that precedes the first byte of the body came with the head; times begin at the head."""
    when, gap = measures.opens_with("late", "first-byte"), measures.head_to_open_ms("late")
    assert (observed(when, LATE), observed(gap, LATE)) == (("the first byte",), (3_008,))
    prompt = also(page(4, "open", stream="a"))(without("page", "open")(LATE))
    assert (observed(when, prompt), observed(gap, prompt)) == (("the head",), (2,))
    assert observed(when, without("page", "open")(LATE)) == ("neither",)
    assert observed(when, without("server", "first-byte")(LATE)) == ()
    assert observed(gap, without("server", "respond")(LATE)) == ()


def test_failures_are_timed_from_their_opening() -> None:
    """The time until the page knows; the cap where it was never told, nothing where it never tried."""
    assert observed(measures.told_in_ms("x", ["a"]), FAILED) == (51,)
    assert observed(measures.told_in_ms("x", ["b"]), FAILED) == ()
    failed = measures.failed_after_ms(UNANSWERED)
    assert observed(failed, FAILED) == (50,)
    untold = without("page", "error")(without("page", "close")(FAILED))
    assert observed(failed, untold) == (CAP_MS,)
    assert observed(failed, without("page", "opening")(FAILED)) == ()


def test_a_status_is_seen_or_hidden() -> None:
    """A fetch shows the status; an error without one hides it; without either there is no record."""
    seen = measures.status_seen("503")
    assert observed(seen, FAILED) == ("hidden",)
    assert observed(seen, also(page(120, "open", stream="a", status=503))(FAILED)) == ("503",)
    assert observed(seen, TURNS) == ()


def test_headers_are_told_without_what_changes_each_time() -> None:
    """A value without the port of the page, "absent" without the header, names by the alphabet and in small letters."""
    said = {
        "Host": "h:1",
        "Sec-WebSocket-Key": "k",
        "User-Agent": "u",
        "Referer": "http://127.0.0.1:45/static/raw.html",
    }
    timeline = story(asked(1, "/stream", 1, Accept="text/event-stream", **said))
    assert observed(measures.header_value("referer"), timeline) == ("ORIGIN/static/raw.html",)
    assert observed(measures.header_value("Priority"), timeline) == ("absent",)
    assert observed(measures.header_names(), timeline) == ("accept, referer",)
    assert observed(measures.header_names(), FAILED) == ()
    assert observed(measures.header_value("Accept", place="/other"), timeline) == ()


def test_what_is_told_is_a_row_of_words() -> None:
    """Each kind of entry has its words, in the order in which the page wrote them; messages are left out."""

    def words(*entries: tuple[str, dict[str, Any]]) -> tuple[object, ...]:
        return observed(measures.told("x"), story(*(page(1, kind, stream="a", **detail) for kind, detail in entries)))

    assert words(("open", {}), ("message", {}), ("error", {"state": "CONNECTING"}), ("error", {"state": "CLOSED"})) == (
        "open, error CONNECTING, error CLOSED",
    )
    assert words(("open", {}), ("close", {"code": None})) == ("open, end of body",)
    assert words(("close", {"code": 4401})) == ("close 4401",)
    assert words(("error", {"state": None, "because": "TypeError: no"})) == ("error TypeError",)
    assert words(("refused", {"name": "SecurityError"})) == ("throws SecurityError",)
    assert words() == ("nothing",)


def test_what_is_told_after_closing_leaves_out_what_came_before() -> None:
    """By the page's own order: entries before close() do not count, and silence is "nothing"."""
    after = measures.told_after_closing("x")
    assert observed(after, LEFT) == ("error CLOSED, close 1006",)
    assert observed(after, also(page(10, "open", stream="a", n=0))(LEFT)) == ("error CLOSED, close 1006",)
    assert observed(after, without("page", "error")(without("page", "close")(LEFT))) == ("nothing",)
    assert observed(after, without("page", "closing")(LEFT)) == ()


def test_the_engines_end_of_the_connection_is_seen_and_timed() -> None:
    """FIN or RST of the request's own connection, timed from close(); the cap where none came."""
    saw, gone = measures.server_saw("x"), measures.let_go_ms("x", UNANSWERED)
    assert (observed(saw, LEFT), observed(gone, LEFT)) == (("FIN",), (50,))
    assert observed(saw, altered("server", "peer-end", {"how": "reset"})(LEFT)) == ("RST",)
    other = altered("server", "peer-end", {"connection": 4})(LEFT)
    assert (observed(saw, other), observed(gone, other)) == (("nothing",), (CAP_MS,))
    assert observed(gone, without("page", "closing")(LEFT)) == ()
    assert observed(saw, without("server", "request")(LEFT)) == ()
