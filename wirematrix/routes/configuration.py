"""From a readable configuration to the one a server is started with: `@NAME@` is filled in, nothing else changes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from wirematrix.routes.certificates import Certificate
from wirematrix.routing import Via

PLACEHOLDER: Final = re.compile(r"@([A-Z_]+)@")
LISTEN: Final[Mapping[str, str]] = {  # how each program spells a Unix socket
    "nginx": "unix:{path}",
    "haproxy": "unix@{path}",
    "caddy": "unix/{path}",
}


def written(via: Via, *, listen: Path, apps: Sequence[tuple[str, int]], folder: Path, certificate: Certificate) -> str:
    """The text of a route's configuration.

    `listen` is the Unix socket to listen at, `apps` where requests go (a balancer has two), `folder` is for whatever
    the server keeps.
    """
    return fill(
        readable(via.route.configuration),
        {
            "LISTEN": LISTEN[via.route.program].format(path=listen),
            "APP": f"{apps[0][0]}:{apps[0][1]}",
            "OTHER": f"{apps[-1][0]}:{apps[-1][1]}",
            "FOLDER": str(folder),
            "IDLE_S": str(via.idle_s),
            "CERTIFICATE": str(certificate.chain),
            "KEY": str(certificate.key),
            "USER": "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else "",  # else it is ours already
        },
    )


def readable(name: str) -> str:
    """The text of a configuration as people read it."""
    return (files("wirematrix.routes") / "configurations" / name).read_text(encoding="utf-8")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values where their names stand; a name that has none is our mistake, a KeyError."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)
