"""`wirematrix comment` and `summary`: the matrix as Markdown for GitHub, under a pull request and on a job's page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wirematrix.changes import transitions
from wirematrix.command_files import runs_of
from wirematrix.model import Run
from wirematrix.report import markdown_summary
from wirematrix.report.changes_markdown import changes_markdown
from wirematrix.report.comment import comment_markdown
from wirematrix.transitions import Transitions

RunFiles = Annotated[list[Path], typer.Argument(help="run files, as written to results/run.json")]
Baseline = Annotated[list[Path] | None, typer.Option("--baseline", help="a run file to compare with; may be repeated")]


def comment(
    runs: RunFiles,
    baseline: Baseline = None,
    url: Annotated[str, typer.Option("--url", help="where the report lies; cells then lead to their evidence")] = "",
) -> None:
    """Print a pull-request comment: what changed against a baseline, and what is unexpected; always short enough."""
    loaded = runs_of(runs)
    typer.echo(comment_markdown(loaded, _changes(loaded, baseline), url=url), nl=False)


def summary(runs: RunFiles, baseline: Baseline = None) -> None:
    """Print the matrix as Markdown, for a job summary; with a baseline also what changed."""
    loaded = runs_of(runs)
    changes = _changes(loaded, baseline)
    typer.echo(markdown_summary(loaded, changes=changes_markdown(changes) if changes else ""))


def _changes(runs: Sequence[Run], baseline: Sequence[Path] | None) -> Transitions | None:
    return transitions(runs_of(baseline), runs) if baseline else None
