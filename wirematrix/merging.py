"""Many run files become one: equal terms or a refusal, every attempt once, complete or said what is missing.

The outcome is the same whatever the order of the files, and merging merged files is merging all of theirs at once.
Nothing is averaged or chosen: runs stay as they are, one after the other as they began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.gather import Place, gather, key_of
from wirematrix.jobs import declared_by
from wirematrix.merged import MERGED, LostJob, Merged
from wirematrix.model import Attempt, Run
from wirematrix.plan import Plan

# What is written differently on two machines though it is the same: file:line with their own separators.
OWN_TO_A_MACHINE: Final = ("source",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one file brings."""

    file: str
    merged: Merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What came of it."""

    merged: Merged
    missing: tuple[str, ...]  # a line for each cell that was declared, or planned, and has no attempt
    notes: tuple[str, ...]  # what was given more than once


class _Given(NamedTuple):
    """A run and where it was read."""

    where: str
    run: Run


def merge(sources: Sequence[Source], plan: Plan | None = None) -> Merging:
    """Merge what the files hold, and say what of it, and of the plan, is missing.

    InvalidInput names key, both values and both files where they do not agree in what has to be the same: commit,
    version of wirematrix, scale factor; texts, networks and exclusions; what is expected of the same cell and build.
    """
    given = [
        _Given(f"{source.file}: runs[{place}]" if len(source.merged.runs) > 1 else source.file, run)
        for source in sources
        for place, run in enumerate(source.merged.runs)
    ]
    if not given:
        raise InvalidInput("wirematrix merge", "got no run", expected="at least one run file")
    _refuse_disagreement(given)
    runs, notes = _united(given)
    runs, repeated = _each_once(runs)
    lost = tuple(_outstanding([each for source in sources for each in source.merged.lost], plan, runs))
    return Merging(
        merged=Merged(merged=MERGED, runs=tuple(runs), lost=lost),
        missing=(*_missing(runs), *_lines(lost)),
        notes=(*notes, *repeated),
    )


def _refuse_disagreement(given: Sequence[_Given]) -> None:
    said: dict[str, tuple[object, str]] = {}
    for where, run in given:
        for key, value in _terms(run):
            before, there = said.setdefault(key, (value, where))
            if before != value:
                problem = f"{key} is {_shown(before)} in {there}, and {_shown(value)} in {where}"
                raise InvalidInput("wirematrix merge", problem, expected="runs that agree in it")


def _shown(value: object) -> str:
    return codec.shown(codec.encode(value)) if isinstance(value, (str, int, float)) else codec.spell(value)


def _terms(run: Run) -> Iterator[tuple[str, object]]:
    """Everything that runs shown as one matrix have to agree in."""
    info = run.info
    yield "commit", info.commit
    yield "version of wirematrix", info.wirematrix
    yield "scale factor", info.scale_factor
    for text in run.scenarios:
        for key, value in codec.encode(text).items():
            if key not in OWN_TO_A_MACHINE:
                yield f"{key} of scenario {text.name}", value
    for name, about in run.networks.items():
        yield f"network {name}", about
    for identifier in run.declared:
        yield f"cell {identifier}", "declared"
    for exclusion in run.exclusions:
        yield f"cell {exclusion.cell.id}", f"excluded: {exclusion.because}"
    builds = _keys(run)
    for attempt in run.attempts:
        expectation = codec.encode(attempt.verdict.expectation)
        yield f"expectation of {attempt.cell.id} in {builds.get(attempt.cell.engine, 'no build')}", expectation


def _united(given: Sequence[_Given]) -> tuple[list[Run], list[str]]:
    """Each run once, as they began; a run that several files tell of has all attempts that any of them has."""
    by_conditions: dict[str, list[_Given]] = {}
    for each in given:
        by_conditions.setdefault(codec.to_json(each.run.info), []).append(each)
    runs, notes = [], []
    for alike in by_conditions.values():
        runs.append(_in_order(_union(alike)))
        if len(alike) > 1:
            where = ", ".join(dict.fromkeys(each.where for each in alike))
            notes.append(f"the run begun {alike[0].run.info.started} was given {len(alike)} times: {where}")
    return sorted(runs, key=lambda run: (run.info.started, run.info.system, codec.to_json(run.info))), notes


def _union(alike: Sequence[_Given]) -> Run:
    first = alike[0]
    attempts = {(one.cell, one.number): (one, first.where) for one in first.run.attempts}
    for where, run in alike[1:]:
        if replace(run, attempts=()) != replace(first.run, attempts=()):
            problem = (
                f"{first.where} and {where} tell of the run begun {run.info.started} and differ in what it declares"
            )
            raise InvalidInput("wirematrix merge", problem, expected="runs as they were written")
        for one in run.attempts:
            known, there = attempts.setdefault((one.cell, one.number), (one, where))
            if known != one:
                problem = f"attempt {one.number} of {one.cell.id} is one thing in {there} and another in {where}"
                raise InvalidInput("wirematrix merge", problem, expected="runs as they were written")
    return replace(first.run, attempts=tuple(one for one, _ in attempts.values()))


def _in_order(run: Run) -> Run:
    """The run with its attempts in the order of its cells, so that no order of files shows."""
    places = {identifier: place for place, identifier in enumerate(run.declared)}
    return replace(run, attempts=tuple(sorted(run.attempts, key=lambda one: (places[one.cell.id], one.number))))


def _each_once(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """The runs without attempts that an earlier one has: a run that was resumed repeats those of the one before it."""
    known: dict[tuple[object, ...], list[Attempt]] = {}
    kept, notes = [], []
    for run in runs:
        builds = _keys(run)
        own = []
        for one in run.attempts:
            alike = known.setdefault((builds.get(one.cell.engine), one.cell, one.number, one.started), [])
            if one not in alike:
                alike.append(one)
                own.append(one)
        kept.append(replace(run, attempts=tuple(own)))
        if again := len(run.attempts) - len(own):
            notes.append(
                f"{again:,} attempts of the run begun {run.info.started} are in an earlier one, and count once"
            )
    return kept, notes


def _keys(run: Run) -> dict[str, str]:
    return {build.engine: key_of(build) for build in run.info.builds}


def _outstanding(lost: Iterable[LostJob], plan: Plan | None, runs: Sequence[Run]) -> Iterator[LostJob]:
    """Jobs with the cells that no run declares: those that were lost before, and those of the plan."""
    wanted: dict[tuple[str, str, str], set[str]] = {}
    for each in (*lost, *_planned(plan)):
        wanted.setdefault((each.job, each.system, each.origin), set()).update(each.declared)
    for (job, system, origin), ids in sorted(wanted.items()):
        if left := ids.difference(declared_by(system, origin, runs)):
            yield LostJob(job=job, system=system, origin=origin, declared=tuple(sorted(left)))


def _planned(plan: Plan | None) -> Iterator[LostJob]:
    """The plan's jobs as if all were lost; one for any machine if it names none."""
    if plan is None:
        return
    for job in plan.jobs:
        yield LostJob(job=job.name, system=job.system, origin=job.origin, declared=job.cells)
    if not plan.jobs:
        cells = tuple(cell.id for cell in plan.cells if not cell.soak and not cell.routes)
        yield LostJob(job="the plan", system="", origin="", declared=cells)


def _missing(runs: Sequence[Run]) -> Iterator[str]:
    gathered = gather(runs)

    def named(place: Place) -> str:
        build = gathered.builds[place.build_key]
        return f"{place.cell.id} in {f'{build.product} {build.version}'.strip()}, {build.system}"

    yield from map(named, gathered.missing)
    yield from gathered.unreadable


def _lines(lost: Iterable[LostJob]) -> Iterator[str]:
    for each in lost:
        on = f" on {each.system}" if each.system else ""
        yield from (f"{identifier} of job {each.job}{on}" for identifier in each.declared)
