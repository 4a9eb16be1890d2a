"""One attempt: each way of ending becomes its status, and nothing is a pass that has not earned it."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
from dataclasses import replace
from typing import Final

import pytest

from tests.stageplay import CELL, EXPECTATION, Page, attempted, job, on_stage
from wirematrix import attempts, budgets, errors
from wirematrix.attempts import Play, Stage
from wirematrix.budgets import Budget
from wirematrix.checks import Check, opened
from wirematrix.checks.claims import Answer
from wirematrix.driver import LiveCell
from wirematrix.errors import (
    BudgetSpent,
    ControlRefused,
    EngineCrashed,
    EngineUnavailable,
    IntermediaryDied,
    InvalidInput,
    LoadFailed,
    NotReached,
    OursSpent,
    ScriptFailed,
    ServiceDied,
    Skipped,
    Unsupported,
    WirematrixError,
)
from wirematrix.metrics import METRICS
from wirematrix.model import Held, Kind, Status
from wirematrix.timeline import FOLD_LONGER_THAN, Timeline

pytestmark = pytest.mark.anyio

LIFE: Final = (
    {"at": 5, "kind": "opening", "transport": "websocket", "attempt": 1, "resume": None},
    {"at": 25, "kind": "open"},
)

# What a scenario, or what it stands on, may raise; the status it becomes; the sentence; whether the page may be reused.
ENDS: Final[tuple[tuple[Exception, Status, str, bool], ...]] = (
    (NotReached("hello", "CLOSED at 20 ms"), Status.NOT_REACHED, "hello never came about: CLOSED at 20 ms", True),
    (
        Unsupported("Lynx", "websocket"),
        Status.UNSUPPORTED,
        "Lynx has no websocket, says the page's probe of the APIs",
        True,
    ),
    (Skipped("network namespaces need root"), Status.SKIP, "network namespaces need root", False),
    (EngineCrashed("firefox", "exit code -11"), Status.CRASH, "firefox crashed: exit code -11", False),
    (OursSpent("the app to end", budget_ms=1, came="no"), Status.ERROR, "waited 1 ms for the app to end; no", False),
    (
        BudgetSpent("the page to answer", budget_ms=20_000, came="nothing came"),
        Status.TIMEOUT,
        "waited 20000 ms for the page to answer; nothing came",
        False,
    ),
    (
        ServiceDied("python -m app", exit_code=1, last_words=""),
        Status.ERROR,
        "app process `python -m app` ended with exit code 1",
        False,
    ),
    (
        IntermediaryDied("route nginx", exit_code=1, last_words=""),
        Status.ERROR,
        "route nginx ended with exit code 1",
        False,
    ),
    (ScriptFailed("/x", 1, "no"), Status.ERROR, "origin: the script of /x, request 1: no", False),
    (ControlRefused("POST /x", status=500, answer="no"), Status.ERROR, "POST /x: answered 500: no", False),
    (LoadFailed("nothing was delivered"), Status.ERROR, "nothing was delivered", False),
    (InvalidInput("matrix.yaml:3", "got 5"), Status.ERROR, "matrix.yaml:3: got 5", False),
    (
        EngineUnavailable("webkit", "no build", remedy="install it"),
        Status.ERROR,
        "webkit: no build; mend it with: install it",
        False,
    ),
    (WirematrixError("leave: got 'up'"), Status.ERROR, "leave: got 'up'", False),
    (TimeoutError("a wait of its own"), Status.ERROR, "TimeoutError: a wait of its own", False),
    (AssertionError("1 != 2"), Status.ERROR, "AssertionError: 1 != 2", False),
    (KeyError("seqs"), Status.ERROR, "KeyError: 'seqs'", False),
    (ExceptionGroup("two", [ValueError(), OSError()]), Status.ERROR, "ExceptionGroup: two (2 sub-exceptions)", False),
)


def saying(held: Held) -> Check:
    """A check that always says the same."""

    def check(timeline: Timeline) -> Answer:
        return held, f"{held} by all means"

    return check


def claiming(*checks: Check) -> Play:
    """A scenario that claims and does nothing else."""

    async def play(cell: LiveCell) -> None:
        cell.judge(*checks)

    return play


# ── what becomes of exceptions ──


@pytest.mark.parametrize("claims_first", [False, True], ids=["before a claim", "after a claim"])
@pytest.mark.parametrize(("raised", "status", "because", "clean"), ENDS, ids=[type(one[0]).__name__ for one in ENDS])
async def test_each_exception_has_its_status(
    raised: Exception, status: Status, because: str, *, clean: bool, claims_first: bool
) -> None:
    """An exception decides the status by its kind, whatever had been claimed; no claim is judged after it."""

    async def play(cell: LiveCell) -> None:
        if claims_first:
            cell.judge(saying(Held.HELD))
        raise raised

    stage = Stage(job(play))
    await on_stage(stage)
    made = stage.attempt(EXPECTATION)
    assert (made.verdict.status, made.verdict.because) == (status, because)
    assert made.verdict.findings == ()
    assert stage.clean is clean
    assert Timeline(made.timeline).of("driver", "ended", status=str(status), because=because)


def test_every_exception_of_ours_is_in_the_table() -> None:
    """A new kind of exception has to be given a status on purpose."""
    ours = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, WirematrixError)}
    assert ours == {type(raised) for raised, *_ in ENDS if isinstance(raised, WirematrixError)}


async def test_a_foreign_exception_leaves_its_traceback() -> None:
    """What nobody foresaw is told with its traceback in the timeline; our own exceptions speak for themselves."""

    async def play(cell: LiveCell) -> None:
        raise LookupError

    made = await attempted(play)
    seen = Timeline(made.timeline).first("driver", "exception")
    assert seen is not None
    assert "in play" in seen.detail["traceback"]
    assert "LookupError" in seen.detail["traceback"]

    async def refused(cell: LiveCell) -> None:
        raise ControlRefused("POST /x", status=500, answer="no")

    assert Timeline((await attempted(refused)).timeline).first("driver", "exception") is None


# ── nothing is a pass by default ──


def test_an_attempt_that_was_never_played_is_an_error() -> None:
    """Before anything happened the status is error, and the sentence says so."""
    made = Stage(job(claiming())).attempt(EXPECTATION)
    assert (made.verdict.status, made.verdict.expected) == (Status.ERROR, False)
    assert made.verdict.because == "the attempt ended before anything was judged"


async def test_a_scenario_that_claims_nothing_is_an_error() -> None:
    """Played to its end without a claim it has proved nothing."""
    made = await attempted(claiming())
    assert made.verdict.status is Status.ERROR
    assert made.verdict.because == "the scenario claimed and recorded nothing, so nothing was judged"


@pytest.mark.parametrize(
    ("held", "kind", "status"),
    [
        (Held.HELD, Kind.REQUIRED, Status.PASS),
        (Held.BROKEN, Kind.REQUIRED, Status.FAIL),
        (Held.UNDECIDED, Kind.REQUIRED, Status.TIMEOUT),
        (Held.BROKEN, Kind.CHECK, Status.PASS),
    ],
)
async def test_claims_are_judged_at_the_end(held: Held, kind: Kind, status: Status) -> None:
    """What was claimed is judged by the scenario's kind, and the finding is in the verdict."""
    made = await attempted(claiming(saying(held)), kind=kind)
    assert made.verdict.status is status
    assert [finding.held for finding in made.verdict.findings] == [held]


