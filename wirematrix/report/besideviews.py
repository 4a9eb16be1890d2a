"""Documented beside observed as a report shows it: words, links to the evidence, a line for each cell that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from wirematrix.documented import Agreement, Beside, BesideRow, BesideTable
from wirematrix.documented.beside import AGREEMENT_MEANS
from wirematrix.documented.questions import WHOSE_MEANS
from wirematrix.documented.sightings import Answer
from wirematrix.gather import Place
from wirematrix.model import Build
from wirematrix.report.tally import counted
from wirematrix.report.text import clipped
from wirematrix.report.views import JudgedSlot

MARKS: Final[Mapping[Agreement, str]] = {Agreement.DISAGREES: "≠", Agreement.AGREES: "=", Agreement.OPEN: "?"}
SENTENCE_CLIPPED_AT: Final = 240
UNEXPLAINED: Final = "Nobody has explained this yet: our fault, MDN's, or the build's?"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLink:
    """Where the evidence of an observation stands in the report."""

    label: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedLine:
    """A feature that a cell answers for, as the cell's evidence says it."""

    title: str
    path: str
    sentence: str
    agreement: Agreement
    mark: str


@dataclass(frozen=True, kw_only=True)
class BesideView:
    """The table with the way from each observation to its evidence."""

    table: BesideTable
    anchors: Mapping[Place, str]

    marks = MARKS
    means = AGREEMENT_MEANS
    whose_means = WHOSE_MEANS

    @property
    def shown(self) -> bool:
        """Whether anything was observed that the data speaks of."""
        return any(cell.sighting.answer is not Answer.UNOBSERVED for row in self.table.rows for cell in row.cells)

    @property
    def source(self) -> str:
        """What the words of MDN are from."""
        return source_of(self.table)

    @property
    def summary(self) -> str:
        """The section in a few words."""
        return summary_of(self.table)

    def name(self, number: int) -> str:
        """A build of the table."""
        return build_name(self.table.builds[number])

    def why(self, cell: Beside) -> str:
        """Why a disagreement is there, as far as somebody knows."""
        return explained(cell)

    def links(self, cell: Beside) -> tuple[EvidenceLink, ...]:
        """The evidence of a cell's observations, each cell of the matrix once, those first that decided."""
        decided = sorted(cell.sighting.glimpses, key=lambda one: one.sentence not in cell.sighting.sentence)
        places = dict.fromkeys(one.place for one in decided if one.place)
        return tuple(
            EvidenceLink(label=f"{place.cell.scenario}, {place.cell.transport}", anchor=self.anchors[place])
            for place in places
            if place in self.anchors
        )

    def of(self, slot: JudgedSlot) -> tuple[DocumentedLine, ...]:
        """What is documented of the features that a cell answers for."""
        rows = self._rows_by_place.get(Place(slot.engine.key, slot.cell), ())
        return tuple(self._line(row, number) for row, number in rows)

    @cached_property
    def _rows_by_place(self) -> Mapping[Place, tuple[tuple[BesideRow, int], ...]]:
        return self.table.places()

    def _line(self, row: BesideRow, number: int) -> DocumentedLine:
        cell = row.cells[number]
        label = self.table.counterparts[number].label
        return DocumentedLine(
            title=row.title,
            path=row.path,
            sentence=f"{f'{label}: ' if label else ''}{documented(cell)}. Observed: {cell.sighting.answer}",
            agreement=cell.agreement,
            mark=MARKS[cell.agreement],
        )


def source_of(table: BesideTable) -> str:
    """What the words of MDN are from: package, version, day, license."""
    source = table.source
    return f"{source.package} {source.version} of {source.built[:10]} ({source.license})"


def summary_of(table: BesideTable) -> str:
    """The table in a few words."""
    counts = {agreement: table.count(agreement) for agreement in Agreement}
    return (
        f"{counted(len(table.rows), 'feature')}, {counted(counts[Agreement.DISAGREES], 'disagreement')}, "
        f"{counts[Agreement.AGREES]:,} agree, {counts[Agreement.OPEN]:,} open"
    )


def build_name(build: Build) -> str:
    """Product and version."""
    return f"{build.product} {build.version}".strip()


def documented(cell: Beside) -> str:
    """What is documented, with the notes that belong to it: "partly since 53 (Not supported in service workers.)"."""
    notes = f" ({clipped(' '.join(cell.word.notes), SENTENCE_CLIPPED_AT)})" if cell.word.notes else ""
    return f"{cell.word.sentence}{notes}"


def stated(cell: Beside) -> str:
    """The same after the word for it: "partial, partly since 53 (...)"; the word alone where it is all that is said."""
    plain = cell.word.sentence == str(cell.word.says) and not cell.word.notes
    return str(cell.word.says) if plain else f"{cell.word.says}, {documented(cell)}"


def observed(cell: Beside) -> str:
    """What was observed, and unless it simply works what decided."""
    if cell.sighting.answer is Answer.WORKS:
        return str(cell.sighting.answer)
    return f"{cell.sighting.answer}: {clipped(cell.sighting.sentence, SENTENCE_CLIPPED_AT)}"


def explained(cell: Beside) -> str:
    """Whose doing a disagreement is and why, or that nobody knows yet; empty where there is none."""
    if cell.agreement is not Agreement.DISAGREES:
        return ""
    known = cell.explanation
    return f"{known.whose}: {known.because}" if known else UNEXPLAINED
