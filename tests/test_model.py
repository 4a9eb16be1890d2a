"""The words of the project as values."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from wirematrix import model
from wirematrix.model import (
    STATUS_MEANS,
    Cell,
    Exclusion,
    Expectation,
    Finding,
    Force,
    Held,
    Status,
    Verdict,
)

CELL = Cell(scenario="opens", engine="webkit", transport="fetch-stream+", network="direct")
VALUES = [each for each in vars(model).values() if dataclasses.is_dataclass(each)]


def test_a_cell_has_one_id_everywhere() -> None:
    """The id is derived from the four axes and holds pytest's parameter id in its brackets."""
    assert CELL.id == "opens[webkit-fetch-stream+-direct]"
    assert CELL.params == "webkit-fetch-stream+-direct"


def test_ids_tell_all_cells_apart() -> None:
    """No two cells of the axes share an id, though names may hold hyphens."""
    cells = [
        Cell(scenario=scenario, engine=engine, transport=transport, network=network, relation=relation)
        for scenario in ("opens", "opens-late")
        for engine in model.ENGINES
        for transport in model.TRANSPORTS
        for network in ("close", "stream-close", "direct")
        for relation in model.RELATIONS
    ]
    assert len({cell.id for cell in cells}) == len(cells)


@pytest.mark.parametrize("empty", ["", " \n"])
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Exclusion, {"cell": CELL}),
        (Expectation, {}),
        (Finding, {"check": "in_order", "force": Force.MUST, "held": Held.HELD}),
        (Verdict, {"status": Status.PASS}),
    ],
)
def test_nothing_is_claimed_without_a_reason(kind: type, given: dict[str, Any], empty: str) -> None:
    """An exclusion, expectation, finding or verdict cannot be made with an empty sentence."""
    with pytest.raises(ValueError, match="because is empty; expected a sentence"):
        kind(**given, because=empty)


@pytest.mark.parametrize(
    ("status", "claimed", "expected"),
    [
        (Status.PASS, (Status.PASS,), True),
        (Status.FAIL, (Status.PASS,), False),
        (Status.FAIL, (Status.FAIL,), True),
        (Status.PASS, (Status.FAIL,), False),
        (Status.TIMEOUT, (Status.FAIL, Status.TIMEOUT), True),
        (Status.SKIP, (Status.PASS,), True),
        (Status.ERROR, (Status.FAIL,), False),
    ],
)
def test_a_verdict_is_expected_or_not(status: Status, claimed: tuple[Status, ...], *, expected: bool) -> None:
    """Expected means claimed, in both directions: an unexpected pass is news, too; a skip never is."""
    expectation = Expectation(statuses=claimed, because="it was observed")
    assert Verdict(status=status, because="seen", expectation=expectation).expected is expected


def test_every_status_is_explained() -> None:
    """Each of the closed set of statuses has a sentence for the legend."""
    assert list(STATUS_MEANS) == list(Status)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_frozen_slotted_and_made_by_keyword(value: Any) -> None:
    """A value cannot change after it was made, and no argument can be mistaken for another."""
    parameters = value.__dataclass_params__
    assert parameters.frozen
    assert "__slots__" in vars(value)
    assert all(each.kw_only for each in dataclasses.fields(value))
