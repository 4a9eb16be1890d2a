"""The command line: `wirematrix matrix | plan | doctor | report | summary | facts | recommend | ...`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wirematrix import (
    codec,
    comment_command,
    deploying_command,
    diff_command,
    documented_command,
    export_command,
    factfile,
    load_command,
    merge_command,
    open_command,
    plan_command,
    show_command,
    yamlfile,
)
from wirematrix import doctor as diagnosis
from wirematrix.changes import transitions
from wirematrix.command_files import files_or_usual, runs_of, write
from wirematrix.decision import Decision
from wirematrix.decision import recommend as decide
from wirematrix.effort import effort_of
from wirematrix.errors import InvalidInput, WirematrixError
from wirematrix.facts import fact_table
from wirematrix.gather import gather
from wirematrix.matrix import load, parse
from wirematrix.model import Run
from wirematrix.report import (
    Advice,
    comparison,
    effort_page,
    facts_page,
    print_load,
    print_summary,
    write_report,
)
from wirematrix.report.decision_json import recommendations_as_json
from wirematrix.report.decision_terminal import print_recommendations
from wirematrix.report.text import visible
from wirematrix.upkeep import Switches, update

PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

cli = typer.Typer(
    name="wirematrix",
    help="Which real-time transport survives, in which browser engine, over which network? Measured.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
expectations = typer.Typer(help="What is claimed of the cells, and whether it still holds.", no_args_is_help=True)
cli.add_typer(expectations, name="expectations")
cli.command("plan")(plan_command.plan)
cli.command("merge")(merge_command.merge)
cli.command("diff")(diff_command.diff)
cli.command("load")(load_command.load)
cli.command("comment")(comment_command.comment)
cli.command("summary")(comment_command.summary)
cli.command("export")(export_command.export)
cli.command("show")(show_command.show)
cli.command("open")(open_command.open_report)
cli.command("documented")(documented_command.documented)
cli.command("deploying")(deploying_command.deploying)
RunFiles = Annotated[list[Path], typer.Argument(help="run files, as written to results/run.json")]
MatrixFile = Annotated[Path, typer.Option("--matrix", help="the matrix")]
Baseline = Annotated[
    list[Path] | None, typer.Option("--baseline", help="mark what changed since this run file; may be repeated")
]
Engines = Annotated[list[str] | None, typer.Option("--browser", help="only this engine; may be repeated")]


@cli.command(context_settings=PASSED_ON)
def matrix(context: typer.Context) -> None:
    """Run `pytest e2e` with these options, and show the summary and where the report lies."""
    words = [sys.executable, "-m", "pytest", "e2e", "-q", *context.args]
    raise typer.Exit(subprocess.run(words, check=False).returncode)


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say which engines are there, from where, what is missing and the command that mends it."""
    raise typer.Exit(diagnosis.show(Console(), as_json=as_json))


@cli.command()
def report(
    runs: RunFiles,
    output: Annotated[Path, typer.Option("-o", "--output", help="the HTML file")] = Path("results/matrix.html"),
    matrix_file: MatrixFile = Path("matrix.yaml"),
    baseline: Baseline = None,
) -> None:
    """Render the report again from run files, one or many, with what the matrix recommends from them."""
    loaded = runs_of(runs)
    changes = transitions(runs_of(baseline), loaded) if baseline else None
    write_report(loaded, output, advice=advice_of(loaded, matrix_file), changes=changes)
    for run in loaded:
        print_summary(run, Console())
        if run.load:
            print_load(run.load, Console())
    typer.echo(f"report: {output}")


@expectations.command("update")
def update_expectations(
    runs: RunFiles,
    file: MatrixFile = Path("matrix.yaml"),
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; exit with 1 if something would change")
    ] = False,
    add_intermittents: Annotated[
        bool, typer.Option("--add-intermittents", help="expect whatever else was seen, too")
    ] = False,
    drop_intermittents: Annotated[
        bool, typer.Option("--drop-intermittents", help="expect no longer what was not seen")
    ] = False,
    min_attempts: Annotated[
        int, typer.Option("--min-attempts", min=1, help="of a cell, before a status is dropped")
    ] = Switches().min_attempts,
) -> None:
    """Rewrite the expectations of the matrix from what runs saw, keeping comments and reasons."""
    switches = Switches(
        add_intermittents=add_intermittents, drop_intermittents=drop_intermittents, min_attempts=min_attempts
    )
    done = update(yamlfile.content_of(file), str(file), runs_of(runs), switches)
    for line in done.lines:
        typer.echo(visible(line))
    if check:
        typer.echo(done.diff, nl=False)
        raise typer.Exit(1 if done.changed else 0)
    if done.changed:
        yamlfile.replace_content(file, done.content)
        typer.echo(f"written: {file}")


