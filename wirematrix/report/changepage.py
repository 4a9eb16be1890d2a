"""What changed against a baseline, as words and for machines; as Markdown: `changes_markdown`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wirematrix.gather import Place
from wirematrix.report.tally import counted
from wirematrix.transitions import Change, Transitions


def headline(found: Transitions) -> str:
    """`1,284 cells compared: 2 regressed, 1 fixed`, or that nothing changed."""
    parts = [f"{len(own):,} {_noun(change, len(own))}" for change in Change if (own := found.of(change))]
    return f"{counted(found.compared, 'cell')} compared: {', '.join(parts) or 'nothing changed'}"


def _noun(change: Change, number: int) -> str:
    return f"changed number{'' if number == 1 else 's'}" if change is Change.NUMBER else str(change)


def place_names(found: Transitions) -> Mapping[Place, str]:
    """How each changed cell is called: by its id, and where several builds of its engine changed by the build, too."""
    builds: dict[str, set[str]] = {}
    for place in found.changes:
        builds.setdefault(place.cell.engine, set()).add(place.build_key)
    return {
        place: f"{place.cell.id} in {place.build_key}" if len(builds[place.cell.engine]) > 1 else place.cell.id
        for place in found.changes
    }


def changes_as_json(found: Transitions, missing: Sequence[str]) -> dict[str, Any]:
    """The same for machines; `missing` names the declared cells of the new runs that have no attempt."""
    return {
        "baseline": found.baseline,
        "compared": found.compared,
        "builds": list(found.builds),
        "missing": list(missing),
        "changes": [
            {
                "cell": one.place.cell.id,
                "build": one.place.build_key,
                "change": one.change.value,
                "was": one.was,
                "now": one.now,
                "because": one.because,
            }
            for one in found.changes.values()
        ],
    }
