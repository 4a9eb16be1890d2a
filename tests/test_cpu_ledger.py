"""The ledger: whatever processes do between two looks, what they used is counted once, for the right part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import steady
from wirematrix.cpu_ledger import Key, Ledger, Seen

ROOT: Key = (1, 0.0)
CHILDREN = {"python": "other", "driver": "engines", "engines": "engines", "app": "app"}


def seen(part: str, own_s: float = 0.0, reaped_s: float = 0.0, parent: Key | None = ROOT) -> Seen:
    """A process at a look."""
    return Seen(parent=parent, part=part, children_part=CHILDREN.get(part, "other"), own_s=own_s, reaped_s=reaped_s)


def root(own_s: float = 0.0, reaped_s: float = 0.0) -> Mapping[Key, Seen]:
    """Our own process, at a look."""
    return {ROOT: seen("python", own_s, reaped_s, None)}


@dataclass
class Process:
    """A pretended process: what it used, what it has waited for, and its children."""

    key: Key
    part: str
    parent: Process | None
    own_s: float = 0.0
    reaped_s: float = 0.0
    children: list[Process] = field(default_factory=list)

    def tree(self) -> list[Process]:
        """It and all below it."""
        return [self, *(each for child in self.children for each in child.tree())]

    def end(self) -> None:
        """It and all below it end, each waited for by its parent, which gets to know what they used."""
        for child in tuple(self.children):
            child.end()
        if self.parent:
            self.parent.children.remove(self)
            self.parent.reaped_s += self.own_s + self.reaped_s


def look(top: Process) -> Mapping[Key, Seen]:
    """What a look at the tree shows."""
    return {
        each.key: seen(each.part, each.own_s, each.reaped_s, each.parent.key if each.parent else None)
        for each in top.tree()
    }


moves = st.lists(
    st.tuples(st.sampled_from(["start", "use", "end", "look"]), st.integers(0, 30), st.integers(1, 50)), max_size=60
)


@steady
@given(moves)
def test_nothing_is_lost_and_nothing_counts_twice(played: list[tuple[str, int, int]]) -> None:
    """However processes start, work and end between looks: the sum is what was used, if each is waited for."""
    top = Process(ROOT, "python", None, own_s=5.0, reaped_s=3.0)
    ledger, used_s = Ledger(look(top)), 0.0
    for number, (move, which, amount) in enumerate(played, start=2):
        tree = top.tree()
        chosen = tree[which % len(tree)]
        if move == "start":
            part = CHILDREN.get(chosen.part, "other")
            chosen.children.append(Process((number, float(number)), part, chosen))
        elif move == "use":
            chosen.own_s += amount
            used_s += amount
        elif move == "end" and chosen is not top:
            chosen.end()
        else:
            ledger.note(look(top))
    ledger.note(look(top))
    assert sum(ledger.by_part_s.values()) == pytest.approx(used_s)
    assert all(part_s >= -1e-9 for part_s in ledger.by_part_s.values())


def test_only_what_is_used_from_now_on_counts() -> None:
    """What this process had used, and had waited for, before the first look is not part of the run."""
    ledger = Ledger(root(50, 20))
    ledger.note(root(51, 20))
    assert ledger.by_part_s == {"python": 1, "other": 0}


Looks = tuple[Mapping[Key, Seen], ...]
STORIES: Mapping[str, tuple[Looks, Mapping[str, float]]] = {
    "a process is the part it is": (
        ({**root(), (2, 0.0): seen("driver", 4), (3, 0.0): seen("engines", 7, parent=(2, 0.0))},),
        {"driver": 4, "engines": 7},
    ),
    "one that nobody saw is what its parent starts": (
        ({**root(), (2, 0.0): seen("driver", 4)}, {**root(), (2, 0.0): seen("driver", 4, reaped_s=9)}),
        {"driver": 4, "engines": 9},
    ),
    "what an engine used after the last look is the engine's": (
        (
            {**root(), (2, 0.0): seen("driver"), (3, 0.0): seen("engines", 7, parent=(2, 0.0))},
            {**root(), (2, 0.0): seen("driver", reaped_s=8)},
        ),
        {"engines": 8},
    ),
    "a whole branch that ended is told by who waited for its root": (
        (
            {**root(), (2, 0.0): seen("driver", 1), (3, 0.0): seen("engines", 7, parent=(2, 0.0))},
            root(reaped_s=10),
        ),
        {"driver": 1, "engines": 7, "other": 2},  # which of the two used the rest nobody can tell
    ),
    "an orphan stays as it was last seen": (
        ({**root(), (2, 0.0): seen("app", 6)}, root()),
        {"app": 6},
    ),
    "an id that is given again is another process": (
        ({**root(), (2, 0.0): seen("app", 6)}, {**root(reaped_s=6), (2, 9.0): seen("app", 1)}),
        {"app": 7},
    ),
    "what one had waited for before it was first seen counts": (
        ({**root(), (2, 0.0): seen("app", 1, reaped_s=5)},),
        {"app": 6},
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_parts(story: str) -> None:
    """Each second stands under the part that used it."""
    looks, parts = STORIES[story]
    ledger = Ledger(root())
    for each in looks:
        ledger.note(each)
    assert {part: part_s for part, part_s in ledger.by_part_s.items() if part_s} == parts


def test_a_process_that_one_look_misses_counts_once() -> None:
    """A process that cannot be looked at for a moment is not taken for a new one when it can be again."""
    both = {**root(), (2, 0.0): seen("app", 6)}
    ledger = Ledger(root())
    for looked in (both, root(), {**root(), (2, 0.0): seen("app", 7)}):
        ledger.note(looked)
    assert sum(ledger.by_part_s.values()) == 7
