"""Single values for the tests of reports: real `model` values with everything a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wirematrix.measures import finding_name, spoken
from wirematrix.model import (
    Attempt,
    Build,
    Cell,
    Expectation,
    Fact,
    Finding,
    Force,
    Held,
    Kind,
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


def recording(of: Attempt, *facts: Fact) -> Attempt:
    """The attempt with facts, each with the finding that there was enough of it."""
    findings = tuple(
        Finding(check=finding_name(fact.name), force=Force.MUST, held=Held.HELD, because=spoken(fact)) for fact in facts
    )
    return replace(of, facts=facts, verdict=replace(of.verdict, findings=(*of.verdict.findings, *findings)))


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
        "cpu_by_part_s": {},
        "idle_s": 0.0,
        "soak_left_out": 0,
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
        "schema": 3,
        "scenarios": tuple(map(scenario_text, names)),
        "networks": {one.cell.network: NETWORKS.get(one.cell.network, "") for one in attempts},
        "declared": tuple(dict.fromkeys(one.cell.id for one in attempts)),
        "exclusions": (),
        "attempts": attempts,
    }
    return Run(info=info or conditions(), **(fields | rest))


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
        elif place == middle + 6:
            story.append((at_ms, "driver", "mended", {"network": "reset"}))
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
