"""`wirematrix plan`: what would run, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wirematrix import codec
from wirematrix.marks import marked
from wirematrix.matrix import Matrix, load
from wirematrix.model import SAME_ORIGIN
from wirematrix.plan import plan_of


def plan(
    file: Annotated[Path, typer.Option("--matrix", help="the matrix")] = Path("matrix.yaml"),
    engines: Annotated[list[str] | None, typer.Option("--browser", help="only this engine; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Show the cells and the exclusions with their reasons, for machines the jobs of CI, too; run nothing."""
    loaded = load(file)
    slow = marked(file.parent / "e2e", "soak")
    if as_json:
        typer.echo(json.dumps(codec.encode(plan_of(loaded, engines, slow)), indent=1))
    else:
        show_plan(loaded, engines, slow)


def show_plan(loaded: Matrix, engines: list[str] | None, slow: Collection[str]) -> None:
    """The plan for people: a line per scenario, network and origin relation; `slow` are the soak scenarios."""
    cells = loaded.cells(engines)
    over_routes = {network.name for network in loaded.networks if network.via}
    soak = sum(cell.scenario in slow for cell in cells)
    routes = sum(cell.network in over_routes and cell.scenario not in slow for cell in cells)
    unasked = [f"{number} of them {mark}" for number, mark in ((soak, "soak"), (routes, "over routes")) if number]
    title = f"{len(cells)} cells" + (f", {' and '.join(unasked)}: run only when asked for" if unasked else "")
    table = Table("scenario", "network", "engines", "transports", title=title)
    rows: dict[tuple[str, str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for cell in cells:
        of_row = rows.setdefault((cell.scenario, cell.network, cell.relation), ({}, {}))
        of_row[0][cell.engine] = None
        of_row[1][cell.transport] = None
    for (scenario, network, relation), (engines_in, transports) in rows.items():
        name = f"{scenario} (soak)" if scenario in slow else scenario
        way = network if relation == SAME_ORIGIN else f"{network}, {relation}"
        table.add_row(name, way, ", ".join(engines_in), ", ".join(transports))
    console = Console()
    console.print(table)
    for one in loaded.excluded(engines):
        console.print(f"excluded: {one.cell.id}: {one.because}", markup=False, highlight=False)
