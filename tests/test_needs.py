"""What builds on what: the needs that a matrix has by default and by its words, cell by cell, and no circles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.small_matrix import BASE, EXCLUSION, mistake_in, write
from tests.test_matrix_mistakes import SCHEMA
from wirematrix.matrix import Matrix, load
from wirematrix.model import Cell

ROOT = Path(__file__).resolve().parent.parent
FOUNDED = BASE + "foundation: opens\n"
ROUTED = """\
  nginx: {title: nginx, kind: direct, via: {route: nginx}}
  cut: {title: a cut behind nginx, kind: reset, via: {route: nginx, side: behind}}
  caddy: {title: Caddy, kind: direct, via: {route: caddy}}
scenarios:
"""
LAST = "    transports: websocket\n"  # of `reopens`, the last scenario of the base


def with_needs(needs: str, matrix: str = FOUNDED) -> str:
    """The matrix in which `reopens` has these needs."""
    return matrix.replace(LAST, f"{LAST}    needs: {needs}\n")


def needs_in(folder: Path, text: str) -> Mapping[str, list[str]]:
    """Ids of the cells of webkit that need others, each with those it needs."""
    matrix = load(write(folder, text))
    found = matrix.needs(matrix.cells(["webkit"]))
    return {cell.id: [each.id for each in needed] for cell, needed in found.items() if needed}


def test_everything_needs_the_foundation(tmp_path: Path) -> None:
    """Without words of its own a scenario needs the foundation, in the same engine and transport; that needs nothing."""
    assert needs_in(tmp_path, FOUNDED) == {
        "reopens[webkit-websocket-direct]": ["opens[webkit-websocket-direct]"],
        "reopens[webkit-websocket-close]": ["opens[webkit-websocket-direct]"],
    }


def test_without_a_foundation_nothing_is_needed(tmp_path: Path) -> None:
    """A matrix that names no foundation has no needs but those that are written."""
    assert needs_in(tmp_path, BASE) == {}
    assert list(needs_in(tmp_path, with_needs("opens", BASE))) == [
        "reopens[webkit-websocket-direct]",
        "reopens[webkit-websocket-close]",
    ]


@pytest.mark.parametrize("needs", ["[]", "[ ]"])
def test_a_scenario_may_need_nothing(tmp_path: Path, needs: str) -> None:
    """An empty list takes the foundation away."""
    assert needs_in(tmp_path, with_needs(needs)) == {}


def test_needs_may_be_any_scenarios(tmp_path: Path) -> None:
    """Needs that are written replace the foundation; the first network of the needed scenario counts."""
    third = "  resumes: {networks: [close, direct], needs: [reopens]}\n"
    text = with_needs("[]").replace("foundation", f"{third}foundation")
    assert needs_in(tmp_path, text) == {
        "resumes[webkit-websocket-direct]": ["reopens[webkit-websocket-direct]"],
        "resumes[webkit-websocket-close]": ["reopens[webkit-websocket-direct]"],
    }  # and not over EventSource, over which `reopens` does not run


def test_a_cell_over_a_route_needs_the_same_route(tmp_path: Path) -> None:
    """Where the needed scenario runs over the cell's route, whatever its fault, that cell counts; else its first."""
    text = with_needs("[]").replace("foundation", "  resumes: {networks: [cut, caddy], needs: [reopens]}\nfoundation")
    text = text.replace("scenarios:\n", ROUTED, 1).replace("[close, direct]", "[direct, nginx]", 1)
    assert needs_in(tmp_path, text) == {
        "resumes[webkit-websocket-cut]": ["reopens[webkit-websocket-nginx]"],
        "resumes[webkit-websocket-caddy]": ["reopens[webkit-websocket-direct]"],
    }


def test_an_excluded_cell_is_no_foundation(tmp_path: Path) -> None:
    """Where the needed scenario's first cell has no meaning its next one is needed; where none has, nothing."""
    third = "  resumes: {networks: close, transports: websocket, needs: reopens}\n"
    text = with_needs("[]", BASE) + third
    nowhere = "exclusions:\n  - {cells: {scenario: reopens, network: direct}, because: it has no meaning}\n"
    assert needs_in(tmp_path, text + nowhere) == {
        "resumes[webkit-websocket-close]": ["reopens[webkit-websocket-close]"]
    }
    assert needs_in(tmp_path, text + nowhere.replace(", network: direct", "")) == {}
    only_close = EXCLUSION.replace("{engine: webkit, network: close}", "{scenario: reopens, network: close}")
    assert list(needs_in(tmp_path, text + only_close).values()) == [["reopens[webkit-websocket-direct]"]]


