"""Finds what changed between a baseline and new runs, cell by cell. What counts as a change: docs/measuring.md.

A cell that does now this, now that has not changed: a status or a word that the other side saw as well, or that the
expectation lists beside the old one, is no news. Numbers change beyond `noise`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wirematrix.counterparts import counterparts
from wirematrix.errors import InvalidInput
from wirematrix.facts import fact_table, recorded, spread
from wirematrix.gather import Gathered, Place, gather
from wirematrix.keynumbers import NUMBERLESS, KeyNumber, key_number_of, short_number
from wirematrix.model import Attempt, Run, RunInfo, Status
from wirematrix.noise import Sample, beyond_noise
from wirematrix.repeats import deciding, was_made
from wirematrix.transitions import Change, Transition, Transitions

# How good a status is; two of one rank are neither better nor worse, and what was not judged has none.
RANKS: Final[Mapping[Status, int]] = {
    Status.PASS: 0,
    Status.DEGRADED: 1,
    Status.FAIL: 2,
    Status.TIMEOUT: 2,
    Status.CRASH: 2,
    Status.UNSUPPORTED: 2,
}
WORDS_SHOWN: Final = 80  # characters of recorded words; the evidence has the rest


def transitions(base: Sequence[Run], new: Sequence[Run]) -> Transitions:
    """Everything that changed from the baseline's runs to the new ones.

    Raises InvalidInput if one of them is empty. Cells of builds without a counterpart are not compared: the sentences
    on builds tell of them, and of their cells only those that are unexpected are news.
    """
    for what, runs in (("the baseline", base), ("the new side", new)):
        if not runs:
            raise InvalidInput("diff", f"{what} has no run", expected="at least one run on each side")
    return _Comparison(gather(base), gather(new)).transitions()


class _Comparison:
    """A baseline and new runs, sorted to builds, and the builds paired."""

    def __init__(self, base: Gathered, new: Gathered) -> None:
        self._base = base
        self._new = new
        self._builds = counterparts(base.builds, new.builds)
        self._keys = _key_numbers(new)

    def transitions(self) -> Transitions:
        changes = {one.place: one for place in self._new.declared if (one := self._of(place))}
        changes |= {one.place: one for one in self._disappeared()}
        compared = sum(
            place in self._new.attempts and self._before(place) in self._base.attempts for place in self._new.declared
        )
        return Transitions(
            baseline=_named(self._base.runs), changes=changes, compared=compared, builds=self._builds.sentences
        )

    def _of(self, place: Place) -> Transition | None:
        now = [ran.attempt for ran in self._new.attempts.get(place, ())]
        if not now:
            return None  # declared and not made: missing, which says nothing about the cell
        before = self._before(place)
        was = [ran.attempt for ran in self._base.attempts.get(before, ())] if before else []
        if not was:
            return self._without_baseline(place, now, before)
        return (
            _status_changed(place, was, now)
            or _words_changed(place, was, now)
            or _number_changed(place, self._keys[place.cell.scenario], was, now)
        )

    def _before(self, place: Place) -> Place | None:
        key = self._builds.of.get(place.build_key)
        return None if key is None else Place(key, place.cell)

    def _without_baseline(self, place: Place, now: Sequence[Attempt], before: Place | None) -> Transition | None:
        speaks = deciding(now)
        status, because = speaks.verdict.status, speaks.verdict.because
        if not speaks.verdict.expected:
            said = f"unexpected {status}, and the baseline has nothing of this cell: {because}"
            return Transition(place=place, change=Change.NEW, was="", now=status, because=said)
        if before is None:
            return None
        lacks = "the baseline declares it and has no attempt of it" if before in self._base.declared else ""
        lacks = lacks or self._base.excluded.get(before) or "the baseline does not have it"
        return Transition(place=place, change=Change.APPEARED, was="", now=status, because=f"{status} now; {lacks}")

    def _disappeared(self) -> Iterator[Transition]:
        after = {other: key for key, other in self._builds.of.items()}
        for place, ran in self._base.attempts.items():
            key = after.get(place.build_key)
            if key is None or (here := Place(key, place.cell)) in self._new.declared:
                continue
            status = deciding([one.attempt for one in ran]).verdict.status
            why = self._new.excluded.get(here)
            because = f"{status} in the baseline; {f'excluded now: {why}' if why else 'not declared now'}"
            yield Transition(place=place, change=Change.DISAPPEARED, was=status, now="", because=because)


def _status_changed(place: Place, was: Sequence[Attempt], now: Sequence[Attempt]) -> Transition | None:
    """By status, or by what is expected of it."""
    old, new = deciding(was), deciding(now)
    before, after = old.verdict.status, new.verdict.status
    what = f"{after}, was {before}"
    change: Change | None = None
    if before is not after and not _statuses(was) & _statuses(now) and not _intermittent(new, before):
        ranks = RANKS.get(before), RANKS.get(after)
        if ranks[0] is None or ranks[1] is None or ranks[0] == ranks[1]:
            change = Change.ALTERED
        else:
            change = Change.REGRESSED if ranks[1] > ranks[0] else Change.FIXED
    if change in (None, Change.ALTERED) and old.verdict.expected and not new.verdict.expected:
        change = Change.NEW
        what = f"{after} is unexpected now, {f'was {before}' if before is not after else 'and was expected before'}"
    if change is None:
        return None
    return Transition(
        place=place, change=change, was=before, now=after, because=f"{what}: {new.verdict.because.strip()}"
    )


def _statuses(attempts: Sequence[Attempt]) -> set[Status]:
    """What a cell ended as; what was not made counts only where nothing was."""
    made = {one.verdict.status for one in attempts if was_made(one)}
    return made or {one.verdict.status for one in attempts}


def _intermittent(speaks: Attempt, before: Status) -> bool:
    """Whether the expectation knows that the cell ends now so, now so."""
    return {before, speaks.verdict.status} <= set(speaks.verdict.expectation.statuses)


def _words_changed(place: Place, was: Sequence[Attempt], now: Sequence[Attempt]) -> Transition | None:
    """The first recorded fact whose words no attempt of the other side has; one without words counts as such."""
    old, new = _answers(was), _answers(now)
    for name, (title, answers) in new.items():
        before = old.get(name, ("", ()))[1]
        if before and not set(before) & set(answers) and (any(before) or any(answers)):
            first, last = (_spoken(each[-1]) for each in (before, answers))
            said = f"{title}: {last}, was {first}"
            return Transition(place=place, change=Change.ALTERED, was=first, now=last, because=said)
    return None


def _answers(attempts: Sequence[Attempt]) -> dict[str, tuple[str, list[frozenset[str]]]]:
    """Title and, per attempt, the words of each recorded fact."""
    found: dict[str, tuple[str, list[frozenset[str]]]] = {}
    for attempt in attempts:
        for fact in recorded(attempt):
            words = frozenset(each for each in fact.observed if isinstance(each, str))
            found.setdefault(fact.name, (fact.title, []))[1].append(words)
    return found


def _spoken(words: frozenset[str]) -> str:
    text = ", ".join(f"“{word}”" for word in sorted(words)) or "no word"
    return text if len(text) <= WORDS_SHOWN else f"{text[:WORDS_SHOWN]}…"


def _number_changed(place: Place, key: KeyNumber, was: Sequence[Attempt], now: Sequence[Attempt]) -> Transition | None:
    old, new = _sample(key, was), _sample(key, now)
    if old is None or new is None or not beyond_noise(key.name, old, new):
        return None
    before, after = (short_number(key.name, each.spread.p50) for each in (old, new))
    because = f"{_label(key, now)}: {_range(key.name, new)}, was {_range(key.name, old)}"
    small, large = sorted((old.spread.p50.value, new.spread.p50.value))
    if small:
        because = f"{because}: a factor of {large / small:.2g}"
    return Transition(place=place, change=Change.NUMBER, was=before, now=after, because=because)


def _label(key: KeyNumber, attempts: Sequence[Attempt]) -> str:
    """A fact's title, or a metric's name in words."""
    titles = (fact.title for one in attempts for fact in one.facts if fact.name == key.fact)
    return next(titles, key.name.rpartition("_")[0].replace("_", " "))


def _range(name: str, sample: Sample) -> str:
    """`3.0 s (2.9 s to 3.1 s, 3 attempts)`, or only `3.0 s` of one attempt."""
    p50, low, high = (short_number(name, each) for each in (sample.spread.p50, sample.spread.low, sample.spread.high))
    ends = "" if low == high else f"{low} to {high}, "
    return p50 if sample.attempts == 1 else f"{p50} ({ends}{sample.attempts} attempts)"


def _sample(key: KeyNumber, attempts: Sequence[Attempt]) -> Sample | None:
    """The key number in all attempts that were judged on their own evidence; None if none has it."""
    having = [own for one in attempts if (own := list(_observed(key, one)))]
    return Sample(attempts=len(having), spread=spread([each for own in having for each in own])) if having else None


def _observed(key: KeyNumber, attempt: Attempt) -> Iterator[tuple[float, float | None]]:
    """Each number with the cap it may have hit."""
    if key.fact:
        for fact in recorded(attempt):
            if fact.name == key.fact:
                yield from ((float(each), fact.cap) for each in fact.observed if not isinstance(each, str))
    elif attempt.verdict.status not in NUMBERLESS and (value := attempt.metrics.get(key.metric)) is not None:
        yield float(value), None


def _key_numbers(gathered: Gathered) -> dict[str, KeyNumber]:
    """The key number of each scenario that was attempted."""
    facts = {one.name: [fact.name for fact in one.facts] for one in fact_table(gathered).scenarios}
    attempts: dict[str, list[Attempt]] = {}
    for place, ran in gathered.attempts.items():
        attempts.setdefault(place.cell.scenario, []).extend(one.attempt for one in ran)
    return {
        name: key_number_of(gathered.scenarios[name].kind, facts.get(name, ()), own) for name, own in attempts.items()
    }


def _named(runs: Sequence[RunInfo]) -> str:
    """Commits and start of a baseline: `2e8ae0f6ebeb, begun 2026-11-26 06:50 UTC`."""
    commits = ", ".join(dict.fromkeys(one.commit or "unknown commit" for one in runs))
    first = min(one.started for one in runs)
    try:
        begun = f"{dt.datetime.fromisoformat(first).astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        begun = first or "nobody knows when"
    return f"{commits}, begun {begun}"
