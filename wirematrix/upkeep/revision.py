"""The expectations as they should be after what runs saw, and what that takes.

For each cell and build the claim that counts today is compared with how the attempts ended:

    seen was ...                      the line then says ...
    only what is expected             what it says
    nothing that is expected          what was seen most; with `add_intermittents` the rest of it, too
    some of it expected, some not     what it says; with `add_intermittents` the rest of it, too

A claim is changed where it stands if all its cells were seen and none is as it says; it goes if the cells are then as
they would be without it. In any other case it stays, and narrower ones are added for the cells that differ. What was
not seen keeps its expectation. A reason that may have been true for other statuses only is marked, not lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wirematrix.expectations import AXES, BuildCondition, Claim, Selector, Version, comparable
from wirematrix.matrix import Matrix
from wirematrix.model import Build, Cell, Expectation, Status
from wirematrix.nodes import Place, is_unfinished
from wirematrix.upkeep.builds import share_out
from wirematrix.upkeep.cover import cover
from wirematrix.upkeep.draft import PASSES, Draft
from wirematrix.upkeep.sightings import Sighting, Sightings

TODO: Final = "TODO"
WIDENED: Final = ("relation", "network", "transport", "engine")  # axes a new line leaves out if it may, in this order


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How far an update goes."""

    add_intermittents: bool = False
    drop_intermittents: bool = False
    min_attempts: int = 10  # of each cell with each build, before a status that nobody saw is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """A claim that says another status than before."""

    before: Claim
    after: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What changes, and everything as it is then."""

    restated: tuple[Restated, ...]
    removed: tuple[Claim, ...]
    added: tuple[Claim, ...]
    claims: tuple[Claim, ...]  # those of the file in its order, then the added ones
    beyond_words: tuple[Sighting, ...]  # unexpected, and no condition tells the build from another of the same cell
    draft: Draft

    @property
    def changes(self) -> int:
        """How many claims change."""
        return len(self.restated) + len(self.removed) + len(self.added)


def revise(matrix: Matrix, sightings: Sightings, switches: Switches) -> Revision:
    """What to change so that what was seen is expected.

    Goes on until nothing changes, for a claim that lost cells to a narrower one may have a status to drop. That ends:
    new claims come in the first round only, and after it lists get shorter and claims fewer.
    """
    draft = Draft(matrix, sightings)
    work = _Work(draft, switches, matrix.file)
    before: tuple[Claim, ...] | None = None
    beyond_words: tuple[Sighting, ...] = ()
    while before != draft.claims:
        before = draft.claims
        for claim in draft.widest_first():
            work.settle(claim)
        beyond_words = work.add()
    return _compared(matrix.expectations, draft, beyond_words)


def wanted(expected: tuple[Status, ...], sighting: Sighting, *, add: bool) -> tuple[Status, ...]:
    """What should be expected of a cell that was expected to end as `expected`, and was seen."""
    fresh = tuple(status for status in sighting.ranked if status not in expected)
    if len(fresh) == len(sighting.ranked):
        return fresh if add else fresh[:1]
    return (*expected, *fresh) if add else expected


class _Work:
    """Changes a draft until it says what was seen."""

    def __init__(self, draft: Draft, switches: Switches, file: str) -> None:
        self._draft = draft
        self._switches = switches
        self._file = file
        self._added = 0

    def settle(self, claim: Claim) -> None:
        """Restate or remove a claim all of whose cells were seen, if none of them is as it says."""
        seen = tuple(self._draft.governed(claim))
        if not seen or any(True for _ in self._draft.unseen(claim)):
            return
        said = claim.expectation.statuses
        statuses = self._kept(said, seen)
        targets = Counter(self._wanted(statuses, sighting) for sighting in seen)
        if statuses not in targets:
            statuses = max(targets, key=lambda target: (targets[target], target[0] == said[0]))
        agreeing = [sighting for sighting in seen if self._wanted(statuses, sighting) == statuses]
        needless = all(
            self._draft.statuses(sighting.cell, sighting.build, without=claim) == statuses for sighting in agreeing
        )
        if needless and (statuses != said or statuses == PASSES):
            self._draft.remove(claim)
        elif statuses != said:
            self._draft.restate(claim, statuses)

    def add(self) -> tuple[Sighting, ...]:
        """Add claims for whatever is still not as it was seen; give back what no claim can say."""
        groups: dict[_Group, list[Sighting]] = {}
        beyond_words: list[Sighting] = []
        for cell, seen in self._draft.sightings_by_cell.items():
            for group, sighting in self._deviations(cell, seen):
                if group is None:
                    beyond_words.append(sighting)
                else:
                    groups.setdefault(group, []).append(sighting)
        for group, deviating in groups.items():
            self._add(group, deviating)
        return tuple(beyond_words)

    def _wanted(self, expected: tuple[Status, ...], sighting: Sighting) -> tuple[Status, ...]:
        return wanted(expected, sighting, add=self._switches.add_intermittents)

    def _kept(self, statuses: tuple[Status, ...], seen: Sequence[Sighting]) -> tuple[Status, ...]:
        """The statuses without those to drop; all of them if none was seen."""
        enough = all(sighting.attempts >= self._switches.min_attempts for sighting in seen)
        if not (self._switches.drop_intermittents and enough):
            return statuses
        return tuple(status for status in statuses if any(status in sighting.counts for sighting in seen)) or statuses

    def _deviations(self, cell: Cell, seen: Sequence[Sighting]) -> Iterator[tuple[_Group | None, Sighting]]:
        """What was seen of one cell otherwise than expected, each with the group whose claim will say so."""
        expected = {sighting.build: self._draft.statuses(cell, sighting.build) for sighting in seen}
        targets = {sighting.build: self._wanted(expected[sighting.build], sighting) for sighting in seen}
        by_build = {sighting.build: sighting for sighting in seen}
        chosen: list[BuildCondition] = []

        def accepts(condition: BuildCondition, builds: Sequence[Build]) -> bool:
            alone = self._claim(_exactly(cell), targets[builds[0]], condition)
            return (
                not any(condition.holds(build) for build in targets if targets[build] != targets[builds[0]])
                and not any(condition.meets(other) for other in chosen)
                and self._draft.fits(alone, [by_build[build] for build in builds])
            )

        deviating = [build for build in targets if targets[build] != expected[build]]
        for statuses in dict.fromkeys(targets[build] for build in deviating):
            builds = [build for build in deviating if targets[build] == statuses]
            for share in share_out(builds, self._boundaries(cell, seen), accepts):
                group = None
                if share.condition is not None:
                    chosen.append(share.condition)
                    group = self._group(cell, statuses, share.condition)
                yield from ((group, by_build[build]) for build in share.builds)

    def _boundaries(self, cell: Cell, seen: Sequence[Sighting]) -> set[Version]:
        """The versions at which something begins or ends to hold for a cell."""
        conditions = [claim.build for claim in self._draft.claims_of(cell)]
        bounds = [
            *(comparable(sighting.build.version) for sighting in seen),
            *(condition.low for condition in conditions),
            *(condition.high for condition in conditions),
        ]
        return {bound for bound in bounds if bound is not None}

    def _group(self, cell: Cell, statuses: tuple[Status, ...], condition: BuildCondition) -> _Group:
        versioned = condition.low is not None or condition.high is not None
        return _Group(
            scenario=cell.scenario,
            engine=cell.engine if versioned else None,
            statuses=statuses,
            condition=condition,
            beside=frozenset(claim.place for claim in self._draft.claims_of(cell) if claim.build.meets(condition)),
        )

    def _add(self, group: _Group, deviating: Sequence[Sighting]) -> None:
        """Add the claims of one group, as few and as short as can be."""
        scenario = Selector(scenario=frozenset([group.scenario]))
        known = [cell for cell in self._draft.index.meant(scenario) if cell.engine in self._draft.counting_engines]
        for selector in cover(list(dict.fromkeys(sighting.cell for sighting in deviating)), known):
            own = [sighting for sighting in deviating if selector.matches(sighting.cell)]
            claim = self._claim(selector, group.statuses, group.condition)
            for axis in WIDENED:
                wider = replace(claim, selector=replace(claim.selector, **{axis: None}))
                if self._may_be(wider, own) and (axis != "engine" or group.engine is None):
                    claim = wider
            self._draft.add(claim)
            self._added += 1

    def _may_be(self, claim: Claim, own: Sequence[Sighting]) -> bool:
        """Whether a claim means no cell but its own and, if it names no engine, those of engines nobody ran."""
        cells = {sighting.cell for sighting in own}
        nobodys = (cell for cell in self._draft.index.meant(claim.selector) if cell not in cells)
        open_to_all = claim.selector.engine is None
        return all(open_to_all and cell.engine not in self._draft.counting_engines for cell in nobodys) and (
            self._draft.fits(claim, own)
        )

    def _claim(self, selector: Selector, statuses: tuple[Status, ...], condition: BuildCondition) -> Claim:
        return Claim(
            selector=selector,
            build=condition,
            expectation=Expectation(statuses=statuses, because=TODO, see=TODO),
            place=Place(file=self._file, line=0, key=f"new[{self._added}]"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What cells must share to stand in one line."""

    scenario: str
    engine: str | None  # only if versions are told apart
    statuses: tuple[Status, ...]
    condition: BuildCondition
    beside: frozenset[Place]  # the claims within which the new one will lie, or the other way round


