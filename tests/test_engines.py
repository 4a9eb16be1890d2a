"""Engines: which build is found, why none is, and how it is launched."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from wirematrix.engines import LaunchOptions, locate, playwright_builds, route, settings, sync_face, system_builds
from wirematrix.engines.builds import ROUTE_VARIABLE, require_fitting_firefox
from wirematrix.engines.processes import MARK_VARIABLE
from wirematrix.errors import EngineUnavailable, InvalidInput
from wirematrix.model import Build

SHELL = Path(system_builds.__file__).with_name("webkitgtk_shell.py")

Unpack = Callable[[str], Path]
Install = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any browser: empty registry, empty PATH, nothing in the vendors' places."""
    monkeypatch.delenv(ROUTE_VARIABLE, raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "registry"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(system_builds, "SYSTEM_PYTHON", str(tmp_path / "bin" / "python3"))
    (tmp_path / "bin").mkdir()
    system_builds.version_of.cache_clear()
    system_builds.webkitgtk_version.cache_clear()


@pytest.fixture
def unpack(tmp_path: Path) -> Unpack:
    """Put one of Playwright's builds into the registry, where `launch` would look for it."""
    places = {
        "chromium": "chrome-linux64/chrome",
        "chromium-headless-shell": "chrome-headless-shell-linux64/chrome-headless-shell",
        "firefox": "firefox/firefox",
        "webkit": "pw_run.sh",
        "ffmpeg": "ffmpeg-linux",
    }

    def put(name: str) -> Path:
        revision = next(entry["revision"] for entry in playwright_builds.described() if entry["name"] == name)
        executable = tmp_path / "registry" / f"{name.replace('-', '_')}-{revision}" / places[name]
        executable.parent.mkdir(parents=True)
        executable.touch()
        return executable

    return put


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Put a program onto PATH that does what a line of shell says."""

    def put(name: str, does: str) -> Path:
        executable = tmp_path / "bin" / name
        executable.write_text(f"#!/bin/sh\n{does}\n")
        executable.chmod(0o755)
        return executable

    return put


def test_playwrights_build_comes_first(unpack: Unpack, install: Install) -> None:
    """Where both are there, Playwright's own build is used and says so."""
    install("firefox-esr", "echo Mozilla Firefox 153.7.0esr")
    executable = unpack("firefox")
    build = locate("firefox")
    assert (build.product, build.origin, build.executable) == ("Playwright Firefox", "playwright", str(executable))
    assert build.version.split(".")[0].isdecimal()


def test_system_build_comes_second(install: Install) -> None:
    """Without Playwright's build the distribution's is used, with the version it states itself."""
    executable = install("chromium", "echo Chromium 156.0.8078.79 built on Debian")
    build = locate("chromium")
    assert (build.product, build.version, build.origin) == ("Chromium", "156.0.8078.79", "system")
    assert build.executable == str(executable)


def test_route_leaves_one_out(unpack: Unpack, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """WIREMATRIX_BROWSERS=system ignores Playwright's builds, =playwright the system's."""
    install("chromium", "echo Chromium 156.0.1.2")
    unpack("chromium")
    monkeypatch.setenv(ROUTE_VARIABLE, "system")
    assert locate("chromium").origin == "system"
    monkeypatch.setenv(ROUTE_VARIABLE, "playwright")
    assert locate("chromium").origin == "playwright"
    with pytest.raises(EngineUnavailable) as refused:
        locate("firefox")
    assert refused.value.remedy.endswith("-m playwright install --with-deps firefox")


def test_route_knows_its_words() -> None:
    """A route nobody knows is a mistake with the accepted words, not the default."""
    assert route("system") == "system"
    with pytest.raises(InvalidInput, match="got 'chrome'; expected auto, system or playwright"):
        route("chrome")


def test_unknown_engine_is_a_mistake() -> None:
    """Safari is not an engine here, and the answer says which are."""
    with pytest.raises(InvalidInput, match="'safari'; expected chromium, firefox, webkit"):
        locate("safari")


@pytest.mark.parametrize("name", ["chromium", "firefox", "webkit", "chrome", "msedge"])
def test_none_is_unavailable_with_one_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without the engine the reason comes with one command that can be pasted."""
    monkeypatch.setattr(system_builds, "channel_places", lambda _name: [])
    with pytest.raises(EngineUnavailable) as refused:
        locate(name)
    assert refused.value.engine == name
    assert "\n" not in str(refused.value)
    assert "install" in refused.value.remedy


def test_headless_prefers_the_shell(unpack: Unpack) -> None:
    """A headless Chromium is Playwright's headless shell where it is there, a headed one never."""
    unpack("chromium")
    assert "headless" not in locate("chromium").product.lower()
    shell = unpack("chromium-headless-shell")
    assert locate("chromium").executable == str(shell)
    assert "headless" not in locate("chromium", headless=False).product.lower()


def test_channel_never_falls_back(unpack: Unpack, install: Install) -> None:
    """Edge asked for by name is Edge or nothing, whatever else is there."""
    unpack("chromium")
    install("chromium", "echo Chromium 156.0.1.2")
    with pytest.raises(EngineUnavailable, match="msedge is not at"):
        locate("chromium", channel="msedge")


def test_channel_is_described_as_one(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A branded browser keeps its name and says that it is one."""
    place = install("msedge-stable", "echo Microsoft Edge 156.0.9.9")
    monkeypatch.setattr(system_builds, "channel_places", lambda _name: [place])
    build = locate("msedge")
    assert (build.engine, build.product, build.version) == ("msedge", "Microsoft Edge", "156.0.9.9")
    assert build.origin == "channel"


def test_executable_never_falls_back(install: Install) -> None:
    """An executable that does not answer is unavailable although the system has another."""
    install("chromium", "echo Chromium 156.0.1.2")
    broken = install("mine", "exit 1")
    with pytest.raises(EngineUnavailable, match="mine states no version"):
        locate("chromium", executable=str(broken))


def test_stub_is_no_browser(install: Install) -> None:
    """A program of the right name that only asks for a snap is passed over for the next name."""
    install("chromium", "echo please install the snap; exit 1")
    working = install("chromium-browser", "echo Chromium 150.0.0.1")
    assert locate("chromium").executable == str(working)


def test_firefox_esr_is_told_apart(install: Install, tmp_path: Path) -> None:
    """The facts beside the executable say that it is an ESR, without starting it."""
    install("firefox-esr", "exit 1")
    (tmp_path / "bin" / "application.ini").write_text("[App]\nRemotingName=firefox-esr\nVersion=153.7.0\n")
    build = locate("firefox")
    assert (build.product, build.version) == ("Firefox ESR", "153.7.0")


@pytest.mark.parametrize(
    ("firefox", "playwright", "fits"),
    [("153.7.0", "1.64.1", True), ("153.7.0", "1.65.2", False), ("159.0", "1.65.2", True), ("158.0", "1.66.0", False)],
)
def test_firefox_has_to_fit_playwright(firefox: str, playwright: str, *, fits: bool) -> None:
    """A Firefox that this Playwright cannot drive is refused at once, with both versions in the reason."""
    build = Build(
        engine="firefox", product="Firefox", version=firefox, origin="system", executable="/bin/firefox", system="here"
    )
    if fits:
        require_fitting_firefox(build, playwright)
        return
    with pytest.raises(EngineUnavailable, match=f"is {firefox}; Playwright {playwright} drives Firefox 159"):
        require_fitting_firefox(build, playwright)
    require_fitting_firefox(replace(build, origin="playwright"), playwright)


def test_old_firefox_is_mended_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the tried Playwright a Firefox that is too old needs newer packages, not the same Playwright again."""
    monkeypatch.setattr("wirematrix.engines.builds.on_debian", lambda: True)
    build = Build(
        engine="firefox", product="Firefox", version="140.12.0", origin="system", executable="/x", system="here"
    )
    with pytest.raises(EngineUnavailable, match=r"apt-get update && .*apt-get install .*firefox-esr$"):
        require_fitting_firefox(build, "1.64.1")
    with pytest.raises(EngineUnavailable, match=r"pip install playwright==1\.64\.1$"):
        require_fitting_firefox(build, "1.65.2")


def test_webkitgtk_is_never_safari(install: Install) -> None:
    """The system's WebKit is called WebKitGTK, with the version its library states."""
    install("Xvfb", "exit 0")
    install("python3", "echo 2.50.6")
    build = locate("webkit")
    assert (build.engine, build.product, build.version, build.origin) == ("webkit", "WebKitGTK", "2.50.6", "system")


def test_playwrights_webkit_is_told_apart(unpack: Unpack) -> None:
    """Playwright's own WebKit has a product name of its own."""
    unpack("webkit")
    assert locate("webkit").product == "Playwright WebKit"


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        ({"python3": "echo 2.50.6"}, "Xvfb is not installed"),
        ({"Xvfb": "exit 0"}, "which is not there"),
        ({"Xvfb": "exit 0", "python3": "echo No module named gi >&2; exit 1"}, "No module named gi"),
    ],
)
def test_webkitgtk_says_what_is_missing(programs: dict[str, str], reason: str, install: Install) -> None:
    """Each missing part of the WebKitGTK route is named."""
    for name, does in programs.items():
        install(name, does)
    with pytest.raises(EngineUnavailable, match=reason):
        locate("webkit")


def build_of(engine: str, origin: str, product: str = "") -> Build:
    """A build for the settings below."""
    return Build(engine=engine, product=product, version="1", origin=origin, executable="/there", system="here")


def test_system_firefox_is_quiet() -> None:
    """The system's Firefox is driven over BiDi and told not to contact anybody; the caller's wishes win."""
    options = LaunchOptions(preferences={"network.trr.mode": 2})
    arguments = settings.launch_arguments(build_of("firefox", "system"), options, "mark")
    assert arguments["channel"] == "moz-firefox"
    assert arguments["firefox_user_prefs"]["services.settings.server"].startswith("data:")
    assert arguments["firefox_user_prefs"]["network.trr.mode"] == 2
    assert arguments["env"].items() >= {"MOZ_REMOTE_SETTINGS_DEVTOOLS": "1", MARK_VARIABLE: "mark"}.items()


def test_playwrights_firefox_is_left_alone() -> None:
    """Playwright's own build has its own profile: no channel, no executable, no preferences of ours."""
    arguments = settings.launch_arguments(build_of("firefox", "playwright"), LaunchOptions(), "mark")
    assert arguments.keys().isdisjoint({"channel", "executable_path"})
    assert arguments["firefox_user_prefs"] == {}


def test_chromium_resolves_nothing_but_localhost() -> None:
    """Chromium gets the resolver rules unless told otherwise, and never a second --disable-features."""
    confined = settings.launch_arguments(build_of("chromium", "system"), LaunchOptions(), "mark")
    free = settings.launch_arguments(build_of("msedge", "channel"), LaunchOptions(loopback_only=False), "mark")
    assert confined["args"] == [settings.LOOPBACK_ONLY]
    assert free["args"] == []
    assert (confined["executable_path"], free["executable_path"]) == ("/there", "/there")


def test_full_chromium_can_be_headless() -> None:
    """Where only the full build was fetched, a headless launch asks for it instead of the missing shell."""
    full = settings.launch_arguments(build_of("chromium", "playwright", "Chrome for Testing"), LaunchOptions(), "m")
    shell = settings.launch_arguments(build_of("chromium", "playwright", "Chrome Headless Shell"), LaunchOptions(), "m")
    assert full["channel"] == "chromium"
    assert "channel" not in shell


def test_marks_are_inherited_not_ours() -> None:
    """The mark goes into the engine's environment only, beside everything that was there."""
    arguments = settings.launch_arguments(build_of("chromium", "system"), LaunchOptions(), "mark")
    assert arguments["env"].items() >= os.environ.items()
    assert MARK_VARIABLE not in os.environ


def test_video_is_refused_by_name(unpack: Unpack) -> None:
    """--video ends with a sentence where no video can come of it."""
    with pytest.raises(InvalidInput, match="WebKitGTK has no screencast"):
        sync_face.require_video(build_of("webkit", "system", "WebKitGTK"))
    with pytest.raises(InvalidInput, match="needs Playwright's ffmpeg, which is not fetched"):
        sync_face.require_video(build_of("chromium", "system"))
    unpack("ffmpeg")
    sync_face.require_video(build_of("chromium", "system"))


def test_shell_stands_alone() -> None:
    """The WebKitGTK process imports the standard library and PyGObject, nothing of ours, and no threads."""
    imported = set()
    for node in ast.walk(ast.parse(SHELL.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names == {"gi"}
    assert imported.isdisjoint({"threading", "concurrent", "asyncio", "multiprocessing"})
