"""`wirematrix open`: the report in the person's browser, rendered first where it is missing or older than its run."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated, Final

import typer

from wirematrix.command_files import USUAL_RUN, runs_of, write
from wirematrix.errors import InvalidInput
from wirematrix.report import render_html

REPORT_NAME: Final = "matrix.html"  # what a run writes beside its run file
USUAL_REPORT: Final = USUAL_RUN.with_name(REPORT_NAME)
PAGES: Final = (".html", ".htm")
NOT_OPENED: Final = 1


def open_report(
    file: Annotated[Path | None, typer.Argument(help="a run file or a report; without, results/run.json")] = None,
) -> None:
    """Open the report in your browser; render it first if it is missing or older than its run file.

    Prints where it lies. Exit status 1 if no browser could be opened.
    """
    page = _page_of(file or _usual())
    typer.echo(f"report: {page}")
    if not webbrowser.open(page.resolve().as_uri()):
        typer.echo("no browser could be opened here; open that file in any, it needs no network", err=True)
        raise typer.Exit(NOT_OPENED)


def _usual() -> Path:
    """What lies where runs put it; InvalidInput if nothing does."""
    for file in (USUAL_RUN, USUAL_REPORT):
        if file.exists():
            return file
    raise InvalidInput("wirematrix open", "got no file", expected=f"{USUAL_RUN}, {USUAL_REPORT}, or one that is named")


def _page_of(file: Path) -> Path:
    """The report itself, or that of a run file, brought up to date."""
    if file.suffix.lower() in PAGES:
        if not file.is_file():
            raise InvalidInput(str(file), "is not there", expected="a report, or a run file to make it from")
        return file
    page = file.with_name(REPORT_NAME) if file.name == USUAL_RUN.name else file.with_suffix(PAGES[0])
    if not _is_current(page, file):
        write(page, render_html(runs_of([file])))
    return page


def _is_current(page: Path, file: Path) -> bool:
    try:
        return page.stat().st_mtime_ns >= file.stat().st_mtime_ns
    except OSError:  # one of them is not there: whoever reads or writes it says so
        return False