def _exactly(cell: Cell) -> Selector:
    return Selector(**{axis: frozenset([getattr(cell, axis)]) for axis in AXES})


def _compared(before: Sequence[Claim], draft: Draft, beyond_words: tuple[Sighting, ...]) -> Revision:
    """What a draft changed; reasons that may not be true any more get their mark."""
    then = {claim.place: claim for claim in draft.claims}
    restated = [
        Restated(before=claim, after=_marked(claim, then[claim.place]))
        for claim in before
        if claim.place in then and then[claim.place] != claim
    ]
    then |= {each.after.place: each.after for each in restated}
    places = {claim.place for claim in before}
    return Revision(
        restated=tuple(restated),
        removed=tuple(claim for claim in before if claim.place not in then),
        added=tuple(claim for place, claim in then.items() if place not in places),
        claims=tuple(then.values()),
        beyond_words=beyond_words,
        draft=draft,
    )


def _marked(before: Claim, after: Claim) -> Claim:
    """The claim with a mark before its reason, unless it says less than before and the same is typical."""
    was, now, because = before.expectation.statuses, after.expectation.statuses, before.expectation.because
    if (now[0] == was[0] and set(now) <= set(was)) or is_unfinished(because):
        return after
    marked = f"{TODO} (was {'/'.join(was)}) {because}"
    return replace(after, expectation=replace(after.expectation, because=marked))
