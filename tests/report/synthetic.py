"""A whole synthetic matrix for the tests of reports: hundreds of cells, every status, every oddity.

Nothing random: what a cell becomes follows from its place, so that two calls give equal runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from tests.report.factory import (
    CHROMIUM,
    FIREFOX,
    NETWORKS,
    SCENARIOS,
    WEBKIT,
    attempt,
    cell,
    conditions,
    recording,
    scenario_text,
    timeline,
)
from wirematrix.model import (
    TRANSPORTS,
    Attempt,
    Build,
    Cell,
    Exclusion,
    Expectation,
    Fact,
    Kind,
    NearMiss,
    Run,
    Status,
)

CHECKS = {
    "opens": "opened",
    "opens_late": "opened_once_listening",
    "unauthorised_is_refused": "told_why",
    "thousand_in_order": "in_order",
    "payloads_unchanged": "payloads_unchanged",
    "uplink_round_trip": "uplinks_returned",
    "notices_the_break": "noticed_the_break",
    "stays_closed_when_told": "stayed_closed",
    "server_learns_of_leaving": "server_learned",
    "reopens_after_the_break": "reopened_within",
    "resumes_without_a_gap": "no_gap",
    "survives_five_breaks_in_a_row": "no_duplicate",
    "honours_the_retry_delay": "waited_as_asked",
    "notices_silence": "noticed_the_break",
    "learns_of_lost_history": "told_of_the_gap",
}
NO_HEARTBEAT = Expectation(
    statuses=(Status.FAIL,),
    because=(
        "EventSource has no heartbeat of its own: a silent link stays OPEN until TCP gives up, which takes minutes."
    ),
    see="https://html.spec.whatwg.org/multipage/server-sent-events.html",
)
NEVER_AGAIN = Expectation(
    statuses=(Status.FAIL, Status.TIMEOUT),
    because="A bare WebSocket is never opened again by itself: the standard leaves it to the page.",
    see="https://websockets.spec.whatwg.org/",
)
LIBSOUP = Expectation(
    statuses=(Status.DEGRADED,),
    because="WebKitGTK reports the end of a truncated chunked body as an orderly one.",
    see="https://bugs.webkit.org/show_bug.cgi?id=259051",
)


def matrix(
    builds: Sequence[Build] = (CHROMIUM, FIREFOX, WEBKIT),
    *,
    observations: int = 60,
    surprises: bool = True,
    **rest: Any,
) -> Run:
    """A whole matrix: every scenario over its networks, in every build, over all six transports.

    With `surprises` it holds every status, unexpected ones, flaky cells, a near miss and missing cells.
    """
    cells = [
        cell(name, build.engine, transport, network)
        for name, (_, _, _, networks) in SCENARIOS.items()
        for network, build, transport in product(networks, builds, TRANSPORTS)
    ]
    excluded = tuple(
        Exclusion(cell=one, because="The retry field exists in event streams only.")
        for one in cells
        if one.scenario == "honours_the_retry_delay" and one.transport == "websocket"
    )
    without = {exclusion.cell for exclusion in excluded}
    declared = [one for one in cells if one not in without]
    attempts: list[Attempt] = []
    for place, one in enumerate(declared):
        if surprises and place in (77, 300):
            continue
        attempts.extend(_attempts(one, place if surprises else -1, observations))
    return Run(
        schema=3,
        info=conditions(*builds, **rest),
        scenarios=tuple(map(scenario_text, SCENARIOS)),
        networks=NETWORKS,
        declared=tuple(one.id for one in declared),
        exclusions=excluded,
        attempts=tuple(attempts),
    )


ODDITIES: Mapping[int, tuple[Status, str]] = {
    40: (Status.FAIL, "opened: never opened; the page's last word was error (state CLOSED) after 2,013 ms"),
    121: (Status.PASS, "reopened 3,012 ms after the break; nothing lost, nothing repeated"),
    122: (Status.TIMEOUT, "waited 25000 ms for message 5; last seen 3; state CONNECTING"),
    200: (Status.CRASH, "the page died 1,204 ms into the attempt: renderer process gone (signal 11)"),
    201: (Status.ERROR, "control: answered 500: our app's control interface failed while publishing"),
    333: (Status.DEGRADED, "told_why: the page saw close code 1006 where the server had said 4401"),
    402: (Status.NOT_REACHED, "what it builds on failed: opens[webkit-websocket-direct] ended as timeout"),
}
FORESEEN: Mapping[int, Status] = {
    35: Status.SKIP, 36: Status.SKIP, 500: Status.UNSUPPORTED, 501: Status.UNSUPPORTED,
    502: Status.NOT_REACHED, 503: Status.NOT_REACHED,
}  # fmt: skip


def _delay(*observed: float) -> Fact:
    return Fact(name="reconnect_delay_ms", title="reconnect delay", observed=observed, cap=20_000)


def _end(*observed: str) -> Fact:
    return Fact(name="end_state", title="state after a 503", observed=observed)


FACTS: Mapping[str, tuple[Fact, ...]] = {
    "chromium": (_delay(3001.2, 2998.0, 3004.9), _end("CLOSED", "CLOSED")),
    "firefox": (_delay(5003, 5031.5), _end("CLOSED", "CONNECTING", "CLOSED")),
    "webkit": (_delay(3012, 20_000, 20_001.5), _end("the stream failed: TypeError, network error")),
}


def _attempts(one: Cell, place: int, observations: int) -> list[Attempt]:
    status, because, expectation = _plain_verdict(one)
    measured = {
        "open_ms": 18 + len(one.scenario) * 1.3,
        "detect_ms": 2.4 + len(one.network),
        "reopen_ms": 3005.5 + len(one.transport),
        "recover_ms": 3011.75 + len(one.transport),
        "reconnect_delay_ms": 3000.4,
        "server_notice_ms": 1.9,
        "uplink_ms": 6.2,
        "delivery_p95_ms": 4.4,
        "attempts": 2,
        "breaks": 1,
        "published": 5,
        "received": 5,
        "lost": 0,
        "duplicated": 0,
    }
    metrics: Mapping[str, float | int | None] = (
        measured if status is Status.PASS else measured | {"reopen_ms": None, "recover_ms": None, "lost": 2}
    )
    if place in ODDITIES:
        status, because = ODDITIES[place]
        expectation = expectation if status is Status.PASS and expectation else Expectation()
        if status is Status.PASS:
            expectation = NEVER_AGAIN
    if place in FORESEEN:
        status = FORESEEN[place]
        because = "a probe of the engine says that streaming response bodies are not there"
        expectation = Expectation(statuses=(status,), because=because, see="https://caniuse.com/streams")
    facts = FACTS[one.engine] if SCENARIOS[one.scenario][2] is Kind.CHECK and status is Status.PASS else ()
    near_miss = NearMiss(awaited="message 5 after the break", waited_ms=21_400, budget_ms=25_000)
    last = attempt(
        one,
        status,
        because,
        expectation=expectation,
        duration_ms=3911.0,
        metrics=metrics,
        check=CHECKS[one.scenario],
        timeline=timeline(observations),
        near_misses=(near_miss,) if place % 83 == 5 else (),
        dropped_observations=994 if one.scenario == "thousand_in_order" else 0,
    )
    last = recording(last, *facts)
    if place % 97 != 50:
        return [last]
    first = attempt(
        one,
        Status.TIMEOUT,
        "waited 25000 ms for message 5; last seen 4; state OPEN",
        expectation=Expectation(
            statuses=(Status.PASS, Status.TIMEOUT), because="Known to be slow now and then.", see=""
        ),
        timeline=timeline(observations),
    )
    return [first, replace(last, number=2)]


def _plain_verdict(one: Cell) -> tuple[Status, str, Expectation | None]:
    reconnects = SCENARIOS[one.scenario][0] == "reconnect"
    if one.scenario == "notices_silence" and one.transport == "eventsource":
        return (
            Status.FAIL,
            "noticed_the_break: 8,000 ms after the link went silent the page's last word was message 3 (OPEN)",
            NO_HEARTBEAT,
        )
    if reconnects and one.transport in ("websocket", "fetch-stream"):
        return (
            Status.FAIL,
            "reopened: not opened again within 20,000 ms of the break; the page's last word was close "
            "(code 1006, clean false) 4 ms after it, and nothing was asked for since",
            NEVER_AGAIN,
        )
    if one.engine == "webkit" and one.network == "truncate":
        return Status.DEGRADED, "told_why: the end of a truncated body looked orderly to the page", LIBSOUP
    return Status.PASS, "open 31 ms after it was asked for; 5 of 5 messages, none lost, none repeated", None
