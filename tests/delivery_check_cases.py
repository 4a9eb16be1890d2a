"""The cases of the checks of what an origin pushed, in the style of `check_cases`."""

from __future__ import annotations

from typing import Any, Final

from tests.case import Case
from tests.timelines import also, altered, moved, page, server, story, without
from wirematrix import checks
from wirematrix.model import Observation


def opened(stream: str) -> tuple[Observation, Observation]:
    """A raw stream is asked for and opens."""
    return page(1, "opening", stream=stream), page(2, "open", stream=stream)


def heard(at_ms: float, text: str, **detail: Any) -> Observation:
    """A message of stream a; its number is what its text begins with."""
    number = text.partition(" ")[0]
    seq = int(number) if number.isdecimal() else None
    return page(at_ms, "message", **{"stream": "a", "seq": seq, "text": text} | detail)


PUSHED: Final = story(
    server(10, "pushed", stream="a", seq=1),
    server(20, "pushed", stream="a", first=2, last=3),
    server(20, "pushed", stream="b", first=1, last=5),
    heard(11, "1 one"),
    heard(21, "2 two"),
    heard(22, "3 three"),
    page(40, "tally", stream="b", count=5, wrong=0),
)
READ: Final = story(*opened("a"), heard(10, "x"), heard(11, "y", type="news", id="7"))
FAILED: Final = story(*opened("a"), page(10, "close", stream="a", code=1006, clean=False))
BYTES: Final = story(
    server(10, "bytes-sent", stream="a", bytes=9, sum=77), page(20, "tally", stream="a", bytes=9, sum=77)
)
PINGS: Final = story(
    server(10, "ping-sent", content="one"),
    server(11, "ping-sent", content="two"),
    server(12, "pong", content="one"),
    server(13, "pong", content="two"),
)

DELIVERY_CASES: dict[str, Case] = {
    "all_pushed_in_order": Case(
        check=checks.all_pushed_in_order,
        timeline=PUSHED,
        held="all 8 messages of 2 streams arrived once, in order",
        broken=(
            (without("page", "message", seq=2), "1 of 2 streams: a: lost 2"),
            (also(heard(23, "3 three")), "1 of 2 streams: a: twice 3"),
            (moved("page", "message", 5, seq=2), "1 of 2 streams: a: after a higher number 2"),
            (
                altered("page", "tally", {"count": 4}),
                "1 of 2 streams: b: 4 of 5 counted, 0 breaks in the numbering",
            ),
            (
                altered("page", "tally", {"wrong": 1}),
                "1 of 2 streams: b: 5 of 5 counted, 1 breaks in the numbering",
            ),
        ),
        undecided=((without("server", "pushed"), "the origin pushed nothing"),),
    ),
    "heard_exactly": Case(
        check=checks.heard_exactly("a topic", {"a": ["x", checks.Dispatched(text="y", type="news", id="7")]}),
        timeline=READ,
        held="2 messages of 1 streams were read as meant",
        broken=(
            (
                without("page", "message", text="x"),
                "1 of 1 streams: a: expected 'x', 'y' of type 'news' with id '7'; got 'y' of type 'news' with id '7'",
            ),
            (
                altered("page", "message", {"id": ""}, text="y"),
                "1 of 1 streams: a: expected 'x', 'y' of type 'news' with id '7'; got 'x', 'y' of type 'news'",
            ),
            (
                also(heard(12, "z")),
                "1 of 1 streams: a: expected 'x', 'y' of type 'news' with id '7'; "
                "got 'x', 'y' of type 'news' with id '7', 'z'",
            ),
        ),
        undecided=((without("page", "opening"), "a was never opened"),),
    ),
    "failed_the_connection": Case(
        check=checks.failed_the_connection(["a"]),
        timeline=FAILED,
        held="all 1 connections were failed, none handed a message on",
        broken=(
            (also(heard(5, "bad")), "1 of 1 connections: a handed on 'bad'"),
            (without("page", "close"), "1 of 1 connections: a stayed open"),
            (
                altered("page", "close", {"clean": True, "code": 1000}),
                "1 of 1 connections: a closed cleanly with 1000",
            ),
        ),
        undecided=((without("page", "open"), "a never opened"),),
    ),
    "bytes_unchanged": Case(
        check=checks.bytes_unchanged,
        timeline=BYTES,
        held="9 bytes arrived unchanged",
        broken=(
            (altered("page", "tally", {"sum": 78}), "9 bytes with Adler-32 77 became 9 with 78"),
            (without("page", "tally"), "9 bytes with Adler-32 77 became 0 with 1"),
        ),
        undecided=((without("server", "bytes-sent"), "no bytes were sent"),),
    ),
    "pings_answered": Case(
        check=checks.pings_answered,
        timeline=PINGS,
        held="2 pings were answered with their own content",
        broken=(
            (without("server", "pong", content="two"), "pings one, two; pongs one"),
            (moved("server", "pong", 5, content="one"), "pings one, two; pongs two, one"),
            (without("server", "pong"), "pings one, two; pongs none"),
        ),
        undecided=((without("server", "ping-sent"), "no ping was sent"),),
    ),
}
