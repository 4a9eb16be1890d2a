"""`python -m app` as a process: start, connection log on stdout, drain on SIGTERM, restart on the same socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import __main__ as command
from tests.app.peers import RawSocket, Reading, SseReader, WebSocketPeer, subscribed
from tests.app.serving import BUDGET_S, HOST, Facts, Served

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0
DRAIN_MS = 500
unix_only = pytest.mark.skipif(sys.platform == "win32", reason="sockets are not inherited by number on Windows")


@contextlib.contextmanager
def process(
    *arguments: str, fds: tuple[int, ...] = (), **settings: str
) -> Iterator[tuple[subprocess.Popen[str], Facts]]:
    """The service as a process of its own, with what it says on stdout."""
    environment = {**os.environ, "APP_CONTROL": "true", "APP_CONNECTION_LOG": "true", **settings}
    started = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=fds,
        text=True,
    )
    facts = Facts()
    reading = threading.Thread(target=read_facts, args=(started, facts), name="stdout")
    reading.start()
    try:
        yield started, facts
    finally:
        started.kill()
        started.wait(BUDGET_S)
        reading.join(BUDGET_S)
        for pipe in (started.stdout, started.stderr):
            if pipe is not None:
                pipe.close()


def read_facts(started: subprocess.Popen[str], facts: Facts) -> None:
    """Every line of stdout is a fact; anything else is an error."""
    assert started.stdout is not None
    for line in started.stdout:
        facts.write(line)


def served_by(facts: Facts, *, count: int = 1) -> Served:
    """Wait until it listens (again)."""
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at:
        with contextlib.suppress(AssertionError):
            return Served(facts.wait(kind="listening", count=count)[-1]["port"], facts)
    message = f"did not listen within {START_S} s"
    raise AssertionError(message)


@unix_only
def test_sigterm_drains_open_streams_and_a_dead_reader() -> None:
    """On SIGTERM: SSE ends its body, WebSocket closes 1012; who never reads, or never ends its request, is cut off.

    Started with an inherited socket; everything on stdout is the connection log.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        inherited = ("--fd", str(listener.fileno()))
        settings = {"APP_DRAIN_MS": str(DRAIN_MS), "APP_QUEUE_BYTES": str(1 << 30)}
        started, facts = stack.enter_context(process(*inherited, fds=(listener.fileno(),), **settings))
        served = served_by(facts)
        assert served.port == listener.getsockname()[1]
        sse = stack.enter_context(subscribed(served, "sse", "a"))
        websocket = stack.enter_context(subscribed(served, "websocket", "a"))
        dead = [
            stack.enter_context(RawSocket(served, transport, "b", receive_bytes=4_096))
            for transport in ("sse", "websocket")
        ]
        for _ in range(4):
            served.publish("b", *["x" * 1_000_000] * 4)
        served.publish("a", "last words")
        sending = stack.enter_context(socket.create_connection((HOST, served.port), timeout=BUDGET_S))
        sending.sendall(b"POST /channels/a/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        facts.wait(kind="request", transport="post")
        began = time.monotonic()
        started.send_signal(signal.SIGTERM)
        assert [envelope["data"] for envelope in sse.rest()] == ["last words"]
        assert [envelope["data"] for envelope in websocket.rest()] == ["last words"]
        assert isinstance(websocket.peer, WebSocketPeer)
        assert websocket.peer.code == 1012
        assert started.wait(BUDGET_S) == -signal.SIGTERM
        took_ms = (time.monotonic() - began) * 1000
        assert took_ms < DRAIN_MS + 500, took_ms
        assert dead[0].read_to_end()[1] == "reset"
        assert started.stderr is not None
        assert started.stderr.read() == f"serving on http://{HOST}:{served.port}/ (end with Ctrl+C)\n"
        gone = facts.wait(kind="gone", count=4)
        assert {fact["because"] for fact in gone} == {"shutdown"}
        assert [fact["kind"] for fact in facts.all() if fact["kind"] in {"listening", "stopping", "stopped"}] == [
            "listening",
            "stopping",
            "stopped",
        ]


@unix_only
def test_restart_serves_again_on_the_same_socket() -> None:
    """`/control/restart` drains and serves again: same port, no refused connection, new epochs."""
    with process("--port", "0") as (started, facts), contextlib.ExitStack() as stack:
        served = served_by(facts)
        websocket = stack.enter_context(subscribed(served, "websocket", "a"))
        served.publish("a", 1)
        answer = served.ask("POST", "/control/restart")
        assert (answer.status, answer.json) == (202, {"restarting": True})
        assert [envelope["seq"] for envelope in websocket.rest()] == [1]
        assert isinstance(websocket.peer, WebSocketPeer)
        assert websocket.peer.code == 1012
        facts.wait(kind="stopped")
        reader = SseReader(served, "a", since=f"{websocket.hello['data']['epoch']}-1")  # waits in the kernel's backlog
        again = Reading(reader)
        assert again.next()["data"]["reason"] == "epoch-changed"
        assert again.hello["data"]["epoch"] != websocket.hello["data"]["epoch"]
        reader.close()
        assert served_by(facts, count=2).port == served.port
        assert started.poll() is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("APP_QUEUE_LIMIT", "many", "input should be a valid integer"),
        ("APP_QUEUE_LIMIT", "0", "input should be greater than or equal to 1, got '0'"),
        ("APP_LOG_LEVEL", "loud", "input should be 'critical'"),
        ("APP_ALLOW_ORIGINS", "http://a", "expected a JSON array"),
    ],
)
def test_bad_settings_are_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    """A bad setting ends the start with status 2 and a sentence that names the variable; stdout stays empty."""
    monkeypatch.setenv(variable, value)
    assert command.main(["--port", "0"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"python -m app: {variable}: ")
    assert words in said.err
    assert said.err.count("\n") == 1


def test_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that somebody else has is named together with what the system says."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert command.main(["--port", str(port)]) == 2
    assert f"cannot listen on 127.0.0.1:{port}; expected a free port" in capsys.readouterr().err


@unix_only
def test_fd_must_be_a_listening_socket(capsys: pytest.CaptureFixture[str]) -> None:
    """A descriptor that is no socket, or one that does not listen, is refused by number."""
    with Path(os.devnull).open("rb") as no_socket:
        assert command.main(["--fd", str(no_socket.fileno())]) == 2
    assert "--fd: not a socket; expected an inherited listening socket" in capsys.readouterr().err
    with socket.socket() as silent:
        assert command.main(["--fd", str(silent.fileno())]) == 2
        assert silent.fileno() != -1
    assert "--fd: socket does not listen; expected" in capsys.readouterr().err


def test_fd_is_refused_on_windows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sockets cannot be inherited by number, --fd says so and names the way that works."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert command.main(["--fd", "3"]) == 2
    assert capsys.readouterr().err == (
        "python -m app: --fd: not possible on Windows, where sockets are not inherited by number; "
        "expected --port, got --fd\n"
    )


def test_command_line_knows_port_or_fd(capsys: pytest.CaptureFixture[str]) -> None:
    """Both at once is a mistake."""
    with pytest.raises(SystemExit, match="2"):
        command.main(["--port", "1", "--fd", "3"])
    assert "not allowed with" in capsys.readouterr().err


def test_log_lines_are_json(served: Served, channel: str) -> None:
    """A request, its admission and what was sent are linked by the subscriber's number."""
    headers = {"Origin": "http://page.example", "Last-Event-ID": "00000000-1"}
    with subscribed(served, "sse", channel, headers=headers, since="0") as reading:
        served.publish(channel, 1)
        reading.take(2)
    gone = served.wait_gone(channel)[0]
    facts = served.facts.all(channel=channel, subscriber=gone["subscriber"])
    assert [fact["kind"] for fact in facts] == ["request", "accept", "send", "send", "send", "gone"]
    request, accept, hello, gap, update, _ = facts
    peer = request.pop("peer")
    assert peer.startswith(f"{HOST}:")
    assert request | {"at": 0, "subscriber": 0} == {
        "at": 0,
        "kind": "request",
        "channel": channel,
        "subscriber": 0,
        "transport": "sse",
        "last_event_id": "00000000-1",
        "since": "0",
        "origin": "http://page.example",
    }
    assert accept["resume"] == reading.hello["data"]["resume"]
    assert [(fact["type"], fact["seq"]) for fact in (hello, gap, update)] == [("hello", 0), ("gap", 0), ("update", 1)]
    [publish] = served.facts.all(channel=channel, kind="publish")
    epochs = {fact["epoch"] for fact in (hello, gap, update, publish)}
    assert epochs == {reading.hello["data"]["epoch"]}
    assert [json.dumps(fact) for fact in facts]


def test_refusals_are_logged(served: Served, channel: str) -> None:
    """A refusal is a line with what the peer sees of it and why."""
    SseReader(served, channel, since="x").close()
    [refused] = served.facts.wait(kind="refuse", channel=channel)
    assert (refused["status"], refused["because"]) == (
        400,
        "since: malformed resume point; expected <8 hex digits>-<seq>, or 0, got 'x'",
    )
