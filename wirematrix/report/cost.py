"""What a run cost, in a sentence: the time it took, the CPU it used and where, and what the cores did else."""

from __future__ import annotations

from wirematrix.model import RunInfo
from wirematrix.report.tally import counted


def cost(conditions: RunInfo, *, attempts: int | None = None) -> str:
    """`648 attempts in 212.4 s; of the time of 2 cores 90 % used: engines 250 s, ...; 4 % idle, 6 % other programs`."""
    cores_s = conditions.wall_s * conditions.cores
    made = f"{counted(attempts, 'attempt')} in " if attempts is not None else ""
    parts = ", ".join(f"{part} {spent_s:,.0f} s" for part, spent_s in conditions.cpu_by_part_s.items())
    others_s = max(0.0, cores_s - conditions.cpu_s - conditions.idle_s)
    return (
        f"{made}{conditions.wall_s:,.1f} s; of the time of {counted(conditions.cores, 'core')} "
        f"{_share(conditions.cpu_s, cores_s)} used{f': {parts}' if parts else ''}; "
        f"{_share(conditions.idle_s, cores_s)} idle, {_share(others_s, cores_s)} for other programs"
    )


def left_out(conditions: RunInfo) -> str:
    """The sentence about slow scenarios that were not asked for; empty if there were none."""
    if not conditions.soak_left_out:
        return ""
    verb = "was" if conditions.soak_left_out == 1 else "were"
    return (
        f"{counted(conditions.soak_left_out, 'cell')} of slow scenarios {verb} left out; "
        "`pytest e2e -m soak` runs just them."
    )


def _share(part_s: float, whole_s: float) -> str:
    return f"{100 * part_s / whole_s:.0f} %" if whole_s else "0 %"
