"""An example's server as a process that is there at once: forked from one that has its libraries imported already.

Dozens of servers are started, and importing is nearly all that a start takes. What runs is the file, as `__main__`,
with settings from its environment, as by `python FILE`; test_examples.py starts it like that, too.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

# Not sse_starlette, which changes uvicorn for all who come after it; pytest is what a child takes for its main program.
IMPORTED: Final = ("fastapi.staticfiles", "httptools", "pytest", "uvicorn", "uvloop", "websockets", "wsproto")


def started(server: Path, settings: Mapping[str, str], complaints: Path) -> BaseProcess:
    """A server that is about to serve; what it writes to stderr goes to a file."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    process = context.Process(target=_serve, args=(str(server), dict(settings), str(complaints)), daemon=True)
    process.start()
    return process


def _serve(server: str, settings: dict[str, str], complaints: str) -> None:
    os.environ.update(settings)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(complaints, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    runpy.run_path(server, run_name="__main__")
