"""Scenarios that are slow by nature: left out of a run unless somebody asks for them, by -m or by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

MARK = "soak"


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> int:
    """Deselect the soak items that nobody asked for; how many they are."""
    if re.search(rf"\b{MARK}\b", config.option.markexpr):
        return 0
    unasked = [item for item in items if item.get_closest_marker(MARK) and not is_named(config, item)]
    if unasked:
        items[:] = [item for item in items if item not in unasked]
        config.hook.pytest_deselected(items=unasked)
    return len(unasked)


def is_named(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether the command line names this item, or the function it is made of."""
    for argument in config.args:
        file, _, name = argument.partition("::")
        if name and (config.invocation_params.dir / file).resolve() == item.path.resolve():
            own = item.nodeid.partition("::")[2]
            if own == name or own.startswith(f"{name}["):
                return True
    return False


def told(left_out: int) -> Sequence[str]:
    """What is said about it at the top of a run."""
    if not left_out:
        return ()
    cells = "1 cell" if left_out == 1 else f"{left_out:,} cells"
    return (f"soak: {cells} of slow scenarios left out; run them with: pytest e2e -m {MARK}",)
