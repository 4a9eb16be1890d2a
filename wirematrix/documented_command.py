"""`wirematrix documented`: what MDN documents of the APIs beside what run files observed of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wirematrix.documented import beside
from wirematrix.errors import InvalidInput
from wirematrix.gather import gather
from wirematrix.report.besidepage import beside_as_json, beside_page
from wirematrix.report.besideterminal import print_beside
from wirematrix.runfile import load


def documented(
    runs: Annotated[list[Path], typer.Argument(help="run files, as written to results/run.json")],
    as_markdown: Annotated[bool, typer.Option("--markdown", help="as a document for GitHub")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Show what MDN documents of each API beside what run files observed, and where the two disagree."""
    if as_markdown and as_json:
        raise InvalidInput("wirematrix documented", "got --markdown and --json", expected="one of them")
    table = beside(gather([load(file) for file in runs]))
    if as_json:
        typer.echo(json.dumps(beside_as_json(table), indent=1, ensure_ascii=True))
    elif as_markdown:
        typer.echo(beside_page(table), nl=False)
    else:
        print_beside(table, Console())
