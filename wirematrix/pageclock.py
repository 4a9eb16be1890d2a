"""The page's clock on the attempt's clock, made sharper by every question the page answers.

A page times its entries with `performance.now()`; `performance.timeOrigin` puts them on the machine's wall
clock, which page and driver share. An engine's idea of its origin can be some milliseconds off, so each round
trip adds a bracket: what the page read at its beginning was read after we asked, what it read at its end before
we had the answer. The origin is used as long as it lies within all brackets; else the nearest bound is.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class PageClock:
    """Turns `performance.now()` of one document into milliseconds since the attempt began."""

    claimed_ms: float  # the offset that the page's time origin gives
    lowest_ms: float = field(default=float("-inf"))
    highest_ms: float = field(default=float("inf"))

    def bracket(self, *, asked_ms: float, began: float, now: float, answered_ms: float) -> None:
        """One round trip: the page read `began` after `asked_ms`, and `now` before `answered_ms`."""
        self.lowest_ms = max(self.lowest_ms, asked_ms - began)
        self.highest_ms = min(self.highest_ms, answered_ms - now)

    @property
    def offset_ms(self) -> float:
        """What to add to the page's reading."""
        if self.lowest_ms > self.highest_ms:  # the clocks drift apart; the middle is off by half of it at most
            return (self.lowest_ms + self.highest_ms) / 2
        return min(max(self.claimed_ms, self.lowest_ms), self.highest_ms)

    @property
    def uncertainty_ms(self) -> float:
        """How far apart the brackets are: no time of the page is further off than that."""
        return abs(self.highest_ms - self.lowest_ms)
