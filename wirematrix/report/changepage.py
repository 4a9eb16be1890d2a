"""What changed against a baseline, as words, as Markdown for a pull request, and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from wirematrix.gather import Place
from wirematrix.report.markdown import escaped
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped
from wirematrix.transitions import CHANGE_MEANS, Change, Transition, Transitions

LOUD: Final = (Change.REGRESSED, Change.NEW, Change.FIXED)  # shown at once; the rest is folded
ROWS: Final = 50  # of one kind
LARGEST: Final = 60_000  # characters: a comment on GitHub holds 65,536, and has a head and a foot
LOUDEST: Final = (Change.REGRESSED, Change.NEW)  # what turns the mark of the heading red


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


def changes_markdown(found: Transitions, missing: Sequence[str]) -> str:
    """Markdown in which nothing that a run holds becomes markup; fit for a comment, and says what it left out."""
    lines = [*_top(found, missing)]
    room = LARGEST - sum(map(len, lines))
    names = place_names(found)
    for change in (*LOUD, *(each for each in Change if each not in LOUD)):
        part = _part(change, found.of(change), names, room)
        room -= sum(len(line) + 1 for line in part)
        lines += part
    return "\n".join(lines) + "\n"


def _top(found: Transitions, missing: Sequence[str]) -> Iterator[str]:
    mark = "❌" if missing or any(map(found.of, LOUDEST)) else "✅" if not found.changes else "ℹ️"
    yield f"## {mark} {escaped(headline(found))}"
    yield ""
    yield f"Baseline: {escaped(found.baseline)}."
    yield ""
    for sentence in found.builds:
        yield f"> {escaped(sentence)}"
        yield ""
    if missing:
        yield f"> **{counted(len(missing), 'declared cell')} never arrived**, and say nothing."
        yield ""


def _part(change: Change, own: Sequence[Transition], names: Mapping[Place, str], room: int) -> list[str]:
    """One kind of change, in as many rows as there is room for."""
    if not own:
        return []
    heading = f"{change} ({len(own):,}): {CHANGE_MEANS[change]}"
    if change in LOUD:
        before, after = [f"### {escaped(heading)}", ""], [""]
    else:
        before, after = [f"<details><summary>{escaped(heading)}</summary>", ""], ["", "</details>", ""]
    rows = ["| cell | was | now | because |", "| --- | --- | --- | --- |"]
    left = room - sum(map(len, (*before, *rows, *after))) - ROWS
    for one in own[:ROWS]:
        row = _row(one, names[one.place])
        left -= len(row) + 1
        if left < 0:
            break
        rows.append(row)
    shown = len(rows) - 2
    more = [f"and {len(own) - shown:,} more; the report has them all", ""] if shown < len(own) else []
    return [*before, *(rows if shown else []), "", *more, *after]


def _row(one: Transition, name: str) -> str:
    words = (one.was, one.now, clipped(one.because))
    return f"| <code>{escaped(name)}</code> | {' | '.join(map(escaped, words))} |"
