"""Cells over a route are left out of a run unless asked for: by -m, by a word of -k, by their own id."""

from __future__ import annotations

import pytest

from tests.small_matrix import BASE, write
from tests.small_project import Pretended, run, written

pytest_plugins = ["pytester"]

SLOW = '''
import pytest
from wirematrix import LiveCell

@pytest.mark.soak
async def test_lasts(cell: LiveCell) -> None:
    """It lasts."""
'''


@pytest.fixture
def routed(project: pytest.Pytester) -> pytest.Pytester:
    """The project, whose ten cells more lead over nginx or Caddy; two of them are slow as well."""
    networks = (
        "  nginx: {title: nginx, kind: direct, via: {route: nginx}}\n"
        "  nginx-cut: {title: nginx and a cut, kind: reset, via: {route: nginx, side: behind}}\n"
        "  caddy: {title: Caddy, kind: direct, via: {route: caddy}}\n"
    )
    text = BASE.replace("scenarios:\n", f"{networks}scenarios:\n")
    text = text.replace("opens: {networks: direct}", "opens: {networks: [direct, nginx, caddy]}")
    write(project.path, f"{text}  lasts: {{networks: nginx-cut, transports: websocket}}\n")
    (project.path / "e2e/test_slow.py").write_text(SLOW, encoding="utf-8")
    return project


def test_routes_are_left_out(routed: pytest.Pytester, pretend: type[Pretended]) -> None:
    """Without being asked for they are not run, and the terminal says so; a slow one is counted as slow, once."""
    ran = run(routed, "e2e")
    ran.assert_outcomes(passed=8, deselected=10)
    ran.stdout.fnmatch_lines(["routes: 8 cells over real servers left out; run them with: pytest e2e -m routes"])
    ran.stdout.fnmatch_lines(["soak: 2 cells of slow scenarios left out; run them with: pytest e2e -m soak"])
    assert not [name for name in written(routed).declared if "nginx" in name or "caddy" in name]
    assert (written(routed).info.soak_left_out, written(routed).info.routes_left_out) == (2, 8)


@pytest.mark.parametrize(
    ("selection", "made"),
    [
        (["e2e", "-m", "routes"], 8),
        (["e2e", "-m", "routes or soak"], 10),
        (["e2e", "-m", "routes and soak"], 2),
        (["e2e", "-m", "not routes"], 8),
        (["e2e", "-k", "nginx"], 4),
        (["e2e", "-k", "nginx and webkit"], 2),
        (["e2e", "-k", "caddy or direct"], 10),
        (["e2e", "-k", "ngin"], 4),
        (["e2e", "-k", "direct or opens"], 8),
        (["e2e/test_connect.py::test_opens[webkit-websocket-nginx]"], 1),
        (["e2e/test_connect.py::test_opens[webkit-websocket-nginx]", "e2e/test_reconnect.py"], 5),
        (["e2e/test_connect.py::test_opens"], 4),
        (["e2e/test_slow.py::test_lasts[webkit-websocket-nginx-cut]", "-m", "soak"], 1),
    ],
)
def test_routes_are_run_when_asked_for(
    routed: pytest.Pytester, pretend: type[Pretended], selection: list[str], made: int
) -> None:
    """A mark, the beginning of the network's name, or the whole id asks for them; a scenario's name alone does not."""
    run(routed, *selection)
    assert len(pretend.made) == made


def test_one_cell_is_one_cell(routed: pytest.Pytester, pretend: type[Pretended]) -> None:
    """The line about what is left out counts as people do, and says nothing where nothing is."""
    ran = run(routed, "e2e", "-k", "opens and webkit and websocket and not caddy")
    ran.stdout.fnmatch_lines(["routes: 1 cell over real servers left out; run them with: pytest e2e -m routes"])
    ran = run(routed, "e2e", "-m", "routes or soak")
    ran.stdout.no_fnmatch_line("routes: *")


def test_workers_leave_the_same_out(routed: pytest.Pytester) -> None:
    """Under pytest-xdist each worker leaves out the same."""
    ran = run(routed, "e2e", "-n", "2")
    ran.assert_outcomes(skipped=8)
    assert not [name for name in written(routed).declared if "nginx" in name]
