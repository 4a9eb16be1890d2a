"""Engine facts as a Markdown document for GitHub, in which nothing that a run holds becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wirematrix.facts import AGREEMENT_MEANS, Agreement, FactCell, FactRow, FactScenario, FactTable
from wirematrix.model import Build
from wirematrix.report.factviews import by_group, said, way_of
from wirematrix.report.markdown import escaped
from wirematrix.report.merge import not_to_be_taken_for
from wirematrix.report.tally import counted
from wirematrix.report.text import spaced

AGREEMENT_MARKS: Final = {agreement: str(agreement) for agreement in Agreement} | {Agreement.DIFFER: "**differ**"}
DATE: Final = len("2026-01-31")  # of an ISO 8601 time
HOW_TO_READ: Final = """\
Each place is what one build of an engine was recorded to do in one cell of the matrix, over all attempts of all these
runs that were judged. A number is the p50, in brackets the lowest and the highest where they read differently; `n` says
how often it was observed. `≥` means that it was cut off there, because nobody waited longer: it may be more. Words have
their own counts; *none* means that nothing of the kind was seen in so many attempts. An empty place has no record.
[measuring.md](measuring.md#engine-facts) says how each is computed.
"""


def facts_page(table: FactTable) -> str:
    """The whole document. The same table always gives the same text."""
    return "\n".join(_lines(table)) + "\n"


def _lines(table: FactTable) -> Iterator[str]:
    rows = [row for scenario in table.scenarios for row in scenario.rows]
    differing = sum(row.agreement is Agreement.DIFFER for row in rows)
    yield "# Engine facts"
    yield ""
    yield "<!-- made by `wirematrix facts` from run files; every change by hand is lost -->"
    yield ""
    yield "What browser engines were recorded to do, measured by this project and written down without judging it."
    yield f"{counted(len(rows), 'row')}; engines differ in {differing:,}."
    yield ""
    yield from _origins(table)
    yield "## How to read it"
    yield ""
    yield HOW_TO_READ
    for agreement, means in AGREEMENT_MEANS.items():
        yield f"- {AGREEMENT_MARKS[agreement]}: {means}."
    for group, scenarios in by_group(table).items():
        yield ""
        yield f"## {escaped(spaced(group).capitalize())}"
        for scenario in scenarios:
            yield from _scenario(table, scenario)


def _origins(table: FactTable) -> Iterator[str]:
    """Which builds, and which runs."""
    yield "| engine | build | where it is from | system | it is not |"
    yield "| --- | --- | --- | --- | --- |"
    for build in table.builds:
        words = (build.engine, _name(build), build.origin, build.system, not_to_be_taken_for(build))
        yield f"| {' | '.join(map(escaped, words))} |"
    yield ""
    yield "| run | commit | system | budgets times | attempts with a record |"
    yield "| --- | --- | --- | ---: | ---: |"
    for run in table.runs:
        words = (run.started[:DATE], run.commit or "unknown", run.system, f"{run.scale_factor:g}", f"{run.attempts:,}")
        yield f"| {' | '.join(map(escaped, words))} |"
    yield ""


def _scenario(table: FactTable, scenario: FactScenario) -> Iterator[str]:
    entries = f", {escaped(', '.join(scenario.entries))}" if scenario.entries else ""
    yield ""
    yield f"### {escaped(scenario.title)}"
    yield ""
    yield f"<code>{escaped(scenario.name)}</code>, {scenario.kind}{entries}"
    yield ""
    yield f"| fact | over | {' | '.join(escaped(_name(build)) for build in table.builds)} | engines |"
    yield f"| --- | --- |{' --- |' * len(table.builds)} --- |"
    for row in scenario.rows:
        places = " | ".join(_place(row.name, cell) for cell in row.cells)
        yield f"| {escaped(row.title)} | {_over(row)} | {places} | {AGREEMENT_MARKS[row.agreement]} |"


def _place(name: str, cell: FactCell) -> str:
    return "<br>".join(
        f"**{escaped(one.value)}**{f' ({escaped(one.spread)})' if one.spread else ''}, n {one.count:,}"
        for one in said(name, cell)
    )


def _over(row: FactRow) -> str:
    return f"{escaped(row.transport)}, {escaped(way_of(row))}"


def _name(build: Build) -> str:
    return f"{build.product} {build.version}".strip()