@cli.command()
def facts(
    runs: Annotated[list[Path] | None, typer.Argument(help="run files, as written to results/run.json")] = None,
    table_file: Annotated[Path | None, typer.Option("--from", help="a table written before, in place of runs")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="FILE.md; FILE.json is the table")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the table, for machines")] = False,
) -> None:
    """Put side by side what run files recorded about each engine, as Markdown: numbers with range and count."""
    if bool(runs) == bool(table_file):
        raise InvalidInput("wirematrix facts", f"got {'both' if runs else 'neither'}", expected="run files or --from")
    table = factfile.load(table_file) if table_file else fact_table(gather(runs_of(runs or ())))
    if output is None:
        typer.echo(factfile.to_text(table) if as_json else facts_page(table), nl=False)
        return
    if output.suffix != ".md":
        raise InvalidInput(f"--output {output}", f"ends in {output.suffix!r}", expected="a name that ends in .md")
    for file, text in ((output, facts_page(table)), (output.with_suffix(".json"), factfile.to_text(table))):
        write(file, text)
        typer.echo(f"engine facts: {file}")


@cli.command()
def recommend(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="run files; without any, results/run.json and results/load.json")
    ] = None,
    profiles: Annotated[list[str] | None, typer.Option("--profile", help="only this one; may be repeated")] = None,
    file: MatrixFile = Path("matrix.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="for machines, with all rows")] = False,
) -> None:
    """Answer from run files which transport suits a kind of use, and with which reasons."""
    decision = decision_of(file)
    found = decide(decision, runs_of(files_or_usual(runs, "recommend")), profiles or ())
    if as_json:
        typer.echo(json.dumps(recommendations_as_json(found), indent=1, ensure_ascii=False))
    else:
        print_recommendations(found, Console())


@cli.command()
def compare(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="run files; without any, results/run.json and results/load.json")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="the Markdown file; its charts go into a folder")
    ] = Path("docs/report.md"),
    file: MatrixFile = Path("matrix.yaml"),
) -> None:
    """Write the whole comparison of the transports as Markdown with charts: figures, features, recommendation."""
    if output.suffix != ".md":
        raise InvalidInput(f"--output {output}", f"ends in {output.suffix!r}", expected="a name that ends in .md")
    loaded = runs_of(files_or_usual(runs, "compare"))
    made = comparison(loaded, decide(decision_of(file), loaded), folder=output.stem)
    write(output, made.page)
    for name, picture in made.pictures.items():
        write(output.with_suffix("") / name, picture)
    typer.echo(f"comparison: {output}, with {len(made.pictures)} charts in {output.with_suffix('')}")


@cli.command()
def effort(
    folder: Annotated[Path, typer.Option(help="the folder that has examples/ in it")] = Path(),
    output: Annotated[Path | None, typer.Option("-o", "--output", help="the Markdown file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the rows, for machines")] = False,
) -> None:
    """Measure what code each guarantee takes over each transport, from the examples."""
    rows = effort_of(folder)
    if output is None:
        typer.echo(codec.spell(codec.encode(rows)) if as_json else effort_page(rows), nl=False)
        return
    write(output, effort_page(rows))
    typer.echo(f"complexity: {output}")


@cli.command()
def serve(
    port: Annotated[int, typer.Option(help="0 lets the system choose")] = 8000,
    folder: Annotated[Path, typer.Option(help="where the app and its static files are")] = Path(),
) -> None:
    """Serve the app with its control interface, for a person to try by hand. Loopback only."""
    typer.echo(f"open http://127.0.0.1:{port}/ and press the buttons; Ctrl-C ends it")
    environment = {**os.environ, "APP_CONTROL": "true", "APP_HEARTBEAT_MS": "2000"}
    words = [sys.executable, "-m", "app", "--port", str(port)]
    try:
        done = subprocess.run(words, check=False, cwd=folder, env=environment)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    raise typer.Exit(done.returncode)


def decision_of(file: Path) -> Decision:
    """What a matrix decides by; InvalidInput if it does not say."""
    decision = load(file).decision
    if decision is None:
        raise InvalidInput(str(file), "has no section decision", expected="factors, rules and profiles to decide by")
    return decision


def advice_of(runs: Sequence[Run], file: Path) -> Advice:
    """What a matrix, if it is there, recommends from these runs, or why it does not."""
    if not file.exists():
        return Advice()
    try:
        decision = parse(yamlfile.content_of(file), str(file), unfinished=True).decision
        return Advice(answers=decide(decision, runs) if decision else ())
    except InvalidInput as mistake:
        return Advice(because=f"no recommendation can be given: {mistake}")


def main() -> None:
    """Entry point: a mistake is one sentence and exit status 2, never a traceback."""
    try:
        cli()
    except WirematrixError as mistake:
        typer.echo(f"wirematrix: {mistake}", err=True)
        raise SystemExit(2) from None
