"""apt-get, where this user may use it without being asked anything: as root, or by a sudo without password.

Standard library only: this runs before the virtual environment exists.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

FETCH_S = 600  # downloading packages
UNPACK_S = 900  # installing what was downloaded; dpkg must not be cut short lightly
ASK_S = 20  # any question that needs no network

_INSTALL = ("install", "-y", "--no-install-recommends")
_PATIENCE = (
    "-o",
    "DPkg::Lock::Timeout=60",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20",
)


def present() -> bool:
    """Whether this is a system with apt at all, allowed or not."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None


@cache
def privilege() -> tuple[str, ...] | None:
    """What to put before a command that needs root: nothing as root, `sudo -n` if it asks nothing, else None."""
    if not present():
        return None
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, timeout=ASK_S, check=False)
    return ("sudo", "-n") if asked.returncode == 0 else None


def by_hand(*packages: str) -> str:
    """The one command a person types to install the packages."""
    sudo = "sudo " if os.geteuid() != 0 else ""
    return f"{sudo}apt-get {' '.join((*_INSTALL, *packages))}"


@cache
def hands_out_snaps() -> bool:
    """Whether this distribution's browser packages are empty shells around snaps (Ubuntu's are)."""
    try:
        return "ID=ubuntu" in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False


def install(*packages: str) -> str | None:
    """Install the packages, newer ones over older ones; None when that worked, else one line that says why not.

    The package lists are fetched first, once a process: an image's old lists know old browsers only, or none of the
    suite that has the new ones, and would install them without a complaint. Where the lists cannot be fetched, what
    the old ones offer may still do.
    """
    update()
    return _install(packages)


@cache
def update() -> str | None:
    """Fetch the package lists, once."""
    return _apt_get("update", budget_s=FETCH_S)


def _install(packages: tuple[str, ...]) -> str | None:
    """Fetch, then unpack: only fetching may hang on a network, so only fetching has a short budget."""
    return _apt_get(*_INSTALL, "--download-only", *packages, budget_s=FETCH_S) or _apt_get(
        *_INSTALL, *packages, budget_s=UNPACK_S
    )


def _apt_get(*words: str, budget_s: int) -> str | None:
    """Run one apt-get command without questions; the last line of its complaint, or None."""
    root = privilege()
    if root is None:
        return "apt-get needs root and sudo would ask for a password"
    command = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *_PATIENCE, *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=budget_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"apt-get {words[0]} did not end within {budget_s} s"
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return said[-1].strip() if said else f"apt-get {words[0]} ended with {done.returncode}"
