"""The house keeps its walls: what imports what, who owns which library, which words are banned.

The tables below are the plan; `tools/walls.py` finds the offenders. A module that no table knows is an offender, so a
new one is placed on purpose. `test_walls.py` shows each wall a seeded defect, because a wall that cannot fail holds
nothing.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from tools import walls
from tools.walls import Module

ROOT = Path(__file__).resolve().parent.parent

COMMANDS = ("comment", "deploying", "diff", "documented", "export", "load", "locust", "merge", "open", "plan", "show")
# Which ring a module of wirematrix is in; a package stands for everything in it. Imports point inward: 3 → 2 → 1 → 0.
RINGS_BY_MODULE = {
    0: ("errors", "model", "load_model", "budgets"),  # words
    1: (  # judgement: no I/O but the file each is named for
        "accounting",
        "checks",
        "codec",
        "cpu_ledger",
        "decision",
        *("documented", "effort"),
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
        *("changes", "counterparts", "jobs", "keynumbers", "merged", "merging", "noise", "plan", "runrules"),
    ),
    2: (  # machines
        "admission",
        "pulse",
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
        *("cli", "command_files", "doctor", "items", "load_progress", "options", "plugin", "progress", "report"),
        *("runbook", "unasked", *(f"{name}_command" for name in COMMANDS)),
    ),
}
RINGS = {f"wirematrix.{name}": ring for ring, names in RINGS_BY_MODULE.items() for name in names}

# Which modules may import a third-party library; the rest asks them.
OWNERS = {
    # wirematrix
    "gi": {"wirematrix.engines.webkitgtk_shell"},  # runs on the system's python3
    "hdrh": {"wirematrix.latency_hdr"},
    "httptools": {"wirematrix.load.sse_stream"},
    "httpx": {"load.bench", "wirematrix.control", "wirematrix.load", "wirematrix.runner", "wirematrix.server"},
    "jinja2": {"wirematrix.report"},
    "lizard": {"wirematrix.effort.sizes"},
    "markupsafe": {"wirematrix.report"},
    "matplotlib": {"wirematrix.report.charts.canvas"},
    "playwright": {"wirematrix.driver", "wirematrix.engines"},
    "psutil": {"wirematrix.admission", "wirematrix.doctor", "wirematrix.engines", "wirematrix.resources"}
    | {"wirematrix.load", "wirematrix.load_command", "wirematrix.runbook"},
    "pygments": {"wirematrix.effort"},
    "pytest": {"wirematrix.items", "wirematrix.options", "wirematrix.plugin", "wirematrix.unasked"},
    "rich": {
        "wirematrix.cli",
        "wirematrix.doctor",
        "wirematrix.load_progress",
        "wirematrix.progress",
        "wirematrix.report",
    }
    | {f"wirematrix.{name}_command" for name in ("diff", "documented", "load", "plan", "show")},
    "ruamel": {"wirematrix.matrix", "wirematrix.yamlfile"},
    "trustme": {"wirematrix.routes.certificates"},
    "typer": {"wirematrix.cli", "wirematrix.progress", *(f"wirematrix.{name}_command" for name in COMMANDS)},
    "xdist": {"wirematrix.plugin"},
    # app and load
    "aiohttp": {"load.bench"},
    "fastapi": {"app", "load.tiers"},
    "httpx_sse": {"load.bench"},
    "pydantic": {"app", "wirematrix.matrix"},
    "pydantic_settings": {"app"},
    "redis": {"app.redis_feed", "tests.app"},
    "sse_starlette": {"app", "load.tiers"},
    "starlette": {"app", "load.tiers"},
    "uvicorn": {"app", "load.tiers"},
    "uvloop": {"app", "load", "wirematrix.load.generator"},
    "websockets": {"app", "load", "wirematrix.load.publisher", "wirematrix.load.websocket_stream"},
    # the extra `locust`
    **{key: {"load.bench", "load.locust_subscribers", "load.locustfile"} for key in ("gevent", "locust", "websocket")},
}

OURS = {"app", "e2e", "examples", "load", "tests", "tools", "wirematrix"}
SCENARIOS_MAY_ALSO_IMPORT = {"pytest"}

# docs/glossary.md, last section: banned alone, or banned in any part of a name.
BANNED_ALONE = {"browser", "client", "data", "drop", "event", "info", "path", "result", "session", "test"}
BANNED_ANYWHERE = {"helper", "helpers", "manager", "managers", "util", "utils"}
# Functions whose parameters are named by somebody else: pytest's hooks, asyncio's protocols, html.parser.
DICTATED = r"pytest_\w+|data_received|datagram_received|handle_data"
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
