"""Measures of coming back: how long an engine or a policy waits before it asks again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wirematrix.budgets import REOPEN
from wirematrix.measures.measure import Measure
from wirematrix.metrics import reconnect_delays_ms
from wirematrix.model import Observed
from wirematrix.timeline import Timeline

NEVER: Final = "never"  # it is over: no wait, however long, would have seen it come back


def comeback_delay() -> Measure:
    """The page noticed an end, to its next stream request at the link, in ms; `never` where it is over instead.

    One that is neither over nor back counts as the budget it was waited for, which is also the cap.
    """

    def delays(timeline: Timeline) -> Iterator[Observed]:
        measured = reconnect_delays_ms(timeline)
        yield from measured
        if not measured and timeline.of("page", "error", "close"):
            yield NEVER if timeline.last("page", "over") else REOPEN.ms

    return Measure(name="comeback_delay_ms", title="delay before it asks again", of=delays, cap=REOPEN.ms)
