"""One case for every check: a timeline on which it holds, the same with one seeded defect, the same without evidence.

The sentences are written out: they are what a report shows, and the numbers in them have to be right.
"""

from __future__ import annotations

from typing import Final

from tests.case import Case
from tests.delivery_cases import DELIVERY_CASES
from tests.timelines import (
    EPOCH,
    all_of,
    also,
    altered,
    broke,
    driver,
    gap,
    heartbeat,
    hello,
    message,
    moved,
    opening,
    page,
    passing,
    published,
    request,
    server,
    story,
    without,
)
from wirematrix import checks
from wirematrix.budgets import NEVER_REOPENS, Budget

LAST_WORD: Final = "the page's last word"
WATCHED_MS: Final = NEVER_REOPENS.unscaled_ms


OPENED = story(opening(10), page(30, "open"), hello(35))
REFUSED = story(opening(10), page(20, "close", code=4401, reason="no token"), page(20, "over", because="code 4401"))
LATE = story(opening(10), page(900, "error", state="CONNECTING"), driver(2_000, "mended"), page(3_100, "open"))
BROKEN = story(
    opening(10),
    page(30, "open"),
    hello(35),
    heartbeat(300),
    heartbeat(800),
    broke(1_000),
    page(1_004, "close", code=1006, reason="", clean=False),
    opening(1_500),
    request(1_502),
    page(1_510, "open"),
    published(1_600, 1, 3, after_reopening=True),
    message(1_610, 1),
    message(1_611, 2),
    message(1_612, 3),
    broke(2_000),
    page(2_001, "close", code=1006, reason="", clean=False),
    request(4_001),
    page(4_100, "open"),
    driver(9_000, "awaited", awaited="page open", met=True),
)
TOLD_TO_STAY = story(
    request(15),
    page(1_000, "close", code=1000, reason="finished", clean=True),
    page(1_000, "over", because="WebSocket is CLOSED, code 1000"),
    driver(1_000 + WATCHED_MS, "watched"),
)
ENDED: Final = f"{LAST_WORD}: close (code 1000, clean True) at 8100 ms"
WATCHED = story(  # and ended by the attempt itself
    opening(10),
    page(30, "open"),
    heartbeat(2_030),
    driver(8_060, "watched"),
    page(8_100, "close", code=1000, reason="", clean=True),
)
LEFT = story(
    driver(500, "left", how="closed"),
    server(540, "gone", because="peer left"),
    driver(600, "statistics", subscribers=0),
)
GONE = story(published(100, 1, 6), message(110, 1), gap(120, 2, 4), message(130, 5), message(131, 6))

