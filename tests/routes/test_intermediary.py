"""A route's server as a process: it leads to the app, its death is told apart, and nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from tests.routes.servers import (
    NGINX,
    app,
    asked,
    certificate,
    each_route,
    family,
    gone,
    pretend,
    until,
    via,
)
from tests.stageplay import attempted
from wirematrix.budgets import Budget
from wirematrix.checks import no_gap
from wirematrix.conditions import LiveNetwork
from wirematrix.driver import LiveCell
from wirematrix.errors import IntermediaryDied, OursSpent, Skipped
from wirematrix.model import Status
from wirematrix.network import Direct, Network
from wirematrix.routes import Intermediary, intermediary, program, programs
from wirematrix.routing import ROUTES, Route
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits
from wirematrix.way import Way

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = ("127.0.0.1", 9)
NO_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the pretended programs are shell scripts")
ORPHAN = """
import asyncio, sys
from pathlib import Path
from wirematrix.routes import Intermediary, issue
from wirematrix.routing import ROUTES, Via
async def main():
    folder = Path(sys.argv[1])
    route = ROUTES[sys.argv[2]]
    via = Via(route=route, side="front", idle_s=route.idle_s)
    server = await Intermediary.start(via, apps=[("127.0.0.1", 9)], folder=folder, certificate=issue(folder))
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""

pytestmark = pytest.mark.anyio


async def started(route: Route, folder: Path, at: tuple[str, int] = NOWHERE) -> Intermediary:
    """A server in a folder of its own."""
    issued = certificate(folder / "certificate")
    (folder / "own").mkdir()
    return await Intermediary.start(via(route), apps=[at], folder=folder / "own", certificate=issued)


@each_route
async def test_it_leads_to_the_app(route: Route, tmp_path: Path) -> None:
    """Each configuration is accepted by its server, which passes a request on and the answer back."""
    issued = certificate(tmp_path / "certificate")
    (tmp_path / "own").mkdir()
    async with app() as (at, heads):
        server = await Intermediary.start(via(route), apps=[at], folder=tmp_path / "own", certificate=issued)
        try:
            answer = await asked(server.listen, issued if route.tls else None)
            server.check_alive()
        finally:
            await server.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"data: 1\n\n" in answer
    assert len(heads) == 1
    assert heads[0].startswith(b"GET /sse/a HTTP/1.")


@each_route
async def test_nothing_of_it_stays(route: Route, tmp_path: Path) -> None:
    """Ended, it and whatever it started are gone, and that was no death; ending it twice does nothing."""
    server = await started(route, tmp_path)
    processes = family(server.pid)
    await server.close()
    assert await gone(processes)
    server.check_alive()
    await server.close()


@each_route
async def test_a_server_that_is_killed_is_told_apart(route: Route, tmp_path: Path) -> None:
    """Killed in the middle it is a death with its exit code, not an end; its workers do not outlive it."""
    server = await started(route, tmp_path)
    processes = family(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    try:
        assert await until(lambda: died(server))
        with pytest.raises(IntermediaryDied, match=rf"^route {route.name} ended with exit code -9"):
            server.check_alive()
    finally:
        await server.close()
    assert await gone(processes)


def died(server: Intermediary) -> bool:
    """Whether it says so."""
    try:
        server.check_alive()
    except IntermediaryDied:
        return True
    return False


@each_route
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_it_dies_with_its_parent(route: Route, tmp_path: Path) -> None:
    """Where our own process is killed without a word the server ends by itself, with what it started."""
    words = [sys.executable, "-c", ORPHAN, str(tmp_path), route.name]
    parent = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    processes = family(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    assert await gone(processes)


@NO_POSIX
async def test_a_server_that_dies_at_once_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends before it listens is named with its exit code and its last words."""
    pretend(tmp_path / "bin", monkeypatch, "echo first >&2; echo 'no such directive' >&2; exit 3")
    with pytest.raises(IntermediaryDied) as death:
        await started(ROUTES["nginx"], tmp_path)
    assert str(death.value) == "route nginx ended with exit code 3, last words: first | no such directive"


@NGINX
async def test_a_configuration_that_is_refused_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the real nginx says about a line that it does not know is in the error."""
    monkeypatch.setattr(intermediary, "written", lambda *_, **__: "no_such_directive on;\n")
    with pytest.raises(IntermediaryDied, match='unknown directive "no_such_directive"'):
        await started(ROUTES["nginx"], tmp_path)


@NO_POSIX
async def test_a_server_that_never_listens_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lives and takes no connection within its budget is ended, and that is our fault."""
    pretend(tmp_path / "bin", monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    monkeypatch.setattr(program, "ROUTE", Budget("route", 1_000))
    with pytest.raises(OursSpent, match="for route nginx to take connections; it is alive and does not"):
        await started(ROUTES["nginx"], tmp_path)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@NO_POSIX
async def test_a_server_that_does_not_obey_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM is asked first; who ignores it is killed, and so are its children."""
    script = f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/pid; while :; do wait; done"
    pretend(tmp_path / "bin", monkeypatch, script)
    monkeypatch.setattr(program, "ROUTE", Budget("route", 1_000))
    with pytest.raises(OursSpent):
        await started(ROUTES["nginx"], tmp_path)
    child = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(child) or await gone([psutil.Process(child)])


async def test_a_server_that_is_not_here_says_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program nothing is tried, and the reason has the command."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "SYSTEM_FOLDERS", ())
    with pytest.raises(Skipped, match=r"^haproxy is not installed; install it with: .*apt-get install -y .* haproxy$"):
        await started(ROUTES["haproxy"], tmp_path)


def leads_over(server: Intermediary) -> LiveNetwork:
    """A cell's network over a server, as far as it is asked whether that lives."""
    nothing = cast("Any", None)
    recorder = Recorder()
    return LiveNetwork(
        Network(name="over", title="over nginx", recipe=Direct(), via=server.via),
        way=Way(origin="", proxy=nothing, end_kind="link-end", route=server),
        server=nothing,
        recorder=recorder,
        waits=Waits(recorder),
        probe=nothing,
        nudge=nothing,
    )


@NGINX
async def test_a_death_in_the_middle_is_an_error(tmp_path: Path) -> None:
    """A cell whose server was killed ends as our error, whatever its page saw of it; without that it does not."""
    server = await started(ROUTES["nginx"], tmp_path)

    async def kill(cell: LiveCell) -> None:
        cell.network = leads_over(server)
        cell.judge(no_gap)
        os.kill(server.pid, signal.SIGKILL)
        assert await until(lambda: died(server))

    async def live(cell: LiveCell) -> None:
        cell.network = leads_over(server)
        cell.judge(no_gap)

    try:
        alive = await attempted(live)
        killed = await attempted(kill)
    finally:
        await server.close()
    assert "route nginx" not in alive.verdict.because
    assert killed.verdict.status is Status.ERROR
    assert killed.verdict.because.startswith("route nginx ended with exit code -9")
