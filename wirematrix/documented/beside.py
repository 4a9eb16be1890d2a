"""Documented beside observed: a row for each feature, a cell for each engine build, and whether the two agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wirematrix.documented.counterparts import Counterpart, counterpart
from wirematrix.documented.model import Documentation, Feature
from wirematrix.documented.questions import Explanation, Question, questions
from wirematrix.documented.reader import documentation
from wirematrix.documented.sightings import Answer, Sighting, sighted
from wirematrix.documented.statements import Says, Word, said_between
from wirematrix.gather import Gathered, Place
from wirematrix.model import Build


class Agreement(StrEnum):
    """Whether what was observed is what is documented."""

    DISAGREES = "disagrees"
    AGREES = "agrees"
    OPEN = "open"


AGREEMENT_MEANS: Final[Mapping[Agreement, str]] = {
    Agreement.DISAGREES: (
        "documented as supported, and at least a part was observed not to work; or documented as not supported, and at "
        "least a part was observed to work"
    ),
    Agreement.AGREES: "documented as there and seen at work, as partial and seen in part, or as lacking and found so",
    Agreement.OPEN: (
        "there is nothing to compare: not observed, not documented for this version, or documented as partial and "
        "nothing that was looked at is lacking"
    ),
}
THERE: Final = (Says.SUPPORTED, Says.PARTIAL)
NOT_THERE: Final = (Says.ABSENT, Says.FLAG, Says.RENAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A feature in a build: what is documented, what was observed, whether they agree, and if not, why."""

    word: Word
    sighting: Sighting
    agreement: Agreement
    explanation: Explanation | None  # of a disagreement that somebody has explained


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideRow:
    """A feature and its cells, in the order of the table's builds."""

    path: str
    group: str
    feature: Feature
    cells: tuple[Beside, ...]

    @property
    def title(self) -> str:
        """What the data calls it, else its path without the part that says only that it is an API or a header."""
        plain = self.path.removeprefix("api.").removeprefix("http.headers.")
        return f"{plain.partition('.')[0]}: {self.feature.title}" if self.feature.title else plain

    @property
    def disagrees(self) -> bool:
        """Whether any build does."""
        return any(cell.agreement is Agreement.DISAGREES for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideTable:
    """All features in all builds."""

    source: Documentation
    builds: tuple[Build, ...]
    keys: tuple[str, ...]  # of the builds
    counterparts: tuple[Counterpart, ...]
    rows: tuple[BesideRow, ...]

    @property
    def groups(self) -> Mapping[str, tuple[BesideRow, ...]]:
        """The rows under their subjects."""
        found: dict[str, list[BesideRow]] = {}
        for row in self.rows:
            found.setdefault(row.group, []).append(row)
        return {group: tuple(rows) for group, rows in found.items()}

    def count(self, agreement: Agreement) -> int:
        """How many cells agree, disagree, or are open."""
        return sum(cell.agreement is agreement for row in self.rows for cell in row.cells)

    @property
    def disagreements(self) -> Iterator[tuple[BesideRow, int]]:
        """Rows and the numbers of the builds in which they disagree, in order."""
        for row in self.rows:
            for number, cell in enumerate(row.cells):
                if cell.agreement is Agreement.DISAGREES:
                    yield row, number

    def places(self) -> Mapping[Place, tuple[tuple[BesideRow, int], ...]]:
        """For each cell of the matrix, the features that it answers for and the number of its build."""
        found: dict[Place, dict[str, tuple[BesideRow, int]]] = {}
        for row in self.rows:
            for number, cell in enumerate(row.cells):
                for glimpse in cell.sighting.glimpses:
                    if glimpse.place:
                        found.setdefault(glimpse.place, {})[row.path] = (row, number)
        return {place: tuple(rows.values()) for place, rows in found.items()}


def beside(
    gathered: Gathered, *, source: Documentation | None = None, asked: Sequence[Question] | None = None
) -> BesideTable:
    """The table of some runs; empty of rows if none of them has an engine build."""
    source = source or documentation()
    builds = tuple(gathered.builds.items())
    counterparts = tuple(counterpart(build, source) for _, build in builds)
    rows = (
        BesideRow(
            path=question.feature,
            group=question.group,
            feature=source.features[question.feature],
            cells=tuple(
                _cell(question, source, other, sighted(question, key, build, gathered), build.engine)
                for (key, build), other in zip(builds, counterparts, strict=True)
            ),
        )
        for question in (questions().all if asked is None else asked)
    )
    return BesideTable(
        source=source,
        builds=tuple(build for _, build in builds),
        keys=tuple(key for key, _ in builds),
        counterparts=counterparts,
        rows=tuple(rows) if builds else (),
    )


def _cell(question: Question, source: Documentation, other: Counterpart, sighting: Sighting, engine: str) -> Beside:
    word = said_for(other, source, source.features[question.feature])
    agreement = compared(word.says, sighting.answer)
    known = next((one for one in question.explained if engine in one.engines), None)
    return Beside(
        word=word,
        sighting=sighting,
        agreement=agreement,
        explanation=known if agreement is Agreement.DISAGREES else None,
    )


def said_for(other: Counterpart, source: Documentation, feature: Feature) -> Word:
    """What the data says of a feature in what a build is held against."""
    if not other.versions:
        return Word(says=Says.UNSAID, sentence=other.note)
    return said_between(feature, source.brands[other.brand], other.brand, other.versions)


def compared(says: Says, answer: Answer) -> Agreement:
    """Whether an observation is what is documented, as `AGREEMENT_MEANS` says it."""
    if answer in (Answer.UNOBSERVED, Answer.OTHERWISE) or says not in (*THERE, *NOT_THERE):
        return Agreement.OPEN
    if says is Says.PARTIAL and answer is Answer.WORKS:
        return Agreement.OPEN
    fitting = {
        Says.SUPPORTED: (Answer.WORKS,),
        Says.PARTIAL: (Answer.PARTLY,),
    }.get(says, (Answer.LACKING,))
    return Agreement.AGREES if answer in fitting else Agreement.DISAGREES
