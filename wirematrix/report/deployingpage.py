"""The guide to deploying behind an intermediary, as Markdown: what passed, what one gets without it, where it shows.

Everything it states as a result is counted from runs; a sentence that no run bears out is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.model import Run
from wirematrix.report.markdown import escaped, linked
from wirematrix.report.merge import merge_views
from wirematrix.report.routeviews import (
    Breakage,
    PlaceView,
    RoutesView,
    RouteView,
    breakages,
    claim_of,
    routes_view,
)
from wirematrix.report.tally import counted
from wirematrix.report.text import visible, web_link

DATE: Final = len("2026-01-31")  # of an ISO 8601 time
HOW_TO_READ: Final = """\
A network is what lies between page and app in a cell; `nginx-cut-behind`, say, resets the connection between nginx and
the app. A number says how many cells hold of those that were begun, in all engines together; the first event's delay is
from publishing to the page, the lowest and the highest of the engines' p50s, and how many were measured (n) in all
engines together, while other cells ran beside them: it tells buffering from none, not a few milliseconds. Where several
configurations of one program were tried, the one that carries most over its own network, where nothing else happens,
stands first, and the others are told by what they break that it does not. In a configuration `@APP@` is where the app
listens, `@LISTEN@` where the server does, `@IDLE_S@` how long it waits for bytes, `@FOLDER@` a folder of its own.
"""


def deploying_page(runs: Sequence[Run]) -> str:
    """The whole document. The same runs always give the same text; InvalidInput if they led over no route."""
    view = merge_views(runs)
    between = routes_view(view, runs)
    if not between.routes:
        expected = "runs over routes, such as: pytest e2e -m routes"
        raise InvalidInput("wirematrix deploying", "no cell of these runs led over a real server", expected=expected)
    return "\n".join(_lines(runs, between)) + "\n"


def _lines(runs: Sequence[Run], between: RoutesView) -> Iterator[str]:
    yield "# Deploying behind an intermediary"
    yield ""
    yield "<!-- made by `wirematrix deploying` from run files; every change by hand is lost -->"
    yield ""
    yield "What real servers between page and app do to each transport, measured, and the configuration that passed."
    yield ""
    yield "| run | commit | system | engines |"
    yield "| --- | --- | --- | --- |"
    for run in runs:
        builds = ", ".join(f"{build.product} {build.version}" for build in run.info.builds)
        words = (run.info.started[:DATE], run.info.commit or "unknown", run.info.system, builds)
        yield f"| {' | '.join(map(escaped, words))} |"
    yield ""
    yield HOW_TO_READ
    yield "## What holds, and the first event"
    yield ""
    yield f"| route | {' | '.join(map(escaped, between.transports))} |"
    yield f"| --- |{' --- |' * len(between.transports)}"
    for route in between.routes:
        places = zip(route.over[0].places, route.first_event, strict=True)
        yield f"| {escaped(route.text.name)} | {' | '.join(_place(place, delay) for place, delay in places)} |"
    for program in between.programs:
        yield from _program(program, between)


def _program(program: str, between: RoutesView) -> Iterator[str]:
    routes = between.programs[program]
    passed = between.passed(program)
    yield ""
    yield f"## {escaped(program)}"
    for route in passed:
        yield from _with(route, between)
    for route in routes:
        if route not in passed:
            yield from _without(route, passed, between)


def _with(route: RouteView, between: RoutesView) -> Iterator[str]:
    """What a configuration carries, what it does not, and its text."""
    yield ""
    yield f"### {escaped(route.text.title)}"
    yield ""
    yield from _table(route, between)
    if broken := route.breakages:
        yield ""
        yield "What does not hold there:"
        yield ""
        yield from _breakages(broken)
    yield ""
    advice = linked("as its makers advise", route.text.see) if web_link(route.text.see) else ""
    yield f"The configuration{f', {advice}' if advice else ''}:"
    yield ""
    for line in route.text.configuration.rstrip().splitlines():  # indented, so that nothing in it can end the block
        yield f"    {visible(line)}".rstrip()


def _without(route: RouteView, passed: Sequence[RouteView], between: RoutesView) -> Iterator[str]:
    """What another configuration of the same program breaks over its own network: which of it holds with the one that
    passed, and which was not tried with that. What breaks with both is told there.
    """
    network = escaped(route.over[0].network)
    above = "the configuration above" if len(passed) == 1 else "one of the configurations above"
    yield ""
    yield f"### Without it: {escaped(route.text.title)}"
    yield ""
    yield from _table(route, between)
    broken = route.over[0].broken
    tried = {claim for one in passed for claim in one.over[0].claims}
    held = {claim for one in passed for claim, holds in one.over[0].claims.items() if holds}
    mended = [slot for slot in broken if claim_of(slot) in held]
    untried = [slot for slot in broken if claim_of(slot) not in tried]
    yield ""
    if mended:
        yield f"Breaks over {network}, and holds with {above}:"
        yield ""
        yield from _breakages(breakages(mended))
    else:
        yield f"Nothing breaks over {network} that holds with {above}."
    if untried:
        yield ""
        yield f"Breaks over {network}, and was not tried with {above}:"
        yield ""
        yield from _breakages(breakages(untried))


def _table(route: RouteView, between: RoutesView) -> Iterator[str]:
    yield f"| network | {' | '.join(map(escaped, between.transports))} |"
    yield f"| --- |{' --- |' * len(between.transports)}"
    for over in route.over:
        yield f"| {escaped(over.network)}: {escaped(over.about)} | {' | '.join(map(_place, over.places))} |"


def _place(place: PlaceView, delay: str = "") -> str:
    if not place.attempted:
        return "–"
    good = f"{place.good} of {place.attempted}"
    return f"{good if place.good == place.attempted else f'**{good}**'}{f'<br>{delay}' if delay else ''}"


def _breakages(broken: Iterable[Breakage]) -> Iterator[str]:
    """What does not hold, in which engines, why, and a cell that shows it."""
    for one in broken:
        slot = one.first
        engines = ", ".join(dict.fromkeys(each.engine.build.product for each in one.slots))
        said = f"**{slot.status}**. {escaped(slot.scenario.title)} {escaped(one.because)}"
        cells = f"{counted(len(one.slots), 'cell')}, such as <code>{escaped(slot.cell.id)}</code>"
        where = f"{escaped(slot.cell.transport)} over {escaped(slot.cell.network)} in {escaped(engines)}"
        yield f"- {where}: {said} ({cells})"
