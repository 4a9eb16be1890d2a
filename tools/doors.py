"""The doors of the Makefile, for any system: each sees to the environment first and then runs one thing in it.

    python3 tools/doors.py matrix [ARGS ...]    the browsers, then `wirematrix matrix ARGS`
    python3 tools/doors.py matrix-routes [ARGS ...]   browsers and servers, then the cells with a real server in between
    python3 tools/doors.py test [ARGS ...]      lint, types, workflows, then `pytest tests ARGS`, in workers
    python3 tools/doors.py prove [ARGS ...]     the browsers, then `pytest tests_browser`, or the part that ARGS name
    python3 tools/doors.py bench [ARGS ...]     what fan-out costs beside other ways, and receiving beside other clients
    python3 tools/doors.py serve [ARGS ...]     the app, to try by hand
    python3 tools/doors.py setup                the environment and nothing else
    python3 tools/doors.py lock                 write requirements.lock again from pyproject.toml
    python3 tools/doors.py clean                remove the environment and every cache; results stay

Standard library only, and readable by a Python that is too old, so that it can say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
DOORS = ("matrix", "matrix-routes", "test", "prove", "bench", "serve", "setup", "lock", "clean")
BROWSING = ("matrix", "matrix-routes", "prove")  # these need the browsers
RUNS = {
    "matrix": ("wirematrix", "matrix"),
    "matrix-routes": ("wirematrix", "matrix", "-m", "routes"),
    "prove": ("pytest",),
    "bench": ("load.bench",),
    "serve": ("wirematrix", "serve"),
}
# Workers for the fast tests: a file's tests stay together until a worker has nothing left to do. `-n 0`, behind them,
# is one process again.
SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses", "4", "--dist", "worksteal")
CACHES = (".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")
LOCK_COMMAND = (
    *("uv", "pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header"),
    *("--python-version", "3.11", "--extra", "dev", "pyproject.toml", "--output-file", "requirements.lock"),
)


def main(door: str, arguments: list[str]) -> int:
    """Go through one door; its exit status."""
    os.chdir(ROOT)
    if door == "lock":
        return lock()
    if door == "clean":
        return clean()
    from tools import browsers, environment, route_servers  # noqa: PLC0415  (a Python that is too old cannot read them)

    environment.main()
    python = str(environment.PYTHON)
    if door == "test":
        return test(python, environment.SCRIPTS, arguments)
    if door in BROWSING:
        wanted = engines(arguments, browsers.ENGINES)
        if wanted is not None:
            browsers.main([word for engine in wanted for word in ("--engine", engine)])
    if door == "matrix-routes":
        route_servers.main()
    if door == "prove" and not any(word.startswith("tests_browser") for word in arguments):
        arguments = ["tests_browser", *arguments]
    return run(python, "-m", *RUNS[door], *arguments) if door in RUNS else 0


def engines(arguments: list[str], known: tuple[str, ...]) -> list[str] | None:
    """The engines a selection names; empty is all of them, None is a channel's browser, which is there or not."""
    words = [half for word in arguments for half in (word.split("=", 1) if word.startswith("--browser") else [word])]
    if "--browser-channel" in words:
        return None
    named = [following for word, following in zip(words, words[1:]) if word == "--browser"]  # noqa: B905, RUF007
    return [engine for engine in named if engine in known]


def test(python: str, scripts: Path, arguments: list[str]) -> int:
    """Lint, types and workflows, then the fast tests, whose closing line is the last; stops at the first that fails."""
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"  # actionlint looks for shellcheck there
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process the tests start compiles all modules anew
    steps = (
        ("lint", [python, "-m", "ruff", "check", "--quiet"]),
        ("format", [python, "-m", "ruff", "format", "--check", "--quiet"]),
        ("types", [python, "-m", "mypy", "--strict"]),
        ("workflows", ["actionlint", *sorted(str(file) for file in Path(".github/workflows").glob("*.yml"))]),
        ("workflows", ["zizmor", "--offline", "--quiet", ".github"]),
        ("tests", [python, "-m", "pytest", "tests", "tools", *SIDE_BY_SIDE, *arguments]),
    )
    for name, command in steps:
        print(f"{name:10}{' '.join(command).replace(python, 'python')}", flush=True)
        status = run(*command)
        if status != 0:
            return status
    return 0


def lock() -> int:
    """Resolve again with uv, which keeps what is locked as far as pyproject.toml still allows."""
    if shutil.which("uv") is None:
        print("uv is not on the PATH; install it with: pip install uv", file=sys.stderr)
        return 2
    return run(*LOCK_COMMAND)


def clean() -> int:
    """Remove what can be made again."""
    for name in (".venv", *CACHES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ROOT.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def run(*command: str) -> int:
    """Run a command to its end, however long it takes; an interrupt is the command's to handle."""
    with subprocess.Popen([shutil.which(command[0]) or command[0], *command[1:]]) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def newer_python() -> str | None:
    """A Python that is new enough, if this one is not."""
    names = (f"python3.{minor}" for minor in range(19, OLDEST[1] - 1, -1))
    return next((found for found in map(shutil.which, names) if found), None)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        newer = newer_python()
        if newer is None:
            sys.exit(f"wirematrix needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}")
        os.execv(newer, [newer, *sys.argv])
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) < 2 or sys.argv[1] not in DOORS:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
