"""The words of the project as frozen values: cells, statuses, findings, attempts, runs.

Nothing here does I/O or decides anything. A value that needs a reason cannot be built without one
(`Finding`, `Verdict`, `Exclusion`, `Expectation`), so no report can show a status nobody explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from wirematrix.load_model import Effort, Load

ENGINES: Final = ("chromium", "firefox", "webkit", "chrome", "msedge")
TRANSPORTS: Final = (
    "eventsource",
    "fetch-stream",
    "websocket",
    "eventsource+",
    "fetch-stream+",
    "websocket+",
)
SAME_ORIGIN: Final = "same-origin"
RELATIONS: Final = (SAME_ORIGIN, "cross-origin")  # between the page and what it opens a stream to


def require_reason(what: str, because: str) -> None:
    """No status, finding or exclusion without a sentence."""
    if not because.strip():
        raise ValueError(f"{what}: because is empty; expected a sentence")


class Status(StrEnum):
    """What an attempt ended as: a closed set that separates blame (see docs/glossary.md)."""

    PASS = "pass"
    DEGRADED = "degraded"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    NOT_REACHED = "not-reached"
    TIMEOUT = "timeout"
    CRASH = "crash"
    ERROR = "error"
    SKIP = "skip"


STATUS_MEANS: Final[Mapping[Status, str]] = {
    Status.PASS: "every MUST and SHOULD held",
    Status.DEGRADED: "every MUST held, a SHOULD broke",
    Status.FAIL: "a MUST broke",
    Status.UNSUPPORTED: "a checked probe of the engine says that the API is not there",
    Status.NOT_REACHED: "what it builds on failed",
    Status.TIMEOUT: "the evidence never sufficed within the budget though the engine lived",
    Status.CRASH: "the engine or its page died",
    Status.ERROR: "our machinery failed; says nothing about the engine",
    Status.SKIP: "not attempted, with a reason",
}


class Kind(StrEnum):
    """What a scenario claims: a duty, good practice, or a difference worth recording."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    CHECK = "check"


class Held(StrEnum):
    """A check's answer."""

    HELD = "held"
    BROKEN = "broken"
    UNDECIDED = "undecided"


