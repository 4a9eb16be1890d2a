"""One attempt of one cell: set the scene, let the scenario play, judge what was seen.

An attempt starts as `error` and must earn anything better. Whose fault it is when it does not is decided
here, by the kind of exception and where it came from, never by its text:

    NotReached                   not-reached   a precondition of the scenario never came about
    EngineCrashed                crash         the engine or the page died
    BudgetSpent in the scenario  timeout       the page lived and did not answer (OursSpent: our app did not, error)
    Unsupported                  unsupported   a checked probe of the engine says so
    anything else                error         ours

If this program was held up meanwhile, what it makes of the cell unexpectedly is an error, too (see `Stage.held_up`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wirematrix.budgets import ATTEMPT, ATTEMPT_SOAK, Budget
from wirematrix.checks import Claim
from wirematrix.engines import Special
from wirematrix.errors import (
    BudgetSpent,
    EngineCrashed,
    NotReached,
    OursSpent,
    ScriptFailed,
    Skipped,
    Unsupported,
    WirematrixError,
)
from wirematrix.judge import judge
from wirematrix.measures import Measure
from wirematrix.metrics import metrics
from wirematrix.model import Artifact, Attempt, Cell, Expectation, Fact, ScenarioText, Status, Verdict
from wirematrix.pagecell import PageCell
from wirematrix.timeline import Recorder, folded
from wirematrix.waits import Waits

MAY_BE_OURS = frozenset({Status.FAIL, Status.DEGRADED, Status.TIMEOUT, Status.NOT_REACHED})
Play = Callable[[Any], Awaitable[None]]  # takes a LiveCell, or a RawCell if the scenario is `raw`


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario function with what the machinery must know of it."""

    text: ScenarioText
    play: Play
    own_engine: bool = False  # it kills the engine, so it must not share one
    launch: Special | None = None  # it means something only in an engine launched like that, which is its own
    raw: bool = False  # it plays against an origin of its own, not against the app


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt to make."""

    cell: Cell
    scenario: Scenario
    number: int = 1
    isolated: bool = False  # alone at the end, because an earlier attempt was unexpected

    @property
    def folder_name(self) -> str:
        """Of its files: each attempt has its own, that of the first is named like the cell."""
        return self.cell.folder_name if self.number == 1 else f"{self.cell.folder_name}-attempt-{self.number}"

    @property
    def budget(self) -> Budget:
        """What the whole attempt may take."""
        return ATTEMPT_SOAK if self.scenario.text.soak else ATTEMPT


class Stage:
    """What an attempt leaves behind while it is being made: the recorder, the waits, the claims."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.recorder = Recorder()
        self.waits = Waits(self.recorder)
        self.claims: Sequence[Claim] | None = None  # set when the whole scenario was played
        self.measures: Sequence[Measure] = ()
        self.started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        self.status = Status.ERROR
        self.because = "the attempt ended before anything was judged"
        self.clean = False  # the page may be used again
        self.artifacts: list[Artifact] = []
        self._held_up_ms = 0.0

    def held_up(self, late_ms: float) -> None:
        """Note that this program stood still for so long, and with it the proxy that the page talks to."""
        self._held_up_ms = max(self._held_up_ms, late_ms)
        self.recorder.observe("driver", "held-up", late_ms=round(late_ms, 1))

    async def play(self, live: PageCell) -> None:
        """Play the scenario on a live cell and bring in the rest of the evidence."""
        whole = asyncio.timeout(self.job.budget.seconds)
        try:
            async with whole:
                await self.job.scenario.play(live)
                await live.collect()
            live.check()
            self.claims = tuple(live.claims)
            self.measures = tuple(live.measures)
            self.clean = True
        except NotReached as missing:
            live.check()
            self._ends(Status.NOT_REACHED, str(missing))
            self.clean = True
        except Skipped as reason:
            self._ends(Status.SKIP, str(reason))
        except EngineCrashed as crash:
            self._ends(Status.CRASH, str(crash))
        except OursSpent:
            raise
        except BudgetSpent as spent:
            live.check()
            self._ends(Status.TIMEOUT, str(spent))
        except TimeoutError:
            if not whole.expired():
                raise
            live.check()
            self._ends(Status.TIMEOUT, f"the attempt was ended after its budget of {self.job.budget.ms:.0f} ms")

    def fails_to_start(self, because: Exception) -> None:
        """The scene could not be set, or our own code broke."""
        match because:
            case EngineCrashed():
                self._ends(Status.CRASH, str(because))
            case Unsupported():
                self._ends(Status.UNSUPPORTED, str(because))
                self.clean = True
            case Skipped():
                self._ends(Status.SKIP, str(because))
            case ScriptFailed():
                self._ends(Status.ERROR, str(because))
                self._trace(because.__cause__ or because)
            case WirematrixError():
                self._ends(Status.ERROR, str(because))
            case _:
                self._ends(Status.ERROR, f"{type(because).__name__}: {because}")
                self._trace(because)

    def _trace(self, broken: BaseException) -> None:
        self.recorder.observe("driver", "exception", traceback="".join(traceback.format_exception(broken)[-6:]))

    def attempt(self, expectation: Expectation) -> Attempt:
        """The finished attempt, judged."""
        judged, measured, facts = self._judged(expectation)
        verdict = self._excused(judged)
        shown, left_out = folded(self.recorder.timeline())
        return Attempt(
            cell=self.job.cell,
            number=self.job.number,
            started=self.started,
            duration_ms=round(self.recorder.now_ms(), 1),
            verdict=verdict,
            metrics=measured,
            timeline=shown,
            near_misses=tuple(self.waits.near_misses),
            dropped_observations=left_out,
            facts=facts,
            isolated=self.job.isolated,
            artifacts=tuple(self.artifacts),
        )

    def _judged(self, expectation: Expectation) -> tuple[Verdict, dict[str, float | int | None], tuple[Fact, ...]]:
        """Verdict, metrics and facts; a check, metric or measure that cannot cope is our error, not the run's end."""
        timeline = self.recorder.timeline()
        kind = self.job.scenario.text.kind
        measured: dict[str, float | int | None] = {}
        try:
            measured = metrics(timeline)
            if self.claims is not None:
                verdict = judge(timeline, self.claims, self.measures, kind=kind, expectation=expectation)
                return verdict, measured, tuple(measure.fact(timeline) for measure in self.measures)
        except Exception as broken:  # noqa: BLE001 - whatever it is
            self.fails_to_start(broken)
        return Verdict(status=self.status, because=self.because, expectation=expectation), measured, ()

    def _excused(self, verdict: Verdict) -> Verdict:
        """What silence of our own may have caused is no evidence against an engine, unless it was claimed anyway."""
        if not self._held_up_ms or verdict.expected or verdict.status not in MAY_BE_OURS:
            return verdict
        stood = f"this program stood still for {self._held_up_ms:.0f} ms meanwhile, so nothing is said of the engine"
        because = f"{stood}; without that: {verdict.status}, {verdict.because}"
        return replace(verdict, status=Status.ERROR, because=because)

    def _ends(self, status: Status, because: str) -> None:
        self.claims = None  # whatever was claimed before, this is how it ended
        self.status, self.because = status, because
        self.recorder.observe("driver", "ended", status=str(status), because=because)


def not_attempted(job: Job, because: str, expectation: Expectation) -> Attempt:
    """The attempt that was not made, with the reason."""
    return _not_made(job, Verdict(status=Status.SKIP, because=because, expectation=expectation))


def not_reached(job: Job, needed: Attempt, expectation: Expectation) -> Attempt:
    """The attempt that was not made because what it builds on failed; where that was not made either, why not."""
    first = needed.verdict
    because = f"builds on {needed.cell.id}, which ended as {first.status}: {first.because}"
    verdict = Verdict(
        status=Status.NOT_REACHED,
        because=first.because if first.builds_on else because,
        expectation=expectation,
        builds_on=first.builds_on or needed.cell.id,
    )
    return _not_made(job, verdict)


def _not_made(job: Job, verdict: Verdict) -> Attempt:
    return Attempt(
        cell=job.cell,
        number=job.number,
        started=Stage(job).started,
        duration_ms=0.0,
        verdict=verdict,
        metrics={},
        timeline=(),
        isolated=job.isolated,
    )
