"""`wirematrix doctor`: what it says about a machine, without starting an engine."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from wirematrix import doctor, engines, routes
from wirematrix.doctor import Condition, Diagnosis, EngineFinding
from wirematrix.errors import EngineUnavailable, Skipped
from wirematrix.model import Build

BUILD = Build(
    engine="webkit",
    product="WebKitGTK",
    version="2.50.6",
    origin="system",
    executable="/usr/bin/python3",
    system="here",
)
FINE = Condition(name="ports", held=True, says="plenty")
MISSING = EngineFinding(engine="webkit", needed=True, because="Xvfb is not installed", remedy="apt-get install xvfb")


def shown(diagnosis: Diagnosis) -> str:
    """What a person reads."""
    console = Console(file=io.StringIO(), width=140)
    doctor.render(diagnosis, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_healthy_machine() -> None:
    """With every needed engine and condition there the machine is ready, whatever else is missing."""
    there = EngineFinding(engine="webkit", needed=True, build=BUILD, started_ms=512.3)
    extra = EngineFinding(engine="msedge", needed=False, because="not at /opt", remedy="install msedge")
    diagnosis = Diagnosis(engines=(there, extra), conditions=(FINE,))
    assert diagnosis.healthy
    text = shown(diagnosis)
    assert "WebKitGTK 2.50.6" in text
    assert "512 ms" in text
    assert "get msedge: install msedge" in text
    assert text.rstrip().endswith("\nready for the matrix")


@pytest.mark.parametrize(
    ("engine", "condition", "remedy"),
    [
        (MISSING, FINE, "mend webkit: apt-get install xvfb"),
        (
            EngineFinding(engine="webkit", needed=True, build=BUILD),
            Condition(name="disk", held=False, says="3 MiB", remedy="set TMPDIR"),
            "mend disk: set TMPDIR",
        ),
    ],
)
def test_what_is_wrong_comes_with_its_remedy(engine: EngineFinding, condition: Condition, remedy: str) -> None:
    """A needed engine or condition that fails makes the machine unready and names one command."""
    diagnosis = Diagnosis(engines=(engine,), conditions=(condition,))
    assert not diagnosis.healthy
    text = shown(diagnosis)
    assert remedy in text
    assert "not ready for the matrix" in text


def test_unavailable_engine_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that cannot be located is reported with reason and command; the others still are."""

    def locate(name: str) -> Build:
        if name == "firefox":
            raise EngineUnavailable(name, "not installed", remedy="install it")
        return BUILD

    monkeypatch.setattr(engines, "locate", locate)
    found = doctor.diagnose(("webkit", "firefox"), start=False).engines
    assert [finding.usable for finding in found] == [True, False]
    assert (found[1].because, found[1].remedy) == ("not installed", "install it")


def test_exit_status_and_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit status says whether the machine is ready, and --json says the same to programs."""
    monkeypatch.setattr(doctor, "diagnose", lambda: Diagnosis(engines=(MISSING,), conditions=(FINE,)))
    console = Console(file=io.StringIO(), width=140)
    assert doctor.show(console, as_json=True) == 1
    told = json.loads(console.file.getvalue())  # type: ignore[attr-defined]
    assert told["healthy"] is False
    assert told["engines"][0]["remedy"] == "apt-get install xvfb"


def test_route_servers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each server of the routes is told with its version and place, or with the command that installs it."""

    def located(command: str) -> str:
        if command == "caddy":
            raise Skipped("caddy is not installed")
        return f"/usr/sbin/{command}"

    monkeypatch.setattr(routes, "located", located)
    monkeypatch.setattr(routes, "version_of", lambda command: located(command) and "1.2.3")
    found = {one.name: one for one in doctor.route_servers()}
    assert set(found) == set(routes.PACKAGES)
    assert found["nginx"].says == "1.2.3 (/usr/sbin/nginx)"
    diagnosis = Diagnosis(engines=(), conditions=tuple(found.values()))
    assert diagnosis.healthy  # the other cells do not need them
    assert [*doctor.remedies(diagnosis)] == [f"get caddy: {routes.remedy('caddy')}"]