def test_needs_keep_to_their_origin_relation(tmp_path: Path) -> None:
    """A cell across origins needs the needed scenario's cell across origins if there is one, else the usual one."""
    across = with_needs("opens").replace(LAST, f"{LAST}    relations: [same-origin, cross-origin]\n")
    far, near = "reopens[webkit-websocket-close-cross-origin]", "reopens[webkit-websocket-close]"
    assert needs_in(tmp_path, across)[far] == ["opens[webkit-websocket-direct]"]
    both = across.replace(
        "opens: {networks: direct}", "opens: {networks: direct, relations: [same-origin, cross-origin]}"
    )
    assert needs_in(tmp_path, both)[far] == ["opens[webkit-websocket-direct-cross-origin]"]
    assert needs_in(tmp_path, both)[near] == ["opens[webkit-websocket-direct]"]


def test_what_is_not_selected_is_in_nobodys_way(tmp_path: Path) -> None:
    """Of the cells that a run does not make none is needed."""
    matrix: Matrix = load(write(tmp_path, FOUNDED))
    cell = Cell(scenario="reopens", engine="webkit", transport="websocket", network="close")
    assert matrix.needs([cell]) == {cell: ()}


MISTAKES = {
    "no foundation of that name": (
        BASE + "foundation: opnes\n",
        "matrix.yaml:14: foundation: unknown scenario 'opnes' (did you mean 'opens'?); expected opens or reopens",
    ),
    "a list of foundations": (BASE + "foundation: [opens]\n", "matrix.yaml:14: foundation: got a list; expected "),
    "no scenario of that name": (
        with_needs("[opens, oepns]"),
        "matrix.yaml:14: scenarios.reopens.needs[1]: unknown scenario 'oepns' (did you mean 'opens'?); expected ",
    ),
    "named twice": (
        with_needs("[opens, opens]"),
        "matrix.yaml:14: scenarios.reopens.needs[1]: scenario 'opens' is listed twice; expected each once",
    ),
    "needs itself": (
        with_needs("reopens"),
        "matrix.yaml:14: scenarios.reopens.needs: reopens needs reopens; expected needs that come to an end",
    ),
    "a circle of three": (
        BASE.replace("opens: {networks: direct}", "opens: {networks: direct, needs: resumes}")
        + "  resumes: {networks: direct, needs: reopens}\n"
        + "foundation: opens\n",
        "matrix.yaml:11: scenarios.reopens: opens needs resumes needs reopens needs opens; expected ",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(tmp_path: Path, mistake: str) -> None:
    """An unknown name and a circle are answered with file, line and key."""
    text, sentence = MISTAKES[mistake]
    assert mistake_in(write(tmp_path, text)).startswith(sentence)


def test_many_scenarios_in_a_row_are_no_circle(tmp_path: Path) -> None:
    """A chain of needs may be long, in whatever order it is written."""
    chain = "".join(f"  s{number}: {{networks: direct, needs: s{number + 1}}}\n" for number in range(1500))
    load(write(tmp_path, f"{BASE}{chain}  s1500: {{networks: direct}}\n"))


def test_the_schema_knows_needs() -> None:
    """The published schema takes what the reader takes, and refuses what needs no look at other lines."""
    validator = Draft202012Validator(SCHEMA)
    yaml = YAML(typ="safe", pure=True)
    for good in (FOUNDED, with_needs("[]"), with_needs("opens"), with_needs("[opens]")):
        validator.validate(yaml.load(good))
    for bad in (BASE + "foundation: [opens]\n", with_needs("5"), with_needs("[opens, opens]"), with_needs("{}")):
        assert not validator.is_valid(yaml.load(bad))


def test_the_committed_matrix_stands_on_opens() -> None:
    """In this project's matrix each transport has to open before anything else of it is tried."""
    matrix = load(ROOT / "matrix.yaml")
    cell = Cell(scenario="survives_five_breaks", engine="firefox", transport="websocket+", network="reset")
    assert [each.id for each in matrix.needs(matrix.cells())[cell]] == ["opens[firefox-websocket+-direct]"]
