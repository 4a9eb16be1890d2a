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
    """A sentence each about slow scenarios and about routes that were not asked for; empty if there were none."""
    unasked = (
        (conditions.soak_left_out, "of slow scenarios", "soak"),
        (conditions.routes_left_out, "over real servers", "routes"),
    )
    return " ".join(
        f"{counted(number, 'cell')} {which} {'was' if number == 1 else 'were'} left out; "
        f"`pytest e2e -m {mark}` runs just them."
        for number, which, mark in unasked
        if number
    )


def _share(part_s: float, whole_s: float) -> str:
    return f"{100 * part_s / whole_s:.0f} %" if whole_s else "0 %"
