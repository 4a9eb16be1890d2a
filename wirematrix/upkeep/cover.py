"""Cells put together: as few products of axis values as mean exactly some cells of one scenario.

A product may hold a combination that is no cell of the matrix (an exclusion, a network the scenario does not run
over), never one that is a cell and was not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from wirematrix.expectations import AXES, Selector
from wirematrix.model import Cell


def cover(cells: Sequence[Cell], known: Collection[Cell]) -> tuple[Selector, ...]:
    """Selectors that name every axis; each of `cells` is meant by one of them, and nothing else of `known` by any.

    They come in the order of the cells. An empty answer to no cells.
    """
    others = set(known).difference(cells)
    found = _cover(tuple(cells), others) if cells else []
    return tuple(sorted(found, key=lambda selector: [selector.matches(cell) for cell in cells].index(True)))


def _cover(cells: Sequence[Cell], others: Collection[Cell]) -> list[Selector]:
    whole = _spanning(cells)
    if not any(map(whole.matches, others)):
        return [whole]
    # Cells that are no whole product differ along some axis, so there is a way; each part is smaller.
    ways = []
    for axis in AXES:
        parts = _parts(cells, axis)
        if len(parts) > 1:
            ways.append([selector for part in parts for selector in _cover(part, others)])
    return min(ways, key=len)


def _parts(cells: Sequence[Cell], axis: str) -> list[list[Cell]]:
    """The cells parted along an axis; values with the same cells behind them stay together."""
    by_value: dict[str, list[Cell]] = {}
    for cell in cells:
        by_value.setdefault(getattr(cell, axis), []).append(cell)
    alike: dict[frozenset[tuple[str, ...]], list[Cell]] = {}
    for part in by_value.values():
        rest = frozenset(tuple(getattr(cell, other) for other in AXES if other != axis) for cell in part)
        alike.setdefault(rest, []).extend(part)
    return list(alike.values())


def _spanning(cells: Sequence[Cell]) -> Selector:
    """The smallest product that holds all the cells."""
    return Selector(**{axis: frozenset(getattr(cell, axis) for cell in cells) for axis in AXES})
