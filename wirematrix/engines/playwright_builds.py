"""Playwright's own builds: which are on this disk, read from its registry file without starting anything.

Playwright keeps `browsers.json` (names, revisions, versions) beside its driver and unpacks each build to
`<registry>/<name>-<revision>/`. A build counts as present when its executable is there, which is the very
check that `launch` makes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import playwright

DRIVER: Final = Path(playwright.__file__).parent / "driver" / "package"
EXECUTABLES: Final = {
    "chromium": ("chrome-*/chrome", "chrome-*/*.app/Contents/MacOS/*", "chrome-*/chrome.exe"),
    "chromium-headless-shell": ("chrome-headless-shell-*/chrome-headless-shell*",),
    "firefox": ("firefox/firefox", "firefox/*.app/Contents/MacOS/firefox", "firefox/firefox.exe"),
    "webkit": ("pw_run.sh", "Playwright.exe"),
    "ffmpeg": ("ffmpeg-*",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedBuild:
    """One build in Playwright's registry; `title` is what Playwright calls it."""

    name: str
    title: str
    version: str
    executable: Path


def unpacked(name: str) -> UnpackedBuild | None:
    """The build called `name` in `browsers.json`, or None where it was never fetched."""
    for entry in described():
        if entry["name"] != name:
            continue
        for revision in (entry["revision"], *entry.get("revisionOverrides", {}).values()):
            executable = executable_in(registry() / f"{name.replace('-', '_')}-{revision}", name)
            if executable:
                return UnpackedBuild(
                    name=name,
                    title=entry.get("title", name),
                    version=entry.get("browserVersion", "unknown"),
                    executable=executable,
                )
    return None


def described() -> list[dict[str, Any]]:
    """The entries of `browsers.json`."""
    entries: list[dict[str, Any]] = json.loads((DRIVER / "browsers.json").read_text())["browsers"]
    return entries


def executable_in(directory: Path, name: str) -> Path | None:
    """The executable of an unpacked build, wherever this system's archive has put it."""
    found: Iterator[Path] = (match for pattern in EXECUTABLES[name] for match in sorted(directory.glob(pattern)))
    return next((match for match in found if match.is_file()), None)


def registry() -> Path:
    """Where Playwright unpacks its builds: `PLAYWRIGHT_BROWSERS_PATH`, or the user's cache directory."""
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if chosen == "0":
        return DRIVER / ".local-browsers"
    if chosen:
        return Path(chosen).absolute()
    return cache_directory() / "ms-playwright"


def cache_directory() -> Path:
    """The cache directory as Playwright's driver computes it on each system."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
