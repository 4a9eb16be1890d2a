"""What runs say about the cells of a matrix: how the attempts of each cell ended, build by build.

A build is here what a line of `matrix.yaml` can see of it: engine, origin and the leading numbers of its version. Two
builds that differ in nothing else are one. Every attempt that says something about its engine counts, those of
repeats and those made alone at the end of a run as well; the same attempt handed in twice counts once.

Nothing is left out in silence: what says nothing about the engine is counted under the reason why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wirematrix.expectations import Version, comparable
from wirematrix.matrix import Matrix
from wirematrix.model import ENGINES, Attempt, Build, Cell, Run, Status

BuildKey = tuple[str, str, Version | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How the attempts of one cell with one build ended; `counts` in the order of the statuses, none zero."""

    cell: Cell
    build: Build
    counts: Mapping[Status, int]

    @property
    def attempts(self) -> int:
        """How many attempts there were."""
        return sum(self.counts.values())

    @property
    def ranked(self) -> tuple[Status, ...]:
        """The statuses that were seen, the most frequent first."""
        return tuple(sorted(self.counts, key=lambda status: -self.counts[status]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Everything that counts, in the order of the matrix, and what does not."""

    cells: tuple[Sighting, ...]
    builds: tuple[Build, ...]  # those that they tell of
    ignored: Mapping[str, int]  # reason -> attempts that say nothing about an engine
    strangers: Mapping[str, int]  # id of a cell that is not in the matrix (any more) -> its attempts

    @property
    def engines(self) -> frozenset[str]:
        """The engines that something is known of."""
        return frozenset(build.engine for build in self.builds)


def build_key(build: Build) -> BuildKey:
    """What a line of the matrix can tell of a build."""
    version = comparable(build.version)
    return build.engine, build.origin, build.version if version is None else version


def in_order(build: Build) -> tuple[object, ...]:
    """Sort key of builds: engine, origin, version; those without a comparable version last."""
    version = comparable(build.version)
    return ENGINES.index(build.engine), build.origin, version is None, version or (), build.version


def collect(runs: Sequence[Run], matrix: Matrix) -> Sightings:
    """Sort the attempts of the runs to the cells of the matrix, for every engine it lists."""
    places = {cell: place for place, cell in enumerate(matrix.cells([engine.name for engine in matrix.engines]))}
    builds: dict[BuildKey, Build] = {}
    counts: dict[tuple[Cell, BuildKey], Counter[Status]] = {}
    ignored: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    for attempt, build in _attempts(runs):
        if attempt.cell not in places:
            strangers[attempt.cell.id] += 1
        elif reason := _says_nothing(attempt, build):
            ignored[reason] += 1
        elif build is not None:
            key = build_key(build)
            builds.setdefault(key, build)
            counts.setdefault((attempt.cell, key), Counter())[attempt.verdict.status] += 1
    order = sorted(builds, key=lambda key: in_order(builds[key]))
    cells = tuple(
        Sighting(cell=cell, build=builds[key], counts={status: seen[status] for status in Status if seen[status]})
        for (cell, key), seen in sorted(counts.items(), key=lambda item: (places[item[0][0]], order.index(item[0][1])))
    )
    seen_builds = tuple(builds[key] for key in order)
    return Sightings(cells=cells, builds=seen_builds, ignored=dict(ignored), strangers=dict(strangers))


def _attempts(runs: Sequence[Run]) -> Iterator[tuple[Attempt, Build | None]]:
    """Every attempt once, with the build of its engine."""
    known: set[tuple[object, ...]] = set()
    for run in runs:
        builds = {build.engine: build for build in run.info.builds}
        for attempt in run.attempts:
            build = builds.get(attempt.cell.engine)
            identity = (attempt.cell, build, attempt.number, attempt.started, attempt.duration_ms)
            if identity not in known:
                known.add(identity)
                yield attempt, build


def _says_nothing(attempt: Attempt, build: Build | None) -> str:
    """Why an attempt says nothing about its engine; empty if it does."""
    match attempt.verdict.status:
        case Status.ERROR:
            return "ended as error, which is our fault and no engine's"
        case Status.SKIP:
            return "skipped"
        case _ if attempt.verdict.builds_on:
            return "not begun, because what it builds on failed"
        case _ if build is None:
            return "the run file names no build of its engine"
        case _:
            return ""
