"""The app as a process: a real tiny service that is started, killed, ended, suspended and started again on its port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.tinyservice import (
    BUDGET_S,
    LAST_FACT,
    Ear,
    Mood,
    Way,
    line,
    prepared,
    running,
    set_mood,
    status_of,
    tell,
    tiny_service,
)
from wirematrix import server as server_module
from wirematrix.budgets import SCALE_VARIABLE, SERVICE_STOP, Budget
from wirematrix.errors import BudgetSpent, InvalidInput, ServiceDied
from wirematrix.forkserver import Forked
from wirematrix.server import HOST, READ_AT_ONCE, Command, Server, reference_app

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="no inherited sockets and no SIGSTOP on this system"),
]

where_forks_are = pytest.mark.skipif(sys.platform != "linux", reason="apps are forked on Linux only")
both_ways = pytest.mark.parametrize("way", ["plain", pytest.param("forked", marks=where_forks_are)])
SHORT: Final = Budget("service-start", 6_000)  # 600 ms at the scale of the tests that let it run out


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets are a tenth of what they say, and a start gets even less."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")
    monkeypatch.setattr(server_module, "SERVICE_START", SHORT)


@pytest.fixture
def idle() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until its input ends."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process


async def refuses(server: Server) -> bool:
    """Whether a connection to the service's port is refused."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(HOST, server.port), BUDGET_S)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


def bind(port: int) -> None:
    """Take the port as any other program would."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, port))


def kill_unnoticed(pid: int) -> None:
    """Kill a process and see it dead, without giving the event loop a turn to notice."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # another thread may have been faster
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


# ── facts ──


@both_ways
async def test_facts_reach_the_listener_of_their_channel(tmp_path: Path, way: Way) -> None:
    """Once started the service answers, and each fact goes to its own channel's listener, in the order said."""
    async with running(tmp_path, way=way) as server:
        assert await status_of(server) == 200
        assert server.running
        one, two = Ear(), Ear()
        server.listen_to("c1", one)
        server.listen_to("c2", two)
        said = [line("c1", 1), line("c2", 2), line("nobody's", 3), line(None, 4), line("c1", 5), line("c2", 6)]
        await tell(server, "say", b"".join(said))
        await two.hears(2)
        assert (one.numbers, two.numbers) == ([1, 5], [2, 6])
        server.forget("c1")
        server.forget("never listened to")
        await tell(server, "say", line("c1", 7) + line("c2", 8))
        await two.hears(3)
        assert (one.numbers, two.numbers) == ([1, 5], [2, 6, 8])


async def test_a_fact_may_come_in_pieces(tmp_path: Path) -> None:
    """A line that is written in two halves, or is longer than a pipe holds, is one fact."""
    async with running(tmp_path) as server:
        ear = Ear()
        server.listen_to("c1", ear)
        halved, long = line("c1", 1), line("c1", 2, text="ü" * (3 * READ_AT_ONCE))
        await tell(server, "say", halved[:20])
        await tell(server, "say", halved[20:] + long)
        await ear.hears(2)
        assert ear.numbers == [1, 2]
        assert len(ear.facts[1]["text"]) == 3 * READ_AT_ONCE


async def test_a_line_that_is_no_fact_does_no_harm(tmp_path: Path) -> None:
    """Whatever else is printed, the facts after it still arrive, and nobody is handed half a fact."""
    strange = [
        b"starting up ...",
        b"",
        b"\xff\xfe no text",
        b"[1, 2]",
        b"5",
        b"null",
        b'"c1"',
        b'{"at": 1, "kind": "send", "channel": ["c1"]}',
        b'{"at": 1, "kind": "send", "channel": {}}',
        b'{"at": "now", "kind": "send", "channel": "c1"}',
        b'{"at": 1, "kind": null, "channel": "c1"}',
        b'{"channel": "c1"}',
        b"[" * 100_000,
        b'{"at": 1, "kind": "send", "channel": "c1", "number": 0',
    ]
    async with running(tmp_path) as server:
        ear = Ear()
        server.listen_to("c1", ear)
        await tell(server, "say", b"\n".join(strange) + b"\n" + line("c1", 1))
        await ear.hears(1)
        assert ear.numbers == [1]


async def test_a_torn_last_line_is_the_last_word(tmp_path: Path) -> None:
    """A service that ends in the middle of a line: the half is no fact, and it is quoted when somebody asks."""
    async with running(tmp_path) as server:
        ear = Ear()
        server.listen_to("c1", ear)
        await tell(server, "complain", b"out of memory\n")
        await tell(server, "exit", line("c1", 1) + b'{"at": 2, "kind": "se')
        await ear.hears(1)
        await server.terminate()  # has nothing to do but to see the end
        with pytest.raises(ServiceDied) as died:
            server.check_alive()
        assert died.value.exit_code == 7
        assert set(died.value.last_words.split(" | ")) == {"out of memory", '{"at": 2, "kind": "se'}
        assert ear.numbers == [1]


