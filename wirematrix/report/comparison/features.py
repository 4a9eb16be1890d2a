"""The feature comparison: compatibility, reconnection and guarantees from cells, complexity from the examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wirematrix.model import TRANSPORTS, Kind, Status
from wirematrix.report.comparison.tables import table
from wirematrix.report.effortviews import EffortView
from wirematrix.report.markdown import escaped
from wirematrix.report.tally import counted
from wirematrix.report.text import spaced
from wirematrix.report.views import GroupView, Look, ReportView, ScenarioView

SAID: Final = (Status.PASS, Status.DEGRADED, Status.FAIL, Status.TIMEOUT, Status.UNSUPPORTED, Status.CRASH)
WHOSE_DUTY: Final = "engine_"  # groups of an engine's own conformance begin so


def features(view: ReportView, effort: EffortView | None) -> Iterator[str]:
    """The section."""
    yield "## Features"
    yield ""
    if not view.groups:
        yield "Nothing was measured in browsers: no run file that this was made from holds cells."
        yield "`make matrix` makes one."
        yield ""
    else:
        yield (
            "How many cells hold: engines times networks, each with its evidence in the HTML report under its id, "
            "`scenario[engine-transport-network]`. A + is the transport with the resilient policy. An empty place has "
            "no meaning there."
        )
        yield ""
    for title, groups in (
        ("Reconnection and guarantees", [one for one in view.groups if not one.name.startswith(WHOSE_DUTY)]),
        ("Compatibility of the engines", [one for one in view.groups if one.name.startswith(WHOSE_DUTY)]),
    ):
        yield from _groups(title, groups)
    yield from _complexity(effort)


def _groups(title: str, groups: Sequence[GroupView]) -> Iterator[str]:
    scenarios = [
        (group, scenario) for group in groups for scenario in group.scenarios if scenario.text.kind is not Kind.CHECK
    ]
    used = [name for name in TRANSPORTS if any(_counts(scenario, name)[1] for _, scenario in scenarios)]
    if not used:
        return
    yield f"### {title}"
    yield ""
    yield from table(
        ["", "claim", *map(escaped, used)],
        (
            [
                escaped(spaced(group.name)),
                f"{escaped(scenario.text.title)} <code>{escaped(scenario.text.name)}</code>",
                *(_share(scenario, name) for name in used),
            ]
            for group, scenario in scenarios
        ),
    )


def _share(scenario: ScenarioView, transport: str) -> str:
    good, judged, failing = _counts(scenario, transport)
    if not judged:
        return ""
    if good == judged:
        return f"{good} of {judged}"
    return f"**{good} of {judged}**; not {escaped(', '.join(failing))}"


def _counts(scenario: ScenarioView, transport: str) -> tuple[int, int, list[str]]:
    """Cells that hold, cells that say something, and the engines in which some do not hold."""
    judged = [
        slot
        for row in scenario.rows
        for slot in row.judged
        if slot.cell.transport == transport and slot.status in SAID and slot.look is not Look.UNREACHED
    ]
    good = [slot for slot in judged if slot.status is Status.PASS]
    failing = dict.fromkeys(slot.cell.engine for slot in judged if slot.status is not Status.PASS)
    return len(good), len(judged), list(failing)


def _complexity(effort: EffortView | None) -> Iterator[str]:
    yield "### Complexity"
    yield ""
    if effort is None:
        yield "Not measured: no run file that this was made from holds what code the guarantees take."
        yield ""
        return
    yield "Code per guarantee on the server and in the page, counted from the [examples](complexity.md)."
    yield ""
    yield from table(
        ["guarantee", *map(escaped, effort.transports)],
        (
            [
                escaped(row.guarantee),
                *(
                    "<br>".join(
                        f"{escaped(one.side)}: **{escaped(one.code)}**"
                        + (f" ({escaped(one.because)})" if one.because else "")
                        + (f", {counted(len(one.concepts), 'name')}" if one.concepts else "")
                        for one in sides
                    )
                    for sides in row.cells
                ),
            ]
            for row in (*effort.rows, *effort.sums)
        ),
    )
