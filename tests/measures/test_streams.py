"""Measures of raw streams, on timelines that a person can follow: the right one is found, the wrong one is not taken."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.timelines import also, altered, driver, lasting, moved, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import NOTICE, OPEN
from wirematrix.measures.streams import named, shown_id, titled
from wirematrix.model import Observation
from wirematrix.timeline import Timeline


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def asked(
    at_ms: float, number: int = 1, *, connection: int = 1, target: str = "/stream", **headers: str
) -> Observation:
    """A request at the origin."""
    sent = [["Host", "x"], *([name.replace("_", "-"), value] for name, value in headers.items())]
    return server(at_ms, "request", connection=connection, number=number, target=target, headers=sent)


def ended(at_ms: float, how: str = "finish", *, connection: int = 1) -> Observation:
    """The origin's end of a response."""
    return server(at_ms, "end", connection=connection, how=how)


def error(at_ms: float, state: str | None, stream: str = "a", **detail: object) -> Observation:
    """An error event, or a fetch that was rejected."""
    return page(at_ms, "error", stream=stream, state=state, **detail)


def close(at_ms: float, code: int | None, stream: str = "a", *, clean: bool = False) -> Observation:
    """A close event, or the end of a body."""
    return page(at_ms, "close", stream=stream, code=code, reason="", clean=clean)


def over(at_ms: float, stream: str = "a") -> Observation:
    """Nothing more will come."""
    return page(at_ms, "over", stream=stream, because="CLOSED")


# ── how it ends ──


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([close(20, 1000, clean=True)], "close 1000, clean"),
        ([close(20, 1006)], "close 1006, not clean"),
        ([error(20, "CLOSED"), close(20, 1006)], "close 1006, not clean, after error"),
        ([error(19, "CONNECTING"), close(20, 1006)], "close 1006, not clean, after error"),
        ([close(20, 1006), error(21, "CLOSED")], "close 1006, not clean"),
        ([error(20, "CONNECTING"), error(90, "CLOSED")], "error, CONNECTING"),
        ([error(20, "CLOSED")], "error, CLOSED"),
        ([error(20, None, because="TypeError: network error")], "rejected: TypeError"),
        ([error(20, None, because="AbortError: The operation was aborted. ")], "rejected: AbortError"),
        ([close(20, None, clean=True)], "end of body"),
    ],
)
def test_an_ending_is_told_in_words(told: list[Observation], words: str) -> None:
    """Each way in which an API tells of an end has its words, of the first end and of this stream alone."""
    others = (close(1, 4000, "b"), error(1, "CLOSED", "b"), page(2, "open", stream="a"), over(95))
    assert observed(measures.ending(), story(*others, *told)) == (words,)
    assert observed(measures.ending(stream="c"), story(*others, *told)) == ()


def test_no_ending_is_no_record_unless_it_is_one() -> None:
    """A stream that did not end has no record, or the word that the scenario gives for it."""
    living = story(page(2, "open", stream="a"), error(3, "CLOSED", "b"))
    assert observed(measures.ending(), living) == ()
    assert observed(measures.ending(otherwise="stays open"), living) == ("stays open",)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ([asked(1), error(9, "CLOSED"), over(9)], "over after 1 request"),
        ([asked(1), error(9, "CONNECTING"), asked(20, 2), over(30)], "over after 2 requests"),
        ([over(3)], "over after 0 requests"),
        ([asked(1), error(9, "CONNECTING"), asked(20, 2)], "comes back"),
        ([asked(1), error(9, "CONNECTING")], "waits"),
        ([asked(1), page(2, "open", stream="a")], "open"),
        ([asked(1)], "waits for an answer"),
        ([asked(1), asked(5, 1, target="/other"), over(9, "b")], "waits for an answer"),
    ],
)
def test_a_fate_is_told_in_words(told: list[Observation], word: str) -> None:
    """What becomes of a stream, by its own entries and the requests of its own path."""
    assert observed(measures.fate(), story(*told)) == (word,)


def test_a_stream_comes_back_when_it_was_asked_for_that_often() -> None:
    """With a count the request of a first return is not enough."""
    told = story(asked(1), error(9, "CONNECTING"), asked(20, 2, target="/stream?again"), error(25, "CONNECTING"))
    assert observed(measures.fate(count=2), told) == ("comes back",)
    assert observed(measures.fate(count=3), told) == ("waits",)


# ── how soon the page knows ──

BROKEN = story(asked(10), ended(100, "reset"), error(104, "CONNECTING"), error(1, "CLOSED", "b"), close(101, 1006, "b"))


def test_noticing_is_from_the_origins_end_to_the_first_sign() -> None:
    """The stream's own first sign behind the end; another's, and one that came long before, are not taken."""
    assert observed(measures.noticed_ms(), BROKEN) == (4,)
    assert observed(measures.noticed_ms(), also(error(50, "CONNECTING"))(BROKEN)) == (4,)
    assert observed(measures.noticed_ms(stream="c"), BROKEN) == ()
    assert observed(measures.noticed_ms(place="/other"), BROKEN) == ()
    assert observed(measures.noticed_ms(), without("server", "end")(BROKEN)) == ()


def test_two_clocks_do_not_make_noticing_negative() -> None:
    """A sign that seems to come before the end, by no more than the clocks may differ, came with it."""
    early = moved("page", "error", -8, state="CONNECTING")(BROKEN)
    assert observed(measures.noticed_ms(), early) == (0,)
    earlier = moved("page", "error", -24, state="CONNECTING")(BROKEN)
    assert observed(measures.noticed_ms(), earlier) == ()
    blurred = also(driver(200, "clock", uncertainty_ms=30.0))(earlier)
    assert observed(measures.noticed_ms(), blurred) == (0,)


