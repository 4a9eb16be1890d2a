"""From a scenario function to what it plays against: the annotation of its `cell` decides, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.small_matrix import BASE, write
from tests.small_project import make_project
from wirematrix import LiveCell, RawCell
from wirematrix.errors import InvalidInput
from wirematrix.items import check_cells, is_raw, scenario_of
from wirematrix.matrix import load
from wirematrix.model import Cell

if TYPE_CHECKING:
    from elsewhere import GhostCell  # type: ignore[import-not-found] # a name that is not there when it is asked for

pytest_plugins = ["pytester"]

ROOT: Final = Path(__file__).resolve().parent.parent
EXPECTED: Final = "; expected cell: LiveCell (against the app) or cell: RawCell (against an origin of its own)"


async def live(cell: LiveCell) -> None:
    """It plays against the app."""


async def raw(cell: RawCell) -> None:
    """It plays against an origin."""


async def bare(cell) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """It says nothing."""


async def wrong(cell: Cell) -> None:
    """It means something else."""


async def either(cell: RawCell | LiveCell) -> None:
    """It cannot decide."""


async def ghost(cell: GhostCell) -> None:
    """It means nobody."""


def item(function: Any, network: str = "direct") -> Any:
    """A pytest item of a function, as far as it is asked."""
    cell = Cell(scenario="x", engine="chromium", transport="websocket", network=network)
    return SimpleNamespace(
        function=function,
        config=SimpleNamespace(rootpath=ROOT),
        callspec=SimpleNamespace(params={"cell": cell}),
        get_closest_marker=lambda _: None,
        iter_markers=lambda _: iter(()),
    )


@pytest.mark.parametrize(("function", "is_so"), [(live, False), (raw, True)])
def test_the_annotation_decides(function: Any, *, is_so: bool) -> None:
    """A RawCell gets an origin of its own, a LiveCell the app."""
    assert is_raw(item(function)) is is_so
    scenario = scenario_of(item(function))
    assert scenario.raw is is_so
    assert scenario.text.source == f"tests/test_items.py:{function.__code__.co_firstlineno}"


@pytest.mark.parametrize(
    ("function", "got"),
    [(bare, "not annotated"), (wrong, "Cell"), (either, "RawCell | LiveCell"), (ghost, "GhostCell")],
)
def test_any_other_annotation_is_a_mistake(function: Any, got: str) -> None:
    """No annotation, another, two, or one that means nothing: one sentence with the place and what is accepted."""
    with pytest.raises(InvalidInput) as mistake:
        is_raw(item(function))
    place = f"tests/test_items.py:{function.__code__.co_firstlineno}"
    assert str(mistake.value) == f"{place}: {function.__name__}: parameter cell is {got}{EXPECTED}"


def test_a_raw_scenario_meets_no_faults_of_the_proxy(tmp_path: Path) -> None:
    """A cell whose network would do nothing to it is a mistake, not a cell that passes on `direct`."""
    write(tmp_path, BASE)
    matrix = load(tmp_path / "matrix.yaml")
    check_cells(item(raw), matrix)
    check_cells(item(live, "close"), matrix)
    with pytest.raises(
        InvalidInput, match=r"raw: network close lies before the app.*; expected a network of kind direct"
    ):
        check_cells(item(raw, "close"), matrix)


def test_a_mistake_is_told_at_collection(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest ends with the sentence and exit status 4 before anything is run, and without a traceback."""
    monkeypatch.setattr("pytest_playwright.pytest_playwright._soft_scope", None)
    make_project(pytester.path)
    (pytester.path / "e2e/test_connect.py").write_text('async def test_opens(cell: int):\n    """It opens."""\n')
    ran = pytester.runpytest_inprocess("e2e", "-p", "no:cacheprovider")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(
        ["ERROR: e2e/test_connect.py:1: test_opens: parameter cell is int; expected cell: LiveCell*"]
    )
    for stream in (ran.stdout, ran.stderr):
        stream.no_fnmatch_line("*Traceback*")
    assert not (pytester.path / "results").exists()
