"""What code a guarantee takes, per transport, as a report shows it: server and page, and the sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wirematrix.load_model import Effort
from wirematrix.model import Run
from wirematrix.report.tally import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One side of one guarantee: how much code, and what one must know."""

    side: str
    code: str  # "12 lines, 3 branches"; "nothing to write"; "not possible"
    because: str
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortRow:
    """A guarantee, and for each transport its sides."""

    guarantee: str
    cells: tuple[tuple[SideView, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortView:
    """The whole table; the last rows are the sums."""

    transports: tuple[str, ...]
    rows: tuple[EffortRow, ...]
    sums: tuple[EffortRow, ...]
    files: tuple[str, ...]


def effort_view(runs: Sequence[Run]) -> EffortView | None:
    """The table of the first run that has one."""
    efforts = next((run.effort for run in runs if run.effort), ())
    if not efforts:
        return None
    transports = tuple(dict.fromkeys(one.transport for one in efforts))
    guarantees = tuple(dict.fromkeys(one.guarantee for one in efforts))
    return EffortView(
        transports=transports,
        rows=tuple(
            EffortRow(
                guarantee=guarantee.replace("-", " "),
                cells=tuple(_sides(efforts, transport, (guarantee,)) for transport in transports),
            )
            for guarantee in guarantees
        ),
        sums=(
            EffortRow(
                guarantee="bare: just connect",
                cells=tuple(_sides(efforts, transport, guarantees[:1]) for transport in transports),
            ),
            EffortRow(
                guarantee="resilient: all that is possible",
                cells=tuple(_sides(efforts, transport, guarantees) for transport in transports),
            ),
        ),
        files=tuple(dict.fromkeys(file for one in efforts for file in one.files)),
    )


def _sides(efforts: Iterable[Effort], transport: str, guarantees: Sequence[str]) -> tuple[SideView, ...]:
    """Each side of some guarantees over one transport, added up."""
    own = [one for one in efforts if one.transport == transport and one.guarantee in guarantees]
    return tuple(
        _side(side, [one for one in own if one.side == side], whole=len(guarantees) > 1)
        for side in dict.fromkeys(one.side for one in own)
    )


def _side(side: str, own: Sequence[Effort], *, whole: bool) -> SideView:
    done = [one for one in own if one.possible]
    undone = [one for one in own if not one.possible]
    lines, branches = sum(one.lines for one in done), sum(one.branches for one in done)
    code = f"{counted(lines, 'line')}, {branches:,} branch{'' if branches == 1 else 'es'}"
    because = "; ".join(dict.fromkeys(one.because for one in own if one.because)) if not whole else ""
    if undone and whole:
        because = f"without {', '.join(one.guarantee.replace('-', ' ') for one in undone)}: not possible"
    return SideView(
        side=side,
        code="not possible" if not done else code if lines else "nothing to write",
        because=because,
        concepts=tuple(dict.fromkeys(concept for one in done for concept in one.concepts)),
    )
