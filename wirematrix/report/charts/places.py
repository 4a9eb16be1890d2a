"""Where things stand on an axis: ranges and ticks that suit the values, and labels that do not lie on each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Final

from wirematrix.report.charts.canvas import Axis

STEPS: Final = (1, 2, 5)  # of a ten
MOST_TICKS: Final = 6


def linear(values: Iterable[float], title: str) -> Axis:
    """An axis from 0 to a round number above all values."""
    top = max(values, default=0) or 1.0
    step = next(
        step * 10**power
        for power in range(floor(log10(top)) - 2, floor(log10(top)) + 2)
        for step in STEPS
        if top / (step * 10**power) <= MOST_TICKS - 1
    )
    count = ceil(top / step * 1.02)
    return Axis(low=0, high=count * step, ticks={n * step: number(n * step) for n in range(count + 1)}, title=title)


def logarithmic(values: Iterable[float], title: str) -> Axis:
    """An axis around all values above 0, a tick at each 1, 2 and 5 if they fit, else at each 1."""
    known = [value for value in values if value > 0] or [1.0]
    low, high = min(known) / 1.15, max(known) * 1.15
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    choices = [
        [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        for steps in (STEPS, (1, 3), (1,))
    ]
    ticks = next((ticks for ticks in choices if len(ticks) <= MOST_TICKS + 1), choices[-1])
    return Axis(low=low, high=high, ticks={tick: number(tick) for tick in ticks}, title=title, logarithmic=True)


def subscribers_axis(numbers: Sequence[int]) -> Axis:
    """The axis along which the numbers of subscribers stand, each with its tick."""
    ticks = {float(each): f"{each:,}" for each in sorted(numbers)}
    low, high = min(ticks, default=1.0), max(ticks, default=1.0)
    return Axis(low=low / 1.2, high=high * 1.08, ticks=ticks, title="subscribers", logarithmic=True, rules=False)


def number(value: float) -> str:
    """A number with three digits, or all before the point: `0.025`, `1.94`, `19.4`, `1,940`."""
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    digits = 2 - floor(log10(abs(value)))
    text = f"{value:.{min(digits, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(axis: Axis, value: float) -> float:
    """Where on the axis a value stands: 0 at its low end, 1 at its high end."""
    if axis.logarithmic:
        return log10(value / axis.low) / log10(axis.high / axis.low)
    return (value - axis.low) / (axis.high - axis.low)


def value_at(axis: Axis, place: float) -> float:
    """The value that stands at a share of the axis."""
    if axis.logarithmic:
        return float(axis.low * (axis.high / axis.low) ** place)
    return axis.low + place * (axis.high - axis.low)


def apart(wanted: Sequence[float], gap: float, *, low: float, high: float) -> list[float]:
    """Places as near as can be to the wanted ones, in their order, at least `gap` apart, between `low` and `high`.

    The squared distances add up to the least possible: an isotonic regression (pool adjacent violators) of the places
    less the gaps before them. What does not fit stands closer, evenly.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    blocks: list[tuple[float, int]] = []  # mean, how many
    for rank, at in enumerate(order):
        blocks.append((wanted[at] - rank * gap, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, n), (other, m) = blocks[-2:]
            blocks[-2:] = [((one * n + other * m) / (n + m), n + m)]
    bases = [mean for mean, many in blocks for _ in range(many)]
    placed = [0.0] * len(wanted)
    for rank, at in enumerate(order):
        placed[at] = min(max(bases[rank], low), high - (len(wanted) - 1) * gap) + rank * gap
    return placed
