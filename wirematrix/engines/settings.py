"""How an engine is launched: what a caller may choose, and the quiet that each engine is given anyway.

Measured on Chromium 156 and Firefox ESR 153: with these settings no engine asks a name server or a remote
host for anything, so that neither a timing nor a proxy's link list shows traffic that is not the cell's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from playwright.async_api import ViewportSize

from wirematrix import budgets
from wirematrix.engines.processes import MARK_VARIABLE
from wirematrix.model import Build

VIEWPORT: Final = ViewportSize(width=1280, height=720)

# Names other than localhost resolve to nothing: update, sign-in and prediction services are never reached.
# The rules hold for addresses, too, so the wires of lossy.py are excluded. Not `--disable-features`: a second one
# replaces Playwright's own list instead of adding to it.
LOOPBACK_ONLY: Final = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.*, EXCLUDE [::1], EXCLUDE 198.19.*"
)

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


class Special(StrEnum):
    """A launch that gives its meaning back to what Playwright turns off; each has a control (controls.py)."""

    BFCACHE = "bfcache"  # the back/forward cache is on
    BACKGROUND = "background"  # a page can be hidden, and what is hidden is slowed down


# What a special launch takes away from Playwright's own arguments of Chromium, and adds.
CHROMIUM_WITHOUT: Final[Mapping[Special | None, tuple[str, ...]]] = MappingProxyType(
    {
        Special.BFCACHE: ("--disable-back-forward-cache",),
        Special.BACKGROUND: (
            "--disable-background-timer-throttling",
            "--disable-backgrounding-occluded-windows",
            "--disable-renderer-backgrounding",
        ),
    }
)
CHROMIUM_WITH: Final[Mapping[Special | None, tuple[str, ...]]] = MappingProxyType(
    {
        Special.BACKGROUND: (
            "--remote-debugging-port=0",  # for a connection without focus emulation, see unfocused.py
            f"--window-size={VIEWPORT['width']},{VIEWPORT['height']}",
            # The last --enable-features counts, so Playwright's own feature is named again. Chromium wakes the timers
            # of a page once a minute when it was hidden for 300 s (measured); here for 10 s.
            "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10,CDPScreenshotNewSurface",
        ),
    }
)
# Firefox's own defaults, which its WebDriver BiDi or Playwright's build replace; only the delay is shorter than 30 s.
FIREFOX_SPECIAL: Final[Mapping[Special | None, Mapping[str, bool | int]]] = MappingProxyType(
    {
        Special.BFCACHE: {"fission.bfcacheInParent": True, "browser.sessionhistory.max_total_viewers": -1},
        Special.BACKGROUND: {
            "dom.min_background_timeout_value": 1000,
            "dom.min_background_timeout_value_without_budget_throttling": 1000,
            "dom.timeout.enable_budget_timer_throttling": True,
            "dom.timeout.throttling_delay": 10_000,
            "focusmanager.testmode": False,
            "layout.testing.top-level-always-active": False,
        },
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
    special: Special | None = None
    arguments: tuple[str, ...] = ()
    preferences: Mapping[str, bool | int | str] = field(default_factory=dict)


def special_changes(build: Build, special: Special) -> str:
    """What a special launch changes in an engine, for the evidence of a cell."""
    kind = browser_type_name(build.engine)
    if build.product == "WebKitGTK":
        return "its page cache is on" if special is Special.BFCACHE else "nothing: it slows hidden pages down anyway"
    if kind == "chromium":
        without, added = CHROMIUM_WITHOUT.get(special, ()), CHROMIUM_WITH.get(special, ())
        return "; ".join(filter(None, [f"without {' '.join(without)}", f"with {' '.join(added)}" if added else ""]))
    if kind == "firefox":
        return "; ".join(f"{name} = {value}" for name, value in FIREFOX_SPECIAL.get(special, {}).items())
    return "nothing"


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
    special = FIREFOX_SPECIAL.get(options.special, {})
    match browser_type_name(build.engine):
        case "chromium":
            arguments["args"] += [LOOPBACK_ONLY] if options.loopback_only else []
            arguments["args"] += CHROMIUM_WITH.get(options.special, ())
            if without := CHROMIUM_WITHOUT.get(options.special):
                arguments["ignore_default_args"] = list(without)
            if build.origin == "playwright" and "headless" not in build.product.lower():
                arguments["channel"] = "chromium"  # the full build; without it a headless launch wants the shell
        case "firefox" if build.origin != "playwright":
            arguments["channel"] = "moz-firefox"  # WebDriver BiDi instead of Playwright's patches
            arguments["env"] |= FIREFOX_ENVIRONMENT
            arguments["firefox_user_prefs"] = {**FIREFOX_PREFERENCES, **special, **options.preferences}
        case "firefox":
            arguments["firefox_user_prefs"] = {**special, **options.preferences}
    return arguments
