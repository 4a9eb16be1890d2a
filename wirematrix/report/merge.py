"""From runs to one matrix: which columns and rows there are, and what stands in each slot.

Columns are engine build x transport, so the WebKits of two machines never share one. Nothing received is
thrown away: attempts of one cell from several runs stand together, and where they disagree the slot says
so. Nothing declared is forgotten: what was not received is a blank slot and is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wirematrix import repeats
from wirematrix.errors import InvalidInput
from wirematrix.facts import fact_table
from wirematrix.gather import Gathered, Place, RanAttempt, gather
from wirematrix.keynumbers import key_number_of
from wirematrix.model import SAME_ORIGIN, Attempt, Build, Cell, Run, RunInfo, ScenarioText, Status
from wirematrix.repeats import was_made
from wirematrix.report.factviews import FactsView, in_short, places
from wirematrix.report.figures import NUMBERLESS, key_number, metric_label, metric_meaning
from wirematrix.report.footnotes import Footnotes
from wirematrix.report.tally import Tally, Verdict, by_kind, tally
from wirematrix.report.text import anchor
from wirematrix.report.views import (
    Blank,
    BlankSlot,
    ColumnView,
    EngineView,
    GroupView,
    JudgedSlot,
    Look,
    ReportView,
    RowView,
    ScenarioView,
    Slot,
    UnavailableView,
)


def merge_views(runs: Sequence[Run]) -> ReportView:
    """One matrix of one run or several; the same run given twice counts once.

    Raises InvalidInput if there is no run at all.
    """
    if not runs:
        raise InvalidInput("report", "there is no run to show", expected="at least one run")
    return _Merge(gather(runs)).view()


def decide(attempts: Sequence[RanAttempt]) -> RanAttempt:
    """The attempt that speaks for its cell, over all runs; see `repeats.deciding`."""
    speaks = repeats.deciding([ran.attempt for ran in attempts])
    return next(ran for ran in attempts if ran.attempt is speaks)


def disagreement(attempts: Sequence[RanAttempt]) -> str:
    """How attempts of one cell differ in status, within runs or between them; empty if they do not."""
    by_run: dict[int, list[Attempt]] = {}
    for ran in attempts:
        by_run.setdefault(ran.run, []).append(ran.attempt)
    within = {run: sentence for run, own in by_run.items() if (sentence := repeats.disagreement(own))}
    if within:
        return "; ".join(f"{said} in run {run}" if len(by_run) > 1 else said for run, said in within.items())
    ended = {run: repeats.deciding(own).verdict.status for run, own in by_run.items() if any(map(was_made, own))}
    if len(set(ended.values())) > 1:
        return f"the runs disagree: {', '.join(f'{status} in run {run}' for run, status in ended.items())}"
    return ""


class _Number(NamedTuple):
    """What stands in the cells of a scenario beside their status: a fact or a metric, or neither."""

    label: str
    means: str
    fact: str = ""
    metric: str = ""


class _Merge:
    """Makes views of what was gathered; hands out footnotes in the order of the grid."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._engines = tuple(
            EngineView(key=key, build=build, transports=transports, note=not_to_be_taken_for(build))
            for key, build in gathered.builds.items()
            if (transports := gathered.transports_of(key))
        )
        self._columns = tuple(
            ColumnView(engine=engine, transport=transport, leads=transport == engine.transports[0])
            for engine in self._engines
            for transport in engine.transports
        )
        first_build = {engine.build.engine: engine.key for engine in reversed(self._engines)}
        self._leading_builds = set(first_build.values())
        self._facts = fact_table(gathered)
        self._recorded = {(place, name): cell for place, name, cell in places(self._facts)}
        self._facts_of = {one.name: one.facts for one in self._facts.scenarios}
        self._known = Footnotes()
        self._excluded = Footnotes(lettered=True)

    def view(self) -> ReportView:
        gathered = self._gathered
        by_group: dict[str, list[ScenarioText]] = {}
        for text in gathered.scenarios.values():
            by_group.setdefault(text.group, []).append(text)
        groups = tuple(self._group(name, texts) for name, texts in by_group.items())
        groups = tuple(group for group in groups if group.scenarios)
        slots = [slot for group in groups for slot in _slots(group.scenarios)]
        judged = {Place(slot.engine.key, slot.cell): slot for slot in slots if isinstance(slot, JudgedSlot)}
        missing = tuple(self._missing_name(place) for place in gathered.missing)
        missing += tuple(gathered.unreadable)
        return ReportView(
            runs=gathered.runs,
            engines=self._engines,
            columns=self._columns,
            groups=groups,
            networks=gathered.networks,
            tally=_tally(slots, missing=len(missing)),
            tallies={engine.key: self._tally_of(engine, slots) for engine in self._engines},
            kinds=by_kind(_verdicts(slots)),
            kinds_of={
                engine.key: {tally.kind: tally for tally in by_kind(_verdicts(_of(engine, slots)))}
                for engine in self._engines
            },
            facts=FactsView(table=self._facts, anchors={place: slot.anchor for place, slot in judged.items()}),
            missing=missing,
            unavailable=tuple(
                UnavailableView(engine=engine, system=one.system, because=because)
                for one in gathered.runs
                for engine, because in one.unavailable.items()
            ),
            discords=tuple(_discords(gathered.runs)),
            known=self._known.views(),
            exclusions=self._excluded.views(),
        )

    def _group(self, name: str, texts: Iterable[ScenarioText]) -> GroupView:
        scenarios = tuple(scenario for text in texts if (scenario := self._scenario(text)).rows)
        rows = [row for scenario in scenarios for row in scenario.rows]
        columns = [[row.slots[at] for row in rows] for at in range(len(self._columns))]
        slots = list(_slots(scenarios))
        return GroupView(
            name=name,
            scenarios=scenarios,
            tally=_tally(slots, missing=_lacking(slots)),
            subtotals=tuple(_tally(column, missing=_lacking(column)) for column in columns),
        )

    def _scenario(self, text: ScenarioText) -> ScenarioView:
        number = self._number_of(text)
        ways = self._gathered.ways_of(text.name)
        rows = tuple(self._row(text, network, relation, number) for network, relation in ways)
        return ScenarioView(text=text, anchor=f"scenario.{anchor(text.name)}", rows=rows)

    def _number_of(self, text: ScenarioText) -> _Number:
        """What stands in a scenario's cells: a check's first fact; else the metric of its claim, or its first fact."""
        own = [
            ran.attempt
            for place, attempts in self._gathered.attempts.items()
            if place.cell.scenario == text.name
            for ran in attempts
        ]
        facts = self._facts_of.get(text.name, ())
        key = key_number_of(text.kind, [fact.name for fact in facts], own)
        if key.fact:
            title = facts[0].title
            return _Number(title, f"{title}: p50 or commonest word of what was recorded", fact=key.fact)
        return _Number(metric_label(key.metric), metric_meaning(key.metric), metric=key.metric)

    def _row(self, text: ScenarioText, network: str, relation: str, number: _Number) -> RowView:
        columns = [(column.engine, self._place(text, column, network, relation)) for column in self._columns]
        across = "" if relation == SAME_ORIGIN else f".{relation}"
        return RowView(
            scenario=text,
            network=network,
            relation=relation,
            about=self._gathered.networks.get(network, ""),
            number=number.label,
            number_means=number.means,
            anchor=f"evidence.{anchor(text.name)}.{anchor(network)}{across}",
            back=f"scenario.{anchor(text.name)}",
            slots=tuple(self._slot(text, engine, place, number) for engine, place in columns),
        )

    @staticmethod
    def _place(text: ScenarioText, column: ColumnView, network: str, relation: str) -> Place:
        engine = column.engine
        cell = Cell(
            scenario=text.name,
            engine=engine.build.engine,
            transport=column.transport,
            network=network,
            relation=relation,
        )
        return Place(engine.key, cell)

    def _slot(self, text: ScenarioText, engine: EngineView, place: Place, number: _Number) -> Slot:
        attempts = self._gathered.attempts.get(place)
        if not attempts:
            return self._blank(place)
        deciding = decide(attempts)
        plain = anchor(place.cell.id)
        return JudgedSlot(
            cell=place.cell,
            anchor=plain if engine.key in self._leading_builds else f"{plain}.{anchor(engine.key)}",
            scenario=text,
            engine=engine,
            attempts=tuple(attempts),
            deciding=deciding,
            unsettled=disagreement(attempts),
            number=self._shown(number, place, deciding),
            footnote=self._footnote(deciding),
        )

    def _shown(self, number: _Number, place: Place, deciding: RanAttempt) -> str:
        if not number.fact:
            return key_number(number.metric, deciding.attempt)
        cell = self._recorded.get((place, number.fact))
        unjudged = deciding.attempt.verdict.status in NUMBERLESS
        return in_short(number.fact, cell) if cell and not unjudged else ""

    def _footnote(self, deciding: RanAttempt) -> str:
        verdict = deciding.attempt.verdict
        if not verdict.expected or verdict.builds_on or verdict.status in (Status.PASS, Status.SKIP):
            return ""
        claim = verdict.expectation
        return self._known.mark(claim.because, see=claim.see, status=verdict.status)

    def _blank(self, place: Place) -> BlankSlot:
        if because := self._gathered.excluded.get(place):
            mark = self._excluded.mark(because)
            return BlankSlot(cell=place.cell, blank=Blank.EXCLUDED, because=because, footnote=mark)
        if place in self._gathered.declared:
            because = "declared, but no attempt of it was received"
            return BlankSlot(cell=place.cell, blank=Blank.MISSING, because=because)
        return BlankSlot(cell=place.cell, blank=Blank.UNSELECTED, because="not selected for this run")

    def _missing_name(self, place: Place) -> str:
        build = self._gathered.builds[place.build_key]
        alike = [other for other in self._gathered.builds.values() if other.engine == build.engine]
        return f"{place.cell.id} in {build.product} {build.version}" if len(alike) > 1 else place.cell.id

    def _tally_of(self, engine: EngineView, slots: Iterable[Slot]) -> Tally:
        missing = sum(place.build_key == engine.key for place in self._gathered.missing)
        return _tally(_of(engine, slots), missing=missing)


