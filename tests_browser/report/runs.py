"""Runs that the report's own tests are read from: small, because axe looks at every element of a page."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from tests.report.factory import CHROMIUM, FIREFOX, WEBKIT, attempt, cell, conditions, run_of, timeline
from tests.report.load_values import EFFORTS, whole_load
from tests.report.synthetic import matrix
from wirematrix.decision import recommend
from wirematrix.matrix import load
from wirematrix.model import Attempt, Expectation, NearMiss, Run, Status
from wirematrix.report import Advice

ROOT: Final = Path(__file__).resolve().parents[2]
SCENARIOS: Final = ("opens", "reopens_after_the_break", "honours_the_retry_delay", "notices_silence")
TRANSPORTS: Final = ("eventsource", "websocket")
NETWORKS: Final = ("direct", "close", "truncate", "stall")
OBSERVATIONS: Final = 8
TIERS: Final = ("app-sse", "app-websocket", "raw-sse", "sse-starlette")
OPENS: Final = cell("opens")


def mixed() -> Run:
    """Every look of a cell: fine, recorded, known, news, not reached, skipped, flaky, near a limit, not run."""
    whole = matrix(
        observations=OBSERVATIONS, surprises=False, unavailable={"chrome": "is not here; install it with: apt"}
    )
    of = {one.cell.id: one for one in whole.attempts if shown(one)}
    first, second, third, fourth, fifth, sixth, last, *_ = list(of.values())[6:]
    changed = (
        ended(first, Status.FAIL, "opened: never opened; the page's last word was error (state CLOSED)"),
        ended(second, Status.CRASH, "the page died 1,204 ms into the attempt: renderer process gone (signal 11)"),
        ended(third, Status.ERROR, "control: answered 500: our app's control interface failed"),
        ended(fourth, Status.SKIP, "not made: a network namespace is not to be had here", known=True),
        ended(fifth, Status.UNSUPPORTED, "a probe says that it is not there", known=True),
        ended(sixth, Status.NOT_REACHED, f"builds on {OPENS.id}, which ended as fail", known=True),
    )
    near = replace(last, near_misses=(NearMiss(awaited="message 5", waited_ms=21_400, budget_ms=25_000),))
    again = replace(ended(first, Status.PASS, "open 31 ms after it was asked for", known=True), number=2)
    kept = of | {one.cell.id: one for one in (*changed, near)}
    missing = cell("opens", engine="webkit", transport="fetch-stream")
    return replace(
        whole,
        scenarios=tuple(one for one in whole.scenarios if one.name in SCENARIOS),
        networks={name: about for name, about in whole.networks.items() if name in NETWORKS},
        declared=(*of, missing.id),
        exclusions=tuple(one for one in whole.exclusions if one.cell.network == "close"),
        attempts=(*kept.values(), again),
    )


def shown(one: Attempt) -> bool:
    """Whether an attempt of the whole matrix is in the small one."""
    of = one.cell
    return of.scenario in SCENARIOS and of.transport in TRANSPORTS and of.network in NETWORKS


def ended(one: Attempt, status: Status, because: str, *, known: bool = False) -> Attempt:
    """The attempt with another end, which nobody expected unless it is `known`."""
    claimed = Expectation(statuses=(status,), because=because, see="https://example.org/1") if known else Expectation()
    return attempt(one.cell, status, because, expectation=claimed, timeline=timeline(OBSERVATIONS))


def loaded() -> Run:
    """A load comparison of four tiers and nothing else."""
    whole = whole_load(repeats=1, subscribers=(10, 100))
    few = replace(
        whole,
        tiers=tuple(tier for tier in whole.tiers if tier.name in TIERS),
        rounds=tuple(one for one in whole.rounds if one.tier in TIERS),
    )
    return replace(run_of(info=conditions(CHROMIUM, FIREFOX, WEBKIT)), load=few, effort=EFFORTS)


@cache
def advice() -> Advice:
    """What the small matrix and the comparison recommend, by the project's own rules."""
    decision = load(ROOT / "matrix.yaml").decision
    assert decision is not None
    return Advice(answers=recommend(decision, [mixed(), loaded()], ("dashboard",)))
