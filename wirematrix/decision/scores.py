"""Scores: what measured rows are worth, 0 to 1, and what they add up to in one factor. Pure arithmetic.

Candidates are compared only in the slots that have a reading for each of them: a row that one of them lacks is left
out for all, so that nobody gains by not having been measured. A better row never lowers the score of its candidate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from wirematrix.decision.answer import Contribution
from wirematrix.decision.book import Book
from wirematrix.decision.model import (
    CANDIDATES,
    Better,
    CellSource,
    EffortSource,
    Evidence,
    FactSource,
    LoadSource,
    Ratio,
    Reading,
    Scale,
    Source,
    Threshold,
    Words,
)
from wirematrix.decision.slots import Plan, Slot, described

NOT_THERE: Final = ": not in the runs"
Shares = Mapping[str, float]  # of engine builds, by key; load and effort have all of it under ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate in one slot: its source and the rows that were measured."""

    source: Source
    rows: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One evidence: contributions by candidate (their weights add up to 1), and what is missing.

    Nothing is compared where no slot has readings of all candidates.
    """

    contributions: Mapping[str, tuple[Contribution, ...]]
    gap: str


def weigh(evidence: Evidence, candidates: Sequence[str], book: Book, plan: Plan, shares: Shares) -> Weighed:
    """Score the candidates by one evidence, in the slots that all of them have."""
    entries = {candidate: measured(evidence, candidate, book, plan, shares) for candidate in candidates}
    common = [slot for slot in entries[candidates[0]] if all(slot in entries[candidate] for candidate in candidates)]
    contributions: dict[str, list[Contribution]] = {candidate: [] for candidate in candidates}
    for slot, weight in _weights(common, shares):
        scores = _scores({candidate: entries[candidate][slot] for candidate in candidates})
        for candidate, score in scores.items():
            own = entries[candidate][slot].rows
            label = slot.label or _names(own)
            contributions[candidate].append(Contribution(slot=label, weight=weight, score=score, rows=own))
    return Weighed(
        contributions={name: tuple(found) for name, found in contributions.items() if found},
        gap=_gap(evidence, entries, len(common), book, plan, shares),
    )


def measured(evidence: Evidence, candidate: str, book: Book, plan: Plan, shares: Shares) -> Mapping[Slot, Entry]:
    """The slots of a candidate in which every row was measured, in engines that count."""
    asked = plan.of(evidence, candidate)
    found: dict[Slot, Entry] = {}
    for slot, keys in asked.rows.items() if asked else ():
        if asked and shares.get(slot.build, 0.0) > 0:
            rows = tuple(row for row in map(book.readings.get, keys) if row is not None)
            if len(rows) == len(keys):
                found[slot] = Entry(source=asked.source, rows=rows)
    return found


def holds(entry: Entry) -> bool:
    """Whether the rows of a slot say that a need is met: at least half of what was seen holds."""
    return _plain_score(entry) >= 0.5


def _weights(slots: Sequence[Slot], shares: Shares) -> Iterator[tuple[Slot, float]]:
    """Builds count by their share, the slots of one build alike."""
    by_build: dict[str, list[Slot]] = defaultdict(list)
    for slot in slots:
        by_build[slot.build].append(slot)
    total = sum(shares[build] for build in by_build)
    for build, own in by_build.items():
        for slot in own:
            yield slot, shares[build] / total / len(own)


def _scores(entries: Mapping[str, Entry]) -> Mapping[str, float]:
    """The scores of one slot: numbers are held against the best number in it."""
    ratios = {candidate: ratio_of(entry.source) for candidate, entry in entries.items()}
    numbers = {candidate: _number(entries[candidate], ratio) for candidate, ratio in ratios.items() if ratio}
    best: dict[Better, float] = {}
    for candidate, number in numbers.items():
        ratio = ratios[candidate]
        if ratio and number is not None:
            pick = min if ratio.better is Better.LESS else max
            best[ratio.better] = pick(best.get(ratio.better, number), number)
    scores: dict[str, float] = {}
    for candidate, entry in entries.items():
        ratio = ratios[candidate]
        if ratio is None:
            scores[candidate] = _plain_score(entry)
        else:
            number = numbers[candidate]
            scores[candidate] = 0.0 if number is None else _against(best[ratio.better], number, ratio) * _counted(entry)
    return scores


def ratio_of(source: Source) -> Ratio | None:
    """How a source's numbers are held against each other; None if they stand for themselves."""
    if isinstance(source, CellSource):
        return None
    if isinstance(source, EffortSource):
        return Ratio(better=Better.LESS, floor=source.floor)
    return source.scale if isinstance(source.scale, Ratio) else None