# ── ends ──


@both_ways
async def test_killed_and_started_again_on_the_same_port(tmp_path: Path, way: Way) -> None:
    """A killed service is down: refused, its port nobody else's. Started again it is another process, same port."""
    async with running(tmp_path, way=way) as server:
        port, pid, ear = server.port, server.pid, Ear()
        server.check_alive()
        with pytest.raises(OSError, match="in use"):
            bind(port)
        await server.kill()
        assert not server.running
        assert await refuses(server)
        with pytest.raises(OSError, match="in use"):
            bind(port)
        with pytest.raises(ServiceDied, match="exit code -9"):
            server.check_alive()

        await server.start()
        assert await status_of(server) == 200
        assert server.port == port
        assert server.pid != pid
        server.listen_to("c1", ear)
        await tell(server, "say", line("c1", 1))
        await ear.hears(1)


@both_ways
async def test_terminated_it_says_its_last_fact(tmp_path: Path, way: Way) -> None:
    """SIGTERM lets the service end by itself; what it says at the end is heard before `terminate` returns."""
    async with running(tmp_path, way=way) as server:
        ear = Ear()
        server.listen_to("c1", ear)
        await server.terminate()
        assert ear.facts == [LAST_FACT]
        assert await refuses(server)
        with pytest.raises(ServiceDied, match="exit code 0"):
            server.check_alive()
        await server.start()
        assert await status_of(server) == 200


async def test_suspended_it_is_alive_and_silent(tmp_path: Path) -> None:
    """SIGSTOP: connections are still taken, nothing answers; SIGCONT: what had been asked is answered."""
    async with running(tmp_path) as server:
        server.suspend()
        _, how = await asyncio.wait_for(asyncio.to_thread(os.waitpid, server.pid or 0, os.WUNTRACED), BUDGET_S)
        assert os.WIFSTOPPED(how)
        assert (server.running, server.answers) == (True, False)
        asking = asyncio.create_task(status_of(server))
        assert not await refuses(server)
        assert not asking.done()
        server.resume()
        assert (await asking, server.answers) == (200, True)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this Python cannot look at a dead process without reaping it")
async def test_what_has_just_died_keeps_its_exit_code(tmp_path: Path) -> None:
    """Ending a service in the moment of its death does not hide what it died of."""
    async with running(tmp_path) as server:
        kill_unnoticed(server.pid or 0)
        await server.terminate()
        with pytest.raises(ServiceDied, match="exit code -9"):
            server.check_alive()


@pytest.mark.usefixtures("scale")
async def test_what_ignores_sigterm_is_killed_and_said_so(tmp_path: Path) -> None:
    """A service that does not end on SIGTERM is killed when the budget is spent, and the error says that."""
    async with running(tmp_path, "stubborn") as server:
        with pytest.raises(BudgetSpent) as spent:
            await server.terminate()
        assert str(spent.value) == "waited 1000 ms for the app to end after SIGTERM; it was killed"
        assert spent.value.budget_ms == SERVICE_STOP.ms
        assert not server.running
        assert await refuses(server)


@pytest.mark.parametrize("suspended", [False, True])
async def test_close_ends_it_and_lets_the_port_go(tmp_path: Path, *, suspended: bool) -> None:
    """Closing ends even a suspended service, gives the port back, and may be repeated."""
    async with running(tmp_path, "stubborn") as server:
        if suspended:
            server.suspend()
        await server.close()
        assert not server.running
        bind(server.port)
        await server.close()


async def test_an_end_that_is_never_reported_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idle: subprocess.Popen[bytes]
) -> None:
    """A killed process whose end nobody hears of holds up neither `kill` nor `close` for ever."""
    monkeypatch.setattr(server_module, "SERVICE_STOP", Budget("service-stop", 50))
    server = Server(tiny_service(tmp_path))
    server._process = Forked(asyncio.StreamReader(), asyncio.StreamReader())
    server._process.pid = idle.pid
    with pytest.raises(BudgetSpent, match="waited 50 ms for the app to end after SIGKILL"):
        await asyncio.wait_for(server.kill(), BUDGET_S)
    await asyncio.wait_for(server.close(), BUDGET_S)
    assert idle.wait(BUDGET_S) == -signal.SIGKILL


async def test_before_the_start_there_is_nothing_to_end(tmp_path: Path) -> None:
    """Of a service that was never started nothing can be ended, and nothing goes wrong."""
    server = Server(tiny_service(tmp_path))
    server.suspend()
    server.resume()
    await server.kill()
    await server.terminate()
    await server.close()
    assert (server.running, server.pid, server.port) == (False, None, 0)
    with pytest.raises(ServiceDied, match="exit code None"):
        server.check_alive()


# ── starts that fail ──