async def test_the_rest_of_the_evidence_is_brought_in() -> None:
    """What the page recorded and nobody waited for is in the timeline before the claims are judged."""
    made = await attempted(claiming(opened), Page(LIFE))
    assert (made.verdict.status, made.verdict.because) == (Status.PASS, "open 20 ms after it was asked for")
    assert made.metrics["open_ms"] == pytest.approx(20, abs=0.02)


def test_a_scene_that_cannot_be_set_here_is_a_skip() -> None:
    """A machine that cannot give the cell its meaning says so while the scene is set: a skip, and nobody's news."""
    stage = Stage(job(claiming(saying(Held.HELD))))
    stage.fails_to_start(Skipped("no network namespaces here"))
    verdict = stage.attempt(EXPECTATION).verdict
    assert (verdict.status, verdict.because, verdict.expected) == (Status.SKIP, "no network namespaces here", True)


@pytest.mark.parametrize("raised", [OSError("no file"), BudgetSpent("the proxy", budget_ms=1, came="it did not")])
async def test_what_fails_outside_the_scenario_is_an_error(raised: Exception) -> None:
    """Everything held, and our own code broke, or kept us waiting, before or after: no pass, and nobody's timeout."""
    stage = Stage(job(claiming(saying(Held.HELD))))
    await on_stage(stage)
    stage.fails_to_start(raised)
    made = stage.attempt(EXPECTATION)
    assert made.verdict.status is Status.ERROR
    assert str(raised) in made.verdict.because
    assert made.verdict.findings == ()


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (EngineCrashed("firefox", "exit code -11"), Status.CRASH),
        (BudgetSpent("the page to answer", budget_ms=1, came="nothing came"), Status.TIMEOUT),
        (RuntimeError("probe is not defined"), Status.ERROR),
    ],
)
async def test_evidence_that_cannot_be_had_is_no_pass(failure: Exception, status: Status) -> None:
    """A page that cannot be asked for its log any more decides the status, not the claims."""
    made = await attempted(claiming(saying(Held.HELD)), Page(failure=failure))
    assert made.verdict.status is status


