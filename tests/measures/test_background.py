"""Measures of documents that are left, hidden, asleep or cut off, on timelines that a person can follow."""

from __future__ import annotations

import pytest

from tests.timelines import Change, also, altered, driver, lasting, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import BLACKHOLED, NOTICE
from wirematrix.timeline import Timeline

LEFT = story(
    page(10, "message", n=0, stream="a", seq=1),
    driver(100, "away", by="link", page_entries=1),
    server(150, "pushed", stream="a", seq=2),
    page(200, "restored", n=1),
    page(201, "message", n=2, stream="a", seq=2),
    driver(210, "back", document="restored"),
    server(220, "pushed", stream="a", seq=3),
    page(221, "message", n=3, stream="a", seq=3),
)
CUT = story(
    page(10, "message", n=0, stream="pushed", seq=1),
    driver(100, "break", network="packet-loss", page_entries=1),
    driver(1_000, "mended", network="packet-loss", page_entries=1),
    page(1_500, "message", n=1, stream="pushed", seq=2),
)
BEATS = story(
    driver(100, "hidden"),
    *(server(at_ms, "frame", connection=1, name="text") for at_ms in (90, 110, 140, 200, 390)),
    server(300, "frame", connection=1, name="pong"),
    driver(300, "shown"),
)
PUSHED = story(
    driver(100, "hidden"),
    *(server(at_ms, "pushed", stream="a", seq=seq) for seq, at_ms in enumerate((90, 100, 150, 199, 200), 1)),
    *(page(at_ms, "message", stream="a", seq=seq) for seq, at_ms in enumerate((99, 101, 190), 1)),
    driver(200, "shown"),
    page(290, "message", stream="a", seq=5),
)


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


@pytest.mark.parametrize(
    ("change", "became"),
    [
        (also(), "lives on"),
        (without("page", "message", seq=3), "open, and silent"),  # what was kept for it is no sign of life
        (also(page(205, "error", n=4, stream="a", state="CONNECTING")), "error, CONNECTING"),
        (also(page(205, "error", n=4, stream="b", state="CONNECTING")), "lives on"),
        (
            also(
                page(205, "error", n=4, stream="a", state="CLOSED"),
                page(206, "close", n=5, stream="a", code=1006, clean=False),
            ),
            "close 1006, not clean, after error",
        ),
        (altered("driver", "back", {"document": "loaded anew"}), "gone with its document"),
    ],
    ids=["nothing", "kept messages", "error", "another's error", "close", "loaded anew"],
)
def test_what_becomes_of_the_stream_of_a_document_that_was_left(change: Change, became: str) -> None:
    """By the events of its own since then, or by what it hears of what is pushed now."""
    assert observed(measures.stream_of_restored(), change(LEFT)) == (became,)


def test_a_document_that_never_came_back_says_nothing() -> None:
    """Without going back there is no observation."""
    gone = without("driver", "back")(LEFT)
    assert observed(measures.stream_of_restored(), gone) == observed(measures.comes_back_as(), gone) == ()
    assert observed(measures.comes_back_as(), LEFT) == ("restored",)


def test_being_told_of_a_loss() -> None:
    """The stream's own first sign after the break; the cap where none came for that long; no word on a shorter watch."""
    told = measures.cut_off_told_ms("pushed", stream="pushed", cap=BLACKHOLED)
    assert told.name == "told_pushed_ms"
    assert observed(told, CUT) == ()
    assert observed(told, lasting(100 + BLACKHOLED.ms)(CUT)) == (BLACKHOLED.ms,)
    early = page(90, "error", n=0, stream="pushed", state="CONNECTING")
    late = page(400, "error", n=1, stream="pushed", state="CONNECTING")
    other = page(300, "error", n=1, stream="idle", state="CONNECTING")
    assert observed(told, also(early, late, other)(CUT)) == (300,)
    assert observed(told, without("driver", "break")(also(late)(CUT))) == ()


def test_going_on_after_a_loss() -> None:
    """From the end of the loss to the next message; nothing of a stream that had ended, the cap if none came."""
    goes_on = measures.goes_on_ms("pushed", stream="pushed", since="mended", cap=NOTICE)
    assert observed(goes_on, CUT) == (500,)
    ended = page(900, "error", n=1, stream="pushed", state="CLOSED")
    assert observed(goes_on, also(ended)(CUT)) == ()
    silent = without("page", "message", seq=2)(CUT)
    assert observed(goes_on, silent) == ()
    assert observed(goes_on, lasting(1_000 + NOTICE.ms)(silent)) == (NOTICE.ms,)


def test_longest_gap_between_heartbeats() -> None:
    """Text frames between the two instants, and the time to the first and from the last of them; pongs do not count."""
    gap = measures.heartbeat_gap_ms("hidden", first="hidden", last="shown")
    assert observed(gap, BEATS) == (100,)
    assert observed(gap, without("server", "frame", name="text")(BEATS)) == (200,)
    assert observed(gap, without("driver", "shown")(BEATS)) == ()


def test_server_that_gave_the_page_up() -> None:
    """Only where the page was hidden at all."""
    assert observed(measures.false_disconnects(), BEATS) == ("none",)
    assert observed(measures.false_disconnects(), also(server(250, "gave-up"))(BEATS)) == ("disconnected",)
    assert observed(measures.false_disconnects(), story()) == ()


def test_delays_between_two_instants() -> None:
    """The longest delay of what was pushed meanwhile and was heard."""
    hidden = measures.delay_between_ms("hidden", stream="a", first="hidden", last="shown")
    assert observed(hidden, PUSHED) == (40,)
    assert observed(measures.delay_between_ms("since", stream="a", first="hidden"), PUSHED) == (90,)
    assert observed(hidden, without("page", "message")(PUSHED)) == ()
    assert observed(hidden, without("driver", "hidden")(PUSHED)) == ()


def test_share_that_is_heard_in_the_end() -> None:
    """Of what was pushed between two instants, whenever it was heard."""
    share = measures.heard_of("meanwhile", stream="a", first="hidden", last="shown")
    assert observed(share, PUSHED) == (66.67,)
    assert observed(share, also(page(900, "message", stream="a", seq=4))(PUSHED)) == (100,)
    assert observed(share, without("server", "pushed")(PUSHED)) == ()
    assert observed(share, without("driver", "shown")(PUSHED)) == ()


def test_first_tab_without_a_stream() -> None:
    """The first that has none, and why; or that all have one."""
    tabs = story(*(driver(tab, "tab", tab=tab, stream="open") for tab in (2, 3)))
    assert observed(measures.first_tab_without(), tabs) == ("none of 3",)
    stuck = also(driver(4, "tab", tab=4, stream="its page does not load"))(tabs)
    assert observed(measures.first_tab_without(), stuck) == ("tab 4: its page does not load",)
    assert observed(measures.first_tab_without(), story()) == ()


def test_answer_to_a_call() -> None:
    """The status, or the name of the error; nothing without a call."""
    assert observed(measures.answered("GET"), story(page(1, "fetched", name="GET", status=200))) == ("200",)
    refused = story(page(1, "fetched", name="GET", status=None, because="TypeError: Failed to fetch"))
    assert observed(measures.answered("GET"), refused) == ("rejected: TypeError",)
    assert observed(measures.answered("POST"), refused) == ()
