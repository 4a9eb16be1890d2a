"""Playwright's own builds: where they would be, whether they are there, whether they start, and how to fetch them.

Where they are is what `playwright install --dry-run` prints; whether one is complete is the marker file Playwright
writes last. `executable_path` is not asked: for headless Chromium it names a build that a launch does not use.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tools.memory import Memory

# The build a headless launch uses, as Playwright names it.
HEADLESS = {"chromium": "chromium-headless-shell", "firefox": "firefox", "webkit": "webkit"}
MARKER = "INSTALLATION_COMPLETE"

DRY_RUN_S = 60
START_S = 60
LIBRARIES_S = 1500
FIRST_SIGN_S = 20  # from the start to the first bytes: without a network this is what is lost
DOWNLOAD_S = 240.0  # from the first bytes to the end of one engine
CONNECT_MS = 10_000  # Playwright's patience with one server, which it tries up to five times

MISSING_LIBRARIES = "libraries of the system are missing"
_TRIAL = f"""
import sys
from playwright.sync_api import Error, sync_playwright
with sync_playwright() as playwright:
    try:
        getattr(playwright, sys.argv[1]).launch(timeout=45_000).close()
    except Error as error:
        lines = [line.strip(" \\u2551") for line in str(error).splitlines()]
        wanting = any("missing dependencies" in line or "shared libraries" in line for line in lines)
        sys.exit("{MISSING_LIBRARIES}" if wanting else lines[0])
"""


class PlaywrightBuilds:
    """The builds that belong to the Playwright of one environment."""

    def __init__(self, python: Path, memory: Memory, *, download_s: float = DOWNLOAD_S) -> None:
        self._python = python
        self._download_s = download_s
        self._memory = memory
        site = "lib/python3.*/site-packages" if os.name != "nt" else "Lib/site-packages"
        folders = python.parent.parent.glob(f"{site}/playwright-*.dist-info")
        self.version = next((folder.stem.removeprefix("playwright-") for folder in folders), "")

    @property
    def settings(self) -> str:
        """What decides where builds are and where they come from; the same settings, the same outcome."""
        named = ("PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_DOWNLOAD_HOST", "HTTPS_PROXY", "HOME", "XDG_CACHE_HOME")
        return " ".join([self.version, *(f"{name}={os.environ.get(name, '')}" for name in named)])

    def location(self, engine: str) -> Path:
        """The folder of the build that a headless launch of the engine uses."""
        key = f"location {HEADLESS[engine]}"
        known = self._memory.recall(key, of=self.settings)
        if known is not None:
            return Path(known)
        dry_run = self._command("install", "--dry-run", *HEADLESS)
        printed = subprocess.run(dry_run, capture_output=True, text=True, timeout=DRY_RUN_S, check=True).stdout
        found = locations(printed)
        for name, folder in found.items():
            self._memory.keep(f"location {name}", str(folder), of=self.settings)
        return found[HEADLESS[engine]]

    def complete(self, engine: str) -> bool:
        """Whether the build is there, whole."""
        return (self.location(engine) / MARKER).exists()

    def trouble(self, engine: str) -> str | None:
        """Why the build does not start on this system, found by starting it once; None if it does."""
        of = f"{self.settings} {(self.location(engine) / MARKER).stat().st_mtime_ns}"
        key = f"starts {self.location(engine)}"
        if self._memory.recall(key, of=of) is not None:
            return None
        try:
            tried = subprocess.run(
                [str(self._python), "-c", _TRIAL, engine], capture_output=True, text=True, timeout=START_S, check=False
            )
        except subprocess.TimeoutExpired:
            return f"did not start within {START_S} s"
        if tried.returncode == 0:
            self._memory.keep(key, "yes", of=of)
            return None
        return next(iter(tried.stderr.strip().splitlines()[-1:]), "ended without a word")

    def failed_today(self) -> str | None:
        """Why a download with the same settings failed within the last day, if one did."""
        known = self._memory.recall_failure("download", of=self.settings)
        return None if known is None else f"{known} (tried within the last day; --retry tries again)"

    def fetch(self, engine: str) -> str | None:
        """Download the build; None when that worked, else why not. A failure is remembered for a day."""
        because = watched_download(self._command("install", engine), download_s=self._download_s)
        return None if because is None else self._memory.keep_failure("download", because, of=self.settings)

    def install_libraries(self, engine: str) -> None:
        """Let Playwright install the system libraries of the build; whether that helped shows at the next start."""
        subprocess.run(
            self._command("install-deps", engine),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIBRARIES_S,
            check=False,
        )

    def where(self, engine: str) -> str:
        """The folder of the build, for people."""
        return str(self.location(engine))

    def by_hand(self, verb: str, engine: str) -> str:
        """The command a person types for `install` or `install-deps`."""
        python = os.path.relpath(self._python)
        return f"{python} -m playwright {verb} {engine}"

    def _command(self, *words: str) -> list[str]:
        return [str(self._python), "-m", "playwright", *words]


def locations(printed: str) -> dict[str, Path]:
    """Build name to folder, from what `playwright install --dry-run` prints."""
    found = re.findall(r"\(playwright ([\w-]+) v[^)]*\)\s+Install location:\s+(\S.*)", printed)
    return {name: Path(folder.strip()) for name, folder in found}


def watched_download(
    command: Sequence[str], *, first_sign_s: float = FIRST_SIGN_S, download_s: float = DOWNLOAD_S
) -> str | None:
    """Run a download that prints its percentage; ended when no byte comes, or when it takes too long.

    None when it worked, else one line. Playwright prints a line for each tenth it has got.
    """
    environment = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(CONNECT_MS), **os.environ}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_hand_on, args=(process, lines), daemon=True)
    reader.start()
    said: list[str] = []
    deadline, late = time.monotonic() + first_sign_s, f"no byte came within {first_sign_s:g} s"
    progressing = False
    try:
        while True:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            if line is None:
                break
            said.append(line.strip())
            if not progressing and re.search(r"\d% of ", line):
                progressing = True
                deadline, late = time.monotonic() + download_s, f"the download took longer than {download_s:g} s"
    except queue.Empty:
        return late
    finally:
        _end(process)
        reader.join()
    return None if process.returncode == 0 else complaint(said)


def complaint(said: Sequence[str]) -> str:
    """The line of a failed download that says most."""
    telling = [line for line in said if re.search(r"\bE[A-Z]{3,}\b|Error:|Failed", line)]
    coded = [line for line in telling if re.search(r"\bE[A-Z]{4,}\b", line)]
    return (coded or telling or list(said) or ["ended without a word"])[0]


def _end(process: subprocess.Popen[str]) -> None:
    """Wait for a process that closed its output; one that did not is killed with everything it started."""
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _hand_on(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None  # noqa: S101  (it was asked for)
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put(None)
