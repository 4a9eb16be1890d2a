"""Chromium without focus emulation, so that a page can be hidden.

Playwright tells every page it makes that it has the focus (`Emulation.setFocusEmulationEnabled`), and Chromium then
keeps it visible whatever lies in front of it; no other connection can take that back. A second connection to the
same process, made with `no_defaults`, leaves the pages of the default context alone, which Playwright's first
connection does not look at. So such an engine has one context, and further tabs of it hide a page for real.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import psutil
from playwright.async_api import BrowserContext, Playwright

from wirematrix import budgets
from wirematrix.errors import WirematrixError

PROFILE: Final = "--user-data-dir="
GLANCE_S: Final = 0.02  # how often the file is looked for; Chromium tells nobody that it wrote it


async def unfocused_context(playwright: Playwright, root: psutil.Process | None) -> BrowserContext:
    """The default context of a Chromium that was launched with `--remote-debugging-port=0`."""
    file = profile_of(root) / "DevToolsActivePort"
    port = await asyncio.to_thread(debugging_port, file, within_s=budgets.LAUNCH.seconds)
    connected = await playwright.chromium.connect_over_cdp(
        f"http://127.0.0.1:{port}", no_defaults=True, timeout=budgets.LAUNCH.ms
    )
    return connected.contexts[0]


def profile_of(root: psutil.Process | None) -> Path:
    """The profile that Playwright made for a browser process."""
    for argument in root.cmdline() if root else ():
        if argument.startswith(PROFILE):
            return Path(argument.removeprefix(PROFILE))
    raise WirematrixError("the profile of the launched Chromium is nowhere to be found among our processes")


def debugging_port(file: Path, *, within_s: float) -> int:
    """The port that Chromium picked: the first line of a file it writes when it listens."""
    deadline = time.monotonic() + within_s
    while not (file.exists() and (lines := file.read_text().splitlines())):
        if time.monotonic() > deadline:
            raise WirematrixError(f"the launched Chromium did not write {file.name} within {within_s:.0f} s")
        time.sleep(GLANCE_S)
    return int(lines[0])
