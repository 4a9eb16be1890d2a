"""How late deliveries were, as a curve over all percentiles, of one round or of several put together.

The curve has a point at every tenth of a nine: 0, 20.6, 36.9, ..., 90, ..., 99, ..., 99.9 %, as far as there are
deliveries to tell them apart, and the slowest one at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.latency_hdr import count, merged, percentiles_ms

STEPS_PER_NINE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points of nines (1 is 90 %, 2 is 99 %) and the latency that this share did not exceed, in milliseconds."""

    deliveries: int
    points: tuple[tuple[float, float], ...]
    percentiles: tuple[float, ...]  # those that were asked for


def curve(histograms: Iterable[str], shares: Iterable[float]) -> Curve | None:
    """The histograms as one curve, and the latency at each of `shares` (percent); None if they hold no delivery.

    A histogram that cannot be read counts for nothing: a report shows what there is.
    """
    whole = merged(text for text in histograms if _is_readable(text))
    deliveries = count(whole)
    if not deliveries:
        return None
    end = log10(deliveries)
    nines = [step / STEPS_PER_NINE for step in range(int(end * STEPS_PER_NINE) + 1)]
    late = percentiles_ms(whole, [*(100 * (1 - 10**-place) for place in nines), 100])
    points = [point for point in zip(nines, late[:-1], strict=True) if point[0] < end]
    return Curve(
        deliveries=deliveries,
        points=(*points, (end, late[-1])),
        percentiles=percentiles_ms(whole, shares),
    )


def _is_readable(text: str) -> bool:
    try:
        return count(text) > 0
    except InvalidInput:
        return False
