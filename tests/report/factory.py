"""Runs made for tests: real `model.Run` values, from one cell to a matrix of hundreds.

Nothing random: what a cell becomes follows from its place, so that two calls give equal runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from wirematrix.model import (
    TRANSPORTS,
    Attempt,
    Build,
    Cell,
    Exclusion,
    Expectation,
    Finding,
    Force,
    Held,
    Kind,
    NearMiss,
    Observation,
    Run,
    RunInfo,
    ScenarioText,
    Status,
    Verdict,
)

DEBIAN = "Debian GNU/Linux 12"
CHROMIUM = Build(
    engine="chromium",
    product="Chromium",
    version="156.0.7204.92",
    origin="system",
    executable="/usr/bin/chromium",
    system=DEBIAN,
)
FIREFOX = replace(
    CHROMIUM,
    engine="firefox",
    product="Firefox ESR",
    version="153.7.0",
    executable="/usr/bin/firefox-esr",
)
WEBKIT = replace(
    CHROMIUM,
    engine="webkit",
    product="WebKitGTK",
    version="2.50.6",
    executable="/usr/bin/python3 shell.py",
)
MACOS_WEBKIT = replace(
    WEBKIT,
    product="WebKit",
    version="27.0",
    origin="playwright",
    executable="/Users/runner/pw_run.sh",
    system="macOS 26.1",
)
NETWORKS = {
    "direct": "Nothing between page and app but an honest TCP relay.",
    "close": "The relay ends both directions in order (FIN) after forwarding what it had.",
    "reset": "The relay sends RST; what was not sent yet is lost.",
    "truncate": "The relay cuts the stream in the middle of a message.",
    "refuse": "Live links stay; new connections are refused for two seconds.",
    "restart": "The app is killed and started again on the same port.",
    "stall": "The relay stops reading and keeps everything; it heals after the scenario.",
    "blackhole": "The relay reads and discards; it never heals.",
}
SCENARIOS: Mapping[str, tuple[str, str, Kind, tuple[str, ...]]] = {
    "opens": (
        "connect", "A connection opens and says that it is ready.", Kind.REQUIRED, ("direct",)
    ),
    "opens_late": (
        "connect", "A server that refuses for two seconds and then listens is reached without reloading.",
        Kind.RECOMMENDED, ("refuse",),
    ),
    "unauthorised_is_refused": (
        "connect", "A subscriber without a token is refused, and the page can tell why.",
        Kind.REQUIRED, ("direct",),
    ),
    "thousand_in_order": (
        "message", "A thousand numbered messages arrive in order, exactly once.", Kind.REQUIRED, ("direct",)
    ),
    "payloads_unchanged": (
        "message", "Unicode, newlines, the empty string and one mebibyte arrive unchanged.",
        Kind.REQUIRED, ("direct",),
    ),
    "uplink_round_trip": (
        "message", "What the page sends comes back over the stream.", Kind.REQUIRED, ("direct",)
    ),
    "notices_the_break": (
        "drop", "The page notices that the connection broke.", Kind.REQUIRED,
        ("close", "reset", "truncate", "restart"),
    ),
    "stays_closed_when_told": (
        "drop", "Told to stop (204, or a close code), a page never asks again.", Kind.REQUIRED, ("direct",)
    ),
    "server_learns_of_leaving": (
        "drop", "The server learns that the page has gone away.", Kind.RECOMMENDED, ("direct", "reset")
    ),
    "reopens_after_the_break": (
        "reconnect", "After the break the connection is opened again without anybody asking.",
        Kind.RECOMMENDED, ("close", "reset", "truncate", "refuse", "restart"),
    ),
    "resumes_without_a_gap": (
        "reconnect", "After the connection breaks, delivery continues from the last message seen.",
        Kind.REQUIRED, ("close", "reset", "truncate", "refuse", "restart"),
    ),
    "survives_five_breaks_in_a_row": (
        "reconnect", "Five breaks in a row lose nothing and repeat nothing.", Kind.REQUIRED,
        ("close", "reset", "truncate", "refuse", "restart"),
    ),
    "honours_the_retry_delay": (
        "reconnect", "The server's wish for a reconnect delay is honoured.", Kind.CHECK, ("close", "reset")
    ),
    "notices_silence": (
        "reconnect", "A link that goes silent is noticed and replaced.", Kind.RECOMMENDED,
        ("stall", "blackhole"),
    ),
    "learns_of_lost_history": (
        "reconnect", "A subscriber whose history is gone is told what it missed.", Kind.REQUIRED,
        ("close", "reset", "restart"),
    ),
}  # fmt: skip
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
        "EventSource has no heartbeat of its own: a silent link stays OPEN until TCP gives up, "
        "which takes minutes."
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


def cell(
    scenario: str = "opens", engine: str = "chromium", transport: str = "websocket", network: str = "direct"
) -> Cell:
    """A cell; by default the plainest."""
    return Cell(scenario=scenario, engine=engine, transport=transport, network=network)


def attempt(
    of: Cell,
    status: Status = Status.PASS,
    because: str = "open 31 ms after it was asked for",
    *,
    expectation: Expectation | None = None,
    number: int = 1,
    check: str = "opened",
    **rest: Any,
) -> Attempt:
    """An attempt that ended as told; `rest` are fields of Attempt."""
    fields: dict[str, Any] = {
        "started": "2026-11-22T15:41:07Z",
        "duration_ms": 812.4,
        "metrics": {"open_ms": 31.2},
        "timeline": (),
    }
    finding = Finding(
        check=check,
        force=Force.MUST,
        held=Held.BROKEN if status is Status.FAIL else Held.HELD,
        because=because,
    )
    verdict = Verdict(
        status=status,
        because=because,
        findings=(finding,),
        expectation=expectation or Expectation(),
    )
    return Attempt(cell=of, number=number, verdict=verdict, **(fields | rest))


def conditions(*builds: Build, **rest: Any) -> RunInfo:
    """Run info of a small machine; `rest` are fields of RunInfo."""
    fields: dict[str, Any] = {
        "started": "2026-11-22T15:40:58Z",
        "finished": "2026-11-22T15:44:10Z",
        "command": "pytest e2e --require-engines",
        "system": DEBIAN,
        "machine": "x86_64",
        "cores": 2,
        "memory_mib": 7976,
        "python": "3.11.7",
        "playwright": "1.64.1",
        "wirematrix": "0.1.0",
        "commit": "4f2a9c1d77",
        "scale_factor": 1.0,
        "concurrency": "adaptive, at most 24",
        "wall_s": 192.4,
        "cpu_s": 301.8,
        "peak_memory_mib": 1843.0,
        "builds": builds or (CHROMIUM,),
        "unavailable": {},
    }
    return RunInfo(**(fields | rest))


def scenario_text(name: str = "opens") -> ScenarioText:
    """The text of a scenario; made up if it is none of the known ones."""
    group, title, kind, _ = SCENARIOS.get(name, ("other", f"Scenario {name}.", Kind.CHECK, ()))
    return ScenarioText(
        name=name,
        group=group,
        title=title,
        story="Three messages are published, the link is broken,\n    and two more are published meanwhile.",
        kind=kind,
        source=f"e2e/test_{group}.py:12",
    )


def run_of(*attempts: Attempt, info: RunInfo | None = None, **rest: Any) -> Run:
    """A run of these attempts; declares their cells and no others unless told; `rest` are fields of Run."""
    names = dict.fromkeys(one.cell.scenario for one in attempts)
    fields: dict[str, Any] = {
        "schema": 1,
        "scenarios": tuple(map(scenario_text, names)),
        "networks": {one.cell.network: NETWORKS.get(one.cell.network, "") for one in attempts},
        "declared": tuple(dict.fromkeys(one.cell.id for one in attempts)),
        "exclusions": (),
        "attempts": attempts,
    }
    return Run(info=info or conditions(), **(fields | rest))


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
        schema=1,
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


def timeline(observations: int) -> tuple[Observation, ...]:
    """A plausible attempt with a break in its middle, of that many observations."""
    story: list[tuple[float, str, str, dict[str, Any]]] = [
        (0.0, "driver", "cell", {"channel": "c-3f9a1b", "port": 41873}),
        (12.4, "page", "opening", {"transport": "eventsource", "attempt": 1, "resume": None}),
        (14.9, "link", "request", {"link": 1, "target": "/sse/c-3f9a1b", "last_event_id": None}),
        (16.2, "server", "accept", {"subscriber": 7, "resume": "9c01f2aa-0"}),
        (19.8, "page", "open", {}),
        (20.3, "page", "message", {"seq": 0, "type": "hello", "epoch": "9c01f2aa", "heartbeat_ms": 500}),
    ]
    middle = observations // 2
    for place in range(len(story), observations):
        at_ms = 20 + place * (3900 / observations)
        if place == middle:
            story.append((at_ms, "driver", "break", {"network": "reset", "links": [1]}))
        elif place == middle + 1:
            story.append((at_ms, "page", "error", {"state": "CONNECTING", "because": None}))
        elif place == middle + 2:
            story.append((at_ms, "server", "gone", {"because": "peer left", "code": None}))
        elif place % 3 == 0:
            story.append((at_ms, "server", "send", {"seq": place // 3, "type": "update"}))
        else:
            text = '{"step": 3, "text": "tool call finished"}'
            detail = {"seq": place // 3, "type": "update", "ts": 1795362067123.442, "chars": 41, "text": text}
            story.append((at_ms, "page", "message", detail))
    return tuple(
        Observation(at_ms=at_ms, source=source, kind=kind, detail=detail)
        for at_ms, source, kind, detail in story[:observations]
    )