CASES: dict[str, Case] = {
    **DELIVERY_CASES,
    "opened": Case(
        check=checks.opened,
        timeline=OPENED,
        held="open 20 ms after it was asked for",
        broken=(
            (
                without("page", "open"),
                f"never opened; {LAST_WORD}: opening (transport websocket+, attempt 1) at 10 ms",
            ),
        ),
    ),
    "said_hello": Case(
        check=checks.said_hello,
        timeline=OPENED,
        held=f"hello with resume point {EPOCH}-0",
        broken=(
            (without("page", "message"), f"no message ever came; {LAST_WORD}: open at 30 ms"),
            (
                also(message(32, 7)),
                "the first message was 'update' with resume point None; expected a hello that has one",
            ),
            (
                altered("page", "message", {"resume": ""}),
                "the first message was 'hello' with resume point ''; expected a hello that has one",
            ),
        ),
    ),
    "opened_once_listening": Case(
        check=checks.opened_once_listening,
        timeline=LATE,
        held="open 1100 ms after the server listened",
        broken=(
            (
                without("page", "open"),
                f"never opened after the server listened; {LAST_WORD}: error (state CONNECTING) at 900 ms",
            ),
        ),
        undecided=(
            (without("driver", "mended"), "the server was never made to listen"),
            (moved("page", "open", -1_200), "opened before the server listened: the refusal did not hold"),
        ),
    ),
    "never_delivered": Case(
        check=checks.never_delivered,
        timeline=REFUSED,
        held="not one message was delivered",
        broken=((also(hello(15), message(16, 1)), "2 messages were delivered, the first a hello"),),
        undecided=((without("page", "opening"), "the page never asked for a connection"),),
    ),
    "is_over": Case(
        check=checks.is_over,
        timeline=REFUSED,
        held="over: code 4401",
        broken=((without("page", "over"), f"still trying; {LAST_WORD}: close (code 4401, reason no token) at 20 ms"),),
    ),
    "told_why": Case(
        check=checks.told_why,
        timeline=REFUSED,
        held="the page could see: 4401",
        broken=(
            (without("page", "close"), "the page saw neither a status nor a close code"),
            (altered("page", "close", {"code": 1006}), "the page saw neither a status nor a close code"),
            (altered("page", "close", {"code": 1005}), "the page saw neither a status nor a close code"),
            (altered("page", "close", {"code": None}), "the page saw neither a status nor a close code"),
        ),
    ),
    "noticed_the_break": Case(
        check=checks.noticed_the_break,
        timeline=BROKEN,
        held="close 4 ms after the break",
        broken=((without("page", "close"), "no sign in the page within 8000 ms of the break"),),
        undecided=((without("driver", "break"), "nothing was broken"),),
    ),
    "heard_heartbeats": Case(
        check=checks.heard_heartbeats,
        timeline=BROKEN,
        held="2 heartbeats before the break",
        broken=(
            (moved("page", "message", 500, type="heartbeat"), "1 heartbeats before the break; expected at least 2"),
            (without("page", "message", type="heartbeat"), "0 heartbeats before the break; expected at least 2"),
        ),
    ),
    "stayed_open": Case(
        check=checks.stayed_open,
        timeline=WATCHED,
        held="no sign of an end in 8030 ms",
        broken=(
            (also(page(5_040, "error", state="CONNECTING")), "error 5010 ms after it opened"),
            (also(page(5_040, "close", code=1006, reason="", clean=False)), "close 5010 ms after it opened"),
            (also(page(2_030, "silence", for_ms=2_000)), "silence 2000 ms after it opened"),
        ),
        undecided=(
            (without("driver", "watched"), f"nobody watched an open stream; {ENDED}"),
            (without("page", "open"), f"nobody watched an open stream; {ENDED}"),
        ),
    ),
    "stayed_closed": Case(
        check=checks.stayed_closed,
        timeline=TOLD_TO_STAY,
        held=f"no request in {WATCHED_MS:.0f} ms; over: WebSocket is CLOSED, code 1000",
        broken=(
            (also(request(1_200), request(1_900)), "2 more requests after it was over, the first 200 ms later"),
            (
                without("page", "over"),
                f"the page does not know that it is over; {LAST_WORD}: "
                "close (code 1000, reason finished, clean True) at 1000 ms",
            ),
        ),
        undecided=(
            (without("driver", "watched"), "nobody watched long enough after it was over"),
            (moved("driver", "watched", -0.2 * WATCHED_MS), "nobody watched long enough after it was over"),
        ),
    ),
    "server_learned": Case(
        check=checks.server_learned,
        timeline=LEFT,
        held="the server knew 40 ms after it: peer left",
        broken=(
            (without("server", "gone"), "the server never noticed that the page had gone"),
            (moved("server", "gone", -400), "the server never noticed that the page had gone"),
        ),
        undecided=((without("driver", "left"), "the page never left"),),
    ),
    "nobody_left_behind": Case(
        check=checks.nobody_left_behind,
        timeline=LEFT,
        held="the server counts no subscriber",
        broken=((altered("driver", "statistics", {"subscribers": 2}), "the server still counts 2 subscribers"),),
        undecided=((without("driver", "statistics"), "the server's subscribers were not counted"),),
    ),
    "reopened": Case(
        check=checks.reopened,
        timeline=BROKEN,
        held="open again after 2 of 2 breaks, after 510, 2100 ms",
        broken=(
            (
                without("page", "open"),
                f"not open again after break 1 of 2 (1 tries); {LAST_WORD}: close (code 1006, clean False) at 2001 ms",
            ),
            (
                moved("page", "open", -2_550),
                f"not open again after break 2 of 2 (0 tries); {LAST_WORD}: close (code 1006, clean False) at 2001 ms",
            ),
        ),
        undecided=((without("driver", "break"), "nothing was broken"),),
    ),
    "reopened_within": Case(
        check=checks.reopened_within(Budget("reopen", 2_500)),
        timeline=BROKEN,
        held="open again at the latest 2100 ms after the break",
        broken=(
            (moved("driver", "break", -450), "open again only after 2550 ms; expected at most 2500"),
            (
                without("page", "open"),
                f"not open again after break 1 of 2 (1 tries); {LAST_WORD}: close (code 1006, clean False) at 2001 ms",
            ),
        ),
        undecided=((without("driver", "break"), "nothing was broken"),),
    ),
    "delivers_again": Case(
        check=checks.delivers_again,
        timeline=BROKEN,
        held="all 3 messages published after reopening arrived",
        broken=(
            (
                without("page", "message", seq=1),
                "1 of 3 messages published after reopening are missing: 1 (lost where the logs do not say)",
            ),
            (
                all_of(
                    without("page", "message", seq=3), also(published(500, 9), passing(500, 3), driver(9_000, "clock"))
                ),
                "1 of 3 messages published after reopening are missing: 3 (lost in the page)",
            ),
        ),
        undecided=(
            (without("driver", "published"), f"nothing was published after a reopening; {LAST_WORD}: open at 4100 ms"),
        ),
    ),
    "waited_as_asked": Case(
        check=checks.waited_as_asked(490),
        timeline=BROKEN,
        held="came back after 498, 2000 ms; asked 490",
        broken=(
            (also(request(1_100)), "came back after 96 ms; the server asked for 490"),
            (without("link", "request"), f"it never came back; {LAST_WORD}: open at 4100 ms"),
        ),
        undecided=((lambda _: OPENED, "nothing ended, so there was nothing to come back from"),),
    ),
    "delay_measured": Case(
        check=checks.delay_measured,
        timeline=BROKEN,
        held="came back by itself after 498, 2000 ms (2 times)",
        broken=((without("link", "request"), f"it never came back by itself; {LAST_WORD}: open at 4100 ms"),),
        undecided=((lambda _: OPENED, "nothing ended, so there was nothing to come back from"),),
    ),
    "told_of_the_gap": Case(
        check=checks.told_of_the_gap,
        timeline=GONE,
        held="the gap named all 3 lost messages: 2, 3, 4",
        broken=(
            (
                without("page", "message", type="gap"),
                "3 messages are gone and no gap told of it; the page recorded nothing",
            ),
            (
                altered("page", "message", {"from": 3}, type="gap"),
                "the gap named 3 to 4, but lost are 2, 3, 4 (2 of 3 named)",
            ),
        ),
        undecided=(
            (also(message(115, 2), message(116, 3), message(117, 4)), "no message was lost: history was still there"),
        ),
    ),
}
