"""A load comparison in a terminal: one table per number of subscribers, medians with their range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wirematrix.load_figures import FIGURES, LeftOut, Summary, left_out, medians
from wirematrix.load_model import Limit, Load, Phase, Tier
from wirematrix.report.text import visible

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "deliveries": {
        "latency_p50_ms": "latency\np50 ms",
        "latency_p99_ms": "latency\np99 ms",
        "server_cpu_s_per_100k": "CPU s per\n100,000",
        "bytes_per_delivery": "bytes per\ndelivery",
        "saturated_per_s": "saturated\nper s",
    },
    "connections": {
        "open_p50_ms": "open\np50 ms",
        "memory_per_connection_kib": "memory\nKiB",
        "storm_all_back_ms": "storm: all\nback ms",
        "storm_lost": "lost in\nstorm",
        "idle_server_cpu_us_per_connection_s": "idle CPU\nus per s",
    },
}
LEGEND: Final = (
    "The median of the rounds with their range below it; CPU is the server's, memory and idle CPU are per connection. "
    "*: the server was at its limit in some rounds. n.c.: not compared, because of what is said below. "
    "n.m.: not measured."
)
REASONS_AT_MOST: Final = 6


def print_load(load: Load, console: Console) -> None:
    """Print what a comparison found, and what of it is not compared."""
    found = medians(load)
    aside = left_out(load)
    for subscribers in load.conditions.subscribers:
        tiers = [
            tier
            for tier in load.tiers
            if any((one.tier, one.subscribers) == (tier.name, subscribers) for one in load.rounds)
        ]
        for what, columns in TABLES.items():
            table = _table(load, subscribers, what, columns)
            for tier in tiers:
                summaries = found.get((tier.name, subscribers), {})
                table.add_row(_name(tier), *(_cell(name, summaries, aside, tier, subscribers) for name in columns))
            if table.row_count:
                console.print(table)
    console.print(Text(LEGEND, style="dim"), soft_wrap=True)
    for line in _why(aside):
        console.print(Text(visible(line)), soft_wrap=True)


def _table(load: Load, subscribers: int, what: str, columns: Mapping[str, str]) -> Table:
    terms = load.conditions
    title = (
        f"{subscribers} subscribers, {what}: {terms.rate_per_s:g} messages of {terms.payload_bytes} bytes per second"
    )
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("tier", no_wrap=True)
    for head in columns.values():
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _name(tier: Tier) -> Text:
    return Text(visible(tier.name), style="dim" if tier.floor else "bold")


def _cell(
    name: str, summaries: Mapping[str, Summary], aside: tuple[LeftOut, ...], tier: Tier, subscribers: int
) -> Text:
    summary = summaries.get(name)
    if summary is None:
        phase = FIGURES[name].phase
        kept_out = any((one.tier, one.subscribers, one.phase) == (tier.name, subscribers, phase) for one in aside)
        return Text("n.c." if kept_out else "n.m.", style="yellow" if kept_out else "dim")
    mark = "*" if summary.at_limit else ""
    spread = "" if summary.count == 1 else f"\n{shown(summary.low)}–{shown(summary.high)}"
    return Text(f"{shown(summary.p50)}{mark}{spread}")


def _why(aside: tuple[LeftOut, ...]) -> Iterator[str]:
    """The reasons of what is left out: limits counted, errors in full."""
    limited = Counter((one.phase, one.limit) for one in aside if one.limit is not None)
    for (phase, limit), count in sorted(limited.items(), key=lambda item: (list(Phase).index(item[0][0]), item[0][1])):
        whose = "the load generator" if limit is Limit.GENERATOR else "the machine"
        yield f"not compared: {count} × {phase}, because {whose} was the limit"
    broken = {(one.tier, one.subscribers, one.repeat): one.because for one in aside if one.limit is None}
    for (tier, subscribers, repeat), because in list(broken.items())[:REASONS_AT_MOST]:
        yield f"given up: {tier} with {subscribers}, round {repeat}: {because}"
    if (more := len(broken) - REASONS_AT_MOST) > 0:
        yield f"given up: and {more} more rounds; the run file has the reasons"


def shown(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