class Force(StrEnum):
    """How much a broken finding weighs (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One engine build: never "WebKit", always which WebKit, from where.

    `origin`: "playwright" (its own patched build), "system" (a distribution's package),
    "channel" (a branded browser: Chrome, Edge). `product` is the name people know it by.
    """

    engine: str
    product: str
    version: str
    origin: str
    executable: str
    system: str  # operating system and release, as `platform` names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One scenario x engine x transport x network: the unit that gets a verdict.

    `relation` is the origin relation between page and stream, a dimension of the scenarios where it matters.
    """

    scenario: str
    engine: str
    transport: str
    network: str
    relation: str = SAME_ORIGIN

    @property
    def id(self) -> str:
        """`scenario[engine-transport-network]`: the same string in pytest, run file and report.

        A cell across origins says so at the end: `scenario[engine-transport-network-cross-origin]`.
        """
        return f"{self.scenario}[{self.params}]"

    @property
    def folder_name(self) -> str:
        """The id in letters that any file system takes."""
        return f"{self.scenario}-{self.params}"

    @property
    def params(self) -> str:
        """The part in brackets, pytest's parameter id."""
        across = "" if self.relation == SAME_ORIGIN else f"-{self.relation}"
        return f"{self.engine}-{self.transport}-{self.network}{across}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A cell that has no meaning, with the reason why."""

    cell: Cell
    because: str

    def __post_init__(self) -> None:
        require_reason("exclusion", self.because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The statuses we claim a cell has today; the first is typical, the others known intermittents."""

    statuses: tuple[Status, ...] = (Status.PASS,)
    because: str = "a cell is expected to pass unless matrix.yaml says otherwise"
    see: str = ""

    def __post_init__(self) -> None:
        require_reason("expectation", self.because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says about one timeline, in a sentence with numbers."""

    check: str
    force: Force
    held: Held
    because: str

    def __post_init__(self) -> None:
        require_reason(f"finding {self.check}", self.because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One recorded fact: when (ms since attempt start), who saw it, what."""

    at_ms: float
    source: str  # "page", "link", "server", "driver"
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Status, the sentence that decided it, and whether it was expected."""

    status: Status
    because: str
    findings: tuple[Finding, ...] = ()
    expectation: Expectation = Expectation()
    builds_on: str = ""  # id of the cell that failed, and without which this one was not even begun

    def __post_init__(self) -> None:
        require_reason("verdict", self.because)

    @property
    def expected(self) -> bool:
        """Whether the status is one we claim; an unexpected pass is news, too.

        A cell that was not begun, because what it builds on failed or the machine cannot give it a meaning, makes
        no news of its own.
        """
        return self.status is Status.SKIP or bool(self.builds_on) or self.status in self.expectation.statuses


Observed = float | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one attempt observed about an engine: numbers (the name ends in their unit) or categories.

    `observed` has one entry per observation. A number at or above `cap` was cut off there: nobody waited longer.
    """

    name: str
    title: str
    observed: tuple[Observed, ...]
    cap: float | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A wait that used more than 0.8 of its budget: flakiness announced."""

    awaited: str
    waited_ms: float
    budget_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that Playwright wrote about an attempt."""

    kind: str  # "trace" or "screenshot"
    file: str  # relative to the run file's folder, with "/" between the parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of one cell; none is thrown away."""

    cell: Cell
    number: int  # 1, 2, ... within the run
    started: str  # ISO 8601 UTC
    duration_ms: float
    verdict: Verdict
    metrics: Mapping[str, float | int | None]  # names end in their unit; counts have none
    timeline: tuple[Observation, ...]
    near_misses: tuple[NearMiss, ...] = ()
    dropped_observations: int = 0  # left out of the timeline to keep the run file small, said here
    facts: tuple[Fact, ...] = ()
    isolated: bool = False  # made alone at the end of the run, because an earlier attempt was unexpected
    artifacts: tuple[Artifact, ...] = ()  # optional in a run file: those of earlier versions have none


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioText:
    """What a report needs to know of a scenario: its group, title and kind."""

    name: str
    group: str
    title: str  # the docstring's first sentence
    story: str  # the rest of the docstring
    kind: Kind
    source: str  # file:line inside the project
    entries: tuple[str, ...] = ()  # of the scenario catalogue: "C03", "R04"
    soak: bool = False  # slow by nature: run only when asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """The conditions all attempts of a run share."""

    started: str
    finished: str
    command: str
    system: str
    machine: str
    cores: int
    memory_mib: int
    python: str
    playwright: str
    wirematrix: str
    commit: str
    scale_factor: float
    concurrency: str
    wall_s: float
    cpu_s: float
    peak_memory_mib: float
    cpu_by_part_s: Mapping[str, float]  # engines, app, driver, python, other: parts of cpu_s
    idle_s: float  # of the cores, added up, while the run went on; the rest of their time other programs had
    soak_left_out: int  # cells of slow scenarios that were not asked for
    routes_left_out: int = 0  # cells over real servers that were not asked for
    builds: tuple[Build, ...]
    unavailable: Mapping[str, str]  # engine -> the sentence that says why and how to mend it


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteText:
    """What stood between page and app in some networks of a run, as it was set up: for readers to copy."""

    name: str
    title: str
    server: str  # program and version: "nginx 1.22.1"
    networks: tuple[str, ...]  # in which attempts were made
    configuration: str  # as people read it; @NAME@ stands for what each cell fills in
    see: str  # where its makers advise it


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything one invocation on one machine found: the content of a run file."""

    schema: int
    info: RunInfo
    scenarios: tuple[ScenarioText, ...]
    networks: Mapping[str, str]  # name -> one-line description
    declared: tuple[str, ...]  # ids of all cells that were selected, in order
    exclusions: tuple[Exclusion, ...]
    attempts: tuple[Attempt, ...]
    load: Load | None = None  # of `wirematrix load`
    effort: tuple[Effort, ...] = ()
    routes: tuple[RouteText, ...] = ()
