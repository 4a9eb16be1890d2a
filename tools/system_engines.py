"""The system's own engines: Chromium, Firefox and WebKitGTK, as a distribution packages them.

Each engine answers the same question: a build that can be driven, or one line that says why there is none. Slow answers
are remembered as long as the files they came from stay the same.
"""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.memory import Memory

ASK_S = 30
SYSTEM_PYTHON = "/usr/bin/python3"  # PyGObject is bound to the system's Python, never to the environment's

CHROMIUMS = ("chromium", "chromium-browser")
FIREFOXES = ("firefox-esr", "firefox")
# What Debian calls them; gir1.2-webkit2-4.1 brings the library.
PACKAGES = {
    "chromium": ("chromium",),
    "firefox": ("firefox-esr",),
    "webkit": ("python3-gi", "gir1.2-webkit2-4.1", "xvfb"),
}
SNAPS = frozenset({"chromium", "firefox"})  # what Ubuntu hands out as snaps

# The Firefox that Playwright of at least this version drives over BiDi. Tried with 1.64.1: 153 works, 140 ends in
# "unknown command network.addDataCollector". 1.65 sends emulation.setMediaFeaturesOverride, which came with 159
# (Mozilla bug 2064354).
OLDEST_FIREFOX = {(1, 65): 159, (0, 0): 153}

_WEBKIT = """
import gi
gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import WebKit2 as w
print(w.get_major_version(), w.get_minor_version(), w.get_micro_version(), sep=".")
"""


@dataclass(frozen=True)
class Found:
    """A build that can be driven."""

    title: str
    where: str


@dataclass(frozen=True)
class Missing:
    """No such build, and why."""

    because: str


def find(engine: str, *, playwright: str, memory: Memory) -> Found | Missing:
    """The system's build of an engine, for a Playwright of this version."""
    if engine == "chromium":
        return chromium(memory)
    if engine == "firefox":
        return firefox(playwright)
    return webkit(memory)


def chromium(memory: Memory) -> Found | Missing:
    """The first of the distributions' names that answers `--version`; Google's own Chrome is a channel, not this."""
    because = f"no {' or '.join(CHROMIUMS)} is installed"
    for name in CHROMIUMS:
        where = shutil.which(name)
        if where is None:
            continue
        version = _answer([where, "--version"], remember=memory, files=(where,))
        if version is not None:
            return Found(version.partition(" built on ")[0].strip(), where)
        because = f"{where} does not answer --version (an empty shell around a snap?)"
    return Missing(because)


def firefox(playwright: str) -> Found | Missing:
    """Firefox from the distribution, if it speaks enough BiDi for this Playwright; its version is read, not asked."""
    reasons = []
    for name in FIREFOXES:
        where = shutil.which(name)
        if where is None:
            continue
        version = firefox_version(Path(where).resolve().parent)
        oldest = oldest_firefox(playwright)
        if version is None:
            reasons.append(f"{where} has no application.ini beside it (a snap?), so its version is unknown")
        elif int(version.partition(".")[0]) < oldest:
            reasons.append(f"{where} is {version}; Playwright {playwright} drives Firefox {oldest} or newer")
        else:
            return Found(f"Firefox {version}", where)
    return Missing("; ".join(reasons) or f"no {' or '.join(FIREFOXES)} is installed")


def firefox_version(folder: Path) -> str | None:
    """The version in the application.ini of a Firefox's folder."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((folder / "application.ini").read_text(encoding="utf-8"))
        return parser["App"]["Version"]
    except (OSError, KeyError, configparser.Error):
        return None


def oldest_firefox(playwright: str) -> int:
    """The oldest major version of Firefox that this Playwright drives."""
    major, minor, *_ = (int(part) for part in f"{playwright}.0".split(".")[:2])
    return next(oldest for since, oldest in OLDEST_FIREFOX.items() if (major, minor) >= since)


def webkit(memory: Memory) -> Found | Missing:
    """WebKitGTK with its introspection for the system's Python, and an X server for it to draw on; Linux only."""
    if sys.platform != "linux":
        return Missing("WebKitGTK is driven on Linux only")
    typelibs = [str(found) for found in Path("/usr/lib").glob("*/girepository-1.0/WebKit2-4.1.typelib")]
    if not typelibs:
        return Missing("WebKitGTK 4.1's introspection is not installed")
    if shutil.which("Xvfb") is None:
        return Missing("WebKitGTK needs Xvfb")
    version = _answer([SYSTEM_PYTHON, "-I", "-c", _WEBKIT], remember=memory, files=(*typelibs, SYSTEM_PYTHON))
    if version is None:
        return Missing(f"{SYSTEM_PYTHON} cannot import WebKit2 4.1 (python3-gi)")
    return Found(f"WebKitGTK {version}", typelibs[0])


def _answer(command: list[str], *, remember: Memory, files: tuple[str, ...]) -> str | None:
    """The first line a command prints; None if it fails. Asked again when one of the files has changed."""
    of = " ".join(f"{Path(name).resolve()}@{Path(name).stat().st_mtime_ns}" for name in files)
    known = remember.recall(f"answer {files[0]}", of=of)
    if known is not None:
        return known
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0 or not done.stdout.strip():
        return None
    return remember.keep(f"answer {files[0]}", done.stdout.strip().splitlines()[0], of=of)
