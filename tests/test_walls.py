"""Each wall of the house can fail: it is shown something it must stop, and something it must let pass."""

from __future__ import annotations

import re

import pytest

from tests.test_house import LONGEST_MODULE, OURS, OWNERS, RINGS, banned
from tools import walls
from tools.walls import Module


def module(name: str, source: str, *, package: bool = False) -> Module:
    """A module that exists only here."""
    return Module(name=name, file=name.replace(".", "/") + ".py", source=source, package=package)


@pytest.mark.parametrize(
    "source",
    [
        "import wirematrix.report.html",
        "from wirematrix.report import html",
        "from wirematrix import report",
        "from . import report",
        "from .report.html import render",
        "def late():\n    from wirematrix.cli import main",
        "if TYPE_CHECKING:\n    import wirematrix.driver",
        "from wirematrix import LiveCell",
    ],
)
def test_wall_stops_an_outward_import(source: str) -> None:
    """A ring 1 module that imports a face, a machine or the package's front is named, however it writes the import."""
    others = [module(name, "") for name in ("wirematrix.report", "wirematrix.report.html", "wirematrix.driver")]
    judge = module("wirematrix.judge", f"import os\n{source}")
    (offender,) = walls.outward_imports([module("wirematrix", "", package=True), judge, *others], "wirematrix", RINGS)
    assert re.match(r"wirematrix/judge\.py:[23]: wirematrix\.judge ", offender)


@pytest.mark.parametrize(
    "source", ["from wirematrix.model import Cell", "from wirematrix import errors", "from . import model"]
)
def test_wall_lets_an_inward_import_pass(source: str) -> None:
    """Imports that point inward, or stay in a ring, are nobody's business."""
    others = [module("wirematrix.model", ""), module("wirematrix.errors", "")]
    assert walls.outward_imports([module("wirematrix.judge", source), *others], "wirematrix", RINGS) == []


def test_wall_stops_a_module_without_ring() -> None:
    """A module that no table knows is named with the table to list it in."""
    (offender,) = walls.outward_imports([module("wirematrix.gadgets", "")], "wirematrix", RINGS)
    assert offender.startswith("wirematrix/gadgets.py:1: wirematrix.gadgets is in no ring; list it in RINGS_BY_MODULE")


@pytest.mark.parametrize("source", ["import app.feed", "from app import main", "def f():\n    import e2e.test_drop"])
def test_wall_stops_machinery_that_knows_the_app(source: str) -> None:
    """An import of the app or of scenarios from the machinery is named."""
    (offender,) = walls.forbidden_imports([module("wirematrix.server", source)], OURS - {"wirematrix"})
    assert "wirematrix.server imports" in offender


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("from wirematrix.driver import LiveCell", "imports wirematrix.driver"),
        ("import wirematrix.model", "imports wirematrix.model"),
        ("import wirematrix", "imports wirematrix"),
        ("from wirematrix import secret", "secret, which is not in wirematrix.__all__"),
        ("import app.feed", "imports app.feed"),
        ("from playwright.async_api import Page", "imports playwright.async_api"),
    ],
)
def test_wall_stops_a_scenario_that_reaches_behind(source: str, complaint: str) -> None:
    """A scenario that imports anything but public names is named."""
    (offender,) = walls.beyond_public([module("e2e.test_x", source)], "wirematrix", ["no_gap"], {"pytest"})
    assert complaint in offender


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("wirematrix.judge", "import pytest", "belongs to wirematrix.items, wirematrix.options, wirematrix.plugin"),
        ("wirematrix.reporter", "import jinja2", "belongs to wirematrix.report"),  # a name that only begins alike
        ("wirematrix.server", "from fastapi import FastAPI", "belongs to app"),
        ("app.feed", "import leftpad", "has no owner"),
    ],
)
def test_wall_stops_a_foreign_library(name: str, source: str, complaint: str) -> None:
    """A library imported outside its owner's modules is named, and so is one without an owner."""
    (offender,) = walls.foreign_libraries([module(name, source)], OWNERS, OURS)
    assert complaint in offender


@pytest.mark.parametrize(
    "source",
    [
        "def wait(path): ...",
        "async def wait(*, event=None): ...",
        "def wait(*data): ...",
        "def wait(**info): ...",
        *("class Result: ...", "class ContextManager: ...", "class C:\n    def drop(self): ..."),
        *("RESULTS = []", "_session: int = 1"),
        "def page_utils(): ...",
    ],
)
def test_wall_stops_a_banned_word(source: str) -> None:
    """A banned word is named wherever a name is given: function, class, parameter, module-level variable."""
    (offender,) = banned([module("wirematrix.x", source)])
    assert offender.startswith("wirematrix/x.py:")


@pytest.mark.parametrize(
    "source",
    [
        "def pytest_sessionstart(session): ...",
        "def f():\n    path = 1",
        "dropped = 1",
        "def scope(receive): ...",
        "x = path",
    ],
)
def test_wall_lets_other_names_pass(source: str) -> None:
    """Signatures of pytest and asyncio, local variables, uses, and words that only contain a banned one pass."""
    assert banned([module("wirematrix.x", source)]) == []


def test_wall_lets_a_dictated_name_pass() -> None:
    """A name that a foreign interface dictates passes in the file it is allowed for, and nowhere else."""
    modules = [module(f"wirematrix.{name}", "def launch(browser): ...") for name in ("plugin", "judge")]
    (offender,) = banned(modules, {"wirematrix/plugin.py": {"browser"}})
    assert offender.startswith("wirematrix/judge.py:1: ")


def test_wall_stops_a_test_without_docstring() -> None:
    """A test function without a sentence is named, inside a class, too."""
    source = 'def test_a():\n    """Says it."""\n\nclass TestB:\n    async def test_b(self): ...\n'
    assert walls.missing_docstrings([module("tests.test_x", source)]) == ["tests/test_x.py:5: test_b has no docstring"]


@pytest.mark.parametrize("source", ["await asyncio.sleep(1)", "time.sleep(1)", "sleep(1)"])
def test_wall_stops_a_sleep(source: str) -> None:
    """A sleeping scenario is named."""
    (offender,) = walls.sleeps([module("e2e.test_x", f"async def test_x():\n    {source}")])
    assert offender.startswith("e2e/test_x.py:2: sleeps")


def test_wall_stops_a_long_module() -> None:
    """One line over the limit is named; the limit itself is not."""
    files = {"a.py": "x\n" * LONGEST_MODULE, "b.py": "x\n" * (LONGEST_MODULE + 1)}
    assert walls.too_long(files, LONGEST_MODULE) == ["b.py:401: 401 lines; expected at most 400"]
