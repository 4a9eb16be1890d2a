"""Runs for the tests of run file and journal: one that a person can read, and any that may be.

Nothing here is realistic beyond what the formats may carry.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from wirematrix.load_model import (
    Effort,
    Limit,
    Load,
    LoadConditions,
    LoadTransport,
    Phase,
    PhaseEnd,
    Round,
    Tier,
)
from wirematrix.model import (
    RELATIONS,
    Artifact,
    Attempt,
    Build,
    Cell,
    Exclusion,
    Expectation,
    Fact,
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

CELL = Cell(scenario="opens", engine="webkit", transport="fetch-stream+", network="direct")
INFO = RunInfo(
    started="2026-01-31T12:00:00+00:00",
    finished="2026-01-31T12:00:09+00:00",
    command="pytest e2e",
    system="Debian GNU/Linux 12",
    machine="x86_64",
    cores=2,
    memory_mib=3900,
    python="3.11.7",
    playwright="1.64.1",
    wirematrix="0.1.0",
    commit="0123456789ab",
    scale_factor=1.0,
    concurrency="auto",
    wall_s=9.5,
    cpu_s=11.0,
    peak_memory_mib=900.5,
    cpu_by_part_s={"engines": 8.5, "python": 2.5},
    idle_s=1.5,
    soak_left_out=3,
    builds=(
        Build(
            engine="webkit",
            product="WebKitGTK",
            version="2.50.6",
            origin="system",
            executable="/usr/bin/python3",
            system="Debian GNU/Linux 12",
        ),
    ),
    unavailable={"firefox": "no build was found"},
)
ATTEMPT = Attempt(
    cell=CELL,
    number=1,
    started="2026-01-31T12:00:01+00:00",
    duration_ms=812.5,
    verdict=Verdict(
        status=Status.FAIL,
        because="open after 700.0 ms",
        findings=(Finding(check="opened", force=Force.MUST, held=Held.BROKEN, because="open after 700.0 ms"),),
        expectation=Expectation(
            statuses=(Status.FAIL, Status.TIMEOUT), because="it was observed", see="docs/observed.md"
        ),
    ),
    metrics={"open_ms": 700.0, "attempts": 2, "detect_ms": None},
    timeline=(
        Observation(at_ms=0.0, source="driver", kind="begin"),
        Observation(at_ms=1.25, source="page", kind="message", detail={"seq": 1, "text": '"grüße"', "crc": None}),
    ),
    near_misses=(NearMiss(awaited="open", waited_ms=700.0, budget_ms=800.0),),
    dropped_observations=3,
    facts=(
        Fact(name="reconnect_delay_ms", title="reconnect delay", observed=(3001.5, 60_000), cap=60_000),
        Fact(name="ends_as", title="how it ends", observed=("CLOSED",)),
    ),
    artifacts=(Artifact(kind="trace", file="evidence/opens-chromium-websocket-direct/trace.zip"),),
)
ROUND = Round(
    tier="app-sse",
    subscribers=10,
    repeat=1,
    position=1,
    started="2026-01-31T12:00:02+00:00",
    figures={"latency_p50_ms": 1.5, "lost": 0, "storm_all_back_ms": None},
    phases=(PhaseEnd(phase=Phase.PACED, limit=Limit.NONE, because="200 of 200 messages were delivered"),),
    latency_hdr="HISTFAAAABx4nJNpmSzMwMDAyAABTFCaEQA=",
    storm_arrivals=(8, 2),
)
LOAD = Load(
    conditions=LoadConditions(
        subscribers=(10,),
        repeats=1,
        seed=1,
        payload_bytes=200,
        rate_per_s=20.0,
        warm_up_s=0.5,
        window_s=2.0,
        opening_at_once=10,
        storm_delay_ms=0.0,
        heartbeat_ms=1000,
        generator="picows 1.9",
        generator_processes=1,
        target="tiers of this project",
    ),
    tiers=(
        Tier(name="app-sse", transport=LoadTransport.SSE, title="the app", resumes=True, versions={"uvicorn": "1"}),
    ),
    rounds=(ROUND, replace(ROUND, repeat=2, error="the server died")),
)
EFFORT = Effort(
    guarantee="resume",
    transport="eventsource",
    side="server",
    lines=12,
    branches=3,
    concepts=("Last-Event-ID",),
    files=("examples/sse/server.py",),
)
RUN = Run(
    schema=3,
    info=INFO,
    scenarios=(
        ScenarioText(
            name="opens",
            group="connect",
            title="The transport opens.",
            story="",
            kind=Kind.REQUIRED,
            source="e2e/test_connect.py:12",
        ),
    ),
    networks={"direct": "nothing is in the way"},
    declared=(CELL.id,),
    exclusions=(Exclusion(cell=replace(CELL, network="close"), because="it has no meaning"),),
    attempts=(ATTEMPT, replace(ATTEMPT, number=2)),
    load=LOAD,
    effort=(EFFORT,),
)


def _as_json_reads_it(text: str) -> str:
    """Surrogates that stand side by side in the right order become the character they spell."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