def _slots(scenarios: Iterable[ScenarioView]) -> Iterable[Slot]:
    return (slot for scenario in scenarios for row in scenario.rows for slot in row.slots)


def _lacking(slots: Iterable[Slot]) -> int:
    return sum(isinstance(slot, BlankSlot) and slot.blank is Blank.MISSING for slot in slots)


def _tally(slots: Iterable[Slot], *, missing: int) -> Tally:
    judged = [slot for slot in slots if isinstance(slot, JudgedSlot)]
    tried = [slot for slot in judged if slot.look is not Look.UNREACHED]
    return tally(_verdicts(tried), missing=missing, unreached=len(judged) - len(tried))


def _verdicts(slots: Iterable[Slot]) -> Iterable[Verdict]:
    judged = (slot for slot in slots if isinstance(slot, JudgedSlot) and slot.look is not Look.UNREACHED)
    return ((slot.scenario.kind, slot.status, slot.look is not Look.NEWS) for slot in judged)


def _of(engine: EngineView, slots: Iterable[Slot]) -> list[JudgedSlot]:
    return [slot for slot in slots if isinstance(slot, JudgedSlot) and slot.engine.key == engine.key]


def not_to_be_taken_for(build: Build) -> str:
    """What people tend to take a build for and it is not; empty for most."""
    if build.engine != "webkit":
        return ""
    if build.origin == "system":
        return "not Safari: WebKit's GTK port with libsoup as its network stack"
    return "not Safari, which shares the engine and not the build"


def _discords(conditions: Sequence[RunInfo]) -> Iterable[str]:
    """Conditions that should be the same in runs shown as one matrix, and are not."""
    for name, values in (
        ("commit", [one.commit for one in conditions]),
        ("wirematrix version", [one.wirematrix for one in conditions]),
        ("scale factor", [f"{one.scale_factor:g}" for one in conditions]),
    ):
        if len(set(values)) > 1:
            each = ", ".join(f"run {number}: {value}" for number, value in enumerate(values, start=1))
            yield f"the runs differ in their {name} ({each})"
