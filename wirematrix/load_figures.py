"""What the rounds of a load comparison say together: medians with their spread, ratios, and what is not compared.

A figure counts if the phase it was measured in ended, and was kept from more by nobody but the server (or by nobody
at all): what the load generator or the machine limited says nothing about the tier, but what a connection costs, which
is the same at any pace. Two tiers are compared by the
ratio within each lap, because what follows each other on one machine shares its moods; the ratio of a comparison is
the median of those. Nothing here invents a number: what was not measured is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Final

from wirematrix.load_model import Limit, Load, LoadConditions, Phase, PhaseEnd, Round

Key = tuple[str, int]  # tier, subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a figure is: in which phase it is measured, what it means, and whether more of it is better."""

    phase: Phase
    meaning: str
    more_is_better: bool = False
    counts_at_any_limit: bool = False  # what a connection costs, which the generator's pace does not change


FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        name: Figure(
            phase=phase,
            meaning=meaning,
            more_is_better=name.endswith(("_per_s", "opened", "deliveries")),
            counts_at_any_limit="per_connection" in name or name in {"opened", "storm_lost", "storm_duplicated"},
        )
        for phase, figures in (
            (
                Phase.OPEN,
                {
                    "opened": "connections that opened",
                    "open_p50_ms": "connect() to the stream being open, median over the connections",
                    "open_p95_ms": "the same, 95th percentile",
                    "open_p99_ms": "the same, 99th percentile",
                    "connections_per_s": "connections divided by the time from the first connect() to the last open",
                    "open_bytes_per_connection": "bytes of both directions until a connection is open (TCP payload)",
                    "memory_per_connection_kib": "RSS of the server with all connections open minus before, by "
                    "connection",
                    "open_server_cpu_ms_per_connection": "CPU time of the server while they opened, by connection",
                },
            ),
            (
                Phase.PACED,
                {
                    "latency_p50_ms": "due time to received, median over all deliveries of the window",
                    "latency_p95_ms": "the same, 95th percentile",
                    "latency_p99_ms": "the same, 99th percentile",
                    "latency_p999_ms": "the same, 99.9th percentile",
                    "latency_max_ms": "the same, the slowest",
                    "deliveries": "messages of the window received, added up over all subscribers, repeats included",
                    "offered_per_s": "messages due per second in the window times subscribers",
                    "delivered_per_s": "deliveries divided by the time from the first due to the last received",
                    "server_cpu_s_per_100k": "CPU seconds of the server per 100,000 deliveries",
                    "generator_cpu_s_per_100k": "CPU seconds of the generator's processes per 100,000 deliveries",
                    "generator_busy_share": "CPU time of the busiest generator process divided by the time",
                    "publisher_late_ms": "due time to handed to the socket in the publisher, 99th percentile",
                    "machine_busy_share": "share of all cores' time that was not idle",
                    "bytes_per_delivery": "bytes from server to subscribers (TCP payload), by delivery",
                    "lost": "deliveries that were due and never came",
                    "duplicated": "deliveries that came again",
                    "reordered": "deliveries that came after a later message",
                },
            ),
            (
                Phase.SATURATED,
                {
                    "saturated_per_s": "deliveries per second when the next messages are published as soon as the "
                    "bounded number in flight allows",
                    "saturated_server_cpu_s_per_100k": "CPU seconds of the server per 100,000 of them",
                    "saturated_generator_cpu_s_per_100k": "CPU seconds of the generator per 100,000 of them",
                },
            ),
            (
                Phase.STORM,
                {
                    "storm_half_back_ms": "all connections are cut at once, until half of them are open again",
                    "storm_95_back_ms": "the same, until 95 % of them are",
                    "storm_all_back_ms": "the same, until all of them are",
                    "storm_lost": "deliveries published from the cut until all were back that never came",
                    "storm_duplicated": "deliveries of that time that came again",
                    "storm_server_cpu_ms_per_connection": "CPU time of the server from the cut until all were back, by "
                    "connection",
                },
            ),
            (
                Phase.IDLE,
                {
                    "idle_server_cpu_us_per_connection_s": "CPU time of the server per connection and second",
                    "idle_bytes_per_connection_s": "bytes of both directions per connection and second (TCP payload)",
                    "idle_heartbeats_per_connection_s": "heartbeats received per connection and second",
                },
            ),
        )
        for name, meaning in figures.items()
    }
)
COMPARED: Final = frozenset({Limit.NONE, Limit.SERVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A figure over the rounds that count: how many, their median and their range."""

    count: int
    p50: float
    low: float
    high: float
    at_limit: int  # of them, rounds in which the server was at the end of what it can do


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A phase of a round that is not compared, and why; without `limit` it never ended."""

    tier: str
    subscribers: int
    repeat: int
    phase: Phase
    limit: Limit | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One tier held against another: its figure divided by the other's, per lap; no ratio without a reason."""

    figure: str
    subscribers: int
    tier: str
    against: str
    ratio: Summary | None
    because: str = ""


def medians(load: Load) -> Mapping[Key, Mapping[str, Summary]]:
    """Each figure of each tier and number of subscribers, in the order of the tiers; without what does not count."""
    values: dict[Key, dict[str, list[tuple[float, bool]]]] = defaultdict(lambda: defaultdict(list))
    for each in load.rounds:
        for name, value, at_limit in _counting(each):
            values[each.tier, each.subscribers][name].append((value, at_limit))
    keys = [(tier.name, number) for tier in load.tiers for number in load.conditions.subscribers]
    return {key: {name: summary(found) for name, found in values[key].items()} for key in keys if key in values}


def summary(values: list[tuple[float, bool]]) -> Summary:
    """At least one value, each with whether the server was at its limit."""
    plain = [value for value, _ in values]
    return Summary(
        count=len(plain),
        p50=float(median(plain)),
        low=float(min(plain)),
        high=float(max(plain)),
        at_limit=sum(at_limit for _, at_limit in values),
    )


def left_out(load: Load) -> tuple[LeftOut, ...]:
    """Every phase that does not count, in the order of the rounds."""
    return tuple(one for each in load.rounds for one in _left_out(each))


def compare(load: Load, figure: str, *, subscribers: int, tier: str, against: str) -> Comparison:
    """`tier` divided by `against` within each lap, for one figure; KeyError for a figure that does not exist."""
    FIGURES[figure]
    of_tier, of_other = (_by_lap(load, figure, subscribers, name) for name in (tier, against))
    shared = [
        (of_tier[lap][0] / of_other[lap][0], of_tier[lap][1] or of_other[lap][1])
        for lap in sorted(of_tier.keys() & of_other.keys())
        if of_other[lap][0] > 0
    ]
    absent = [name for name, found in ((tier, of_tier), (against, of_other)) if not found]
    because = ""
    if absent:
        because = f"{figure} of {' and '.join(absent)} was not measured, or is not compared"
    elif not shared:
        because = f"no lap has {figure} of both, and above 0 for {against}"
    return Comparison(
        figure=figure,
        subscribers=subscribers,
        tier=tier,
        against=against,
        ratio=summary(shared) if shared else None,
        because=because,
    )


def unequal_terms(one: LoadConditions, other: LoadConditions) -> tuple[str, ...]:
    """Which conditions forbid to compare two comparisons with each other: name and both values; empty if none does.

    The numbers of subscribers and of repeats and the seed may differ: rounds are compared number by number.
    """
    names = (
        "payload_bytes",
        "rate_per_s",
        "warm_up_s",
        "window_s",
        "opening_at_once",
        "storm_delay_ms",
        "heartbeat_ms",
        "generator",
        "generator_processes",
        "target",
    )
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in names)
    return tuple(f"{name}: {mine} and {theirs}" for name, mine, theirs in pairs if mine != theirs)


def phase_of(figure: str) -> Phase:
    """Where a figure is measured; KeyError for one that does not exist."""
    return FIGURES[figure].phase


def _counting(each: Round) -> Iterator[tuple[str, float, bool]]:
    limits = {end.phase: end.limit for end in each.phases}
    for name, value in each.figures.items():
        figure = FIGURES.get(name)
        limit = limits.get(figure.phase) if figure else None
        if figure and value is not None and limit and (limit in COMPARED or figure.counts_at_any_limit):
            yield name, float(value), limit is Limit.SERVER


def _by_lap(load: Load, figure: str, subscribers: int, tier: str) -> dict[int, tuple[float, bool]]:
    return {
        each.repeat: (value, at_limit)
        for each in load.rounds
        if (each.tier, each.subscribers) == (tier, subscribers)
        for name, value, at_limit in _counting(each)
        if name == figure
    }


def _left_out(each: Round) -> Iterator[LeftOut]:
    ends: dict[Phase, PhaseEnd] = {end.phase: end for end in each.phases}
    for phase in Phase:
        end = ends.get(phase)
        if end is not None and end.limit in COMPARED:
            continue
        if end is None and not each.error:
            continue  # it was not asked for
        yield LeftOut(
            tier=each.tier,
            subscribers=each.subscribers,
            repeat=each.repeat,
            phase=phase,
            limit=end.limit if end else None,
            because=end.because if end else each.error,
        )