async def test_an_api_that_is_not_there_is_unsupported() -> None:
    """The page's own probe of the APIs says that the engine has none of the kind: nothing is tried, nothing fails."""
    page = Page(LIFE)
    page.supports["websocket"] = False
    made = await attempted(claiming(saying(Held.HELD)), page)
    assert (made.verdict.status, made.verdict.findings) == (Status.UNSUPPORTED, ())


async def test_a_probe_that_finds_an_invented_api_is_an_error() -> None:
    """A probe of the APIs that says yes to everything proves nothing: that is our fault, and no unsupported."""
    page = Page(LIFE)
    page.supports.update({"websocket": False, "unknown-api": True})
    made = await attempted(claiming(saying(Held.HELD)), page)
    assert made.verdict.status is Status.ERROR


async def test_a_page_that_died_unnoticed_is_a_crash() -> None:
    """A page that died after it was last asked is a crash, however good the evidence was."""
    page = Page(LIFE)

    async def play(cell: LiveCell) -> None:
        cell.judge(opened)
        page.crashed.set()

    made = await attempted(play, page)
    assert made.verdict.status is Status.CRASH
    assert made.verdict.because == "firefox crashed: the page died between two questions"


async def test_a_check_that_cannot_cope_is_an_error() -> None:
    """A check that raises is the error of its own cell, with its traceback, and not the end of the run."""

    def confused(timeline: Timeline) -> Answer:
        raise KeyError("subscribers")

    made = await attempted(claiming(saying(Held.HELD), confused))
    assert (made.verdict.status, made.verdict.because) == (Status.ERROR, "KeyError: 'subscribers'")
    assert Timeline(made.timeline).first("driver", "exception")


@pytest.mark.parametrize(
    "entry", [{"seq": None, "type": "update"}, {"type": "gap", "seq": 0, "from": None, "to": None}]
)
async def test_a_message_without_its_numbers_is_survived(entry: dict[str, object]) -> None:
    """An app whose messages lack their numbers costs its own cells at most, never the run."""
    made = await attempted(claiming(opened), Page((*LIFE, {"at": 30, "kind": "message", **entry})))
    assert made.verdict.status is Status.PASS
    assert made.metrics["received"] is None


# ── budgets ──


