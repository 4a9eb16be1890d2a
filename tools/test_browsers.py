"""How engines are provided: which build is taken, what is installed, what is remembered, and what a person is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import apt, browsers
from tools.browsers import Provider, Ready, Unavailable
from tools.memory import DAY_S, Memory
from tools.playwright_builds import MISSING_LIBRARIES, complaint, locations, watched_download
from tools.system_engines import (
    CHROMIUMS,
    FIREFOXES,
    PACKAGES,
    Found,
    Missing,
    firefox,
    firefox_version,
    oldest_firefox,
)
from wirematrix.engines import builds as launched
from wirematrix.engines import system_builds as launched_from
from wirematrix.errors import EngineUnavailable
from wirematrix.model import Build

DRY_RUN = """\
Chrome for Testing 156.0.8078.4 (playwright chromium v1248)
  Install location:    /cache/ms-playwright/chromium-1248
  Download url:        https://example.org/chrome-linux64.zip

Chrome Headless Shell 156.0.8078.4 (playwright chromium-headless-shell v1248)
  Install location:    /cache/ms-playwright/chromium_headless_shell-1248
  Download url:        https://example.org/chrome-headless-shell-linux64.zip

WebKit 27.2 (playwright webkit v2370)
  Install location:    /a folder/webkit-2370
"""


class FakeBuilds:
    """Playwright's builds of an imagined machine; counts what was done to it."""

    def __init__(self, *, there: bool = False, online: bool = False, trouble: str | None = None) -> None:
        self.there = there
        self.online = online
        self.broken = trouble
        self.done: list[str] = []

    def complete(self, engine: str) -> bool:
        """Whether the build is there."""
        return self.there

    def trouble(self, engine: str) -> str | None:
        """Whether it starts."""
        return self.broken

    def failed_today(self) -> str | None:
        """Whether a download was in vain."""
        return "no network" if "fetch" in self.done and not self.online else None

    def fetch(self, engine: str) -> str | None:
        """Works when online."""
        self.done.append("fetch")
        self.there = self.online
        return None if self.online else "no network"

    def install_libraries(self, engine: str) -> None:
        """Mends what libraries mend."""
        self.done.append("install-deps")
        self.broken = None

    def where(self, engine: str) -> str:
        """The folder."""
        return f"/cache/{engine}"

    def by_hand(self, verb: str, engine: str) -> str:
        """The command."""
        return f"playwright {verb} {engine}"


class FakeSystem:
    """A system that has an engine or not, and lets packages be installed or not."""

    def __init__(self, *, there: bool = False, refuses: str | None = None) -> None:
        self.there = there
        self.refuses = refuses
        self.installed: list[tuple[str, ...]] = []

    def find(self, engine: str) -> Found | Missing:
        """What is there now."""
        return Found("Engine 1", "/usr/bin/engine") if self.there else Missing("not installed")

    def install(self, *packages: str) -> str | None:
        """Works unless it refuses."""
        self.installed.append(packages)
        self.there = self.refuses is None
        return self.refuses


def provider(
    tmp_path: Path, builds: FakeBuilds, system: FakeSystem, *, mode: str = "auto", may_install: bool = True
) -> Provider:
    """A provider over an imagined machine."""
    return Provider(
        mode=mode,
        builds=builds,
        find=system.find,
        install=system.install if may_install else None,
        memory=Memory(tmp_path / "memory.json"),
    )


@pytest.fixture(autouse=True)
def _debian(monkeypatch: pytest.MonkeyPatch) -> None:
    """The imagined machines are Debians, whatever this one is."""
    monkeypatch.setattr(apt, "present", lambda: True)
    monkeypatch.setattr(apt, "hands_out_snaps", lambda: False)
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)


def test_own_build_comes_first(tmp_path: Path) -> None:
    """Playwright's build is taken when it is there, though the system has the engine, too."""
    builds = FakeBuilds(there=True)
    assert provider(tmp_path, builds, FakeSystem(there=True)).provide("firefox") == Ready(
        "Playwright's: /cache/firefox"
    )
    assert builds.done == []


def test_own_build_is_fetched(tmp_path: Path) -> None:
    """A build that is not there is downloaded before the system's is looked at."""
    builds = FakeBuilds(online=True)
    assert provider(tmp_path, builds, FakeSystem(there=True)).provide("webkit") == Ready("Playwright's: /cache/webkit")
    assert builds.done == ["fetch"]


def test_download_is_tried_once(tmp_path: Path) -> None:
    """Without a network the system's build serves, and the next engine does not try the download again."""
    builds = FakeBuilds()
    machine = provider(tmp_path, builds, FakeSystem(there=True))
    for engine in browsers.ENGINES:
        assert machine.provide(engine) == Ready("the system's: Engine 1 (/usr/bin/engine)")
    assert builds.done == ["fetch"]


