"""Expectations on their way to what was seen: a list of claims that knows which of them counts for which cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from wirematrix.expectations import CellIndex, Claim, narrowest
from wirematrix.matrix import Matrix
from wirematrix.model import Build, Cell, Status
from wirematrix.nodes import Place
from wirematrix.upkeep.sightings import Sighting, Sightings

PASSES = (Status.PASS,)  # what a cell is expected to do if no claim counts


class Draft:
    """The claims of a matrix, to be changed one by one; a claim is known by its place."""

    def __init__(self, matrix: Matrix, sightings: Sightings) -> None:
        cells = matrix.cells([engine.name for engine in matrix.engines])
        self.index = CellIndex(cells)
        self.sightings_by_cell: Mapping[Cell, tuple[Sighting, ...]] = _by_cell(sightings.cells)
        # An engine that is not required and that no run has goes with the others: it keeps no line as it is, and a
        # line that names no engine means it, too. Without this no line of a real matrix could ever change.
        self.counting_engines = sightings.engines.union(matrix.required_engines)
        self._claims = {claim.place: claim for claim in matrix.expectations}
        self._places: dict[Cell, list[Place]] = {cell: [] for cell in cells}
        for claim in matrix.expectations:
            self._enter(claim)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims: those of the file in its order, then the new ones."""
        return tuple(self._claims.values())

    def add(self, claim: Claim) -> None:
        """One more, under a place of its own."""
        self._claims[claim.place] = claim
        self._enter(claim)

    def restate(self, claim: Claim, statuses: tuple[Status, ...]) -> None:
        """The same cells and builds, another list of statuses."""
        expectation = replace(claim.expectation, statuses=statuses)
        self._claims[claim.place] = replace(claim, expectation=expectation)

    def remove(self, claim: Claim) -> None:
        """As if it had never been written."""
        del self._claims[claim.place]
        for cell in self.index.meant(claim.selector):
            self._places[cell].remove(claim.place)

    def claims_of(self, cell: Cell) -> tuple[Claim, ...]:
        """The claims that mean a cell, whatever the build."""
        return tuple(self._claims[place] for place in self._places[cell])

    def counting(self, cell: Cell, build: Build) -> Claim | None:
        """The claim that counts for a cell with a build."""
        return narrowest(self.claims_of(cell), build)

    def statuses(self, cell: Cell, build: Build, *, without: Claim | None = None) -> tuple[Status, ...]:
        """What is expected of a cell with a build; `without` a claim: if that one were not there."""
        claims = [each for each in self.claims_of(cell) if without is None or each.place != without.place]
        claim = narrowest(claims, build)
        return claim.expectation.statuses if claim else PASSES

    def governed(self, claim: Claim) -> Iterator[Sighting]:
        """What was seen of the cells and builds for which a claim counts."""
        for cell in self.index.meant(claim.selector):
            for sighting in self.sightings_by_cell.get(cell, ()):
                counting = self.counting(cell, sighting.build)
                if counting is not None and counting.place == claim.place:
                    yield sighting

    def unseen(self, claim: Claim) -> Iterator[Cell]:
        """The cells for which a claim may count and of which nothing was seen that it counts for."""
        seen = {sighting.cell for sighting in self.governed(claim)}
        for cell in self.index.meant(claim.selector):
            counts = claim.selector.engine is not None or cell.engine in self.counting_engines
            if counts and cell not in seen and not self._hidden(claim, cell):
                yield cell

    def fits(self, claim: Claim, sighting: Iterable[Sighting]) -> bool:
        """Whether a new claim agrees with all others and would be the one that counts for what was seen."""
        sharing = {each.place: each for cell in self.index.meant(claim.selector) for each in self.claims_of(cell)}
        return all(claim.agrees_with(other) for other in sharing.values()) and all(
            narrowest((*self.claims_of(each.cell), claim), each.build) is claim for each in sighting
        )

    def widest_first(self) -> list[Claim]:
        """The claims in an order in which none stands before one that it lies within."""
        return sorted(self.claims, key=lambda claim: sum(map(claim.within, self.claims)))

    def _hidden(self, claim: Claim, cell: Cell) -> bool:
        """Whether a narrower claim counts for the cell whenever this one holds."""
        others = (other for other in self.claims_of(cell) if other.place != claim.place)
        return any(other.within(claim) and claim.build.within(other.build) for other in others)

    def _enter(self, claim: Claim) -> None:
        for cell in self.index.meant(claim.selector):
            self._places[cell].append(claim.place)


def _by_cell(sighting: Iterable[Sighting]) -> Mapping[Cell, tuple[Sighting, ...]]:
    cells: dict[Cell, tuple[Sighting, ...]] = {}
    for each in sighting:
        cells[each.cell] = (*cells.get(each.cell, ()), each)
    return cells