async def test_a_hung_scenario_ends_by_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that waits for ever is ended, cleans up after itself, and is a timeout whatever it claimed."""
    monkeypatch.setattr(attempts, "ATTEMPT", Budget("attempt", 30))
    cleaned = asyncio.Event()

    async def play(cell: LiveCell) -> None:
        cell.judge(saying(Held.HELD))
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    stage = Stage(job(play))
    await on_stage(stage)
    verdict = stage.attempt(EXPECTATION).verdict
    assert (verdict.status, verdict.because) == (Status.TIMEOUT, "the attempt was ended after its budget of 30 ms")
    assert cleaned.is_set()
    assert not stage.clean


async def test_a_slow_scenario_has_a_longer_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soak scenario is ended by a budget of its own, which is longer."""
    assert budgets.ATTEMPT_SOAK.ms > budgets.ATTEMPT.ms
    monkeypatch.setattr(attempts, "ATTEMPT_SOAK", Budget("attempt-soak", 40))
    slow = job(lambda _: asyncio.Event().wait())  # type: ignore[arg-type,return-value]
    text = replace(slow.scenario.text, soak=True)
    stage = Stage(replace(slow, scenario=replace(slow.scenario, text=text)))
    await on_stage(stage)
    assert stage.attempt(EXPECTATION).verdict.because == "the attempt was ended after its budget of 40 ms"


async def test_a_cancelled_attempt_is_cancelled() -> None:
    """When the whole run is ended an attempt does not swallow it."""
    stage = Stage(job(lambda _: asyncio.Event().wait()))  # type: ignore[arg-type,return-value]
    playing = asyncio.create_task(on_stage(stage))
    asyncio.get_running_loop().call_soon(playing.cancel)
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert stage.attempt(EXPECTATION).verdict.status is Status.ERROR


# ── what an attempt keeps ──


async def test_an_attempt_keeps_what_a_report_needs() -> None:
    """Cell, number, start in UTC, duration, near misses, every metric, and the timeline with long runs folded."""
    many = [
        {"at": 100 + seq, "kind": "message", "type": "update", "seq": seq} for seq in range(1, FOLD_LONGER_THAN + 10)
    ]

    async def play(cell: LiveCell) -> None:
        cell.judge(opened)
        cell._waits.account("page open", 95, Budget("open", 100), met=True)

    made = await attempted(play, Page((*LIFE, *many)))
    assert (made.cell, made.number) == (CELL, 2)
    assert dt.datetime.fromisoformat(made.started).utcoffset() == dt.timedelta(0)
    assert made.duration_ms >= 0
    assert [miss.awaited for miss in made.near_misses] == ["page open"]
    assert set(made.metrics) == set(METRICS)
    assert made.metrics["received"] == len(many)
    assert made.dropped_observations == len(many) - 6
    assert len(Timeline(made.timeline).of("page", "message")) == 6
    assert made.verdict.expectation is EXPECTATION


@pytest.mark.parametrize("status", [status for status in Status if status in attempts.MAY_BE_OURS])
async def test_a_standstill_of_ours_is_no_failure_of_the_engine(status: Status) -> None:
    """What silence may have caused while this program stood still is an error that says so; claimed before, it stays."""
    stage = Stage(job(_plays))
    stage._ends(status, "silence")
    assert stage.attempt(EXPECTATION).verdict.status is status
    stage.held_up(1_200)
    stage.held_up(5_500)
    verdict = stage.attempt(EXPECTATION).verdict
    assert verdict.status is Status.ERROR
    assert verdict.because == (
        "this program stood still for 5500 ms meanwhile, so nothing is said of the engine; "
        f"without that: {status}, silence"
    )
    assert [seen.detail["late_ms"] for seen in stage.recorder.timeline().of("driver", "held-up")] == [1200, 5500]
    assert stage.attempt(replace(EXPECTATION, statuses=(status,), because="claimed")).verdict.status is status


@pytest.mark.parametrize("status", [Status.CRASH, Status.SKIP, Status.UNSUPPORTED])
async def test_a_standstill_explains_no_death(status: Status) -> None:
    """No engine dies, and none lacks an API, because this program stood still."""
    stage = Stage(job(_plays))
    stage._ends(status, "seen")
    stage.held_up(5_500)
    assert stage.attempt(EXPECTATION).verdict.status is status


async def _plays(_cell: object) -> None:
    """Nothing."""
