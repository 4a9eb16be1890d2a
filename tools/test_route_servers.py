"""How the servers of the routes are provided: what is installed, that nothing is started, what a person is told."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import apt, doors
from tools.route_servers import POLICY, SERVERS, Policy, provide, where
from wirematrix.routes import PACKAGES, remedy

ROOT = Path(__file__).resolve().parent.parent
ALLOWS = "#!/bin/sh\nexit 0\n"
FORBIDS = "#!/bin/sh\nexit 101\n"
WAIT_S = 30
HANGING = """
import sys, time
from pathlib import Path
from tools.route_servers import Policy
with Policy(Path(sys.argv[1]), ()).none_starts():
    print("there", flush=True)
    time.sleep(600)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no apt-get on Windows")


class Machine:
    """A machine on which `there` is installed, and where packages bring what `brings` says; counts what was done."""

    def __init__(self, folder: Path, *there: str, brings: Callable[[str], str | None] = lambda server: None) -> None:
        self.policy = Policy(folder / "policy-rc.d", ())
        self.there = set(there)
        self.installed: list[str] = []
        self.policies: list[str] = []  # what stood in the policy while each was installed
        self._brings = brings

    def where(self, server: str) -> str | None:
        """The command, if it is there."""
        return f"/usr/sbin/{server}" if server in self.there else None

    def install(self, server: str) -> str | None:
        """Install a package, or say why not."""
        self.installed.append(server)
        self.policies.append(self.policy.file.read_text(encoding="utf-8"))
        because = self._brings(server)
        if because is None:
            self.there.add(server)
        return because

    def provide(self, *, allowed: bool = True) -> list[str]:
        """The lines that a person reads."""
        policy = self.policy if allowed else None
        return [*provide(SERVERS, where=self.where, install=self.install, policy=policy)]


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    """Where every server is installed nothing is, and no policy is written."""
    machine = Machine(tmp_path, *SERVERS)
    assert machine.provide()[0] == "nginx        ready        /usr/sbin/nginx"
    assert machine.installed == []
    assert [*tmp_path.iterdir()] == []


def test_nothing_starts_what_is_installed(tmp_path: Path) -> None:
    """While a server is installed a policy forbids every start; afterwards the policy is gone."""
    machine = Machine(tmp_path, "nginx")
    assert [line.split()[1] for line in machine.provide()] == ["ready"] * 4
    assert machine.installed == ["haproxy", "caddy", "redis-server"]
    assert set(machine.policies) == {POLICY}
    assert [*tmp_path.iterdir()] == []


def test_the_policy_forbids(tmp_path: Path) -> None:
    """The policy is a program that anybody can run and that ends with 101, as Debian's policy asks."""
    policy = Policy(tmp_path / "policy-rc.d", ())
    with policy.none_starts() as because:
        assert because is None
        assert stat.S_IMODE(policy.file.stat().st_mode) == 0o755
        assert subprocess.run([policy.file, "nginx", "start"], check=False).returncode == 101


def test_one_package_less_is_one_line(tmp_path: Path) -> None:
    """A server that cannot be installed is told with the reason and the command; the others still come."""
    machine = Machine(tmp_path, brings=lambda server: "E: no such package" if server == "caddy" else None)
    told = {line.split()[0]: line for line in machine.provide()}
    assert [name for name, line in told.items() if "unavailable" in line] == ["caddy"]
    assert "unavailable  E: no such package; install it with: " in told["caddy"]
    assert told["caddy"].endswith("apt-get install -y --no-install-recommends caddy")
    assert not machine.policy.file.exists()


def test_a_package_without_its_command_is_told(tmp_path: Path) -> None:
    """apt-get's word that it worked is not enough."""
    machine = Machine(tmp_path, "nginx", "haproxy", "redis-server")
    machine.there = frozenset(machine.there)  # type: ignore[assignment]
    machine.install = lambda server: None  # type: ignore[method-assign]
    assert "unavailable  its package brings no such command" in machine.provide()[2]


def test_without_apt_a_person_is_told(tmp_path: Path) -> None:
    """Where apt-get may not be used nothing is touched, and each line has the command."""
    machine = Machine(tmp_path)
    lines = machine.provide(allowed=False)
    assert all("unavailable" in line and "apt-get install" in line for line in lines)
    assert machine.installed == []
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(("text", "installed"), [(FORBIDS, [*SERVERS]), (ALLOWS, [])])
def test_somebody_elses_policy_stays(tmp_path: Path, text: str, installed: list[str]) -> None:
    """A policy that is there already stays as it is; if it lets services start, nothing is installed."""
    machine = Machine(tmp_path)
    machine.policy.file.write_text(text, encoding="utf-8")
    machine.policy.file.chmod(0o755)
    lines = machine.provide()
    assert machine.installed == installed
    assert machine.policy.file.read_text(encoding="utf-8") == text
    assert any("lets services start" in line for line in lines) is not bool(installed)


def test_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    """Our own policy of an earlier run counts as ours: it is used, and it goes."""
    machine = Machine(tmp_path)
    machine.policy.file.write_text(POLICY, encoding="utf-8")
    machine.provide()
    assert machine.installed == [*SERVERS]
    assert not machine.policy.file.exists()


def test_a_policy_that_cannot_be_written_installs_nothing(tmp_path: Path) -> None:
    """Where the file cannot be put nothing is installed, since it would be started."""
    machine = Machine(tmp_path)
    machine.policy = Policy(tmp_path / "no such folder" / "policy-rc.d", ())
    assert all("cannot be written" in line for line in machine.provide())
    assert machine.installed == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ended_run_takes_its_policy_away(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and SIGINT in the middle of an installation leave no policy behind."""
    file = tmp_path / "policy-rc.d"
    words = [sys.executable, "-c", HANGING, str(file)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        assert file.exists()
        process.send_signal(number)
        process.wait(timeout=WAIT_S)
    assert not file.exists()


def test_servers_are_found_beside_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in a folder of the PATH is found; one that is nowhere is not."""
    (tmp_path / "odd-server").write_text(ALLOWS, encoding="utf-8")
    (tmp_path / "odd-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert where("odd-server") == str(tmp_path / "odd-server")
    assert where("odder-server") is None


def test_every_routes_server_is_provided() -> None:
    """What a route needs this installs, and what a skipped cell advises is the same package."""
    assert dict(PACKAGES) == dict(zip(SERVERS, SERVERS, strict=True))
    assert [remedy(server) for server in SERVERS] == [apt.by_hand(server) for server in SERVERS]


def test_the_door_runs_the_routes() -> None:
    """`make matrix-routes` sees to browsers, too, and selects the routes' cells by their mark."""
    assert "matrix-routes" in doors.DOORS
    assert "matrix-routes" in doors.BROWSING
    assert doors.RUNS["matrix-routes"] == ("wirematrix", "matrix", "-m", "routes")
    assert "tools/doors.py matrix-routes $(ARGS)" in (ROOT / "Makefile").read_text(encoding="utf-8")
