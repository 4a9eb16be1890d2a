"""Figures of the benchmark as text: medians with their spread, ratios, and the targets beside them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence


def median(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    kept = list(values)
    return statistics.median(kept) if kept else float("nan")


def figure(values: Sequence[float]) -> str:
    """Median and range, as `12.3 (11.9-13.0)`; a dash of nothing."""
    if not values:
        return "-"
    middle = f"{median(values):.{_digits(median(values))}f}"
    if len(values) == 1:
        return middle
    digits = _digits(median(values))
    return f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """How many times the median of the others fits into ours, or a dash."""
    if not values or not others or not median(others):
        return "-"
    return f"{median(values) / median(others):.2f}"


def rows(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    lines = [header, ["-" * width for width in widths], *body]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _digits(value: float) -> int:
    return 2 if value < 10 else 1
