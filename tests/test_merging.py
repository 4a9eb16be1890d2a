"""Merging run files: equal terms or a refusal, each attempt once and none lost, complete or said what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.factory import CHROMIUM, FIREFOX, MACOS_WEBKIT, attempt, cell, conditions, run_of
from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.gather import Gathered, gather, key_of
from wirematrix.merged import MERGED, LostJob, Merged
from wirematrix.merging import Merging, Source, merge
from wirematrix.model import Attempt, Build, Exclusion, Expectation, Run, Status
from wirematrix.plan import Plan, PlannedCell, PlannedJob

CELLS = [cell(network=network) for network in ("direct", "close", "reset")]
DECLARED = tuple(one.id for one in CELLS)
SCHEMAS = Path(__file__).resolve().parent.parent / "wirematrix/schema"


def source(*runs: Run, file: str = "run.json", lost: Sequence[LostJob] = ()) -> Source:
    """A file with these runs."""
    return Source(file=file, merged=Merged(merged=MERGED, runs=runs, lost=tuple(lost)))


def shard(*attempts: Attempt, started: str = "2026-11-22T15:40:58Z", build: Build = CHROMIUM, **rest: Any) -> Run:
    """A run of one build that declares its attempts' cells unless told."""
    return run_of(*attempts, info=conditions(build, started=started, system=build.system), **rest)


def merged(*runs: Run, plan: Plan | None = None) -> Merging:
    """Each run in a file of its own, merged."""
    return merge([source(run, file=f"{place}.json") for place, run in enumerate(runs)], plan)


# Any files of a few runs: pieces of the same runs, again and again, in files of one or of several


def whole_run(minute: int) -> Run:
    """One of the runs that the files tell of; each repeats one attempt of all the others, as a resumed run does."""
    started = f"2026-11-22T15:{minute:02}:00Z"
    build = FIREFOX if minute == 3 else CHROMIUM
    cells = [replace(one, engine=build.engine) for one in CELLS]
    own = [attempt(one, number=number, started=started) for one in cells for number in (1, 2)]
    repeated = attempt(cells[0], number=3, started="2026-11-22T15:00:00Z")
    return shard(*own, repeated, started=started, build=build, declared=tuple(one.id for one in cells))


WHOLE = [whole_run(minute) for minute in (1, 2, 3)]


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """A file with pieces of some of the runs."""
    runs = draw(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3, unique_by=lambda run: run.info.started))
    pieces = [replace(run, attempts=tuple(draw(st.lists(st.sampled_from(run.attempts), unique_by=id)))) for run in runs]
    lost = draw(st.lists(st.sampled_from(["macos", "debian"]), unique=True))
    jobs = [LostJob(job=job, system=job, origin="system", declared=DECLARED[: draw(st.integers(1, 3))]) for job in lost]
    return source(*pieces, file=draw(st.sampled_from(["a.json", "b.json"])), lost=jobs)


def received(given_runs: Sequence[Run]) -> set[str]:
    """Everything that was received, each with its build, as text."""
    return {f"{key_of(run.info.builds[0])} {codec.to_json(one)}" for run in given_runs for one in run.attempts}


@settings(deadline=None)
@given(st.lists(sources(), min_size=1, max_size=4).flatmap(lambda few: st.tuples(st.just(few), st.permutations(few))))
def test_the_order_of_files_does_not_matter(pair: tuple[list[Source], list[Source]]) -> None:
    """The same files merge to the same content, whatever comes first."""
    one, other = map(merge, pair)
    assert one.merged == other.merged
    assert one.missing == other.missing


@settings(deadline=None)
@given(sources(), sources(), sources())
def test_merged_files_merge_like_their_parts(one: Source, other: Source, third: Source) -> None:
    """Merging is associative: it does not matter what was merged before, and nothing changes when it is done again."""
    left = merge([Source(file="m", merged=merge([one, other]).merged), third]).merged
    right = merge([one, Source(file="m", merged=merge([other, third]).merged)]).merged
    assert left == right == merge([one, other, third]).merged
    assert merge([Source(file="m", merged=left)]).merged == left


@settings(deadline=None)
@given(st.lists(sources(), min_size=1, max_size=4))
def test_no_attempt_is_lost_and_none_counts_twice(files: list[Source]) -> None:
    """What any file has of a build is in the outcome once, and nothing else is."""
    given_runs = [run for file in files for run in file.merged.runs]
    runs = merge(files).merged.runs
    assert received(runs) == received(given_runs)
    assert sum(len(run.attempts) for run in runs) == len(received(runs))
    assert _seen(gather(runs)) == _seen(gather(given_runs))


