"""Locust and the load generator of this project say the same about the same server, at the same rate, in turn.

Needs the extra `locust` (pip install 'wirematrix[locust]'), a minute or two, and a machine that does nothing else:

    pytest tests/load/test_locust_agreement.py -m soak
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import Any, Final

import pytest

from tests.app_process import app_process
from wirematrix.budgets import LOAD_OPEN, LOAD_SETTLE
from wirematrix.runfile import load as load_run

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SUBSCRIBERS: Final = 20
RATE: Final = 50.0
WINDOW_S: Final = 2.0
IN_TURN: Final = 3
SAME_RATE: Final = 0.02  # of the offered one
SCHEDULING_MS: Final = 2.0  # two busy cores: what is ready may wait a slice for its turn, in the one run or the other

pytestmark = [
    pytest.mark.skipif(util.find_spec("locust") is None, reason="the extra `locust` is not installed"),
    pytest.mark.soak,
]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The app as a process of its own; without permessage-deflate, which only one of the two asks for."""
    with app_process(APP_WEBSOCKET_COMPRESSION="false") as origin:
        yield origin


def measured(origin: str, transport: str, folder: Path, *words: str) -> None:
    """Run `wirematrix load` against the app."""
    option, scheme, kind = {"sse": ("--sse", "http", "sse"), "websocket": ("--ws", "ws", "ws")}[transport]
    address = origin.removeprefix("http")
    conditions = f"--subscribers {SUBSCRIBERS} --rate {RATE} --window {WINDOW_S} --repeats 1 --warm-up 0.1".split()
    target = (option, f"{scheme}{address}/{kind}/load", "--publish", f"ws{address}/control/channels/load/publish")
    done = subprocess.run(
        [sys.executable, "-m", "wirematrix", "load", *target, *conditions, "-o", str(folder / "load.json"), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=(LOAD_OPEN.seconds + LOAD_SETTLE.seconds) * 4,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def ours(origin: str, transport: str, folder: Path) -> Mapping[str, Any]:
    """The figures of our generator."""
    measured(origin, transport, folder)
    load = load_run(folder / "load.json").load
    assert load is not None
    (one,) = load.rounds
    return one.figures


def locusts(origin: str, transport: str, folder: Path) -> Mapping[str, Any]:
    """The figures of Locust, a master and one worker."""
    measured(origin, transport, folder, "--locust", "--start", "--workers", "1")
    figures: Mapping[str, Any] = json.loads((folder / f"locust-{transport}-{SUBSCRIBERS}.json").read_text("utf-8"))
    return figures


@pytest.mark.parametrize("transport", ["sse", "websocket"])
def test_the_two_agree(origin: str, transport: str, tmp_path: Path) -> None:
    """Nothing is lost or repeated, and what is delivered per second is the same within 2 % of what is offered;
    the median latency is within what it takes to read one message for all, and what a busy machine adds.
    """
    pairs = [(ours(origin, transport, tmp_path), locusts(origin, transport, tmp_path)) for _ in range(IN_TURN)]
    for figures in (one for pair in pairs for one in pair):
        assert (figures["deliveries"], figures["lost"], figures["duplicated"]) == (
            SUBSCRIBERS * RATE * WINDOW_S,
            0,
            0,
        )
    our, their = medians(pairs, "delivered_per_s")
    assert abs(our - their) <= SAME_RATE * SUBSCRIBERS * RATE
    # A message is there for all at once; the last subscriber has it when all were read. So the two may differ by what
    # reading one message for everybody costs the slower of them, which both say themselves.
    reading_ms = max(medians(pairs, "generator_cpu_s_per_100k")) / 100_000 * SUBSCRIBERS * 1000
    our, their = medians(pairs, "latency_p50_ms")
    assert abs(our - their) <= reading_ms + SCHEDULING_MS, (our, their, reading_ms)


def medians(pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], figure: str) -> tuple[float, float]:
    """A figure's median over the repeats: ours, and Locust's."""
    our, their = (statistics.median(pair[which][figure] for pair in pairs) for which in (0, 1))
    return our, their
