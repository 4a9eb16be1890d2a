"""Cells put together to few selectors."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirematrix.model import RELATIONS, Cell
from wirematrix.upkeep.cover import cover

ENGINES, TRANSPORTS, NETWORKS = ("chromium", "firefox", "webkit"), ("eventsource", "websocket"), ("close", "reset")
KNOWN = [
    Cell(scenario="opens", engine=engine, transport=transport, network=network, relation=relation)
    for network, relation, engine, transport in product(NETWORKS, RELATIONS, ENGINES, TRANSPORTS)
]


def covered(*beginnings: str) -> list[str]:
    """The selectors for the same-origin cells whose parameters begin so, in short."""
    cells = [cell for cell in KNOWN if cell.params.startswith(beginnings) and cell.relation == RELATIONS[0]]
    return [
        " ".join("+".join(sorted(values)) for values in (each.engine, each.transport, each.network) if values)
        for each in cover(cells, KNOWN)
    ]


@pytest.mark.parametrize(
    ("beginnings", "selectors"),
    [
        ((), []),
        (("webkit-websocket-close",), ["webkit websocket close"]),
        (("webkit",), ["webkit eventsource+websocket close+reset"]),
        (("webkit", "firefox"), ["firefox+webkit eventsource+websocket close+reset"]),
        (
            ("webkit", "firefox-websocket"),
            ["firefox websocket close+reset", "webkit eventsource+websocket close+reset"],
        ),
        (
            ("webkit-websocket-close", "firefox-eventsource-reset"),
            ["webkit websocket close", "firefox eventsource reset"],
        ),
    ],
)
def test_products_are_as_large_as_can_be(beginnings: tuple[str, ...], selectors: list[str]) -> None:
    """A product that is full is one selector; what is not is split along the axis that makes the fewest."""
    assert covered(*beginnings) == selectors


def test_what_is_no_cell_fills_gaps() -> None:
    """A combination that the matrix does not have may lie within a product."""
    known = [cell for cell in KNOWN if cell.params != "webkit-websocket-close"]
    (selector,) = cover([cell for cell in known if cell.engine == "webkit"], known)
    assert selector.transport == frozenset(TRANSPORTS)
    assert selector.network == frozenset(NETWORKS)


@given(st.sets(st.sampled_from(KNOWN)), st.sets(st.sampled_from(KNOWN)))
def test_selectors_mean_what_was_asked_for(cells: set[Cell], others: set[Cell]) -> None:
    """Each cell is meant once, and nothing else that is known is meant at all."""
    wanted = [cell for cell in KNOWN if cell in cells]
    selectors = cover(wanted, [*wanted, *others])
    for cell in cells | others:
        assert sum(selector.matches(cell) for selector in selectors) == (cell in cells)