def _seen(gathered: Gathered) -> dict[str, int]:
    return {f"{place.build_key} {place.cell.id}": len(ran) for place, ran in gathered.attempts.items()}


# Duplicates


def test_a_file_given_twice_counts_once_and_is_told() -> None:
    """The run is there once, and a note names both files."""
    run = shard(attempt(CELLS[0]))
    done = merged(run, run)
    assert done.merged.runs == (run,)
    assert done.notes == ("the run begun 2026-11-22T15:40:58Z was given 2 times: 0.json, 1.json",)


def test_attempts_of_a_rerun_job_are_kept() -> None:
    """A job that ran again has another attempt of each cell; both count, in the order in which they were made."""
    first = shard(attempt(CELLS[0], Status.FAIL, started="2026-01-01T00:00:01Z"), started="2026-01-01T00:00:00Z")
    again = shard(attempt(CELLS[0], started="2026-01-02T00:00:01Z"), started="2026-01-02T00:00:00Z")
    done = merged(again, first)
    assert done.merged.runs == (first, again)
    assert done.notes == done.missing == ()


def test_a_resumed_run_repeats_attempts_which_count_once() -> None:
    """The attempts that the interrupted run left, and the resumed one took over, are told and not doubled."""
    kept, rest = attempt(CELLS[0]), attempt(CELLS[1])
    interrupted = shard(kept, started="2026-01-01T00:00:00Z", declared=DECLARED[:2])
    resumed = shard(kept, rest, started="2026-01-01T01:00:00Z", declared=DECLARED[:2])
    done = merged(resumed, interrupted)
    assert [run.attempts for run in done.merged.runs] == [(kept,), (rest,)]
    assert done.notes == ("1 attempts of the run begun 2026-01-01T01:00:00Z are in an earlier one, and count once",)
    assert done.missing == ()


def test_two_stories_of_one_attempt_are_refused() -> None:
    """A file that was changed by hand contradicts the one it was copied from."""
    told = shard(attempt(CELLS[0]))
    changed = shard(attempt(CELLS[0], Status.FAIL))
    with pytest.raises(InvalidInput, match=r"attempt 1 of opens\[.*\] is one thing in 0.json and another in 1.json"):
        merged(told, changed)
    with pytest.raises(
        InvalidInput, match=r"0\.json and 1.json tell of the run begun .* and differ in what it declares"
    ):
        merged(told, replace(told, declared=DECLARED))


# Equal terms


def other_terms(**rest: Any) -> Run:
    """A run under another condition."""
    return run_of(attempt(CELLS[0]), info=conditions(started="2026-01-02T00:00:00Z", **rest))


def other_text(**rest: Any) -> Run:
    """A run whose scenario reads otherwise."""
    run = other_terms()
    return replace(run, scenarios=(replace(run.scenarios[0], **rest),))


CLAIM = Expectation(statuses=(Status.FAIL,), because="it never does")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (other_terms(commit="5"), "commit is '4f2a9c1d77' in 0.json, and '5' in 1.json"),
        (other_terms(wirematrix="9"), "version of wirematrix is '0.1.0' in 0.json, and '9' in 1.json"),
        (other_terms(scale_factor=2.0), "scale factor is 1.0 in 0.json, and 2.0 in 1.json"),
        (
            other_text(title="Opens."),
            "title of scenario opens is 'A connection opens and says that it is ready.' in 0.json, and 'Opens.' in 1",
        ),
        (other_text(soak=True), "soak of scenario opens is false in 0.json, and true in 1.json"),
        (replace(other_terms(), networks={"direct": "a"}), "network direct is 'Nothing between page and app"),
        (
            run_of(attempt(CELLS[1]), exclusions=(Exclusion(cell=CELLS[0], because="no meaning"),)),
            "cell opens[chromium-websocket-direct] is 'declared' in 0.json, and 'excluded: no meaning' in 1.json",
        ),
        (
            run_of(attempt(CELLS[0], expectation=CLAIM), info=conditions(started="2026-01-02T00:00:00Z")),
            "expectation of opens[chromium-websocket-direct] in Chromium 156.0.7204.92 system Debian GNU/Linux 12 is {",
        ),
    ],
)
def test_runs_on_unequal_terms_are_refused(other: Run, said: str) -> None:
    """The refusal names the key, both values and both files."""
    with pytest.raises(InvalidInput) as refusal:
        merged(run_of(attempt(CELLS[0])), other)
    text = str(refusal.value)
    assert text.startswith(f"wirematrix merge: {said}")
    assert text.endswith("; expected runs that agree in it")


