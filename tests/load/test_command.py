"""`wirematrix load` as a person runs it: real tiers, few subscribers, tiny windows; interrupted, resumed, refused."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.load.oddserver import odd_server
from wirematrix import cli
from wirematrix.errors import InvalidInput
from wirematrix.load_figures import medians
from wirematrix.load_model import Load, LoadTransport, Phase
from wirematrix.runfile import load as load_run

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "wirematrix", "load")
TINY = ("--subscribers", "2", "--repeats", "1", "--window", "0.1", "--warm-up", "0.02", "--rate", "100")
BUDGET_S = 120

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no inherited sockets on this system")


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """The command with these options, to its end."""
    return subprocess.run([*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=BUDGET_S, check=False)


def measured(file: Path) -> Load:
    """The comparison in a run file."""
    load = load_run(file).load
    assert load
    return load


@contextmanager
def another_service(mood: str = "well") -> Iterator[tuple[str, int]]:
    """A service that nobody of ours started: its address and process id."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = [word.replace("{fd}", str(listening.fileno())) for word in odd_server(mood)]
        with subprocess.Popen(words, pass_fds=(listening.fileno(),)) as process:
            yield f"127.0.0.1:{listening.getsockname()[1]}", process.pid
            process.kill()


def test_compares_real_tiers_and_shows_them(tmp_path: Path) -> None:
    """Two tiers, both transports: every phase of each, a table with both, and a run file that other commands read."""
    file = tmp_path / "load.json"
    done = run("--tiers", "raw-sse,app-websocket", *TINY, "-o", str(file))
    assert done.returncode == 0, done.stderr
    load = measured(file)
    assert [tier.name for tier in load.tiers] == ["raw-sse", "app-websocket"]
    assert [[end.phase for end in one.phases] for one in load.rounds] == [list(Phase)] * 2
    assert all(one.figures["lost"] == 0 for one in load.rounds)
    storm_of_app = next(one for one in load.rounds if one.tier == "app-websocket")
    assert storm_of_app.figures["storm_lost"] == 0, "the app resumes, so nothing is lost in a storm"
    assert re.search(r"^load: 2 of 2 rounds: .* with 2: ", done.stderr, re.MULTILINE)
    for words in (["report", str(file), "-o", str(tmp_path / "load.html")], ["summary", str(file)]):
        again = CliRunner().invoke(cli.cli, words)
        assert again.exit_code == 0, again.output
    assert "raw-sse" in done.stdout
    assert "app-websocket" in done.stdout


def test_compressed_messages_are_read(tmp_path: Path) -> None:
    """Both compressed ways are inflated to whole messages, and are smaller on the wire than what they carry."""
    file = tmp_path / "load.json"
    done = run("--tiers", "app-websocket-deflate,sse-starlette-gzip", *TINY, "-o", str(file))
    assert done.returncode == 0, done.stdout
    for one in measured(file).rounds:
        assert one.figures["lost"] == 0
        if sys.platform == "linux":
            assert 0 < (one.figures["bytes_per_delivery"] or 0) < measured(file).conditions.payload_bytes


