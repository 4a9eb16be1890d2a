"""Where are you? For each engine the build this machine offers, or the reason why there is none.

channel or executable named? ── yes ──> that one, or unavailable (never another)
             │ no
Playwright's own build there? ─ yes ──> it    (left out by WIREMATRIX_BROWSERS=system)
             │ no
the system's browser usable? ── yes ──> it    (left out by WIREMATRIX_BROWSERS=playwright)
             │ no
EngineUnavailable, with the one command that mends it
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from wirematrix.engines import playwright_builds, system_builds
from wirematrix.errors import EngineUnavailable, InvalidInput
from wirematrix.model import ENGINES, Build

ROUTE_VARIABLE: Final = "WIREMATRIX_BROWSERS"
DEBIAN_PACKAGES: Final = {
    "chromium": "chromium",
    "firefox": "firefox-esr",
    "webkit": "python3-gi gir1.2-webkit2-4.1 xvfb",
}
# Playwright 1.65 sends `emulation.setMediaFeaturesOverride`, which Firefox knows since 159 (bug 2064354).
FIREFOX_NEEDED: Final = {(1, 62): 153, (1, 65): 159}
PLAYWRIGHT_TRIED: Final = "1.64.1"  # the newest that drives the three engines of Debian 12


class Route(StrEnum):
    """Which builds may be used."""

    AUTO = "auto"
    SYSTEM = "system"
    PLAYWRIGHT = "playwright"


def route(text: str | None = None) -> Route:
    """The route that `WIREMATRIX_BROWSERS` forces; "auto" by default."""
    text = os.environ.get(ROUTE_VARIABLE) or Route.AUTO if text is None else text
    try:
        return Route(text)
    except ValueError:
        raise InvalidInput(ROUTE_VARIABLE, f"got {text!r}", expected="auto, system or playwright") from None


def locate(name: str, *, channel: str | None = None, executable: str | None = None, headless: bool = True) -> Build:
    """The build that `launch` would use for an engine.

    `name` is one of `model.ENGINES`; "chrome" and "msedge" are channels by themselves. Raises
    `EngineUnavailable` with a reason and one command; `InvalidInput` for a name nobody knows.
    """
    if name not in ENGINES:
        raise InvalidInput("engine", f"got {name!r}", expected=", ".join(ENGINES))
    if executable:
        return at_executable(name, executable)
    if channel or name in system_builds.CHANNELS:
        return at_channel(name, channel or name)
    chosen = route()
    build = None if chosen is Route.SYSTEM else playwrights_own(name, headless=headless)
    if build:
        return build
    if chosen is Route.PLAYWRIGHT:
        raise EngineUnavailable(name, "Playwright's own build is not fetched", remedy=fetch_command(name))
    return systems_own(name, headless=headless)


def playwrights_own(name: str, *, headless: bool) -> Build | None:
    """Playwright's build of an engine; for a headless Chromium its headless shell, if it is there."""
    names = ("chromium-headless-shell", "chromium") if (name == "chromium" and headless) else (name,)
    found = next(filter(None, map(playwright_builds.unpacked, names)), None)
    if not found:
        return None
    return Build(
        engine=name,
        product=found.title if name == "chromium" else f"Playwright {found.title}",
        version=found.version,
        origin="playwright",
        executable=str(found.executable),
        system=system_builds.system_name(),
    )


def systems_own(name: str, *, headless: bool) -> Build:
    """The distribution's build of an engine."""
    because = f"neither Playwright's own build nor the system's {name} is installed"
    build: Build | None
    if name == "webkit":
        try:
            build = system_builds.webkitgtk(headless=headless)
        except LookupError as error:
            build, because = None, str(error)
    else:
        build = system_builds.chromium() if name == "chromium" else system_builds.firefox()
    if build is None:
        raise EngineUnavailable(name, because, remedy=mend_command(name))
    require_fitting_firefox(build)
    return build


def require_fitting_firefox(build: Build, playwright_version: str | None = None) -> None:
    """Refuse a Firefox that this Playwright cannot drive over BiDi, instead of failing in every page."""
    if build.engine != "firefox" or build.origin == "playwright":
        return
    installed = playwright_version or importlib.metadata.version("playwright")
    release = tuple(int(part) for part in re.findall(r"\d+", installed)[:2])
    needed = max((major for since, major in FIREFOX_NEEDED.items() if release >= since), default=0)
    if int(build.version.split(".")[0]) < needed:
        raise EngineUnavailable(
            "firefox",
            f"{build.executable} is {build.version}; Playwright {installed} drives Firefox {needed} and newer",
            remedy=firefox_remedy(release),
        )


def firefox_remedy(release: tuple[int, ...]) -> str:
    """A newer Firefox by fresh package lists; where Playwright is newer than was tried, the one that was."""
    if release > tuple(int(part) for part in PLAYWRIGHT_TRIED.split(".")[:2]) or not on_debian():
        return f"{python_here()} -m pip install playwright=={PLAYWRIGHT_TRIED}"
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {mend_command('firefox')}"


def at_channel(name: str, channel: str) -> Build:
    """The branded browser asked for by name."""
    if channel not in system_builds.CHANNELS:
        raise InvalidInput("channel", f"got {channel!r}", expected=" or ".join(system_builds.CHANNELS))
    build = system_builds.channel(name, channel)
    if build is None:
        places = ", ".join(map(str, system_builds.channel_places(channel))) or "the usual places"
        raise EngineUnavailable(name, f"{channel} is not at {places}", remedy=fetch_command(channel))
    return build


def at_executable(name: str, executable: str) -> Build:
    """The executable asked for by its place in the file system."""
    if name == "webkit":
        raise InvalidInput("executable", f"got {executable!r} for webkit", expected="none: WebKit has no such option")
    version = system_builds.version_of(executable)
    if version is None:
        raise EngineUnavailable(name, f"{executable} states no version", remedy=mend_command(name))
    build = system_builds.described(name, Path(executable).name, version, executable)
    require_fitting_firefox(build)
    return replace(build, origin="channel") if name in system_builds.CHANNELS else build


def mend_command(name: str) -> str:
    """The one command that provides an engine here: apt on Debian, Playwright's download elsewhere."""
    if name in DEBIAN_PACKAGES and route() is not Route.PLAYWRIGHT and on_debian():
        sudo = "" if os.geteuid() == 0 else "sudo "
        return f"{sudo}apt-get install -y --no-install-recommends {DEBIAN_PACKAGES[name]}"
    return fetch_command(name)


def fetch_command(name: str) -> str:
    """The command that fetches Playwright's build, or a vendor's channel, with the libraries it needs."""
    return f"{python_here()} -m playwright install --with-deps {name}"


def on_debian() -> bool:
    """Whether apt has these browsers as real packages (Ubuntu's are stubs for snaps)."""
    return Path("/etc/debian_version").exists() and "Debian" in system_builds.system_name()


def python_here() -> str:
    """The interpreter that runs us, as one would type it in the current directory."""
    interpreter = Path(sys.executable)
    try:
        return str(interpreter.relative_to(Path.cwd()))
    except ValueError:
        return str(interpreter)
