"""The cases of the checks of raw streams, in the style of `check_cases`."""

from __future__ import annotations

from typing import Any, Final

from tests.case import Case
from tests.timelines import NEXT_EPOCH, Change, also, altered, gap, hello, moved, page, server, story, without
from wirematrix import checks
from wirematrix.model import Observation


def asked(at_ms: float, number: int, *, last_event_id: str | None = None, connection: int = 1) -> Observation:
    """A request that the origin had for /stream."""
    headers = [] if last_event_id is None else [["Last-Event-ID", last_event_id]]
    return server(at_ms, "request", connection=connection, number=number, target="/stream?x=1", headers=headers)


def ended(at_ms: float, connection: int = 1) -> Observation:
    """The origin ended a response."""
    return server(at_ms, "end", connection=connection, how="finish")


def heard(at_ms: float, seq: int | None, stream: str = "a") -> Observation:
    """A message of a raw stream."""
    return page(at_ms, "message", stream=stream, seq=seq, text=str(seq))


def closed(at_ms: float, code: int, **detail: Any) -> Observation:
    """The close event of the stream named after the code that was sent."""
    said = {"code": code, "reason": f"because {code}", "clean": True, "stream": f"code-{code}"}
    return page(at_ms, "close", **said | detail)


def renumbered(seq: int, instead: int) -> Change:
    """A defect: a message carries another number."""
    return altered("page", "message", {"seq": instead}, seq=seq)


PASSED: Final = story(
    server(10, "close-sent", code=1001),
    closed(12, 1001),
    server(10, "close-sent", code=4000),
    closed(13, 4000),
)
CAME_BACK: Final = story(asked(10, 1), ended(100), asked(2_150, 2, last_event_id="B"), ended(2_200), asked(4_300, 3))
IN_ORDER: Final = story(page(5, "open", stream="a"), heard(10, 1), heard(11, None), heard(12, 2), heard(13, 3))
NEW_EPOCH: Final = story(hello(10), hello(500, epoch=NEXT_EPOCH), gap(501, 1, 3, epoch=NEXT_EPOCH))

RAW_CASES: dict[str, Case] = {
    "close_codes_passed": Case(
        check=checks.close_codes_passed((1001, 4000)),
        timeline=PASSED,
        held="all 2 codes arrived as they were, clean, with their reasons",
        broken=(
            (without("page", "close", code=4000), "1 of 2 codes: 4000 led to no close event"),
            (
                altered("page", "close", {"code": 1006, "reason": "", "clean": False}, code=1001),
                "1 of 2 codes: 1001 became 1006, not clean, reason ''",
            ),
            (
                altered("page", "close", {"reason": ""}, code=1001),
                "1 of 2 codes: 1001 became 1001, clean, reason ''",
            ),
            (
                altered("page", "close", {"clean": False}, code=4000),
                "1 of 2 codes: 4000 became 4000, not clean, reason 'because 4000'",
            ),
        ),
        undecided=((without("server", "close-sent", code=4000), "the server never sent 4000"),),
    ),
    "waited_at_least": Case(
        check=checks.waited_at_least(2_000, place="/stream"),
        timeline=CAME_BACK,
        held="came back after 2050, 2100 ms; asked 2000",
        broken=((moved("server", "request", -200, number=3), "came back after 1900 ms; the server asked for 2000"),),
        undecided=((without("server", "end"), "/stream was not asked for again"),),
    ),
    "asked_for": Case(
        check=checks.asked_for("B"),
        timeline=CAME_BACK,
        held="the second request asked for 'B'",
        broken=(
            (
                altered("server", "request", {"headers": []}, number=2),
                "the second request asked for None; expected 'B'",
            ),
            (
                altered("server", "request", {"headers": [["last-event-id", "A"]]}, number=2),
                "the second request asked for 'A'; expected 'B'",
            ),
        ),
        undecided=(
            (
                lambda timeline: without("server", "request", number=2)(
                    without("server", "request", number=3)(timeline)
                ),
                "/stream was asked for 1 times, not twice",
            ),
        ),
    ),
    "each_once_in_order": Case(
        check=checks.each_once_in_order("a", 3),
        timeline=IN_ORDER,
        held="stream a: 3 messages once each, in order, over 1 connections",
        broken=(
            (
                without("page", "message", seq=2),
                "stream a: of 3 messages 1 are missing (the first is 2), 0 came twice, 0 out of order",
            ),
            (also(heard(14, 3)), "stream a: of 3 messages 0 are missing, 1 came twice, 1 out of order"),
            (
                moved("page", "message", 10, seq=1),
                "stream a: of 3 messages 0 are missing, 0 came twice, 1 out of order",
            ),
            (renumbered(3, 4), "stream a: of 3 messages 1 are missing (the first is 3), 0 came twice, 0 out of order"),
            (altered("page", "message", {"stream": "b"}), "stream a: not one message arrived"),
        ),
    ),
    "told_of_the_new_epoch": Case(
        check=checks.told_of_the_new_epoch,
        timeline=NEW_EPOCH,
        held="epoch 0a0a0a0a became 0b0b0b0b, and a gap said: None",
        broken=(
            (
                without("page", "message", type="gap"),
                "epoch 0a0a0a0a became 0b0b0b0b, and no gap told of it",
            ),
            (
                without("page", "message", epoch=NEXT_EPOCH),
                "it never came back to be told; the page recorded nothing",
            ),
        ),
        undecided=(
            (
                altered("page", "message", {"epoch": "0a0a0a0a"}),
                "the epoch is still 0a0a0a0a: no other process took over",
            ),
        ),
    ),
}