def test_every_end_is_noticed_for_itself() -> None:
    """Several ends are several observations; a sign behind the next request belongs to that."""
    thrice = story(
        *(asked(10), ended(20), error(22, "CONNECTING")),
        *(asked(120, 2, connection=2), ended(130, connection=2)),
        *(asked(230, 3, connection=3), ended(240, connection=3), error(243, "CONNECTING")),
    )
    assert observed(measures.noticed_ms(), thrice) == (2, 3)


def test_a_websocket_is_ended_by_the_close_frame() -> None:
    """What the page can notice first is the close frame, not the FIN that follows the page's own."""
    closed = story(
        asked(10),
        server(100, "close-sent", connection=1, code=1000),
        server(103, "frame", connection=1, name="close", code=1000),
        ended(104, "fin"),
        close(109, 1000, clean=True),
    )
    assert observed(measures.noticed_ms(), closed) == (9,)


def test_an_end_that_is_not_noticed_counts_as_the_cap() -> None:
    """Only where the attempt went on for that long, and only with a cap."""
    silent = without("page", "error", stream="a")(BROKEN)
    capped = measures.noticed_ms(cap=NOTICE)
    assert observed(capped, lasting(100 + NOTICE.ms)(silent)) == (NOTICE.ms,)
    assert observed(capped, lasting(NOTICE.ms / 2)(silent)) == ()
    assert observed(measures.noticed_ms(), lasting(100 + NOTICE.ms)(silent)) == ()
    assert (capped.cap, measures.noticed_ms().cap) == (NOTICE.ms, None)


# ── what is asked for ──


def test_requests_are_counted_by_path() -> None:
    """Whatever their query, and none of another path; none at all is a count, too."""
    seen = story(asked(1), asked(2, 2, target="/stream?x=1"), asked(3, target="/stream2"), asked(4, target="/other"))
    assert observed(measures.request_count(), seen) == (2,)
    assert observed(measures.request_count(place="/none"), seen) == (0,)


def test_ids_are_those_of_the_requests_that_follow() -> None:
    """The first request asks for nothing by nature; none and empty are told apart; numbers choose."""
    seen = story(asked(1), asked(2, 2), asked(3, 3, last_event_id=""), asked(4, 4, Last_Event_ID="7"))
    assert observed(measures.asked_from(), seen) == ("none", "empty", "7")
    assert observed(measures.asked_from(), story(asked(1))) == ()
    chosen = measures.asked_from(numbers=(number for number in (1, 4)))
    assert observed(chosen, seen) == ("none", "7")
    assert observed(chosen, seen) == ("none", "7"), "a generator must not be used up"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "none"),
        ("", "empty"),
        ("a b", "a b"),
        ("grüße", "gr\\xfc\\xdfe"),
        ("\udcff\n", "\\udcff\\n"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 36 + "... (41 characters)"),
    ],
)
def test_ids_are_words_of_a_table(value: str | None, shown: str) -> None:
    """Short, printable, and no two alike that are not."""
    assert shown_id(value) == shown


# ── the rest ──


def test_opening_is_timed_in_the_page() -> None:
    """From the first opening to the first open of the same stream; the cap where nothing opened for that long."""
    opened = story(
        *(page(10, "opening", stream="a"), page(25, "open", stream="a")),
        *(page(5, "opening", stream="b"), page(7, "open", stream="b")),
        *(page(100, "opening", stream="a"), page(109, "open", stream="a")),
    )
    assert observed(measures.opened_ms(), opened) == (15,)
    never = without("page", "open", stream="a")(opened)
    assert observed(measures.opened_ms(), never) == ()
    assert observed(measures.opened_ms(cap=OPEN), never) == ()
    assert observed(measures.opened_ms(cap=OPEN), lasting(10 + OPEN.ms)(never)) == (OPEN.ms,)
    assert observed(measures.opened_ms(stream="c", cap=OPEN), lasting(10 + OPEN.ms)(never)) == ()


def test_what_is_heard_is_one_word() -> None:
    """The texts of the stream's own messages in their order, odd ones made visible; silence has its word."""
    said = [page(at, "message", stream=stream, text=text) for at, stream, text in HEARD]
    assert observed(measures.heard(), story(*said)) == ("1 one | empty | b\\xe4",)
    assert observed(measures.heard(stream="c"), story(*said)) == ("nothing",)


HEARD: Iterable[tuple[float, str, str]] = ((1, "a", "1 one"), (2, "b", "x"), (3, "a", ""), (4, "a", "bä"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (named("ends", ""), "ends"),
        (named("ends", "FIN, no last chunk!"), "ends_fin_no_last_chunk"),
        (named("reconnect_delay", "retry: 2000", "ms"), "reconnect_delay_retry_2000_ms"),
        (named("requests", "after 300 ms"), "requests_after_300ms"),
        (named("fate", "16 MiB"), "fate_16mib"),
        (named("noticed", "after 300 ms", "ms"), "noticed_after_300_ms_ms"),
    ],
)
def test_names_are_words_and_a_unit(name: str, expected: str) -> None:
    """What is recorded, about what, and the unit last; without a unit a name does not end like one."""
    assert name == expected


def test_titles_say_what_was_done_first() -> None:
    """What was done, then what is recorded of it."""
    assert titled("503", "what becomes of it") == "503: what becomes of it"
    assert titled("", "what becomes of it") == "what becomes of it"


def test_a_changed_word_would_be_noticed() -> None:
    """The words depend on what the page was told: another state is another ending."""
    changed = altered("page", "error", {"state": "CLOSED"}, stream="a")(BROKEN)
    assert observed(measures.ending(), BROKEN) != observed(measures.ending(), changed)
