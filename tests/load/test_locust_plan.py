"""`wirematrix load --locust`: what is printed starts master and workers; what is missing is named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wirematrix import cli
from wirematrix.load.locust_plan import LOCUSTFILE, USERS, locust_plans
from wirematrix.load_model import LoadTransport
from wirematrix.load_settings import LoadSettings

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES = {
    LoadTransport.SSE: "http://10.0.0.1:8000/sse/load",
    LoadTransport.WEBSOCKET: "ws://10.0.0.1:8000/ws/load?x=1",
}
PUBLISH = "ws://10.0.0.1:8000/control/channels/load/publish"


def spoken(*words: str) -> Any:
    """What `wirematrix load --locust` says."""
    return CliRunner().invoke(cli.cli, ["load", "--locust", *words])


def test_the_plans_say_the_same_conditions() -> None:
    """A run for each transport and number; both have the same rate, messages, payload and seed."""
    settings = LoadSettings(subscribers=(10, 200), rate=40, window=2.5, payload=300, seed=7)
    plans = locust_plans(settings, SERVICES, publish_url=PUBLISH, workers=3, master="10.0.0.2")
    assert [plan.title for plan in plans] == [
        f"{transport}, {subscribers} subscribers" for transport in ("sse", "websocket") for subscribers in (10, 200)
    ]
    shared = "--messages 100 --warm-up 4 --rate 40 --payload 300 --seed 7"
    assert all(shared in shlex.join(plan.master) for plan in plans)
    assert "--host http://10.0.0.1:8000 --sse /sse/load " in shlex.join(plans[0].master)
    assert "--host http://10.0.0.1:8000 --ws '/ws/load?x=1' " in shlex.join(plans[2].master)
    assert plans[0].worker == ("locust", "-f", LOCUSTFILE, "--worker", "--master-host", "10.0.0.2")


def test_the_locustfile_knows_what_is_said_to_it() -> None:
    """Every option of ours and every user class that a plan names is in the locustfile."""
    (plan, *_) = locust_plans(LoadSettings(), SERVICES, publish_url=PUBLISH, workers=1, master="m")
    text = (ROOT / LOCUSTFILE).read_text(encoding="utf-8")
    ours = re.findall(r'add_argument\("(--[a-z-]+)"', text)
    locusts = {"--master", "--headless", "--expect-workers", "--host"}
    assert {word for word in plan.master if word.startswith("--")} - locusts <= set(ours)
    assert all(re.search(rf"import .*\b{name}\b", text) for name in USERS.values())


def test_the_lines_are_printed() -> None:
    """Without --start nothing is started: four lines for each run."""
    done = spoken("--sse", SERVICES[LoadTransport.SSE], "--publish", PUBLISH, "--subscribers", "10,20")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 8
    assert lines[0] == "# sse, 10 subscribers: the master, on the machine that publishes"
    assert lines[1].startswith(f"python -m locust -f {LOCUSTFILE} --master --headless --expect-workers 2 -u 10 ")
    assert lines[3] == f"python -m locust -f {LOCUSTFILE} --worker --master-host 127.0.0.1"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "--locust: got no service; expected --url, --sse or --ws"),
        (["--url", "http://127.0.0.1:1"], "--locust: got no --publish; expected where to publish"),
        (
            ["--url", "http://127.0.0.1:1", "--publish", PUBLISH, "--workers", "0"],
            "--workers: got 0; expected a whole number from 1 to 1000",
        ),
        (["--sse", "ftp://x", "--publish", PUBLISH], "--sse: got 'ftp://x'; expected a URL"),
    ],
)
def test_what_is_missing_is_named(words: list[str], complaint: str) -> None:
    """A mistake is one sentence."""
    assert str(spoken(*words).exception).startswith(complaint)


def test_a_folder_without_the_locustfile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--start says what is missing before anything is started: Locust itself, or the file it runs."""
    words = ["--url", "http://127.0.0.1:1", "--publish", PUBLISH, "--start", "--folder", str(tmp_path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "pip install 'wirematrix[locust]'" in str(spoken(*words).exception)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert f"has no {LOCUSTFILE}" in str(spoken(*words).exception)