@pytest.mark.parametrize(
    ("mood", "exit_code", "last_words", "way"),
    [
        ("dies", 3, {"no such setting", "half a word"}, "plain"),
        ("dies when asked", 4, {"cannot open the database"}, "plain"),
        pytest.param("dies", 3, {"no such setting", "half a word"}, "forked", marks=where_forks_are),
        pytest.param("dies when asked", 4, {"cannot open the database"}, "forked", marks=where_forks_are),
    ],
)
async def test_dying_at_the_start_is_told_with_last_words(
    tmp_path: Path, mood: Mood, exit_code: int, last_words: set[str], way: Way
) -> None:
    """A service that ends before it answers, even while it is being asked, died: exit code, command, last words."""
    async with prepared(tmp_path, mood, way) as server:
        with pytest.raises(ServiceDied) as died:
            await server.start()
    assert died.value.exit_code == exit_code
    assert "--fd {fd}" in died.value.command
    assert set(died.value.last_words.split(" | ")) >= last_words


async def test_last_words_are_of_this_life(tmp_path: Path) -> None:
    """What a former process of the same service said is not quoted when the next one dies."""
    async with running(tmp_path) as server:
        await tell(server, "complain", b"a former complaint\n")
        await server.kill()
        set_mood(tmp_path, "dies")
        with pytest.raises(ServiceDied) as died:
            await server.start()
        assert "former" not in died.value.last_words
        assert "no such setting" in died.value.last_words


@pytest.mark.usefixtures("scale")
@pytest.mark.parametrize(
    ("mood", "came"),
    [
        ("silent", "it is alive and silent"),
        ("sick", "it is alive( and silent|; its last answer: HTTP 503)"),  # a slow machine may not get as far
    ],
)
async def test_never_answering_spends_the_budget(tmp_path: Path, mood: Mood, came: str) -> None:
    """A service that lives and never answers well spends the budget of a start; the error says what came instead."""
    async with prepared(tmp_path, mood) as server:
        with pytest.raises(BudgetSpent) as spent:
            await server.start()
        lived = server.running
    assert (lived, server.running) == (True, False)
    said = re.escape(f"waited 600 ms for the app to answer {server.origin}/healthz; ")
    assert re.fullmatch(said + came, str(spent.value))


async def test_a_start_waits_until_it_is_well(tmp_path: Path) -> None:
    """A service that answers that it is not ready yet is asked again."""
    async with running(tmp_path, "warming up") as server:
        assert await status_of(server) == 200


async def test_a_cancelled_start_can_be_cleared_away(tmp_path: Path) -> None:
    """A start that is cancelled leaves a process that `close` ends."""
    server = Server(tiny_service(tmp_path, "silent"))
    starting = asyncio.create_task(server.start())
    async with asyncio.timeout(BUDGET_S):
        while not server.running:
            await asyncio.wait({starting}, timeout=0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await server.close()
    assert not server.running


# ── commands ──


def test_a_command_says_where_its_socket_goes(tmp_path: Path) -> None:
    """Descriptor and port are put into any word; a command with neither could never be told where to listen."""
    command = Command(argv=("serve", "--fd={fd}", "{port}"), folder=tmp_path)
    assert command.spelled(fd=5, port=8080) == ["serve", "--fd=5", "8080"]
    with pytest.raises(InvalidInput, match=r"app command: got 'python -m app'; expected \{fd\} or \{port\} in it"):
        Command(argv=("python", "-m", "app"), folder=tmp_path)


def test_the_reference_app_is_under_control(tmp_path: Path) -> None:
    """The project's app is started by this interpreter with control and connection log on; settings may be added."""
    command = reference_app(tmp_path, settings={"APP_DRAIN_MS": "50", "APP_CONTROL": "false"})
    assert command.argv == (sys.executable, "-m", "app", "--fd", "{fd}")
    assert command.folder == tmp_path
    added = {"APP_CONTROL": "false", "APP_CONNECTION_LOG": "true", "APP_DRAIN_MS": "50"}
    assert command.environment == {"APP_ALLOW_ORIGINS": '["*"]', **added}


async def test_the_environment_is_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process has this one's environment and, over it, its command's."""
    monkeypatch.setenv("TINY_KEPT", "kept")
    monkeypatch.setenv("TINY_CHANGED", "old")
    printing = "import os, sys; sys.exit(' '.join(os.environ[name] for name in ('TINY_KEPT', 'TINY_CHANGED')))"
    command = Command(
        argv=(sys.executable, "-I", "-S", "-c", printing, "{fd}"),
        folder=tmp_path,
        environment={"TINY_CHANGED": "new"},
    )
    server = Server(command)
    with pytest.raises(ServiceDied, match="exit code 1, last words: kept new"):
        await server.start()
    await server.close()


async def test_nothing_of_it_is_left_listening(tmp_path: Path) -> None:
    """The machinery itself keeps no listening socket: a request to a dead service is refused, not left waiting."""
    async with running(tmp_path) as server:
        await server.kill()
        with pytest.raises(httpx.ConnectError):
            await status_of(server)
