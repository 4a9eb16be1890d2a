"""`wirematrix plan`: every cell in a row, slow scenarios marked, what each cell needs for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.small_matrix import BASE, EXCLUSION, write
from wirematrix.plan_command import plan

SLOW = """
import pytest

@pytest.mark.soak
async def test_reopens(cell):
    "It opens again."
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A matrix in which `reopens` runs over two origin relations, needs `opens` and is slow."""
    (tmp_path / "e2e").mkdir()
    (tmp_path / "e2e/test_reconnect.py").write_text(SLOW, encoding="utf-8")
    both = f"{BASE}    relations: [same-origin, cross-origin]\n"
    return write(tmp_path, f"{both}foundation: opens\n{EXCLUSION}")


def test_slow_scenarios_are_marked(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table says how many cells there are, how many of them run only when asked for, and which."""
    monkeypatch.setenv("COLUMNS", "160")
    plan(file)
    lines = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "10 cells, 6 of them soak: run only when asked for" in lines
    assert "opens direct chromium, webkit eventsource, websocket" in lines
    assert "reopens (soak) direct chromium, webkit websocket" in lines
    assert "reopens (soak) direct, cross-origin chromium, webkit websocket" in lines
    assert "excluded: reopens[webkit-websocket-close]: it has no meaning" in lines


def test_cells_over_routes_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are cells over a real server, and a job of CI that runs everything does not run them."""
    monkeypatch.setenv("COLUMNS", "160")
    job = "jobs:\n  - {name: here, runs-on: ubuntu-latest, system: Ubuntu, engines: chromium, origin: playwright}\n"
    over = BASE.replace("kind: close}", "kind: close, via: {route: nginx}}")
    file = write(tmp_path, f"{over}{job}")
    plan(file)
    lines = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "8 cells, 2 of them over routes: run only when asked for" in lines
    plan(file, ["chromium"], as_json=True)
    told = json.loads(capsys.readouterr().out)
    over_routes = [cell["id"] for cell in told["cells"] if cell["routes"]]
    assert over_routes == ["reopens[chromium-websocket-close]"]
    assert {cell["id"] for cell in told["cells"]} - set(told["jobs"][0]["cells"]) == set(over_routes)


def test_machines_get_every_axis(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has each cell with its origin relation, whether it is slow, and the cells it builds on."""
    plan(file, ["chromium"], as_json=True)
    cells = {cell["id"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert len(cells) == 6
    across = cells["reopens[chromium-websocket-close-cross-origin]"]
    assert (across["relation"], across["soak"]) == ("cross-origin", True)
    assert across["needs"] == ["opens[chromium-websocket-direct]"]
    assert (cells["opens[chromium-websocket-direct]"]["soak"], cells["opens[chromium-websocket-direct]"]["needs"]) == (
        False,
        [],
    )
