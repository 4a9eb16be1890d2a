"""The cases of the checks of delivery; see check_cases.py."""

from __future__ import annotations

from tests.case import Case
from tests.timelines import (
    NEXT_EPOCH,
    accepted,
    all_of,
    also,
    altered,
    crc_of,
    driver,
    message,
    moved,
    page,
    passing,
    published,
    published_text,
    request,
    sending,
    sent,
    server,
    story,
    without,
)
from wirematrix import checks

DELIVERED = story(
    request(10),
    published(100, 1, 3),
    *(accepted(100, seq) for seq in (1, 2, 3)),
    *(sending(101, seq) for seq in (1, 2, 3)),
    passing(102, 1),
    passing(102, 2, 3),
    message(110, 1),
    message(111, 2),
    message(112, 3),
    driver(500, "clock"),
    server(501, "mark"),
)
UNPASSED = all_of(without("page", "message", seq=2), altered("link", "passed", {"first": 3}, first=2))
TEXTS = story(
    published_text(100, 1, "plain", "abc"),
    published_text(101, 2, "empty", ""),
    published(102, 3, fence=True),
    message(110, 1, text="abc"),
    message(111, 2, text=""),
)
UPLINKS = story(
    sent(100, "a"), sent(101, "b"), message(110, 1, kind="uplink", text="a"), message(111, 2, kind="uplink", text="b")
)

DELIVERY_CASES: dict[str, Case] = {
    "no_gap": Case(
        check=checks.no_gap,
        timeline=DELIVERED,
        held="all 3 messages arrived",
        broken=(
            (
                without("page", "message", seq=2),
                "1 of 3 messages never arrived: 2 (lost in the page); the page recorded nothing",
            ),
            (UNPASSED, "1 of 3 messages never arrived: 2 (lost in the link); the page recorded nothing"),
            (
                all_of(UNPASSED, without("server", "send", seq=2)),
                "1 of 3 messages never arrived: 2 (never sent by the server); the page recorded nothing",
            ),
            (
                all_of(UNPASSED, without("server", "send", seq=2), without("server", "mark")),
                "1 of 3 messages never arrived: 2 (lost where the logs do not say); the page recorded nothing",
            ),
            (
                all_of(UNPASSED, without("page", "message", seq=1)),
                "2 of 3 messages never arrived: 1, 2 (2 lost in the link; 1 lost in the page); the page recorded nothing",
            ),
            (
                altered("page", "message", {"seq": 4}, seq=3),  # an id off by one
                "1 of 3 messages never arrived: 3 (lost in the page); the page recorded nothing",
            ),
            (
                altered("page", "message", {"type": "gap", "from": 2, "to": 2}, seq=2),
                "1 of 3 messages never arrived (1 of them named by a gap): 2 (lost in the page); the page recorded nothing",
            ),
            (
                altered("page", "message", {"epoch": NEXT_EPOCH}),
                "3 of 3 messages never arrived: 1, 2, 3 (lost in the page); the page recorded nothing",
            ),
        ),
        undecided=((without("driver", "published"), "nothing was published"),),
    ),
    "no_duplicate": Case(
        check=checks.no_duplicate,
        timeline=DELIVERED,
        held="each of 3 messages came once",
        broken=(
            (
                also(message(120, 2), message(121, 3), message(122, 3)),
                "3 surplus copies: 2, 3, 3 (doubled in the page)",
            ),
            (
                also(message(120, 2), sending(119, 2), passing(119, 2)),
                "1 surplus copies: 2 (sent that often by the server)",
            ),
            (
                all_of(without("server", "mark"), also(message(120, 2))),
                "1 surplus copies: 2 (doubled where the logs do not say)",
            ),
        ),
        undecided=((without("page", "message"), "nothing was received"),),
    ),
    "in_order": Case(
        check=checks.in_order,
        timeline=DELIVERED,
        held="3 messages came in order",
        broken=((moved("page", "message", 5, seq=2), "1 came after a higher number: 2"),),
        undecided=((without("page", "message"), "nothing was received"),),
    ),
    "payloads_unchanged": Case(
        check=checks.payloads_unchanged,
        timeline=TEXTS,
        held="all 2 payloads arrived unchanged",
        broken=(
            (without("page", "message", seq=2), "1 of 2 payloads: empty never arrived"),
            (
                altered("page", "message", {"chars": 2, "crc": crc_of("ab")}, seq=1),
                f"1 of 2 payloads: plain: 3 UTF-16 units with CRC-32 {crc_of('abc')} became 2 with {crc_of('ab')}",
            ),
            (
                altered("page", "message", {"crc": crc_of("abd")}, seq=1),
                f"1 of 2 payloads: plain: 3 UTF-16 units with CRC-32 {crc_of('abc')} became 3 with {crc_of('abd')}",
            ),
        ),
        undecided=((without("driver", "published"), "no payload was published"),),
    ),
    "uplinks_returned": Case(
        check=checks.uplinks_returned,
        timeline=UPLINKS,
        held="all 2 came back once",
        broken=(
            (
                without("page", "message", seq=2),
                "2 sent, 1 came back, 1 of the sent are missing",
            ),
            (also(message(120, 3, kind="uplink", text="a")), "2 sent, 3 came back, 0 of the sent are missing"),
            (altered("page", "message", {"crc": 7}, seq=1), "2 sent, 2 came back, 1 of the sent are missing"),
            (
                also(page(102, "send-failed", because="WebSocket is CLOSED")),
                "1 sends failed, the first: WebSocket is CLOSED",
            ),
        ),
        undecided=((without("page", "sent"), "the page sent nothing"),),
    ),
}
