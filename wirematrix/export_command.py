"""`wirematrix export`: run files in the formats of other tools, as many at once as are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from wirematrix.command_files import USUAL_RUN, files_or_usual, runs_of, write
from wirematrix.errors import InvalidInput
from wirematrix.model import Run
from wirematrix.nodes import choice
from wirematrix.report import exports

FORMATS: Final[Mapping[str, tuple[str, Callable[[Sequence[Run]], str]]]] = {
    "--junit": ("JUnit XML", exports.junit_xml),
    "--ctrf": ("CTRF", exports.ctrf_json),
    "--csv": ("CSV", exports.csv_table),
    "--badge": ("badge", exports.badge_svg),
}


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
    wanted = {"--junit": junit, "--ctrf": ctrf, "--csv": csv, "--badge": badge}
    if not any((*wanted.values(), wptreport)):
        raise InvalidInput("wirematrix export", "got no format", expected=choice([*wanted, "--wptreport"]))
    loaded = runs_of(files_or_usual(runs, "export", (USUAL_RUN,)))
    made = [(*FORMATS[option], file) for option, file in wanted.items() if file]
    texts = [(what, file, render(loaded)) for what, render, file in made]
    if wptreport:
        texts += [("wptreport", wptreport / f"{name}.json", text) for name, text in exports.wptreports(loaded).items()]
    places = [file.resolve() for _, file, _ in texts]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise InvalidInput("wirematrix export", f"got {twice} for two formats", expected="a file for each")
    for what, file, text in texts:
        write(file, text)
        typer.echo(f"{what}: {file}")
