"""CPU seconds by part of a run, from looks at the process tree: arithmetic only.

A process tells two numbers: what it used itself, and what its children used that have ended and that it waited for.
What a process used between the last look and its end is therefore not lost, nor is one that lived between two looks:
both are in the second number of whoever waited for it. Where the system does not tell that number (only Linux does),
or where nobody waited (an orphan), what was seen last stands, so the sum is a lower bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[int, float]  # process id and when it began: an id alone is given again


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One process at one look."""

    parent: Key | None
    part: str
    children_part: str  # what an unknown child of it would be
    own_s: float
    reaped_s: float  # of its ended children, and of theirs


class Ledger:
    """Adds up what is used from the first look on; `first` has the processes that were there before the run."""

    def __init__(self, first: Mapping[Key, Seen]) -> None:
        self._last = dict(first)
        self._known = dict(first)  # every process as it was last seen, also if a look missed it or it is gone
        self.by_part_s: dict[str, float] = {}

    def note(self, now: Mapping[Key, Seen]) -> None:
        """Take in another look at the whole tree."""
        for key, seen in now.items():
            before = self._known.get(key)
            self._add(seen.part, seen.own_s - (before.own_s if before else 0.0))
        for key, seen in now.items():
            before = self._known.get(key)
            dead = self._ended_below(key, now)
            known_s = sum(one.own_s + one.reaped_s for one in dead)
            parts = {one.part for one in dead} or {seen.children_part}
            rest_s = seen.reaped_s - (before.reaped_s if before else 0.0) - known_s
            self._add(parts.pop() if len(parts) == 1 else "other", max(0.0, rest_s))
        self._last = dict(now)
        self._known.update(now)

    def _ended_below(self, key: Key, now: Mapping[Key, Seen]) -> list[Seen]:
        """The processes that are gone since the last look and whose nearest living ancestor is this one."""
        return [seen for gone, seen in self._last.items() if gone not in now and self._heir(seen, now) == key]

    def _heir(self, seen: Seen, now: Mapping[Key, Seen]) -> Key | None:
        parent = seen.parent
        while parent is not None and parent not in now:
            above = self._last.get(parent)
            parent = above.parent if above else None
        return parent

    def _add(self, part: str, used_s: float) -> None:
        self.by_part_s[part] = self.by_part_s.get(part, 0.0) + used_s
