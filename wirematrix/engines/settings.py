"""How an engine is launched: what a caller may choose, and the quiet that each engine is given anyway.

Measured on Chromium 156 and Firefox ESR 153: with these settings no engine asks a name server or a remote
host for anything, so that neither a timing nor a proxy's link list shows traffic that is not the cell's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from playwright.async_api import ViewportSize

from wirematrix import budgets
from wirematrix.engines.processes import MARK_VARIABLE
from wirematrix.model import Build

VIEWPORT: Final = ViewportSize(width=1280, height=720)

# Names other than localhost resolve to nothing: update, sign-in and prediction services are never reached.
# Not `--disable-features`: a second one replaces Playwright's own list instead of adding to it.
LOOPBACK_ONLY: Final = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.*, EXCLUDE [::1]"

# On top of Playwright's own profile for a Firefox over BiDi. The remote settings server can only be
# replaced when MOZ_REMOTE_SETTINGS_DEVTOOLS is set, too.
FIREFOX_ENVIRONMENT: Final = {"MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}
FIREFOX_PREFERENCES: Final[Mapping[str, bool | int | str]] = MappingProxyType(
    {
        "app.normandy.enabled": False,
        "browser.region.update.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.safebrowsing.update.enabled": False,
        "browser.sessionstore.interval": 3_600_000,
        "browser.sessionstore.max_windows_undo": 0,
        "dom.push.connection.enabled": False,
        "extensions.systemAddon.update.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.dns.disablePrefetch": True,
        "network.prefetch-next": False,
        "network.trr.mode": 5,
        "services.settings.server": "data:,#remote-settings-dummy/v1",
        "toolkit.telemetry.server": "",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOptions:
    """What a caller may choose about an engine.

    `channel` and `executable` name a build that is used or nothing is. `loopback_only` keeps Chromium from
    resolving any name but localhost. `arguments` and `preferences` go to Chromium and to Firefox.
    """

    headless: bool = True
    slow_mo_ms: float = 0
    channel: str | None = None
    executable: str | None = None
    loopback_only: bool = True
    arguments: tuple[str, ...] = ()
    preferences: Mapping[str, bool | int | str] = field(default_factory=dict)


def browser_type_name(engine: str) -> str:
    """Playwright's word for the family an engine belongs to."""
    return engine if engine in {"firefox", "webkit"} else "chromium"


def launch_arguments(build: Build, options: LaunchOptions, mark: str) -> dict[str, Any]:
    """The arguments of Playwright's `launch`, the same for its blocking and its asyncio face."""
    arguments: dict[str, Any] = {
        "headless": options.headless,
        "slow_mo": options.slow_mo_ms,
        "timeout": budgets.LAUNCH.ms,
        "env": {**os.environ, MARK_VARIABLE: mark},
        "args": list(options.arguments),
    }
    if build.origin != "playwright":
        arguments["executable_path"] = build.executable
    match browser_type_name(build.engine):
        case "chromium":
            arguments["args"] += [LOOPBACK_ONLY] if options.loopback_only else []
            if build.origin == "playwright" and "headless" not in build.product.lower():
                arguments["channel"] = "chromium"  # the full build; without it a headless launch wants the shell
        case "firefox" if build.origin != "playwright":
            arguments["channel"] = "moz-firefox"  # WebDriver BiDi instead of Playwright's patches
            arguments["env"] |= FIREFOX_ENVIRONMENT
            arguments["firefox_user_prefs"] = {**FIREFOX_PREFERENCES, **options.preferences}
        case "firefox":
            arguments["firefox_user_prefs"] = dict(options.preferences)
    return arguments