def _number(entry: Entry, ratio: Ratio) -> float | None:
    """The number of a slot: rows of effort add up; what is impossible has none."""
    numbers = [None if row.impossible else row.number for row in entry.rows]
    known = [number for number in numbers if number is not None]
    return max(sum(known), ratio.floor) if len(known) == len(numbers) else None


def _against(best: float, number: float, ratio: Ratio) -> float:
    """1 for the best, less the farther from it."""
    if number == best:
        return 1.0
    return best / number if ratio.better is Better.LESS else number / best


def _counted(entry: Entry) -> float:
    """The share of what was recorded that is a number: a word in its place ("never") is worth nothing."""
    return sum(_share_of_numbers(row) for row in entry.rows) / len(entry.rows)


def _share_of_numbers(row: Reading) -> float:
    return row.numbers / (row.numbers + sum(row.words.values())) if row.words else 1.0


def _plain_score(entry: Entry) -> float:
    """The score of rows that stand for themselves: the mean over the rows."""
    match entry.source:
        case CellSource():
            return sum(row.number or 0.0 for row in entry.rows) / len(entry.rows)
        case LoadSource(scale=scale) | FactSource(scale=scale):
            return sum(_judged(row, scale) for row in entry.rows) / len(entry.rows)
        case EffortSource():
            return 0.0
        case _:
            assert_never(entry.source)


def _judged(row: Reading, scale: Scale) -> float:
    match scale:
        case Words():
            seen = row.numbers + sum(row.words.values())
            return sum(number for word, number in row.words.items() if word in scale.accepted) / seen if seen else 0.0
        case Threshold():
            low, high = scale.at_least, scale.at_most
            met = row.number is not None and (low is None or row.number >= low) and (high is None or row.number <= high)
            return _share_of_numbers(row) if met else 0.0
        case Ratio():
            return 0.0
        case _:
            assert_never(scale)


def _names(rows: Sequence[Reading]) -> str:
    """What a slot without a label of its own is about."""
    return " ".join(dict.fromkeys(row.key.figure or row.key.name.partition("[")[0] for row in rows))


def _gap(
    evidence: Evidence,
    entries: Mapping[str, Mapping[Slot, Entry]],
    common: int,
    book: Book,
    plan: Plan,
    shares: Shares,
) -> str:
    """What of an evidence is missing, in a sentence; empty if nothing is."""
    what = described(evidence.sources[0])
    without = [name for name in entries if plan.of(evidence, name) is None]
    if without:
        return f"{what}: the matrix has no such row for {', '.join(without)}"
    if not any(entries.values()):
        return f"{what}{NOT_THERE}{_reason(evidence, book, plan)}"
    lacking = [name for name, found in entries.items() if len(found) < _asked(evidence, name, plan, shares)]
    if not lacking:
        return ""
    left = "left out" if not common else "left out where it is missing"
    return f"{what}: not measured for {', '.join(lacking)}{_reason(evidence, book, plan)}, {left}"


def _asked(evidence: Evidence, candidate: str, plan: Plan, shares: Shares) -> int:
    asked = plan.of(evidence, candidate)
    return sum(shares.get(slot.build, 0.0) > 0 for slot in asked.rows) if asked else 0


def _reason(evidence: Evidence, book: Book, plan: Plan) -> str:
    """Why rows that were tried say nothing, by the first of them."""
    for candidate in CANDIDATES:
        asked = plan.of(evidence, candidate)
        for keys in asked.rows.values() if asked else ():
            for key in keys:
                if key in book.silent:
                    return f" ({book.silent[key]})"
    return ""