def test_system_build_is_installed(tmp_path: Path) -> None:
    """Where packages may be installed, a missing engine is, by the packages it needs."""
    system = FakeSystem()
    assert isinstance(provider(tmp_path, FakeBuilds(), system).provide("webkit"), Ready)
    assert system.installed == [("python3-gi", "gir1.2-webkit2-4.1", "xvfb")]


def test_missing_engine_names_the_command(tmp_path: Path) -> None:
    """Where nothing may be installed, the line has both reasons and the one command that mends it."""
    answer = provider(tmp_path, FakeBuilds(), FakeSystem(), may_install=False).provide("chromium")
    assert isinstance(answer, Unavailable)
    assert answer.because == "not installed; Playwright's build: no network"
    assert answer.remedy == "sudo apt-get install -y --no-install-recommends chromium"


def test_snaps_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is only a shell around a snap, apt is left alone and Playwright's command is named."""
    monkeypatch.setattr(apt, "hands_out_snaps", lambda: True)
    system = FakeSystem()
    answer = provider(tmp_path, FakeBuilds(), system).provide("firefox")
    assert system.installed == []
    assert isinstance(answer, Unavailable)
    assert answer.remedy == "playwright install firefox"


def test_lists_are_fetched_before_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image's old package lists would install an old browser without a complaint, so they are fetched first."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(apt, "privilege", lambda: ())
    monkeypatch.setattr(subprocess, "run", run)
    apt.update.cache_clear()
    assert apt.install("chromium") is None
    assert apt.install("firefox-esr") is None
    apt.update.cache_clear()
    verbs = [next(word for word in command if word in {"update", "install"}) for command in asked]
    assert verbs == ["update", "install", "install", "install", "install"]


def test_failed_apt_is_tried_once_a_day(tmp_path: Path) -> None:
    """Apt that failed is not asked again by the next run, and its complaint is in the line."""
    system = FakeSystem(refuses="E: Unable to locate package chromium")
    for _ in range(2):
        answer = provider(tmp_path, FakeBuilds(), system).provide("chromium")
        assert isinstance(answer, Unavailable)
        assert "E: Unable to locate package chromium" in answer.because
    assert len(system.installed) == 1


def test_libraries_are_installed(tmp_path: Path) -> None:
    """A build that lacks the system's libraries gets them where that is allowed."""
    builds = FakeBuilds(there=True, trouble=MISSING_LIBRARIES)
    assert isinstance(provider(tmp_path, builds, FakeSystem()).provide("webkit"), Ready)
    assert builds.done == ["install-deps"]


@pytest.mark.parametrize(
    ("trouble", "remedy"),
    [(MISSING_LIBRARIES, "playwright install-deps webkit"), ("it crashed", "playwright install --force webkit")],
)
def test_broken_build_is_unavailable(tmp_path: Path, trouble: str, remedy: str) -> None:
    """A build that does not start is not ready; the system's is not slipped in, because a launch would not take it."""
    builds = FakeBuilds(there=True, trouble=trouble)
    answer = provider(tmp_path, builds, FakeSystem(there=True), may_install=False).provide("webkit")
    assert answer == Unavailable(f"Playwright's build does not start: {trouble}", remedy)


def test_mode_system_downloads_nothing(tmp_path: Path) -> None:
    """WIREMATRIX_BROWSERS=system leaves Playwright's builds alone, even one that is there."""
    builds = FakeBuilds(there=True, online=True)
    answer = provider(tmp_path, builds, FakeSystem(there=True), mode="system").provide("chromium")
    assert answer == Ready("the system's: Engine 1 (/usr/bin/engine)")
    assert builds.done == []


def test_mode_playwright_installs_nothing(tmp_path: Path) -> None:
    """WIREMATRIX_BROWSERS=playwright leaves the system's alone, even one that is there."""
    system = FakeSystem(there=True)
    answer = provider(tmp_path, FakeBuilds(), system, mode="playwright").provide("chromium")
    assert answer == Unavailable("Playwright's build: no network", "playwright install chromium")
    assert system.installed == []


def test_locations_come_from_the_dry_run() -> None:
    """Every build that Playwright lists has its folder; the headless shell is not taken for the full Chromium."""
    assert locations(DRY_RUN) == {
        "chromium": Path("/cache/ms-playwright/chromium-1248"),
        "chromium-headless-shell": Path("/cache/ms-playwright/chromium_headless_shell-1248"),
        "webkit": Path("/a folder/webkit-2370"),
    }


def test_facts_hold_while_their_subject_does(tmp_path: Path) -> None:
    """A fact is known to the next process, and forgotten when what it is about has changed."""
    Memory(tmp_path / "m.json").keep("version", "156", of="chromium@1")
    assert Memory(tmp_path / "m.json").recall("version", of="chromium@1") == "156"
    assert Memory(tmp_path / "m.json").recall("version", of="chromium@2") is None