def test_what_a_machine_is_need_not_agree() -> None:
    """System, builds, cores, Python and where a source lies are a machine's own."""
    here = shard(attempt(CELLS[0]))
    info = conditions(MACOS_WEBKIT, system="macOS 26.1", python="3.14", playwright="1.65", cores=9, started="2026")
    there = run_of(attempt(cell(engine="webkit")), info=info)
    there = replace(there, scenarios=(replace(there.scenarios[0], source=r"e2e\test_connect.py:12"),))
    assert len(merged(here, there).merged.runs) == 2


def test_a_place_in_a_merged_file_is_named() -> None:
    """In a file of several runs the refusal says which one it means."""
    first, second = shard(attempt(CELLS[0])), other_terms()
    with pytest.raises(InvalidInput, match=r"in many.json: runs\[0\], and '7' in one.json"):
        merge([source(first, second, file="many.json"), source(other_terms(commit="7"), file="one.json")])


# Completeness


def test_cells_without_an_attempt_are_listed() -> None:
    """A declared cell that no file has an attempt of is named with its build; another file's attempt mends it."""
    half = shard(attempt(CELLS[0]), declared=DECLARED[:2])
    done = merged(half)
    assert done.missing == ("opens[chromium-websocket-close] in Chromium 156.0.7204.92, Debian GNU/Linux 12",)
    assert merged(half, shard(attempt(CELLS[1]), started="2026-12-01T00:00:00Z")).missing == ()


def test_an_attempt_of_another_build_mends_nothing() -> None:
    """The same cell on another machine is another cell."""
    half = shard(attempt(CELLS[0]), declared=DECLARED[:2])
    elsewhere = replace(CHROMIUM, system="Ubuntu 24.04")
    assert len(merged(half, shard(attempt(CELLS[1]), build=elsewhere)).missing) == 1


def planned(*jobs: PlannedJob) -> Plan:
    """A plan for Chromium."""
    cells = tuple(
        PlannedCell(
            id=one.id,
            scenario=one.scenario,
            engine=one.engine,
            transport=one.transport,
            network=one.network,
            relation=one.relation,
            soak=one.network == "reset",
            needs=(),
        )
        for one in CELLS
    )
    return Plan(cells=cells, exclusions=(), jobs=jobs)


def job(name: str, system: str, origin: str = "system") -> PlannedJob:
    """A job that runs the first two cells."""
    return PlannedJob(
        name=name,
        runs_on="ubuntu-latest",
        container="",
        system=system,
        origin=origin,
        install="",
        selection="",
        cells=DECLARED[:2],
    )


def test_a_plan_tells_of_jobs_whose_file_never_came() -> None:
    """A job belongs to runs on its system with builds of its origin; one without such a run is missing as a whole."""
    run = shard(attempt(CELLS[0]), attempt(CELLS[1]))
    plan = planned(job("debian", "Debian"), job("macos", "macOS"), job("debian-playwright", "Debian", "playwright"))
    done = merged(run, plan=plan)
    assert [(one.job, one.declared) for one in done.merged.lost] == [
        ("debian-playwright", tuple(sorted(DECLARED[:2]))),
        ("macos", tuple(sorted(DECLARED[:2]))),
    ]
    assert "opens[chromium-websocket-close] of job macos on macOS" in done.missing
    assert len(done.missing) == 4


def test_a_plan_tells_of_cells_that_a_job_left_out() -> None:
    """A job that selected less than it was to run is no better than one that did not run."""
    done = merged(shard(attempt(CELLS[0])), plan=planned(job("debian", "Debian")))
    assert done.missing == ("opens[chromium-websocket-close] of job debian on Debian",)


def test_a_plan_without_jobs_is_one_for_any_machine() -> None:
    """Its cells must be declared somewhere, those of slow scenarios excepted."""
    done = merged(shard(attempt(CELLS[0])), plan=planned())
    assert done.missing == ("opens[chromium-websocket-close] of job the plan",)


def test_a_lost_job_is_found_when_its_file_comes() -> None:
    """What was missing in a merged file is missing no more once the late run file is merged with it."""
    plan = planned(job("debian", "Debian"), job("macos", "macOS", "playwright"))
    first = merged(shard(attempt(CELLS[0]), attempt(CELLS[1])), plan=plan)
    assert len(first.missing) == 2
    late = shard(attempt(CELLS[0]), attempt(CELLS[1]), build=replace(CHROMIUM, origin="playwright", system="macOS 26"))
    done = merge([Source(file="merged.json", merged=first.merged), source(late)])
    assert (done.missing, done.merged.lost) == ((), ())
