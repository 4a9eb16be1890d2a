"""The house keeps its walls: what imports what, who owns which library, which words are banned.

The tables below are the plan; `tools/walls.py` finds the offenders. A module that no table knows is an offender, so a
new one is placed on purpose. Each wall is also shown a seeded defect, because a wall that cannot fail holds nothing.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tools import walls
from tools.walls import Module

ROOT = Path(__file__).resolve().parent.parent

# Which ring a module of wirematrix is in; a package stands for everything in it. Imports point inward: 3 → 2 → 1 → 0.
RINGS_BY_MODULE = {
    0: ("errors", "model", "load_model", "budgets"),  # words
    1: (  # judgement: no I/O but the file each is named for
        "accounting",
        "checks",
        "codec",
        "cpu_ledger",
        "decision",
        "effort",
        "expectations",
        "factfile",
        "facts",
        "faults",
        "gather",
        "journal",
        "judge",
        "latency_hdr",
        "ledger",
        "load_figures",
        "load_settings",
        "marks",
        "matrix",
        "measures",
        "metrics",
        "needs",
        "network",
        "nodes",
        "pageclock",
        "repeats",
        "routing",
        "runfile",
        "timeline",
        "transitions",
        "upkeep",
        "yamlfile",
    ),
    2: (  # machines
        "admission",
        "agenda",
        "attempts",
        "campaign",
        "conditions",
        "control",
        "driver",
        "engines",
        "envelopes",
        "flow",
        "forkserver",
        "heads",
        "link",
        "listener",
        "load",
        "lossy",
        "onefile",
        "origin",
        "pagecell",
        "passing",
        "pool",
        "probe",
        "rawcell",
        "proxy",
        "resources",
        "routes",
        "runner",
        "server",
        "services",
        "side",
        "sockets",
        "waits",
        "way",
    ),
    3: (  # faces
        *("cli", "doctor", "items", "options", "plugin", "progress", "report", "runbook", "unasked"),
        *("load_command", "load_progress", "locust_command"),
    ),
}
RINGS = {f"wirematrix.{name}": ring for ring, names in RINGS_BY_MODULE.items() for name in names}

# Which modules may import a third-party library; the rest asks them.
OWNERS = {
    # wirematrix
    "gi": {"wirematrix.engines.webkitgtk_shell"},  # runs on the system's python3
    "hdrh": {"wirematrix.latency_hdr"},
    "httptools": {"wirematrix.load.receivers"},
    "httpx": {"load.bench", "wirematrix.control", "wirematrix.load", "wirematrix.runner", "wirematrix.server"},
    "jinja2": {"wirematrix.report"},
    "lizard": {"wirematrix.effort.sizes"},
    "markupsafe": {"wirematrix.report"},
    "picows": {"wirematrix.load.receivers"},
    "matplotlib": {"wirematrix.report.charts.canvas"},
    "playwright": {"wirematrix.driver", "wirematrix.engines"},
    "psutil": {"wirematrix.admission", "wirematrix.doctor", "wirematrix.engines", "wirematrix.resources"}
    | {"wirematrix.load", "wirematrix.load_command", "wirematrix.runbook"},
    "pygments": {"wirematrix.effort"},
    "pytest": {"wirematrix.items", "wirematrix.options", "wirematrix.plugin", "wirematrix.soak"},
    "rich": {"wirematrix.cli", "wirematrix.doctor", "wirematrix.progress"}
    | {"wirematrix.load_command", "wirematrix.load_progress", "wirematrix.report"},
    "ruamel": {"wirematrix.matrix", "wirematrix.yamlfile"},
    "typer": {"wirematrix.cli", "wirematrix.load_command", "wirematrix.locust_command", "wirematrix.progress"},
    "xdist": {"wirematrix.plugin"},
    # app and load
    "aiohttp": {"load.bench"},
    "fastapi": {"app", "load.tiers"},
    "httpx_sse": {"load.bench"},
    "pydantic": {"app", "wirematrix.matrix"},
    "pydantic_settings": {"app"},
    "sse_starlette": {"app", "load.tiers"},
    "starlette": {"app", "load.tiers"},
    "uvicorn": {"app", "load.tiers"},
    "uvloop": {"app", "load", "wirematrix.load.generator"},
    "websockets": {"app", "load", "wirematrix.load.publisher"},
    # the extra `locust`
    **{key: {"load.bench", "load.locust_subscribers", "load.locustfile"} for key in ("gevent", "locust", "websocket")},
}

OURS = {"app", "e2e", "examples", "load", "tests", "tools", "wirematrix"}
SCENARIOS_MAY_ALSO_IMPORT = {"pytest"}

# docs/glossary.md, last section: banned alone, or banned in any part of a name.
BANNED_ALONE = {"browser", "client", "data", "drop", "event", "info", "path", "result", "session", "test"}
BANNED_ANYWHERE = {"helper", "helpers", "manager", "managers", "util", "utils"}
# Functions whose parameters are named by somebody else: pytest's hooks, asyncio's protocols.
DICTATED = r"pytest_\w+|data_received|datagram_received"
# Names that pass in one file, each for a reason.
ALLOWED_WORDS = {
    "wirematrix/yamlfile.py": {"event", "events"},  # YAML's own word for what a parser emits
}

LONGEST_MODULE = 400


def every(*folders: str) -> list[Module]:
    """The modules of some folders of the tree."""
    return [module for folder in folders for module in walls.read(ROOT, folder)]


def banned(modules: list[Module], allowed: Mapping[str, Collection[str]] = MappingProxyType({})) -> list[str]:
    """Offenders against the glossary, by the words above."""
    return walls.banned_words(modules, whole=BANNED_ALONE, anywhere=BANNED_ANYWHERE, allowed=allowed, dictated=DICTATED)


def report(offenders: list[str]) -> str:
    """Offenders as a failure shows them: one a line."""
    return "\n".join(["", *offenders])


def test_imports_point_inward() -> None:
    """Ring 3 imports 2, 2 imports 1, 1 imports 0, never the other way, and every module has a ring."""
    offenders = walls.outward_imports(every("wirematrix"), "wirematrix", RINGS)
    assert not offenders, report(offenders)


def test_machinery_knows_no_app() -> None:
    """The machinery judges any server: it imports neither the app nor scenarios nor tests."""
    offenders = walls.forbidden_imports(every("wirematrix"), OURS - {"wirematrix"})
    assert not offenders, report(offenders)


def test_app_knows_no_machinery() -> None:
    """The app is worth copying alone: it imports nothing of ours."""
    offenders = walls.forbidden_imports(every("app"), OURS - {"app"})
    assert not offenders, report(offenders)


def test_tiers_know_neither_app_nor_machinery() -> None:
    """What the app is held against is written without it: the tiers import nothing of ours but each other."""
    offenders = walls.forbidden_imports(every("load/tiers"), OURS - {"load"})
    assert not offenders, report(offenders)


def test_scenarios_use_public_names() -> None:
    """A scenario imports what `wirematrix.__all__` offers, pytest and the standard library."""
    modules = every("e2e")
    offenders = walls.beyond_public(modules, "wirematrix", public_names(), SCENARIOS_MAY_ALSO_IMPORT)
    assert not offenders, report(offenders)


def test_public_names_exist_in_order() -> None:
    """`wirematrix.__all__` is sorted, and each name in it is really there."""
    names = public_names()
    assert names == walls.in_order(names)
    front = importlib.import_module("wirematrix")
    assert [name for name in names if not hasattr(front, name)] == []


def test_libraries_have_owners() -> None:
    """A third-party library is imported by the modules that own it and by no other."""
    offenders = walls.foreign_libraries(every("app", "load", "wirematrix"), OWNERS, OURS)
    assert not offenders, report(offenders)


def test_banned_words_name_nothing() -> None:
    """No function, class, parameter or module-level variable is called by a word that means three things."""
    offenders = banned(every("load", "wirematrix", "e2e"), ALLOWED_WORDS)
    assert not offenders, report(offenders)


def test_tests_say_what_they_are_about() -> None:
    """Every test and every scenario has a docstring; a scenario's is its row's title in the report."""
    offenders = walls.missing_docstrings(every("tests", "e2e", "tools"))
    assert not offenders, report(offenders)


def test_scenarios_do_not_sleep() -> None:
    """A scenario waits for observations; nothing in e2e sleeps."""
    offenders = walls.sleeps(every("e2e"))
    assert not offenders, report(offenders)


def test_modules_stay_short() -> None:
    """No module is longer than one reason to exist can explain, in Python or in JavaScript."""
    files = {
        module.file: module.source for module in every("app", "load", "wirematrix", "e2e", "tests", "tools", "examples")
    }
    for script in sorted((ROOT / "static").rglob("*.js")):
        files[script.relative_to(ROOT).as_posix()] = script.read_text(encoding="utf-8")
    offenders = walls.too_long(files, LONGEST_MODULE)
    assert not offenders, report(offenders)


def test_dependencies_are_locked() -> None:
    """Every dependency of pyproject.toml is in the lock, with a hash, and an exact pin is the same in both."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+).*\\\n +--hash=sha256:", lock))
    for wanted in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name, pinned = re.findall(r"^([a-z0-9.-]+)(?:==([\w.]+))?", wanted)[0]
        name = name.replace(".", "-")
        assert name in locked, f"{name} is not in requirements.lock; run: make lock"
        assert pinned in ("", locked[name])


def public_names() -> list[str]:
    """What the package offers, read from its source."""
    front = next((module for module in every("wirematrix") if module.name == "wirematrix"), None)
    return walls.public_names(front) if front else []


# ── seeded defects: each wall is shown something it must stop ──


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
