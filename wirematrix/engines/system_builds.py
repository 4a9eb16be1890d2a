"""The system's own browsers: Chromium, Firefox and WebKitGTK of a distribution, Chrome and Edge by channel.

Each function answers with a `Build` or None; why None is of use, `webkitgtk` says in its exception instead.
Versions are asked of the executables themselves; nothing is launched.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from wirematrix import budgets
from wirematrix.model import Build

SYSTEM_PYTHON: Final = "/usr/bin/python3"  # PyGObject belongs to it and to no other Python
CHROMIUMS: Final = ("chromium", "chromium-browser", "/Applications/Chromium.app/Contents/MacOS/Chromium")
FIREFOXES: Final = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
CHANNELS: Final = {  # where the vendors' installers put them; the same places that Playwright looks at
    "chrome": (
        "/opt/google/chrome/chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "Google/Chrome/Application/chrome.exe",
    ),
    "msedge": (
        "/opt/microsoft/msedge/msedge",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "Microsoft/Edge/Application/msedge.exe",
    ),
}
CHANNEL_PRODUCTS: Final = {"chrome": "Google Chrome", "msedge": "Microsoft Edge"}
WINDOWS_ROOTS: Final = ("LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")
WEBKITGTK_QUESTION: Final = """import gi
gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import WebKit2
print(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version(), sep=".")
"""


def chromium() -> Build | None:
    """The distribution's Chromium."""
    for name in CHROMIUMS:
        executable = shutil.which(name)
        version = version_of(executable) if executable else None
        if executable and version:
            return described("chromium", "Chromium", version, executable)
    return None


def firefox() -> Build | None:
    """The distribution's Firefox, ESR first."""
    for name in FIREFOXES:
        executable = shutil.which(name)
        if not executable:
            continue
        facts = firefox_facts(executable)
        version = facts.get("Version") or version_of(executable)
        if version:
            product = "Firefox ESR" if facts.get("RemotingName") == "firefox-esr" else "Firefox"
            return described("firefox", product, version, executable)
    return None


def webkitgtk(*, headless: bool = True) -> Build:
    """WebKitGTK through the system's Python; raises `LookupError` with the reason why it is unusable."""
    if not sys.platform.startswith("linux"):
        raise LookupError(f"WebKitGTK is driven on Linux only, this is {platform.system()}")
    if headless and not shutil.which("Xvfb"):
        raise LookupError("WebKitGTK needs a display and Xvfb is not installed")
    if not headless and not os.environ.get("DISPLAY"):
        raise LookupError("a headed WebKitGTK needs DISPLAY, which is not set")
    return described("webkit", "WebKitGTK", webkitgtk_version(), SYSTEM_PYTHON)


def channel(engine: str, name: str) -> Build | None:
    """A branded browser where its installer puts it."""
    for place in channel_places(name):
        version = version_of(str(place)) if place.is_file() else None
        if version:
            return replace(described(engine, CHANNEL_PRODUCTS[name], version, str(place)), origin="channel")
    return None


def channel_places(name: str) -> list[Path]:
    """The places of a channel on this system."""
    linux, mac, windows = CHANNELS[name]
    if sys.platform == "win32":
        return [Path(os.environ[root]) / windows for root in WINDOWS_ROOTS if root in os.environ]
    return [Path(mac if sys.platform == "darwin" else linux)]


def described(engine: str, product: str, version: str, executable: str) -> Build:
    """A system build on this system."""
    return Build(
        engine=engine,
        product=product,
        version=version,
        origin="system",
        executable=executable,
        system=system_name(),
    )


@functools.cache
def version_of(executable: str) -> str | None:
    """The version a browser states; None where it does not answer (a stub that asks for a snap, say)."""
    if sys.platform == "win32":  # `--version` opens a window there; the installer names a directory after it
        beside = (entry.name for entry in Path(executable).parent.iterdir() if entry.is_dir())
        return next((name for name in beside if re.fullmatch(r"\d+(\.\d+){3}", name)), None)
    try:
        said = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=budgets.LAUNCH.seconds, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\d+(\.\d+)+", said)
    return number[0] if number else None


def firefox_facts(executable: str) -> dict[str, str]:
    """The keys of `application.ini` beside a Firefox; empty where there is none."""
    home = Path(executable).resolve().parent
    for place in (home / "application.ini", home.parent / "Resources" / "application.ini"):
        if place.is_file():
            return dict(re.findall(r"^(\w+)=(.*)$", place.read_text(), re.MULTILINE))
    return {}


@functools.cache
def webkitgtk_version() -> str:
    """The version of WebKitGTK that the system's Python can load; `LookupError` says why it cannot."""
    if not os.access(SYSTEM_PYTHON, os.X_OK):
        raise LookupError(f"WebKitGTK is driven through {SYSTEM_PYTHON}, which is not there")
    try:
        asked = subprocess.run(
            [SYSTEM_PYTHON, "-I", "-c", WEBKITGTK_QUESTION],
            capture_output=True,
            text=True,
            timeout=budgets.LAUNCH.seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LookupError(f"{SYSTEM_PYTHON} cannot be run: {error}") from error
    if asked.returncode:
        last_words = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LookupError(f"{SYSTEM_PYTHON} cannot load WebKitGTK: {last_words}")
    return asked.stdout.strip()


@functools.cache
def system_name() -> str:
    """The operating system and its release, as people know them."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform.startswith("linux"):
        try:
            return platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            pass
    return f"{platform.system()} {platform.release()}"
