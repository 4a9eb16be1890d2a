"""Which way a message went, from lane to lane: published, sent, passed, received.

Told by epoch and seq alone, never by time: a line is drawn only between two observations that name the same message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wirematrix.ledger import NUMBERED
from wirematrix.model import Observation

Key = tuple[str, int]  # (epoch, seq)
FLOWS_AT_MOST: Final = 240  # of one picture
_STEP: Final = {  # how far a message has come when this is observed
    ("driver", "published"): 0, ("server", "publish"): 1, ("server", "send"): 2, ("link", "passed"): 3,
    ("page", "message"): 4,
}  # fmt: skip


def flows(timeline: Sequence[Observation]) -> tuple[tuple[int, int], ...]:
    """Pairs of places in the timeline: where a message was, and where it was seen next."""
    last: dict[Key, dict[int, int]] = {}
    pairs: list[tuple[int, int]] = []
    for place, step, key in _steps(timeline):
        known = last.setdefault(key, {})
        before = max((earlier for earlier in known if earlier < step), default=None)
        if before is not None and _is_drawn(before, step):
            pairs.append((known[before], place))
        known[step] = place
    return tuple(dict.fromkeys(sorted(pairs)))[:FLOWS_AT_MOST]


def _is_drawn(before: int, step: int) -> bool:
    """Within one lane there is nothing to draw, and what was published last says nothing of a copy sent again."""
    return (before, step) != (1, 2)


def _steps(timeline: Sequence[Observation]) -> Iterator[tuple[int, int, Key]]:
    """In the order in which a message goes its way: clocks agree to milliseconds only."""
    found = []
    for place, seen in enumerate(timeline):
        step = _STEP.get((seen.source, seen.kind))
        if step is not None:
            found += [(seen.at_ms, step, place, key) for key in _keys(seen)]
    for _, step, place, key in sorted(found, key=lambda one: (one[0], one[1])):
        yield place, step, key


def _keys(seen: Observation) -> Iterator[Key]:
    detail = seen.detail
    epoch, first, last = detail.get("epoch"), detail.get("first"), detail.get("last")
    if isinstance(epoch, str) and isinstance(first, int) and isinstance(last, int):
        yield from ((epoch, seq) for seq in range(first, min(last, first + FLOWS_AT_MOST) + 1))
    elif isinstance(epoch, str) and isinstance(seq := detail.get("seq"), int) and detail.get("type") in NUMBERED:
        yield epoch, seq
