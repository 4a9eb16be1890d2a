"""A load comparison as a report shows it: conditions, tiers, a table per number of subscribers, what is not compared.

Numbers are medians over the rounds that count, with their range; nothing is decided or computed here that
`load_figures` does not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.load_figures import FIGURES, LeftOut, compare, left_out, unequal_terms
from wirematrix.load_model import LIMIT_MEANS, Limit, Load, LoadTransport, Tier
from wirematrix.model import Run
from wirematrix.report.charts import Chart, charts
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.places import number
from wirematrix.report.loadwords import in_full, label, spread_of, titled, value_of
from wirematrix.report.tally import counted

MAIN: Final = (  # the columns of the tables that stand open
    "open_p50_ms",
    "memory_per_connection_kib",
    "latency_p50_ms",
    "latency_p99_ms",
    "server_cpu_s_per_100k",
    "bytes_per_delivery",
    "saturated_per_s",
    "storm_all_back_ms",
    "storm_lost",
    "idle_server_cpu_us_per_connection_s",
)
RATIOS: Final = (  # of WebSocket to SSE
    "open_p50_ms",
    "memory_per_connection_kib",
    "latency_p50_ms",
    "latency_p99_ms",
    "server_cpu_s_per_100k",
    "bytes_per_delivery",
    "saturated_per_s",
    "storm_all_back_ms",
)
PAIRS: Final = (  # built alike, so what differs is the transport: SSE, WebSocket, what they are
    ("raw-sse", "raw-websocket", "raw asyncio"),
    ("app-sse", "app-websocket", "the app of this project"),
    ("sse-starlette", "websocket", "the plain way"),
    ("sse-starlette-gzip", "websocket-deflate", "the plain way, compressed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A number and its spread, or the words why there is none."""

    value: str
    spread: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """A row of a table: its head, what the head means, its cells."""

    head: str
    about: str
    cells: tuple[CellView, ...]
    note: str = ""  # below the head, small


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTable:
    """A table of numbers with its caption; `name` makes its anchor."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[LoadRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncomparedView:
    """What is not compared, for one reason: which tier, subscribers and phase, and in which rounds."""

    where: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """One comparison, whole."""

    anchor: str
    title: str
    conditions: tuple[tuple[str, str], ...]
    tiers: tuple[Tier, ...]
    tables: tuple[LoadTable, ...]  # one for each number of subscribers
    ratios: LoadTable | None
    in_full: tuple[LoadTable, ...]
    charts: tuple[Chart, ...]
    uncompared: tuple[UncomparedView, ...]
    errors: tuple[str, ...]


def load_views(runs: Sequence[Run]) -> tuple[LoadView, ...]:
    """A view for each comparison that the runs hold, in their order; the same one twice is one."""
    loads: list[tuple[Run, Load]] = []
    for run in runs:
        if run.load is not None and run.load not in [load for _, load in loads]:
            loads.append((run, run.load))
    return tuple(
        _view(load, run, "load" if len(loads) == 1 else f"load-{place}", several=len(loads) > 1)
        for place, (run, load) in enumerate(loads, start=1)
    )


def unequal(runs: Sequence[Run]) -> tuple[str, ...]:
    """Why comparisons of several runs may not be held against each other; empty if they may."""
    loads = [run.load for run in runs if run.load is not None]
    return tuple(
        dict.fromkeys(one for other in loads[1:] for one in unequal_terms(loads[0].conditions, other.conditions))
    )


def _view(load: Load, run: Run, anchor: str, *, several: bool) -> LoadView:
    figures = Figures(load)
    return LoadView(
        anchor=anchor,
        title=f"Under load, {run.info.started[:10]}" if several else "Under load",
        conditions=tuple(_conditions(load, run)),
        tiers=load.tiers,
        tables=tuple(_main(figures, each, anchor) for each in figures.subscribers),
        ratios=_ratios(load, figures, anchor),
        in_full=tuple(_whole(figures, each, anchor) for each in figures.subscribers),
        charts=charts(load),
        uncompared=tuple(_uncompared(left_out(load))),
        errors=tuple(
            f"{one.tier} with {one.subscribers:,} subscribers, round {one.repeat}: {one.error}"
            for one in load.rounds
            if one.error
        ),
    )


def _conditions(load: Load, run: Run) -> Iterator[tuple[str, str]]:
    """What every round shares, in words."""
    terms = load.conditions
    yield "measured", f"{run.info.started} on {counted(run.info.cores, 'core')}, {run.info.system}"
    yield "target", terms.target
    yield "subscribers", ", ".join(f"{each:,}" for each in terms.subscribers)
    yield "rounds", f"{terms.repeats} of each tier and number of subscribers, tiers in alternating order"
    yield (
        "offered",
        f"{number(terms.rate_per_s)} messages per second of {terms.payload_bytes:,} bytes, each for all subscribers",
    )
    yield "window", f"{number(terms.window_s)} s after {number(terms.warm_up_s)} s of warm-up, which is left out"
    yield "latency", "from the time a message was due to the time it was received (open loop, one clock)"
    yield "opening", f"{terms.opening_at_once:,} connections at a time"
    yield "storm", f"all cut at once, each tries again after {number(terms.storm_delay_ms)} ms"
    yield "heartbeat", f"every {terms.heartbeat_ms:,} ms"
    many = terms.generator_processes
    yield "load generator", f"{terms.generator}; {many:,} process{'' if many == 1 else 'es'} of its own"
    yield "seed", str(terms.seed)


def _main(figures: Figures, subscribers: int, anchor: str) -> LoadTable:
    """The figures that decide most, with one number of subscribers."""
    return LoadTable(
        name=f"{anchor}.{subscribers}",
        caption=f"{subscribers:,} subscribers",
        columns=tuple(map(titled, MAIN)),
        rows=tuple(
            LoadRow(
                head=tier.name,
                about=tier.title,
                cells=tuple(_cell(figures, tier.name, subscribers, figure) for figure in MAIN),
            )
            for tier in figures.tiers
        ),
    )


def _whole(figures: Figures, subscribers: int, anchor: str) -> LoadTable:
    """Every figure that any tier has."""
    known = [
        figure
        for figure in FIGURES
        if any(figures.summary(tier.name, subscribers, figure) for tier in figures.tiers)
        or any(figures.uncompared(tier.name, subscribers, figure) for tier in figures.tiers)
    ]
    return LoadTable(
        name=f"{anchor}.{subscribers}.all",
        caption=f"All figures with {subscribers:,} subscribers",
        columns=tuple(tier.name for tier in figures.tiers),
        rows=tuple(
            LoadRow(
                head=titled(figure),
                about=FIGURES[figure].meaning,
                cells=tuple(_cell(figures, tier.name, subscribers, figure) for tier in figures.tiers),
            )
            for figure in known
        ),
    )


def _cell(figures: Figures, tier: str, subscribers: int, figure: str) -> CellView:
    summary = figures.summary(tier, subscribers, figure)
    if summary:
        return CellView(value=value_of(summary), spread=spread_of(summary))
    because, _, limit = figures.absence(tier, subscribers, figure).partition(": ")
    return CellView(value=because, spread=limit, absent=True)


def pairs(load: Load) -> list[tuple[str, str, str]]:
    """Tiers that are built alike over the two transports; of a service that has one of each, those."""
    names = {tier.name for tier in load.tiers}
    found = [pair for pair in PAIRS if {pair[0], pair[1]} <= names]
    own = [[tier.name for tier in load.tiers if tier.transport is transport] for transport in LoadTransport]
    if not found and all(len(each) == 1 for each in own):
        return [(own[0][0], own[1][0], "the service")]
    return found


def _ratios(load: Load, figures: Figures, anchor: str) -> LoadTable | None:
    """WebSocket divided by SSE, lap by lap, for tiers that are built alike."""
    rows = []
    for sse, websocket, what in pairs(load):
        for subscribers in figures.subscribers:
            found = [compare(load, figure, subscribers=subscribers, tier=websocket, against=sse) for figure in RATIOS]
            cells = tuple(
                CellView(value=value_of(one.ratio), spread=spread_of(one.ratio))
                if one.ratio
                else CellView(value="not compared", absent=True)
                for one in found
            )
            rows.append(
                LoadRow(
                    head=what,
                    note=f"{subscribers:,} subscribers",
                    about=f"{websocket} divided by {sse}",
                    cells=cells,
                )
            )
    if not rows:
        return None
    return LoadTable(
        name=f"{anchor}.ratios",
        caption="WebSocket divided by SSE, built alike: the median of the ratios within each lap. 1: no difference; "
        "below 1: WebSocket has less of it",
        columns=tuple(map(label, RATIOS)),
        rows=tuple(rows),
    )


def _uncompared(found: Sequence[LeftOut]) -> Iterator[UncomparedView]:
    """Phases that are not compared, the rounds of one tier and phase together."""
    grouped: dict[tuple[str, int, str, Limit | None], list[LeftOut]] = {}
    for one in found:
        grouped.setdefault((one.tier, one.subscribers, one.phase, one.limit), []).append(one)
    for (tier, subscribers, phase, limit), own in grouped.items():
        rounds = ", ".join(str(one.repeat) for one in own)
        means = LIMIT_MEANS[limit].partition(":")[0] if limit else "the round was given up"
        yield UncomparedView(
            where=f"{tier}, {subscribers:,} subscribers, {phase}, round{'s' if len(own) > 1 else ''} {rounds}",
            because=f"{means} ({own[0].because})",
        )


def headline(load: Load) -> tuple[str, ...]:
    """The answer in a few sentences: what the app's transports cost, side by side, where they are compared."""
    said = []
    figures = Figures(load)
    for sse, websocket, what in pairs(load):
        for figure in ("server_cpu_s_per_100k", "latency_p99_ms", "memory_per_connection_kib", "saturated_per_s"):
            at = figures.largest(figure) if figures.subscribers else 0
            found = compare(load, figure, subscribers=at, tier=websocket, against=sse)
            if found.ratio:
                said.append(
                    f"{what}, {at:,} subscribers: {titled(figure)}: WebSocket is {in_full(found.ratio)} times SSE"
                )
    return tuple(said)
