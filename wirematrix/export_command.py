"""`wirematrix export`: run files in the formats of other tools, as many at once as are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wirematrix.command_files import USUAL_RUN, files_or_usual, write
from wirematrix.errors import InvalidInput
from wirematrix.report import exports
from wirematrix.runfile import load


def export(
    runs: Annotated[list[Path] | None, typer.Argument(help="run files; without any, results/run.json")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="JUnit XML, a testcase for each cell")] = None,
    ctrf: Annotated[Path | None, typer.Option("--ctrf", help="CTRF JSON (ctrf.io)")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="CSV, a row for each attempt")] = None,
    wptreport: Annotated[
        Path | None, typer.Option("--wptreport", help="a folder: a wptreport.json for each engine build")
    ] = None,
    badge: Annotated[Path | None, typer.Option("--badge", help="an SVG for a README")] = None,
) -> None:
    """Write what run files hold in the formats of other tools: JUnit XML, CTRF, CSV, wptreport, a badge."""
    wanted = {"--junit": junit, "--ctrf": ctrf, "--csv": csv, "--wptreport": wptreport, "--badge": badge}
    if not any(wanted.values()):
        raise InvalidInput("wirematrix export", "got no format", expected=f"one or several of {', '.join(wanted)}")
    named = [file.resolve() for file in wanted.values() if file]
    if twice := next((file for file in named if named.count(file) > 1), None):
        raise InvalidInput("wirematrix export", f"got {twice} for two formats", expected="a file for each")
    loaded = [load(file) for file in files_or_usual(runs, "export", (USUAL_RUN,))]

    def made() -> Iterator[tuple[str, Path, str]]:
        if junit:
            yield "JUnit XML", junit, exports.junit_xml(loaded)
        if ctrf:
            yield "CTRF", ctrf, exports.ctrf_json(loaded)
        if csv:
            yield "CSV", csv, exports.csv_table(loaded)
        if wptreport:
            for name, text in exports.wptreports(loaded).items():
                yield "wptreport", wptreport / f"{name}.json", text
        if badge:
            yield "badge", badge, exports.badge_svg(loaded)

    for what, file, text in made():
        write(file, text)
        typer.echo(f"{what}: {file}")
