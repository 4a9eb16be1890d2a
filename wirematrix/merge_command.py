"""`wirematrix merge`: the run files of many machines become one, complete, or say what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from wirematrix import plan as plans
from wirematrix.errors import InvalidInput
from wirematrix.gather import key_of
from wirematrix.merged import Merged
from wirematrix.merging import Source
from wirematrix.merging import merge as merged_from
from wirematrix.report.tally import counted
from wirematrix.report.text import visible
from wirematrix.runfile import dump_merged, load_merged

INCOMPLETE: Final = 1


def merge(
    runs: Annotated[list[Path], typer.Argument(help="run files, merged ones among them")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the merged file")],
    plan: Annotated[
        Path | None, typer.Option("--plan", help="what `wirematrix plan --json` printed: what every job is to run")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="write it though cells are missing; reports show them as such")
    ] = False,
) -> None:
    """Merge run files by cell and attempt. Exit with 1, and write nothing, unless every cell has an attempt."""
    _refuse_input(output, [*runs, *([plan] if plan else [])])
    sources = [Source(file=str(file), merged=load_merged(file)) for file in runs]
    done = merged_from(sources, plans.load(plan) if plan else None)
    for note in done.notes:
        typer.echo(visible(note))
    for line in done.missing:
        typer.echo(visible(f"missing: {line}"), err=True)
    if done.missing and not allow_missing:
        said = f"{counted(len(done.missing), 'cell')} missing, {output} is not written; --allow-missing writes it"
        typer.echo(f"wirematrix merge: {said}", err=True)
        raise typer.Exit(INCOMPLETE)
    try:
        dump_merged(done.merged, output)
    except OSError as error:
        raise InvalidInput(str(output), f"cannot be written: {error.strerror or error}") from error
    typer.echo(f"merged: {output}: {_in_numbers(done.merged, len(done.missing))}")


def _refuse_input(output: Path, inputs: Sequence[Path]) -> None:
    """Whatever is read is never written, under whatever name."""
    for file in inputs:
        if output.resolve() == file.resolve() or (output.exists() and file.exists() and output.samefile(file)):
            raise InvalidInput(f"--output {output}", f"is {file}, which is read", expected="a file of its own")


def _in_numbers(merged: Merged, missing: int) -> str:
    builds = {key_of(build) for run in merged.runs for build in run.info.builds}
    attempts = sum(len(run.attempts) for run in merged.runs)
    parts = (
        counted(len(merged.runs), "run"),
        counted(len(builds), "engine build"),
        counted(attempts, "attempt"),
        f"{counted(missing, 'cell')} missing",
    )
    return ", ".join(parts)
