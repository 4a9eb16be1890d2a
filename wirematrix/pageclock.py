"""The page's clock on the attempt's clock.

A page times its entries with `performance.now()`. `performance.timeOrigin` puts them on the machine's wall
clock, which page and driver share; that is exact to a millisecond however busy the machine is, as long
as the engine's two clocks agree. The round trip in which the page was asked brackets the truth, so an
origin that lies outside of it is corrected to its middle, and the correction's uncertainty is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SLACK_MS = 2.0  # engines round their clocks to a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class PageClock:
    """Turns `performance.now()` of one document into milliseconds since the attempt began."""

    offset_ms: float
    uncertainty_ms: float

    def at_ms(self, performance_now: float) -> float:
        """The attempt's time of a page's reading."""
        return performance_now + self.offset_ms


def page_clock(
    reading: Mapping[str, float], *, asked_ms: float, answered_ms: float, epoch_offset_ms: float
) -> PageClock:
    """From one reading of the page's clocks and the round trip that brought it.

    `reading`: `performance_now` and `time_origin` of the page. `epoch_offset_ms`: the attempt's time minus
    the wall clock's.
    """
    offset_ms = reading["time_origin"] + epoch_offset_ms
    read_ms = reading["performance_now"] + offset_ms
    if asked_ms - SLACK_MS <= read_ms <= answered_ms + SLACK_MS:
        return PageClock(offset_ms=offset_ms, uncertainty_ms=SLACK_MS)
    middle_ms = (asked_ms + answered_ms) / 2
    return PageClock(offset_ms=middle_ms - reading["performance_now"], uncertainty_ms=(answered_ms - asked_ms) / 2)
