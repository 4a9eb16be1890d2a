"""What a run has to do and what may begin next: repeats, what builds on what, long cells first, retries at the end.

    asked ──▶ ready, longest first ──▶ taken ──▶ ended ──▶ retries (alone, after everything else)
         └──▶ waiting for a cell it needs ─┬─ it ended well ──▶ ready
                                           └─ it failed ──────▶ unreached: an attempt that is not made

Nothing here waits or runs anything, so a job that waits holds no place. Needs lie within an engine and never go in
circles (`needs.py`): while something waits, something it waits for is ready, taken, or waits itself for such a one.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Final

from wirematrix.attempts import Job
from wirematrix.model import Attempt, Cell, Status

BLOCKING: Final = (  # what builds on a cell that ended so would only say the same again; an error is ours
    Status.FAIL,
    Status.TIMEOUT,
    Status.CRASH,
    Status.UNSUPPORTED,
    Status.NOT_REACHED,
)
Key = tuple[Cell, int]  # an attempt: cell and number


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How often and in which order cells are attempted."""

    repeat: int = 1
    retry_isolated: bool = False
    needs: Mapping[Cell, tuple[Cell, ...]] = field(default_factory=dict)
    took_ms: Mapping[str, float] = field(default_factory=dict)  # cell id -> what its attempt took in an earlier run


