"""`wirematrix diff`: what changed from a baseline to new runs, for people, for a pull request, for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from wirematrix.changes import transitions
from wirematrix.errors import InvalidInput
from wirematrix.gather import gather
from wirematrix.model import Run
from wirematrix.nodes import choice, unknown
from wirematrix.report.changepage import changes_as_json, headline, place_names
from wirematrix.report.changes_markdown import diff_markdown
from wirematrix.report.text import visible
from wirematrix.runfile import load_all
from wirematrix.transitions import CHANGE_MEANS, Change, Transitions

CHANGED: Final = 1
STYLES: Final = {Change.REGRESSED: "bold red", Change.NEW: "bold red", Change.FIXED: "bold green"}


def diff(
    base: Annotated[Path, typer.Argument(help="the baseline: a run file, or a merged one")],
    new: Annotated[Path, typer.Argument(help="what is compared with it: a run file, or a merged one")],
    more: Annotated[
        list[Path] | None, typer.Option("--base", help="another run file of the baseline; may be repeated")
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="CHANGE,...", help="exit with 1 if there is one of these")
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="for a job summary or a pull request")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say what changed, cell by cell: regressed, fixed, new, altered, numbers beyond noise, appeared, disappeared."""
    if markdown and as_json:
        raise InvalidInput("wirematrix diff", "got --markdown and --json", expected="one of them")
    alarming = _changes(fail_on)
    now = load_all(new)
    found = transitions([run for file in (base, *(more or ())) for run in load_all(file)], now)
    missing = _missing(now)
    if as_json:
        typer.echo(json.dumps(changes_as_json(found, missing), indent=1))
    elif markdown:
        typer.echo(diff_markdown(found, missing), nl=False)
    else:
        _show(found, missing, Console())
    if any(map(found.of, alarming)):
        raise typer.Exit(CHANGED)


def _changes(words: str) -> list[Change]:
    """The kinds of change that an option lists; InvalidInput for a word that is none."""
    known = [change.value for change in Change]
    asked = [word.strip() for word in words.split(",") if word.strip()]
    for word in asked:
        if word not in known:
            raise InvalidInput("--fail-on", unknown("change", word, known), expected=choice(known))
    return [Change(word) for word in asked]


def _missing(runs: Sequence[Run]) -> list[str]:
    gathered = gather(runs)
    return [*(place.cell.id for place in gathered.missing), *gathered.unreadable]


def _show(found: Transitions, missing: Sequence[str], console: Console) -> None:
    console.print(Text(visible(f"baseline: {found.baseline}")), soft_wrap=True)
    for sentence in found.builds:
        console.print(Text(visible(sentence)), soft_wrap=True)
    names = place_names(found)
    for change in Change:
        if own := found.of(change):
            console.print(Text(f"{change} ({len(own):,}): {CHANGE_MEANS[change]}", style=STYLES.get(change, "bold")))
            for one in own:
                console.print(Text(visible(f"  {names[one.place]}: {one.because}")), soft_wrap=True)
    if missing:
        console.print(Text(f"{len(missing):,} declared cells of the new runs have no attempt, and say nothing"))
    console.print(Text(headline(found)), soft_wrap=True)