def test_an_interrupt_keeps_what_was_measured(tmp_path: Path) -> None:
    """Ctrl-C after a round leaves that round in the run file; --resume plays only the rest."""
    file = tmp_path / "load.json"
    options = ["--tiers", "raw-sse", *TINY, "--repeats", "2", "-o", str(file)]
    with subprocess.Popen([*COMMAND, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(timeout=BUDGET_S) == 130
    assert "1 of 2 rounds" in first
    assert "Traceback" not in said
    assert "go on with --resume" in said
    before = measured(file).rounds
    assert [one.repeat for one in before] == [1]
    done = run(*options, "--resume")
    assert "1 of 1 rounds" in done.stderr
    after = measured(file).rounds
    assert [one.repeat for one in after] == [1, 2]
    assert after[0] == before[0]


def test_a_comparison_on_other_terms_is_not_resumed(tmp_path: Path) -> None:
    """With another rate all rounds are played again."""
    file = tmp_path / "load.json"
    run("--tiers", "raw-sse", *TINY, "-o", str(file))
    done = run("--tiers", "raw-sse", *TINY, "--rate", "50", "-o", str(file), "--resume")
    assert "1 of 1 rounds" in done.stderr
    assert measured(file).conditions.rate_per_s == 50


def test_another_service_is_measured_as_far_as_it_can_be_known(tmp_path: Path) -> None:
    """With an address, a way to publish and a process id, both transports have all that has a meaning there."""
    file = tmp_path / "load.json"
    with another_service() as (address, pid):
        ways = ["--sse", f"http://{address}/sse/load", "--publish", f"ws://{address}/x/publish", "--pid", str(pid)]
        done = run(*ways, *TINY, "-o", str(file))
    assert done.returncode == 0, done.stderr
    (tier,) = measured(file).tiers
    found = medians(measured(file))[tier.name, 2]
    assert tier.transport is LoadTransport.SSE
    assert found.keys() >= {"opened", "memory_per_connection_kib", "open_server_cpu_ms_per_connection"}
    (one,) = measured(file).rounds
    assert one.figures["latency_p50_ms"] is not None


def test_without_publishing_nothing_is_made_up(tmp_path: Path) -> None:
    """A service that nobody publishes to has connections and a storm, and null for what needs messages or a process."""
    file = tmp_path / "load.json"
    with another_service() as (address, _):
        done = run("--url", f"http://{address}", *TINY, "-o", str(file))
    assert done.returncode == 0, done.stderr
    for one in measured(file).rounds:
        assert [end.phase for end in one.phases] == [Phase.OPEN, Phase.STORM, Phase.IDLE]
        assert one.figures["memory_per_connection_kib"] is None
        assert one.figures["storm_lost"] is None
        assert "latency_p50_ms" not in one.figures


def test_a_round_that_is_given_up_is_told(tmp_path: Path) -> None:
    """A service that lets nobody in: the run file has the reason, the table, too, and the exit status is 1."""
    file = tmp_path / "load.json"
    with another_service("refuses") as (address, _):
        done = run("--sse", f"http://{address}/sse/load", *TINY, "-o", str(file))
    assert done.returncode == 1
    assert "answered 503" in done.stdout
    assert measured(file).rounds[0].error == "answered 503"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--subscribers", "ten"], "--subscribers: got 'ten'; expected a whole number"),
        (["--tiers", "app"], "--tiers: unknown tier 'app'"),
        (["--url", "https://a"], "--url: got 'https://a'; expected a URL such as http://127.0.0.1:8000 (without TLS)"),
        (["--sse", "nowhere"], "--sse: got 'nowhere'; expected a URL such as http://"),
        (["--ws", "ws://[/"], "--ws: got 'ws://[/'; expected a URL such as ws://"),
        (["--sse", "http://a/", "--publish", "a"], "--publish: got 'a'; expected a URL that begins with ws:// or http"),
        (["--sse", "http://a/", "--pid", "99999999"], "--pid: got 99999999; expected a process that runs"),
        (["--sse", "http://a/", "--tiers", "app-sse"], "--tiers: got app-sse; expected no tiers beside another"),
        (["--pid", "1"], "--pid: got 1; expected --url, --sse or --ws beside it"),
        (["--folder", "nowhere"], "--folder: got 'nowhere'; expected the folder of this project"),
        (["--matrix", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_mistake_is_one_sentence(options: list[str], complaint: str) -> None:
    """A wrong option names itself, the value and what is accepted; nothing is started."""
    found = CliRunner().invoke(cli.cli, ["load", *options])
    assert isinstance(found.exception, InvalidInput)
    assert str(found.exception).startswith(complaint)


def test_descriptors_are_not_enough() -> None:
    """Where the system allows too few open files, the round says so and what to do."""
    limited = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)); "
        "runpy.run_module('wirematrix.load.generator', run_name='__main__')"
    )
    asked = (
        '{"id":1,"do":"open","subscribers":100,"at_once":1,"budget_s":1,'
        '"door":{"transport":"sse","host":"127.0.0.1","port":1,"target":"/","compressed":false}}\n'
    )
    done = _spoken_to(script, asked, limited)
    assert "100 subscribers need 164 open files and this process may have 80" in done
    assert "ulimit -n 164" in done


def _spoken_to(script: str, asked: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=asked,
        env=environment,
        capture_output=True,
        text=True,
        timeout=BUDGET_S,
        check=False,
    )
    return done.stdout
