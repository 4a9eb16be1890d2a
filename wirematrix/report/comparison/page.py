"""The whole document: the answer in short, performance, features, for and against, recommendation, method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.decision.answer import Recommendation
from wirematrix.model import Run
from wirematrix.report.adviceviews import advice_views
from wirematrix.report.comparison.advice import for_and_against, in_short, recommendation
from wirematrix.report.comparison.features import features
from wirematrix.report.comparison.performance import performance
from wirematrix.report.comparison.tables import load_table, table
from wirematrix.report.effortviews import effort_view
from wirematrix.report.loadviews import LoadView, load_views, unequal
from wirematrix.report.markdown import escaped
from wirematrix.report.merge import merge_views, not_to_be_taken_for
from wirematrix.report.pageviews import page_view
from wirematrix.report.prosandcons import pros_and_cons, widest
from wirematrix.report.views import ReportView

LIMITS: Final = """\
- **One machine, over loopback.** Server, load generator and browsers share its cores: ratios carry over, milliseconds
  do not. No TLS, no HTTP/2, no radio, no real proxy or CDN.
- **Several ways to serve each transport**, because the implementation decides more than the protocol. Another server,
  another language, another figure.
- **WebKitGTK is not Safari.** The table above names every build.
- A number with few rounds or attempts is an observation, not a law: its range and count stand beside it.
- The weights are judgements and stand in `matrix.yaml`; the rows are measured and stand in the run files. Change a
  weight, and `wirematrix recommend` answers anew.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The document, and its pictures by the name of their file, which lie in a folder beside it."""

    page: str
    pictures: Mapping[str, str]


def comparison(runs: Sequence[Run], answers: Sequence[Recommendation], *, folder: str) -> Comparison:
    """Make the document of these runs and what they recommend. The same runs always give the same.

    `folder` is where the pictures will lie, seen from the document. Raises InvalidInput if there is no run.
    """
    view, loads = merge_views(runs), load_views(runs)
    lines = _lines(view, loads, runs, answers, folder)
    pictures = {
        f"{f'{place}-' if len(loads) > 1 else ''}{panel.name}.svg": panel.svg
        for place, load in enumerate(loads, start=1)
        for chart in load.charts
        for panel in chart.panels
    }
    return Comparison(page="\n".join(lines) + "\n", pictures=pictures)


def _lines(
    view: ReportView, loads: Sequence[LoadView], runs: Sequence[Run], answers: Sequence[Recommendation], folder: str
) -> Iterator[str]:
    advice = advice_views(answers)
    yield "# SSE or WebSocket? Measured, answered with reasons"
    yield ""
    yield "<!-- made by `wirematrix compare` from run files; every change by hand is lost -->"
    yield ""
    yield (
        "For streaming updates from a FastAPI backend to browsers: what EventSource, fetch streaming and WebSocket "
        "cost, survive and ask for, and which one to take for what. Every number was measured by this project, and "
        "what it recommends follows from measured rows; what was not measured is said to be so."
    )
    yield ""
    yield "## In short"
    yield ""
    yield from in_short(advice)
    if loads and loads[0].ratios:
        yield from load_table(loads[0].ratios, "built alike")
    yield from performance(loads, page_view(view), folder)
    yield from features(view, effort_view(runs))
    yield from for_and_against(pros_and_cons(answers), widest(answers))
    yield from recommendation(advice)
    yield from _method(view, loads, runs)


def _method(view: ReportView, loads: Sequence[LoadView], runs: Sequence[Run]) -> Iterator[str]:
    yield "## Method and limits"
    yield ""
    yield "[measuring.md](measuring.md) says how each number is measured, and what it is not worth."
    yield ""
    for sentence in unequal(runs):
        yield f"> Read with care: the load comparisons differ in {escaped(sentence)}"
        yield ""
    for load in loads:
        yield f"### {escaped(load.title)}: conditions"
        yield ""
        yield from table(["", ""], ([escaped(name), escaped(words)] for name, words in load.conditions))
        yield from table(
            ["tier", "what it is", "resumes", "compressed", "libraries"],
            (
                [
                    escaped(tier.name),
                    escaped(tier.title),
                    "yes" if tier.resumes else "no",
                    "yes" if tier.compressed else "no",
                    escaped(", ".join(f"{name} {version}" for name, version in tier.versions.items())),
                ]
                for tier in load.tiers
            ),
        )
    if view.engines:
        yield "### Engine builds"
        yield ""
        yield from table(
            ["engine", "build", "where it is from", "system", "it is not"],
            (
                [
                    escaped(engine.build.engine),
                    escaped(engine.name),
                    escaped(engine.build.origin),
                    escaped(engine.build.system),
                    escaped(not_to_be_taken_for(engine.build)),
                ]
                for engine in view.engines
            ),
        )
    yield "### Runs"
    yield ""
    yield from table(
        ["started", "command", "commit", "system", "cores", "budgets times"],
        (
            [
                escaped(run.started),
                f"<code>{escaped(run.command)}</code>",
                escaped(run.commit or "unknown"),
                escaped(run.system),
                str(run.cores),
                f"{run.scale_factor:g}",
            ]
            for run in view.runs
        ),
    )
    yield "### Limits"
    yield ""
    yield LIMITS
