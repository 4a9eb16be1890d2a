"""The performance section: what was measured under load and in real pages, with charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wirematrix.report.comparison.tables import load_table, table
from wirematrix.report.loadviews import LoadView
from wirematrix.report.markdown import escaped
from wirematrix.report.pageviews import PageView

HOW_TO_READ = """\
Each number is the p50 over the rounds that count, in brackets the lowest and the highest and how many rounds. What the
load generator or the machine limited says nothing about a server: it is said and not compared. ▲: the server was at the
end of what it can do. Several tiers serve each transport, because the implementation decides more than the protocol.
"""


def performance(loads: Sequence[LoadView], pages: PageView | None, folder: str) -> Iterator[str]:
    """The section; `folder` is where the pictures are, seen from the document."""
    yield "## Performance"
    yield ""
    if not loads:
        yield "Nothing was measured under load: no run file that this was made from holds a load comparison."
        yield "`wirematrix load` makes one."
        yield ""
    for place, load in enumerate(loads):
        yield from _load(load, f"{folder}/{place + 1}-" if len(loads) > 1 else f"{folder}/", in_short=not place)
    if pages:
        yield from _pages(pages)


def _load(load: LoadView, pictures: str, *, in_short: bool) -> Iterator[str]:
    yield f"### {escaped(load.title)}"
    yield ""
    yield HOW_TO_READ
    if load.ratios and not in_short:
        yield from load_table(load.ratios, "built alike")
    for chart in load.charts:
        yield f"#### {escaped(chart.title)}"
        yield ""
        yield " ".join(f"![{escaped(panel.alternative)}]({pictures}{panel.name}.svg)" for panel in chart.panels)
        yield ""
        yield escaped(chart.caption)
        yield ""
        yield from _folded(
            "The numbers",
            table(
                ["tier", *map(escaped, chart.columns)],
                ([escaped(row.tier), *map(escaped, row.cells)] for row in chart.rows),
            ),
        )
    yield "#### Side by side"
    yield ""
    for each in load.tables:
        yield from load_table(each, "tier")
    yield "#### Not compared"
    yield ""
    if not load.uncompared:
        yield "Every phase of every round is compared."
    yield from (f"- **{escaped(one.where)}**: {escaped(one.because)}" for one in load.uncompared)
    yield from (f"- A round was given up: {escaped(error)}" for error in load.errors)
    yield ""


def _pages(pages: PageView) -> Iterator[str]:
    yield "### In the browser"
    yield ""
    yield (
        "A real page with a handful of subscribers: what each engine adds, without load beside it. p50 over the "
        "attempts, in brackets the lowest and the highest; n is how many. At 1 per second p99 is nearly the slowest of "
        "20 messages."
    )
    yield ""
    yield from table(
        ["engine", "transport", *map(escaped, pages.columns)],
        (
            [
                escaped(row.build),
                escaped(row.transport),
                *(
                    f"**{escaped(cell.value)}** ({escaped(cell.spread)})" if cell.evidence else escaped(cell.value)
                    for cell in row.cells
                ),
            ]
            for row in pages.rows
        ),
    )


def _folded(summary: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield "</details>"
    yield ""