def test_failures_hold_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure counts for a day under the same settings, or until it is told to be forgotten."""
    memory = Memory(tmp_path / "m.json")
    memory.keep_failure("download", "no network", of="1.64.1")
    assert memory.recall_failure("download", of="1.64.1") == "no network"
    assert memory.recall_failure("download", of="1.65.0") is None
    later = time.time() + DAY_S + 1
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        assert memory.recall_failure("download", of="1.64.1") is None
    memory.forget_failures()
    assert Memory(tmp_path / "m.json").recall_failure("download", of="1.64.1") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"'])
def test_unreadable_memory_is_empty(tmp_path: Path, content: str) -> None:
    """A file that was cut short or is not ours costs the facts in it and nothing else."""
    (tmp_path / "m.json").write_text(content, encoding="utf-8")
    assert Memory(tmp_path / "m.json").recall("version", of="") is None


@pytest.mark.parametrize(("playwright", "oldest"), [("1.64.1", 153), ("1.64", 153), ("1.65.2", 159), ("2.0.0", 159)])
def test_oldest_firefox_follows_playwright(playwright: str, oldest: int) -> None:
    """Which Firefox is old enough to be driven depends on Playwright's version."""
    assert oldest_firefox(playwright) == oldest


@pytest.mark.skipif(sys.platform == "win32", reason="programs without a suffix are not found there")
def test_old_firefox_is_missing_with_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Firefox that Playwright cannot drive is not ready, and the line says what it is and what is wanted."""
    program = tmp_path / "firefox-esr"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "application.ini").write_text("[App]\nName=Firefox\nVersion=140.12.0\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert firefox_version(tmp_path) == "140.12.0"
    answer = firefox("1.64.1")
    assert answer == Missing(f"{program} is 140.12.0; Playwright 1.64.1 drives Firefox 153 or newer")
    snap = tmp_path / "other" / "firefox"
    snap.parent.mkdir()
    snap.write_text("#!/bin/sh\n", encoding="utf-8")
    snap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{snap.parent}")
    both = firefox("1.64.1")
    assert isinstance(both, Missing)
    assert both.because.startswith(f"{answer.because}; {snap} has no application.ini")


def script(source: str) -> list[str]:
    """A command that does what a download might."""
    return [sys.executable, "-c", source]


def test_download_that_works_says_nothing() -> None:
    """A download that prints its progress and ends well has no complaint."""
    assert watched_download(script("print('|##| 10% of 170 MiB', flush=True)")) is None


def test_download_without_network_ends_with_its_complaint() -> None:
    """A download that fails by itself is not waited for, and the line with the error code is the complaint."""
    source = "print('Downloading'); print('Error: getaddrinfo ENOTFOUND cdn'); print('Failed to install'); exit(1)"
    assert watched_download(script(source)) == "Error: getaddrinfo ENOTFOUND cdn"


def test_silent_download_is_ended_with_its_children() -> None:
    """When no byte comes the download is ended soon, and a child that holds its output does not keep us waiting."""
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    began = time.monotonic()
    assert watched_download(script(child), first_sign_s=0.3) == "no byte came within 0.3 s"
    assert time.monotonic() - began < 10


def test_slow_download_is_ended() -> None:
    """A download that began but does not come to an end is ended, too."""
    source = "import time; print('|##| 10% of 170 MiB', flush=True); time.sleep(60)"
    assert watched_download(script(source), first_sign_s=20, download_s=0.3) == "the download took longer than 0.3 s"


def test_complaint_prefers_a_code() -> None:
    """Of a failed download's lines, the one with an error code says most; the last resort is the first line."""
    assert complaint(["Failed to install", "Error: connect ECONNREFUSED 127.0.0.1:80"]).endswith("127.0.0.1:80")
    assert complaint(["Downloading", "Failed to install"]) == "Failed to install"
    assert complaint(["something"]) == "something"
    assert complaint([]) == "ended without a word"


def test_provided_is_what_is_launched() -> None:
    """The script does without the package; what both know of programs, packages and modes is the same."""
    assert {name: " ".join(packages) for name, packages in PACKAGES.items()} == launched.DEBIAN_PACKAGES
    assert tuple(name for name in launched_from.CHROMIUMS if "/" not in name) == CHROMIUMS
    assert tuple(name for name in launched_from.FIREFOXES if "/" not in name) == FIREFOXES
    assert browsers.MODE_VARIABLE == launched.ROUTE_VARIABLE
    assert set(browsers.MODES) == set(launched.Route)


@pytest.mark.parametrize("playwright", ["1.64.1", "1.65.2"])
def test_same_firefox_is_too_old(playwright: str) -> None:
    """A Firefox that the script calls too old is refused at launch, and the next newer one is not."""
    oldest = oldest_firefox(playwright)

    def build(major: int) -> Build:
        where = "/usr/bin/firefox"
        return Build(
            engine="firefox", product="Firefox", version=f"{major}.0", origin="system", executable=where, system="x"
        )

    launched.require_fitting_firefox(build(oldest), playwright)
    with pytest.raises(EngineUnavailable, match=f"drives Firefox {oldest}"):
        launched.require_fitting_firefox(build(oldest - 1), playwright)
