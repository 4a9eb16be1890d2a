"""The virtual environment: made once, brought up to date when the lock or pyproject.toml changed, else left alone.

    python tools/environment.py

Everything is installed from `requirements.lock` with its hashes, then the project itself, editable: one `.pth` and the
console script, no egg-info in the tree and nothing fetched for it. Standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import apt

VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "wirematrix.stamp"
INSTALL_S = 1800
ASK_S = 30


def main() -> None:
    """Bring the environment up to date, silently if it is."""
    wanted = stamp()
    found = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    if found == wanted and PYTHON.exists():
        return
    if not usable(found):
        make()
    print(f"installing {LOCK.read_text(encoding='utf-8').count('==')} locked packages into .venv ...", flush=True)
    _pip("--require-hashes", "--no-deps", "--requirement", str(LOCK))
    _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(wanted, encoding="utf-8")


def stamp() -> str:
    """Where the tree is (an environment cannot move) and what the environment is made from, by content."""
    content = hashlib.sha256()
    for made_from in (LOCK, ROOT / "pyproject.toml"):
        content.update(made_from.read_bytes())
    return f"{ROOT}\n{content.hexdigest()}\n"


def usable(found: str) -> bool:
    """Whether the environment that is there can be brought up to date: it belongs to this tree and its Python runs."""
    if not PYTHON.exists() or (found and found.splitlines()[0] != str(ROOT)):
        return False
    asked = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(asked, capture_output=True, timeout=ASK_S, check=False).returncode == 0


def make() -> None:
    """Make an empty environment; where Debian keeps `venv` in a package of its own, install that first."""
    base = getattr(sys, "_base_executable", sys.executable)  # ours may be the environment that is about to go
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python3.{sys.version_info.minor}-venv"
        if apt.privilege() is not None:
            print(f"installing {package} by apt-get ...", flush=True)
        because = apt.install(package)
        if because is not None:
            sys.exit(f"{base} cannot make virtual environments ({because}); run: {apt.by_hand(package)}")
    print(f"making .venv with Python {sys.version.split()[0]} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([base, "-m", "venv", str(VENV)], timeout=INSTALL_S, check=False)
    if made.returncode != 0:
        sys.exit(f"`{sys.executable} -m venv .venv` ended with {made.returncode}")


def _pip(*words: str) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=INSTALL_S, check=False)
    if done.returncode != 0:
        sys.exit(f"pip ended with {done.returncode}; to see more, run: {' '.join(command).replace(' -qq', '')}")


if __name__ == "__main__":
    main()
