"""The servers that routes are made of, as programs of this machine: where each is, its version, what installs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from wirematrix.budgets import ROUTE
from wirematrix.errors import Skipped
from wirematrix.routing import ROUTES, Route

SYSTEM_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on everybody's PATH
# Command and package of Debian and Ubuntu. Redis stands beside the app rather than before it.
PACKAGES: Final[Mapping[str, str]] = {
    **{route.program: route.package for route in ROUTES.values() if route.program},
    "redis-server": "redis-server",
}
ASKED_BY: Final[Mapping[str, str]] = {  # how each is asked for its version
    "nginx": "-v",
    "haproxy": "-v",
    "caddy": "version",
    "redis-server": "--version",
}
VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


def program_of(route: Route) -> str:
    """Where a route's server is; Skipped with the command that installs it if it is not here."""
    return located(route.program)


def located(command: str) -> str:
    """Where a program of `PACKAGES` is; Skipped with the command that installs it if it is not here."""
    found = shutil.which(command, path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS)))
    if found is None or sys.platform == "win32":
        raise Skipped(f"{command} is not installed; install it with: {remedy(command)}")
    return found


def remedy(command: str) -> str:
    """The one command that installs a program on Debian and Ubuntu."""
    sudo = "" if not hasattr(os, "geteuid") or os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y --no-install-recommends {PACKAGES[command]}"


def version_of(command: str) -> str:
    """What a program says its version is, like 1.22.1; "unknown" if it does not say. Skipped if it is not here."""
    words = [located(command), ASKED_BY[command]]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=ROUTE.seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = VERSION.search(done.stdout + done.stderr)  # nginx says it on stderr
    return found[0] if found else "unknown"
