"""What a merged file holds: whole runs, each with its own conditions, and the jobs whose run never came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from wirematrix.gather import cell_of
from wirematrix.model import Run

MERGED: Final = 1  # version of a merged file; the runs in it say their own


@dataclass(frozen=True, slots=True, kw_only=True)
class LostJob:
    """Cells that a job of the plan was to run and that no run declares: its run file never came, or not all of it."""

    job: str
    system: str  # how the name of the system it was to run on begins
    origin: str  # where its builds were to come from
    declared: tuple[str, ...]  # ids of those cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The content of a merged file."""

    merged: int  # version of the format
    runs: tuple[Run, ...]
    lost: tuple[LostJob, ...] = ()

    @property
    def all_runs(self) -> tuple[Run, ...]:
        """The runs, and for each lost job one that declares its cells and has no attempt: they are missing."""
        return (*self.runs, *(_stand_in(each, self.runs) for each in self.lost))


def _stand_in(lost: LostJob, runs: Sequence[Run]) -> Run:
    """A run in the place of one that never came. Nobody knows its conditions: text is empty, figures are 0.

    An engine of which a part came is there; only a part of its cells is missing.
    """
    other = runs[0]
    because = f"no run file of the job {lost.job} declares its cells"
    came = {
        build.engine
        for run in runs
        if run.info.system.startswith(lost.system)
        for build in run.info.builds
        if build.origin == (lost.origin or build.origin)
    }
    engines = dict.fromkeys(cell.engine for each in lost.declared if (cell := cell_of(each)))
    return Run(
        schema=other.schema,
        info=replace(
            other.info,  # what all runs of a merged file share: commit, version, scale factor
            started="",
            finished="",
            command="",
            system=f"{lost.system} (job {lost.job}: missing)".strip(),
            machine="",
            cores=0,
            memory_mib=0,
            python="",
            playwright="",
            concurrency="",
            wall_s=0.0,
            cpu_s=0.0,
            peak_memory_mib=0.0,
            cpu_by_part_s={},
            idle_s=0.0,
            soak_left_out=0,
            builds=(),
            unavailable={engine: because for engine in engines if engine not in came},
        ),
        scenarios=(),
        networks={},
        declared=lost.declared,
        exclusions=(),
        attempts=(),
    )