TEXTS = st.text(st.characters(exclude_categories=()), max_size=8).map(_as_json_reads_it)
REASONS = TEXTS.filter(lambda text: bool(text.strip()))
NAMES = st.sampled_from(["opens", "closes", "a-b", "c"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**53)
DETAILS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | NUMBERS | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)
CELLS = st.builds(
    Cell, scenario=NAMES, engine=NAMES, transport=NAMES, network=NAMES, relation=st.sampled_from(RELATIONS)
)
FACTS = st.builds(
    Fact,
    name=TEXTS,
    title=TEXTS,
    observed=st.lists(NUMBERS | COUNTS | TEXTS, max_size=3).map(tuple),
    cap=st.none() | NUMBERS | COUNTS,
)
EXPECTATIONS = st.builds(
    Expectation,
    statuses=st.lists(st.sampled_from(Status), min_size=1, max_size=3).map(tuple),
    because=REASONS,
    see=TEXTS,
)
FINDINGS = st.builds(Finding, check=TEXTS, force=st.sampled_from(Force), held=st.sampled_from(Held), because=REASONS)
ATTEMPTS = st.builds(
    Attempt,
    cell=CELLS,
    number=st.integers(1, 3),
    started=TEXTS,
    duration_ms=NUMBERS,
    verdict=st.builds(
        Verdict,
        status=st.sampled_from(Status),
        because=REASONS,
        findings=st.lists(FINDINGS, max_size=2).map(tuple),
        expectation=EXPECTATIONS,
        builds_on=TEXTS,
    ),
    metrics=st.dictionaries(TEXTS, st.none() | NUMBERS | COUNTS, max_size=3),
    timeline=st.lists(st.builds(Observation, at_ms=NUMBERS, source=TEXTS, kind=TEXTS, detail=DETAILS), max_size=3).map(
        tuple
    ),
    near_misses=st.lists(st.builds(NearMiss, awaited=TEXTS, waited_ms=NUMBERS, budget_ms=NUMBERS), max_size=2).map(
        tuple
    ),
    dropped_observations=COUNTS,
    facts=st.lists(FACTS, max_size=2).map(tuple),
    isolated=st.booleans(),
    artifacts=st.lists(st.builds(Artifact, kind=st.sampled_from(["trace", "screenshot"]), file=TEXTS), max_size=2).map(
        tuple
    ),
)
SOME_ATTEMPTS = st.lists(ATTEMPTS, max_size=4, unique_by=lambda each: (each.cell, each.number)).map(tuple)


ROUNDS = st.builds(
    Round,
    tier=st.just("app-sse"),
    subscribers=st.sampled_from([10, 50]),
    repeat=st.integers(1, 3),
    position=COUNTS,
    started=TEXTS,
    figures=st.dictionaries(TEXTS, st.none() | NUMBERS | COUNTS, max_size=3),
    phases=st.lists(
        st.builds(PhaseEnd, phase=st.sampled_from(Phase), limit=st.sampled_from(Limit), because=TEXTS), max_size=2
    ).map(tuple),
    latency_hdr=TEXTS,
    storm_arrivals=st.lists(COUNTS, max_size=3).map(tuple),
    error=TEXTS,
)
LOADS = st.none() | st.lists(ROUNDS, max_size=3, unique_by=lambda each: (each.subscribers, each.repeat)).map(
    lambda rounds: replace(LOAD, rounds=tuple(rounds))
)


def _run_of(attempts: tuple[Attempt, ...], text: str, share: float, load: Load | None) -> Run:
    """A run that declares and describes just what its attempts need."""
    described = {each.cell.scenario: replace(RUN.scenarios[0], name=each.cell.scenario) for each in attempts}
    return replace(
        RUN,
        info=replace(INFO, command=text, wall_s=share, unavailable={text: text}),
        scenarios=tuple(described.values()),
        networks={each.cell.network: text for each in attempts},
        declared=tuple(dict.fromkeys(each.cell.id for each in attempts)),
        attempts=attempts,
        load=load,
        effort=(replace(EFFORT, because=text),),
    )


RUNS = st.builds(_run_of, attempts=SOME_ATTEMPTS, text=TEXTS, share=NUMBERS, load=LOADS)
