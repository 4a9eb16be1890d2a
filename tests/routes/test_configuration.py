"""From a readable configuration to the one that is started, and the certificate it shows."""

from __future__ import annotations

import ssl
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.routes.servers import REAL, certificate, via
from wirematrix.routes import readable
from wirematrix.routes.configuration import LISTEN, PLACEHOLDER, fill, written
from wirematrix.routing import ROUTES, Route

LISTEN_AT = Path("/run/of/this/cell/listen.sock")


def text_of(route: Route, folder: Path, idle_s: int | None = 7) -> str:
    """A route's configuration for an app at 127.0.0.1:8123."""
    issued = certificate(folder / "certificate")
    return written(
        replace(via(route), idle_s=idle_s),
        listen=LISTEN_AT,
        apps=[("127.0.0.1", 8123), ("127.0.0.1", 8124)],
        folder=folder,
        certificate=issued,
    )


@pytest.mark.parametrize("route", REAL, ids=lambda route: route.name)
def test_every_name_is_filled_in(route: Route, tmp_path: Path) -> None:
    """Nothing is left to fill in; the socket, the app and what else the route has stand where their names stood."""
    text = text_of(route, tmp_path)
    assert not PLACEHOLDER.search(text)
    assert LISTEN[route.program].format(path=LISTEN_AT) in text
    assert "127.0.0.1:8123" in text
    assert ("7s" in text) is (route.idle_s is not None)
    assert (str(tmp_path / "certificate") in text) is route.tls


@pytest.mark.parametrize("route", REAL, ids=lambda route: route.name)
def test_nothing_else_changes(route: Route, tmp_path: Path) -> None:
    """Lines without a name are those that people read."""
    before, after = readable(route.configuration).splitlines(), text_of(route, tmp_path).splitlines()
    assert len(before) == len(after)
    same = [(one, other) for one, other in zip(before, after, strict=True) if not PLACEHOLDER.search(one)]
    assert all(one == other for one, other in same)
    assert len(same) > len(before) / 2


@pytest.mark.parametrize(("euid", "line"), [(0, "user root;"), (1000, "")])
def test_workers_run_as_the_current_user(euid: int, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by root, nginx would hand its workers to another user, who may not read our folder; else it cannot."""
    monkeypatch.setattr("os.geteuid", lambda: euid, raising=False)
    lines = text_of(ROUTES["nginx"], tmp_path).splitlines()
    assert lines[lines.index("daemon off;") + 1] == line


def test_a_name_without_a_value_is_ours() -> None:
    """A configuration that asks for what nobody gives is not started half filled in."""
    assert fill("a @APP@ b", {"APP": "x"}) == "a x b"
    with pytest.raises(KeyError, match="OTHER"):
        fill("@APP@ @OTHER@", {"APP": "x"})


def test_a_value_is_not_filled_in_again() -> None:
    """A value that looks like a name stays as it is."""
    assert fill("@APP@", {"APP": "@FOLDER@", "FOLDER": "no"}) == "@FOLDER@"


def test_the_certificate_is_for_loopback(tmp_path: Path) -> None:
    """Its authority vouches for 127.0.0.1 and localhost, no system does, and the key is its owner's alone."""
    issued = certificate(tmp_path / "certificate")
    context = ssl.create_default_context(cafile=issued.authority)
    context.load_cert_chain(issued.chain, issued.key)
    decoded = ssl._ssl._test_decode_cert(str(issued.chain))  # type: ignore[attr-defined]
    assert set(decoded["subjectAltName"]) == {("IP Address", "127.0.0.1"), ("DNS", "localhost")}
    if sys.platform != "win32":
        assert stat.S_IMODE(issued.key.stat().st_mode) == 0o600


def test_every_run_has_its_own_certificate(tmp_path: Path) -> None:
    """Two runs share neither key nor authority."""
    one, other = certificate(tmp_path / "one"), certificate(tmp_path / "other")
    assert one.key.read_bytes() != other.key.read_bytes()
    assert one.authority.read_bytes() != other.authority.read_bytes()
