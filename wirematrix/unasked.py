"""Cells left out of a run unless asked for: slow scenarios (`soak`) and real servers in between (`routes`).

Asked for is what -m names; a soak scenario also by its function, a route also by a word of -k that its network's name
begins with, and any item by its own id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pytest

from wirematrix.items import cell_of
from wirematrix.matrix import Matrix

SOAK = "soak"
ROUTES = "routes"
SAID = {SOAK: "of slow scenarios", ROUTES: "over real servers"}


def mark_routes(items: Iterable[pytest.Item], matrix: Matrix) -> None:
    """Mark the cells whose network leads over a route, so that -m finds them."""
    over = {network.name for network in matrix.networks if network.via}
    for item in items:
        cell = cell_of(item)
        if cell is not None and cell.network in over:
            item.add_marker(ROUTES)


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> Mapping[str, int]:
    """Deselect what nobody asked for; how many, by mark."""
    asked = {mark for mark in SAID if re.search(rf"\b{mark}\b", config.option.markexpr)}
    unasked: dict[pytest.Item, str] = {}
    for item in items:
        for mark in SAID:
            if mark not in asked and item.get_closest_marker(mark) and not _is_named(config, item, mark):
                unasked.setdefault(item, mark)
    if unasked:
        items[:] = [item for item in items if item not in unasked]
        config.hook.pytest_deselected(items=list(unasked))
    return Counter(unasked.values())


def _is_named(config: pytest.Config, item: pytest.Item, mark: str) -> bool:
    """Whether the command line names this item, the function it is made of (soak), or its network (routes)."""
    cell = cell_of(item)
    words = re.findall(r"[\w-]+", config.option.keyword)
    if mark == ROUTES and cell and any(len(word) > 2 and cell.network.startswith(word) for word in words):
        return True
    for argument in config.args:
        file, _, name = argument.partition("::")
        if name and (config.invocation_params.dir / file).resolve() == item.path.resolve():
            own = item.nodeid.partition("::")[2]
            if own == name or (mark == SOAK and own.startswith(f"{name}[")):
                return True
    return False


def told(left_out: Mapping[str, int]) -> Sequence[str]:
    """What is said about it at the top of a run."""
    return [
        f"{mark}: {'1 cell' if number == 1 else f'{number:,} cells'} {SAID[mark]} left out; run them with: "
        f"pytest e2e -m {mark}"
        for mark, number in left_out.items()
    ]