class Agenda:
    """The attempts of some cells: those already made, those to make, and what stands in their way.

    `asked` has one job per cell, in order; attempt 2 of all comes after attempt 1 of all.
    """

    def __init__(self, asked: Sequence[Job], wishes: Wishes | None = None, known: Iterable[Attempt] = ()) -> None:
        self._wishes = wishes or Wishes()
        self._asked = {job.cell: job for job in asked}
        self._made: dict[Cell, dict[int, Attempt]] = {cell: {} for cell in self._asked}
        for attempt in known:
            if attempt.cell in self._asked:
                self._made[attempt.cell][attempt.number] = attempt
        self._pending = {(job.cell, job.number): job for job in self._missing()}
        self._to_begin = Counter(job.cell.engine for job in self._pending.values())
        self._live: Counter[str] = Counter()
        self._taken: set[Key] = set()
        self._ready: dict[str, list[tuple[int, Job]]] = {engine: [] for engine in self._to_begin}
        self._waiting: dict[Key, list[Job]] = {}
        self._open_needs: dict[Key, int] = {}
        self._unreached: deque[tuple[Job, Attempt]] = deque()
        self._rank = {key: rank for rank, key in enumerate(self._in_order())}
        for job in self._pending.values():
            self._line_up(job)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that have something to begin, in the order asked; retries not counted."""
        return tuple(self._ready)

    @property
    def cells(self) -> frozenset[Cell]:
        """The cells that have something to begin, now or later, retries not counted."""
        return frozenset(cell for cell, _ in self._pending)

    @property
    def left(self) -> int:
        """How many attempts have not ended, retries not counted."""
        return len(self._pending)

    @property
    def to_begin(self) -> int:
        """How many attempts are still to begin, now or later."""
        return self._to_begin.total()

    def can_begin(self, engines: Collection[str]) -> bool:
        """Whether an attempt in one of these engines may begin now."""
        return any(self._ready.get(engine) for engine in engines)

    def take(self, engines: Collection[str]) -> Job | None:
        """The next job in one of these engines, if one may begin now.

        Engines share the places by what each has still to begin, so that all come to their end at about the same time.
        """
        open_ones = [engine for engine in engines if self._ready.get(engine)]
        if not open_ones:
            return None
        engine = min(open_ones, key=lambda one: (self._live[one] + 1) / self._to_begin[one])
        self._to_begin[engine] -= 1
        self._live[engine] += 1
        job = heapq.heappop(self._ready[engine])[1]
        self._taken.add((job.cell, job.number))
        return job

    def ended(self, attempt: Attempt) -> None:
        """An attempt ended, or was not made: what waited for it may begin, or is unreached."""
        key = (attempt.cell, attempt.number)
        self._made[attempt.cell][attempt.number] = attempt
        self._pending.pop(key, None)
        if key in self._taken:
            self._taken.remove(key)
            self._live[attempt.cell.engine] -= 1
        for job in self._waiting.pop(key, ()):
            self._settle(job, attempt)

    def unreached(self) -> Iterator[tuple[Job, Attempt]]:
        """Jobs that cannot begin any more, each with the failed attempt it builds on; each is told once."""
        while self._unreached:
            yield self._unreached.popleft()

    def retries(self) -> tuple[Job, ...]:
        """One job, to be done alone, for each cell that wants it; engine by engine."""
        jobs = [
            replace(job, number=max(self._made[cell]) + 1, isolated=True)
            for cell, job in self._asked.items()
            if self._wants_retry(cell)
        ]
        return tuple(sorted(jobs, key=lambda job: job.cell.engine))

    def attempts_of(self, cell: Cell) -> tuple[Attempt, ...]:
        """The attempts of a cell that have ended, in order."""
        return tuple(attempt for _, attempt in sorted(self._made[cell].items()))

    def is_complete(self, cell: Cell) -> bool:
        """Whether no further attempt of the cell is to be made, not even alone."""
        return not self._lacks(cell) and not self._wants_retry(cell)

    def _wants_retry(self, cell: Cell) -> bool:
        """An unexpected attempt, none alone yet, and the wish that there be one."""
        attempts = self._made[cell].values()
        surprised = any(not one.verdict.expected for one in attempts)
        return self._wishes.retry_isolated and surprised and not any(one.isolated for one in attempts)

    def _lacks(self, cell: Cell) -> int:
        made = sum(not attempt.isolated for attempt in self._made[cell].values())
        return max(0, self._wishes.repeat - made)

    def _missing(self) -> Iterator[Job]:
        """The jobs that are to be made; no number is given twice."""
        for cell, job in self._asked.items():
            made, wanted = self._made[cell], self._lacks(cell)
            free = (number for number in count(1) if number not in made)
            yield from (replace(job, number=number) for number in islice(free, wanted))

    def _in_order(self) -> list[Key]:
        """Attempt by attempt; what others need first, then what nobody has timed, then the longest; else as asked."""
        needed = {cell for needs in self._wishes.needs.values() for cell in needs}
        took_ms = self._wishes.took_ms

        def rank(key: Key) -> tuple[int, bool, float]:
            cell, number = key
            return number, cell not in needed, -took_ms.get(cell.id, math.inf)

        return sorted(self._pending, key=rank)

    def _line_up(self, job: Job) -> None:
        """Put a job among those that may begin, those that wait, or those that are unreached."""
        needed = [key for cell in self._wishes.needs.get(job.cell, ()) if (key := self._needed(cell, job.number))]
        self._open_needs[job.cell, job.number] = len(needed) + 1
        for key in needed:
            if key in self._pending:
                self._waiting.setdefault(key, []).append(job)
            else:
                self._settle(job, self._made[key[0]][key[1]])
        self._settle(job, None)

    def _needed(self, cell: Cell, number: int) -> Key | None:
        """The attempt of a needed cell that counts: that of the same number, else the last one made among others."""
        among = [known for known, attempt in self._made.get(cell, {}).items() if not attempt.isolated]
        if (cell, number) in self._pending or number in among:
            return cell, number
        return (cell, max(among)) if among else None

    def _settle(self, job: Job, needed: Attempt | None) -> None:
        """One thing less stands before a job, or it is unreached; the last one lets it begin."""
        key = (job.cell, job.number)
        if key not in self._open_needs:
            return  # unreached before
        if needed and needed.verdict.status in BLOCKING:
            del self._open_needs[key]
            self._to_begin[job.cell.engine] -= 1
            self._unreached.append((job, needed))
            return
        self._open_needs[key] -= 1
        if not self._open_needs[key]:
            heapq.heappush(self._ready[job.cell.engine], (self._rank[key], job))
