"""What stood in between, as a report shows it: each route's configuration, what holds over it, and what breaks.

A route's own network is the first that leads over it: nothing but the server is in the way there. Where several routes
run the same program, the one over whose own network the largest share holds is the configuration that passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wirematrix.model import RouteText, Run, Status
from wirematrix.report.factviews import shown_bound
from wirematrix.report.text import anchor
from wirematrix.report.views import JudgedSlot, Look, ReportView

UNTOLD: Final = (Look.SKIPPED, Look.UNREACHED)
OTHER_APP: Final = "@OTHER@"  # where a balancer's configuration has the second app
FIRST_EVENT: Final = "first_event_delay_ms"
Claim = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """One transport over one network: the cells that say something of it, in all engines."""

    slots: tuple[JudgedSlot, ...]

    @property
    def good(self) -> int:
        """How many hold."""
        return self.attempted - len(self.broken)

    @property
    def attempted(self) -> int:
        """How many were begun."""
        return len(self.slots)

    @property
    def broken(self) -> tuple[JudgedSlot, ...]:
        """Those that do not hold."""
        return tuple(slot for slot in self.slots if slot.status is not Status.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverView:
    """One network of a route: a place for each transport."""

    network: str
    about: str
    places: tuple[PlaceView, ...]

    @property
    def good(self) -> int:
        """Cells that hold."""
        return sum(place.good for place in self.places)

    @property
    def attempted(self) -> int:
        """Cells that were begun."""
        return sum(place.attempted for place in self.places)

    @property
    def broken(self) -> tuple[JudgedSlot, ...]:
        """Cells that do not hold, transport after transport."""
        return tuple(slot for place in self.places for slot in place.broken)

    @property
    def claims(self) -> Mapping[Claim, bool]:
        """What was tried over it, and whether that holds."""
        return {claim_of(slot): slot.status is Status.PASS for place in self.places for slot in place.slots}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """One scenario that does not hold over one transport and network: its cells, one of each engine or more."""

    slots: tuple[JudgedSlot, ...]

    @property
    def first(self) -> JudgedSlot:
        """The cell that speaks for all of them."""
        return self.slots[0]

    @property
    def because(self) -> str:
        """The claim's reason where it was claimed, else what was seen."""
        return self.first.expectation.because if self.first.footnote else self.first.because


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """One route of one run, or of several that set it up alike."""

    text: RouteText
    anchor: str
    over: tuple[OverView, ...]  # its own network first
    first_event: tuple[str, ...]  # one a transport: the engines' p50s over its own network; empty if not measured

    @property
    def breakages(self) -> tuple[Breakage, ...]:
        """What does not hold over any of its networks."""
        return breakages(slot for over in self.over for slot in over.broken)

    @property
    def program(self) -> str:
        """What runs it and for how many apps, which no other program or number of apps can stand in for."""
        return f"{self.text.server}{', two apps' if OTHER_APP in self.text.configuration else ''}"

    @property
    def share(self) -> float:
        """What holds of what was attempted over its own network."""
        own = self.over[0]
        return own.good / own.attempted if own.attempted else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesView:
    """All routes, in the order of the runs; the columns of their tables are `transports`."""

    transports: tuple[str, ...]
    routes: tuple[RouteView, ...]

    @property
    def programs(self) -> Mapping[str, tuple[RouteView, ...]]:
        """The routes by what runs them."""
        names = dict.fromkeys(route.program for route in self.routes)
        return {name: tuple(route for route in self.routes if route.program == name) for name in names}

    def passed(self, program: str) -> tuple[RouteView, ...]:
        """The configurations of a program over whose own network the largest share holds."""
        routes = self.programs[program]
        best = max(route.share for route in routes)
        return tuple(route for route in routes if route.share == best)


def claim_of(slot: JudgedSlot) -> Claim:
    """What a cell tries, whatever the network."""
    cell = slot.cell
    return cell.scenario, cell.engine, cell.transport, cell.relation


def breakages(slots: Iterable[JudgedSlot]) -> tuple[Breakage, ...]:
    """Cells that do not hold, by scenario, network, transport and status; in the order of the first of each."""
    rows: dict[tuple[str, ...], list[JudgedSlot]] = {}
    for slot in slots:
        cell = slot.cell
        rows.setdefault((cell.scenario, cell.network, cell.relation, cell.transport, slot.status), []).append(slot)
    return tuple(Breakage(slots=tuple(own)) for own in rows.values())


def routes_view(view: ReportView, runs: Sequence[Run]) -> RoutesView:
    """The routes that these runs tell of and that have cells in the view; none for runs that led over none."""
    slots: dict[str, list[JudgedSlot]] = {}
    for row in view.rows:
        slots.setdefault(row.network, []).extend(row.judged)
    texts = [text for text in _texts(runs, slots) if text.networks]
    used = {slot.cell.transport for text in texts for name in text.networks for slot in slots[name]}
    transports = tuple(name for name in dict.fromkeys(column.transport for column in view.columns) if name in used)

    def route(text: RouteText) -> RouteView:
        over = (
            OverView(
                network=name,
                about=view.networks.get(name, ""),
                places=tuple(_place(slots[name], transport) for transport in transports),
            )
            for name in text.networks
        )
        return RouteView(
            text=text,
            anchor=f"route.{anchor(text.name)}",
            over=tuple(over),
            first_event=tuple(_first_event(view, text.networks[0], transport) for transport in transports),
        )

    return RoutesView(transports=transports, routes=tuple(map(route, texts)))


def _texts(runs: Iterable[Run], slots: Mapping[str, object]) -> list[RouteText]:
    """Each route once, with those of its networks that have cells; the first run speaks for the configuration."""
    found: dict[str, RouteText] = {}
    for run in runs:
        for text in run.routes:
            known = found.setdefault(text.name, replace(text, networks=()))
            both = dict.fromkeys((*known.networks, *text.networks))
            found[text.name] = replace(known, networks=tuple(name for name in both if name in slots))
    return list(found.values())


def _place(slots: Iterable[JudgedSlot], transport: str) -> PlaceView:
    return PlaceView(slots=tuple(slot for slot in slots if slot.cell.transport == transport and _tells(slot)))


def _tells(slot: JudgedSlot) -> bool:
    """Whether a cell says something of its route; one that failed by our fault does not."""
    return slot.look not in UNTOLD and slot.status is not Status.ERROR


def _first_event(view: ReportView, network: str, transport: str) -> str:
    """`4.1 to 9.3 ms, n 3`: the lowest and the highest of the engines' p50s of the first event's delay, and how many
    delays were measured in all engines together.
    """
    for scenario in view.facts.table.scenarios:
        for row in scenario.rows:
            if (row.name, row.network, row.transport) == (FIRST_EVENT, network, transport):
                spreads = [cell.spread for cell in row.cells if cell.spread]
                p50s = sorted((spread.p50 for spread in spreads), key=lambda bound: bound.value)
                ends = dict.fromkeys(shown_bound(bound) for bound in (p50s[:1] + p50s[-1:]))
                return f"{' to '.join(ends)} ms, n {sum(spread.count for spread in spreads)}" if ends else ""
    return ""
