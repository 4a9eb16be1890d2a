"""`wirematrix deploying`: the guide to deploying behind an intermediary, from run files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wirematrix.command_files import USUAL_RUN, files_or_usual, runs_of, write
from wirematrix.report.deployingpage import deploying_page


def deploying(
    runs: Annotated[list[Path] | None, typer.Argument(help="run files; without any, results/run.json")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="the Markdown file")] = None,
) -> None:
    """Print the guide to deploying behind nginx, HAProxy and others: what passed, and what one gets without it."""
    page = deploying_page(runs_of(files_or_usual(runs, "deploying", (USUAL_RUN,))))
    if output is None:
        typer.echo(page, nl=False)
        return
    write(output, page)
    typer.echo(f"deploying: {output}")
