"""Provide the engines: Playwright's own builds if they are there or can be fetched, else the system's, else say so.

    python tools/browsers.py [--engine NAME ...] [--no-apt] [--retry] [--download-s SECONDS]

One line an engine; the exit status is 0 even if one is missing, because the run decides what that means. Set
WIREMATRIX_BROWSERS=system to leave Playwright's builds alone, =playwright to leave the system's alone.
Standard library only; Playwright is asked through the environment's Python.

How the lines come about (`auto`):

    Playwright's build there? ── yes ─▶ starts? ── yes ─▶ ready
          │ no                            │ no: libraries by apt where allowed, once more, else unavailable
          ▼
    fetched? (tried once a day) ── yes ─▶ starts? (as above)
          │ no
          ▼
    the system's there? ── yes ─▶ ready
          │ no: by apt where allowed, once more
          ▼
    unavailable, with the one command
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import apt
from tools.environment import PYTHON, VENV
from tools.memory import Memory
from tools.playwright_builds import DOWNLOAD_S, MISSING_LIBRARIES, PlaywrightBuilds
from tools.system_engines import PACKAGES, SNAPS, Found, Missing, find

ENGINES = ("chromium", "firefox", "webkit")
MODES = ("auto", "playwright", "system")
MODE_VARIABLE = "WIREMATRIX_BROWSERS"


@dataclass(frozen=True)
class Ready:
    """The engine can be driven; what it is and where it came from."""

    what: str


@dataclass(frozen=True)
class Unavailable:
    """The engine cannot be driven; why, and the command that mends it."""

    because: str
    remedy: str


class Builds(Protocol):
    """Playwright's own builds, as a provider needs them; a sentence where something did not work."""

    def complete(self, engine: str) -> bool: ...
    def trouble(self, engine: str) -> str | None: ...
    def failed_today(self) -> str | None: ...
    def fetch(self, engine: str) -> str | None: ...
    def install_libraries(self, engine: str) -> None: ...
    def where(self, engine: str) -> str: ...
    def by_hand(self, verb: str, engine: str) -> str: ...


@dataclass(frozen=True)
class Provider:
    """Finds or installs engines in the order of one mode. `install` is None where packages may not be installed."""

    mode: str
    builds: Builds
    find: Callable[[str], Found | Missing]
    install: Callable[..., str | None] | None
    memory: Memory

    def provide(self, engine: str) -> Ready | Unavailable:
        """One engine, by the drawing at the top of this module."""
        because = f"{MODE_VARIABLE}=system"
        if self.mode != "system":
            trouble = None if self.builds.complete(engine) else self._fetch(engine)
            if trouble is None:
                return self._start(engine)
            because = trouble
        by_hand = self.builds.by_hand("install", engine)
        if self.mode == "playwright":
            return Unavailable(f"Playwright's build: {because}", by_hand)
        found = self._find_or_install(engine)
        if isinstance(found, Found):
            return Ready(f"the system's: {found.title} ({found.where})")
        remedy = apt.by_hand(*PACKAGES[engine]) if _apt_has(engine) else by_hand
        return Unavailable(f"{found.because}; Playwright's build: {because}", remedy)

    def _fetch(self, engine: str) -> str | None:
        because = self.builds.failed_today()
        if because is None:
            _doing(f"fetching Playwright's {engine} ...")
            because = self.builds.fetch(engine)
        return because

    def _start(self, engine: str) -> Ready | Unavailable:
        """Playwright's build is there: does it start, if need be with the libraries it wants?"""
        trouble = self.builds.trouble(engine)
        if trouble == MISSING_LIBRARIES and self.install is not None:
            _doing(f"installing the libraries of Playwright's {engine} by apt-get ...")
            self.builds.install_libraries(engine)
            trouble = self.builds.trouble(engine)
        if trouble is None:
            return Ready(f"Playwright's: {self.builds.where(engine)}")
        verb = "install-deps" if trouble == MISSING_LIBRARIES else "install --force"
        return Unavailable(f"Playwright's build does not start: {trouble}", self.builds.by_hand(verb, engine))

    def _find_or_install(self, engine: str) -> Found | Missing:
        """The system's build, installed first where that is allowed and has not failed today."""
        found = self.find(engine)
        if isinstance(found, Found) or self.install is None or not _apt_has(engine):
            return found
        packages = PACKAGES[engine]
        because = self.memory.recall_failure("apt", of=" ".join(packages))
        if because is None:
            _doing(f"installing {' '.join(packages)} by apt-get ...")
            because = self.install(*packages)
            if because is None:
                return self.find(engine)
            self.memory.keep_failure("apt", because, of=" ".join(packages))
        return Missing(f"{found.because} and apt-get failed ({because})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Provide the engines asked for and print a line for each."""
    parser = argparse.ArgumentParser(description="Provide the browser engines of the matrix.")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--no-apt", action="store_true", help="install no packages of the system")
    parser.add_argument("--retry", action="store_true", help="try again what failed within the last day")
    parser.add_argument("--download-s", type=float, default=DOWNLOAD_S, help="patience with one download (%(default)s)")
    chosen = parser.parse_args(arguments)
    mode = os.environ.get(MODE_VARIABLE, "auto")
    if mode not in MODES:
        parser.error(f"{MODE_VARIABLE}: got {mode!r}; expected {', '.join(MODES)}")
    if not PYTHON.exists():
        parser.error("there is no .venv yet; run: python3 tools/environment.py")
    memory = Memory(VENV / "browsers.json")
    if chosen.retry:
        memory.forget_failures()
    builds = PlaywrightBuilds(PYTHON, memory, download_s=chosen.download_s)
    provider = Provider(
        mode=mode,
        builds=builds,
        find=partial(find, playwright=builds.version, memory=memory),
        install=None if chosen.no_apt or apt.privilege() is None else apt.install,
        memory=memory,
    )
    for engine in chosen.engine or ENGINES:
        match provider.provide(engine):
            case Ready(what):
                print(f"{engine:9} ready        {what}", flush=True)
            case Unavailable(because, remedy):
                print(f"{engine:9} unavailable  {because}; mend it with: {remedy}", flush=True)


def _apt_has(engine: str) -> bool:
    return apt.present() and not (engine in SNAPS and apt.hands_out_snaps())


def _doing(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
