"""What a `launch_browser` fixture needs, so that pytest-playwright's fixtures work on every route.

pytest-playwright keeps its options and all of its other fixtures; only the launch is ours:

    @pytest.fixture(scope="session")
    def launch_browser(playwright, browser_name, browser_type_launch_args, ...):
        def launch(**options):
            return sync_face.pytest_launch(playwright, browser_name, {**browser_type_launch_args, **options})
        return launch

These launches do not confine Chromium to this machine: an ordinary browser test may visit what it likes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from playwright.sync_api import Browser, Error, Playwright

from wirematrix.engines import playwright_builds
from wirematrix.engines.builds import locate
from wirematrix.engines.native import unusable
from wirematrix.engines.settings import LaunchOptions, browser_type_name, launch_arguments
from wirematrix.engines.webkitgtk_sync import GtkBrowser
from wirematrix.errors import EngineUnavailable, InvalidInput
from wirematrix.model import Build

NOT_FOUND: Final = ("is not found at", "Executable doesn't exist")
GTK_OPTIONS: Final = {"headless", "slow_mo"}


def pytest_launch(
    playwright: Playwright, name: str, options: Mapping[str, Any], *, video: bool = False
) -> Browser | GtkBrowser:
    """Launch an engine with Playwright's own launch options.

    `video` says that contexts will ask for it. Raises EngineUnavailable with a reason and one command, or
    InvalidInput for something that the route to this engine cannot do.
    """
    if options.get("channel") or options.get("executable_path"):
        return launch_as_named(playwright, name, options, video=video)
    build = locate(name, headless=bool(options.get("headless", True)))
    if video:
        require_video(build)
    if build.product == "WebKitGTK":
        return launch_gtk(playwright, build, options)
    return launch_build(playwright, build, options)


def launch_build(playwright: Playwright, build: Build, options: Mapping[str, Any]) -> Browser:
    """Launch a located build; the caller's options come on top of ours."""
    ours = launch_arguments(build, LaunchOptions(loopback_only=False), secrets.token_hex(8))
    arguments = {**ours, **options}
    for kept in ("env", "firefox_user_prefs"):
        if kept in ours:
            arguments[kept] = {**ours[kept], **(options.get(kept) or {})}
    try:
        launched: Browser = getattr(playwright, browser_type_name(build.engine)).launch(**arguments)
    except Error as error:
        raise unusable(build, error) from error
    return launched


def launch_as_named(playwright: Playwright, name: str, options: Mapping[str, Any], *, video: bool) -> Browser:
    """Launch the channel or the executable asked for; never another one."""
    if video:
        require_ffmpeg(name)
    try:
        launched: Browser = getattr(playwright, browser_type_name(name)).launch(**options)
    except Error as error:
        if not any(words in error.message for words in NOT_FOUND):
            raise
        asked_for = str(options.get("channel") or options["executable_path"])
        command = f"python -m playwright install {asked_for}"
        raise EngineUnavailable(name, error.message.splitlines()[0], remedy=command) from error
    return launched


def launch_gtk(playwright: Playwright, build: Build, options: Mapping[str, Any]) -> GtkBrowser:
    """Launch WebKitGTK; of Playwright's launch options it honours `headless` and `slow_mo`."""
    foreign = sorted(name for name, value in options.items() if name not in GTK_OPTIONS and value)
    if foreign:
        raise InvalidInput("WebKitGTK", f"got launch option(s) {', '.join(foreign)}", expected="headless, slow_mo")
    return GtkBrowser(
        playwright,
        build,
        headless=bool(options.get("headless", True)),
        slow_mo_ms=float(options.get("slow_mo") or 0),
    )


def require_video(build: Build) -> None:
    """Refuse `--video` where no video can come of it, before a test pays for it."""
    if build.product == "WebKitGTK":
        raise InvalidInput("--video", "WebKitGTK has no screencast", expected="off, or Playwright's own WebKit")
    require_ffmpeg(build.engine)


def require_ffmpeg(engine: str) -> None:
    """Playwright records video with an ffmpeg of its own."""
    if playwright_builds.unpacked("ffmpeg") is None:
        remedy = "off, or after `python -m playwright install ffmpeg`"
        raise InvalidInput("--video", f"{engine} needs Playwright's ffmpeg, which is not fetched", expected=remedy)
