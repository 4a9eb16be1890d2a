"""The timeline: every observation of an attempt, in one order, on one clock.

A `Recorder` collects while the attempt runs; `timeline()` freezes what it has. Checks only ever see the
frozen value. Times are milliseconds since the attempt began, whoever saw the fact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from wirematrix.model import Observation

CLOCK_SLACK_MS = 5.0  # what page and driver say of one instant may differ by this much
SOURCES = ("page", "link", "server", "driver")


@dataclass(frozen=True, slots=True)
class Timeline:
    """All observations of one attempt, ordered by time."""

    observations: tuple[Observation, ...]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.observations)

    def of(self, source: str, *kinds: str, since_ms: float = float("-inf"), **match: object) -> tuple[Observation, ...]:
        """The observations of one source, of these kinds, at or after a time, whose detail matches."""
        return tuple(
            seen
            for seen in self.observations
            if seen.source == source
            and seen.kind in kinds
            and seen.at_ms >= since_ms
            and all(seen.detail.get(key) == value for key, value in match.items())
        )

    def first(self, source: str, *kinds: str, since_ms: float = float("-inf"), **match: object) -> Observation | None:
        """The earliest such observation, or None."""
        found = self.of(source, *kinds, since_ms=since_ms, **match)
        return found[0] if found else None

    def page_after(self, instant: Observation, *kinds: str) -> tuple[Observation, ...]:
        """What the page said after an instant of the driver's.

        Told by order, not by clocks, where the driver wrote down how much of the page's log it had read by
        then (`page_entries`): two clocks agree to milliseconds only, and a break takes effect in less.
        """
        read = int(instant.detail.get("page_entries", 0))
        return tuple(
            seen
            for seen in self.of("page", *kinds, since_ms=instant.at_ms - CLOCK_SLACK_MS)
            if int(seen.detail.get("n", read)) >= read
        )

    def last(self, source: str, *kinds: str, **match: object) -> Observation | None:
        """The latest such observation, or None."""
        found = self.of(source, *kinds, since_ms=float("-inf"), **match)
        return found[-1] if found else None


class Recorder:
    """Collects observations of one attempt; knows where its clock's zero lies on the machine's clocks."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._zero_s = monotonic()
        self._zero_epoch_ms = time.time() * 1000
        self._observations: list[Observation] = []
        self._watchers: list[Callable[[Observation], None]] = []

    def now_ms(self) -> float:
        """Milliseconds since the attempt began."""
        return (self._monotonic() - self._zero_s) * 1000

    def from_epoch_ms(self, epoch_ms: float) -> float:
        """The attempt's time of a wall-clock reading taken on this machine."""
        return epoch_ms - self._zero_epoch_ms

    def observe(self, source: str, kind: str, *, at_ms: float | None = None, **detail: object) -> Observation:
        """Record one fact, now unless told when."""
        seen = Observation(
            at_ms=round(self.now_ms() if at_ms is None else at_ms, 2),
            source=source,
            kind=kind,
            detail=detail,
        )
        self._observations.append(seen)
        for watcher in tuple(self._watchers):
            watcher(seen)
        return seen

    @contextmanager
    def watched_by(self, watcher: Callable[[Observation], None]) -> Iterator[None]:
        """Hand every further observation to `watcher`, too."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    @property
    def count(self) -> int:
        """How many facts were recorded."""
        return len(self._observations)

    def shift(self, source: str, by_ms: float, *, behind: int = 0) -> None:
        """What a source told, behind the first so many facts, was told on a clock that is now known better by that."""
        if by_ms:
            self._observations[behind:] = [
                replace(seen, at_ms=round(seen.at_ms + by_ms, 2)) if seen.source == source else seen
                for seen in self._observations[behind:]
            ]

    def timeline(self) -> Timeline:
        """What is known so far, in time order; equal times keep the order in which they were recorded."""
        return Timeline(tuple(sorted(self._observations, key=lambda seen: seen.at_ms)))


FOLD_LONGER_THAN = 12
FOLD_KEEPS = 3


def folded(timeline: Timeline) -> tuple[tuple[Observation, ...], int]:
    """The timeline with long runs of like messages folded, and how many observations that left out.

    A thousand messages in order are one line for a reader. A run is folded where one source, and one stream of it,
    reports the same kind and type with seq growing by one, or messages passing in order; its first and last stay, and
    one `folded` observation names what is between. Only what readers see is folded: checks ran on the whole timeline.
    """
    kept: list[tuple[int, Observation]] = []  # with the place in the timeline, which is the order of equal times
    left_out = 0
    voices: dict[tuple[str, object], list[tuple[int, Observation]]] = {}
    for place, seen in enumerate(timeline):
        voices.setdefault((seen.source, seen.detail.get("stream")), []).append((place, seen))
    for (source, stream), own in voices.items():
        for stretch in _stretches(own):
            if len(stretch) <= FOLD_LONGER_THAN:
                kept.extend(stretch)
                continue
            middle = [seen for _, seen in stretch[FOLD_KEEPS:-FOLD_KEEPS]]
            fold = Observation(
                at_ms=middle[0].at_ms,
                source=source,
                kind="folded",
                detail={
                    "of": middle[0].kind,
                    **({"stream": stream} if stream is not None else {}),
                    "count": len(middle),
                    "from_seq": _seqs(middle[0])[0],
                    "to_seq": _seqs(middle[-1])[1],
                    "until_ms": middle[-1].at_ms,
                },
            )
            kept.extend(stretch[:FOLD_KEEPS])
            kept.append((stretch[FOLD_KEEPS][0], fold))
            kept.extend(stretch[-FOLD_KEEPS:])
            left_out += len(middle)
    return tuple(seen for _, seen in sorted(kept, key=lambda placed: placed[0])), left_out


def _stretches(observations: Iterable[tuple[int, Observation]]) -> Iterator[list[tuple[int, Observation]]]:
    """Split one source's observations into runs of consecutive seqs of one kind and type."""
    stretch: list[tuple[int, Observation]] = []
    for place, seen in observations:
        if stretch and not _continues(stretch[-1][1], seen):
            yield stretch
            stretch = []
        stretch.append((place, seen))
    if stretch:
        yield stretch


def _continues(before: Observation, after: Observation) -> bool:
    one, other = before.detail, after.detail
    if before.kind != after.kind or one.get("type") != other.get("type") or one.get("link") != other.get("link"):
        return False
    last, first = _seqs(before)[1], _seqs(after)[0]
    return isinstance(last, int) and isinstance(first, int) and first == last + 1


def _seqs(seen: Observation) -> tuple[object, object]:
    """The first and the last message that an observation is about, as it has them."""
    if seen.kind == "passed":
        return seen.detail.get("first"), seen.detail.get("last")
    return seen.detail.get("seq"), seen.detail.get("seq")
