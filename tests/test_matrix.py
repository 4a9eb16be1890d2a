"""matrix.yaml: what it says, in which order, and how its mistakes are answered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_matrix import BASE, EXCLUSION, EXPECTATION, mistake_in, write
from wirematrix.errors import InvalidInput
from wirematrix.expectations import ORIGINS, BuildCondition, comparable
from wirematrix.matrix import Matrix, load
from wirematrix.model import TRANSPORTS, Build, Cell, Expectation, Status

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "matrix.yaml"
SCHEMA = json.loads((ROOT / "wirematrix/schema/matrix.schema.json").read_text())


def build(version: str = "2.50.6", *, engine: str = "webkit", origin: str = "system") -> Build:
    """A build of an engine."""
    return Build(
        engine=engine, product=engine, version=version, origin=origin, executable="/usr/bin/x", system="Debian 12"
    )


def cell(scenario: str, engine: str = "webkit", transport: str = "eventsource", network: str = "direct") -> Cell:
    """A cell, by default one that the base matrix has."""
    return Cell(scenario=scenario, engine=engine, transport=transport, network=network)


# What it says


def test_the_committed_matrix_loads() -> None:
    """The matrix of this project is without a mistake and requires the three engines."""
    matrix = load(COMMITTED)
    assert matrix.required_engines == ("chromium", "firefox", "webkit")
    assert matrix.transports == TRANSPORTS
    assert len(matrix.cells()) >= 400


def test_cells_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Scenario outermost, then network, engine, transport, each in the order of its own list."""
    assert [each.id for each in load(write(tmp_path, BASE)).cells()] == [
        "opens[chromium-eventsource-direct]",
        "opens[chromium-websocket-direct]",
        "opens[webkit-eventsource-direct]",
        "opens[webkit-websocket-direct]",
        "reopens[chromium-websocket-direct]",
        "reopens[webkit-websocket-direct]",
        "reopens[chromium-websocket-close]",
        "reopens[webkit-websocket-close]",
    ]


def test_engines_that_are_not_required_run_when_asked_for(tmp_path: Path) -> None:
    """`cells` leaves them out unless they are named, and keeps the file's order whatever the order of names."""
    matrix = load(write(tmp_path, BASE))
    assert matrix.required_engines == ("chromium", "webkit")
    named = matrix.cells(["chrome", "chromium"])
    assert [each.engine for each in named if each.transport == "eventsource"] == ["chromium", "chrome"]
    with pytest.raises(InvalidInput, match="unknown engine 'msedge'; expected chromium, webkit or chrome"):
        matrix.cells(["msedge"])


def test_relations_are_a_dimension_where_they_are_named(tmp_path: Path) -> None:
    """A scenario has its cells in the same origin, unless its entry says over which origin relations it runs."""
    both = BASE + "    relations: [cross-origin, same-origin]\n"
    cells = load(write(tmp_path, both)).cells(["webkit"])
    assert [each.id for each in cells] == [
        "opens[webkit-eventsource-direct]",
        "opens[webkit-websocket-direct]",
        "reopens[webkit-websocket-direct]",
        "reopens[webkit-websocket-direct-cross-origin]",
        "reopens[webkit-websocket-close]",
        "reopens[webkit-websocket-close-cross-origin]",
    ]


def test_expectations_tell_relations_apart(tmp_path: Path) -> None:
    """An expectation may mean the cells of one origin relation only."""
    both = BASE + "    relations: [cross-origin, same-origin]\n"
    across = "expectations:\n" + claim("scenario: reopens, relation: cross-origin", "fail")
    matrix = load(write(tmp_path, both + across))
    same = cell("reopens", transport="websocket", network="close")
    assert statuses(matrix, same) == (Status.PASS,)
    assert statuses(matrix, replace(same, relation="cross-origin")) == (Status.FAIL,)


def test_excluded_cells_are_not_cells(tmp_path: Path) -> None:
    """An exclusion takes its cells out of the matrix and keeps its reason for each of them."""
    matrix = load(write(tmp_path, BASE + EXCLUSION))
    gone = cell("reopens", transport="websocket", network="close")
    assert gone not in matrix.cells()
    assert [(each.cell, each.because) for each in matrix.exclusions] == [(gone, "it has no meaning")]
    assert matrix.excluded() == matrix.exclusions
    assert matrix.excluded(["chromium"]) == ()


def test_the_first_exclusion_gives_the_reason(tmp_path: Path) -> None:
    """A cell that two exclusions mean keeps the first one's reason."""
    second = "  - {cells: {network: close}, because: a wider one}\n"
    reasons = {each.cell.engine: each.because for each in load(write(tmp_path, BASE + EXCLUSION + second)).exclusions}
    assert reasons == {"webkit": "it has no meaning", "chromium": "a wider one", "chrome": "a wider one"}


def test_networks_are_found_by_name(tmp_path: Path) -> None:
    """`network` gives the recipe; a name that is not there is answered with those that are."""
    matrix = load(write(tmp_path, BASE))
    assert matrix.network("close").kind == "close"
    with pytest.raises(InvalidInput, match=r"unknown network 'closed' \(did you mean 'close'\?\)"):
        matrix.network("closed")


def test_the_digest_tells_matrices_apart(tmp_path: Path) -> None:
    """Runs are of the same matrix exactly if the files have the same bytes."""
    assert load(write(tmp_path, BASE)).digest == hashlib.sha256(BASE.encode()).hexdigest()


# Expectations


def statuses(matrix: Matrix, of: Cell, with_build: Build | None = None) -> tuple[Status, ...]:
    """What the matrix expects of a cell."""
    return matrix.expectation_for(of, with_build).statuses


def test_a_cell_is_expected_to_pass_unless_said_otherwise(tmp_path: Path) -> None:
    """Only deviations are written; each cell that is not meant has the default."""
    matrix = load(write(tmp_path, BASE + EXPECTATION))
    assert matrix.expectation_for(cell("opens", "chromium"), None) == Expectation()
    assert matrix.expectation_for(cell("opens"), build()) == Expectation(
        statuses=(Status.FAIL, Status.TIMEOUT), because="it was observed", see="docs/observed.md"
    )


def claim(cells: str, status: str, condition: str = "") -> str:
    """One more expectation."""
    build_line = f"    build: {{{condition}}}\n" if condition else ""
    return f"  - cells: {{{cells}}}\n    status: {status}\n{build_line}    because: seen\n    see: docs/observed.md\n"


@pytest.mark.parametrize("wide_first", [True, False])
def test_the_narrower_expectation_counts(tmp_path: Path, *, wide_first: bool) -> None:
    """Where one expectation lies within another it counts, wherever it stands in the file."""
    wide, narrow = claim("engine: webkit", "fail"), claim("engine: webkit, transport: websocket", "pass")
    entries = wide + narrow if wide_first else narrow + wide
    matrix = load(write(tmp_path, f"{BASE}expectations:\n{entries}"))
    assert statuses(matrix, cell("opens")) == (Status.FAIL,)
    assert statuses(matrix, cell("opens", transport="websocket")) == (Status.PASS,)


def test_an_expectation_may_hold_for_some_builds_only(tmp_path: Path) -> None:
    """Origin and version range must both fit; a build nobody knows meets no condition."""
    entries = (
        claim("engine: webkit", "fail")
        + claim("engine: webkit", "timeout", 'version: ">=2.50,<2.52"')
        + claim("engine: webkit", "crash", 'version: ">=2.52"')
        + claim("engine: webkit", "degraded", 'origin: playwright, version: ">=2.52,<2.54"')
    )
    matrix = load(write(tmp_path, f"{BASE}expectations:\n{entries}"))
    expected = {
        None: Status.FAIL,
        build("2.49.99"): Status.FAIL,
        build("2.50"): Status.TIMEOUT,
        build("2.51.9"): Status.TIMEOUT,
        build("2.52.0"): Status.CRASH,
        build("2.53", origin="playwright"): Status.DEGRADED,
        build("2.54", origin="playwright"): Status.CRASH,
        build("unknown"): Status.FAIL,
    }
    assert {each: statuses(matrix, cell("opens"), each)[0] for each in expected} == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (claim("engine: webkit", "fail"), claim("transport: websocket", "fail")),
        (claim("engine: webkit", "fail"), claim("engine: webkit", "timeout")),
        (
            claim("engine: webkit", "fail", 'version: ">=1,<3"'),
            claim("engine: webkit", "timeout", 'version: ">=2,<4"'),
        ),
        (claim("engine: webkit", "fail", "origin: system"), claim("engine: webkit, network: direct", "pass")),
    ],
)
def test_expectations_that_disagree_are_a_mistake(tmp_path: Path, first: str, second: str) -> None:
    """Two expectations that mean the same cell and build, neither within the other, are refused."""
    said = mistake_in(write(tmp_path, f"{BASE}expectations:\n{first}{second}"))
    line = BASE.count("\n") + 2
    assert said == (
        f"matrix.yaml:{line + first.count(chr(10))}: expectations[1]: means a cell that expectations[0]"
        f" (line {line}) means, too; neither is narrower; expected one of the two within the other, or no cell"
        " in common"
    )


def test_conditions_that_exclude_each_other_agree(tmp_path: Path) -> None:
    """Expectations of the same cells for different origins, or versions apart, stand side by side."""
    entries = claim("engine: webkit", "fail", "origin: system") + claim(
        "engine: webkit, transport: websocket", "crash", "origin: playwright"
    )
    matrix = load(write(tmp_path, f"{BASE}expectations:\n{entries}"))
    assert statuses(matrix, cell("opens", transport="websocket"), build()) == (Status.FAIL,)


VERSIONS = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
CONDITIONS = st.builds(
    BuildCondition,
    origin=st.sampled_from([None, *ORIGINS]),
    low=st.none() | VERSIONS.map(comparable),
    high=st.none() | VERSIONS.map(comparable),
)


@settings(deadline=None)  # a busy machine is no mistake
@given(first=CONDITIONS, second=CONDITIONS, version=VERSIONS, origin=st.sampled_from(ORIGINS))
def test_conditions_compare_as_sets_of_builds(
    first: BuildCondition, second: BuildCondition, version: str, origin: str
) -> None:
    """A build that both conditions mean makes them meet; within means that the wider one has every build."""
    one = build(version, origin=origin)
    if first.holds(one) and second.holds(one):
        assert first.meets(second)
        assert second.meets(first)
    if first.within(second) and first.holds(one):
        assert second.holds(one)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("156.0.7204.92", (156, 0, 7204, 92)), ("140.5.0esr", (140, 5)), ("26.0", (26,)), ("0", ()), ("n/a", None)],
)
def test_versions_compare_by_their_leading_numbers(version: str, numbers: tuple[int, ...] | None) -> None:
    """Suffixes and trailing zeros make no difference; what begins with no number does not compare."""
    assert comparable(version) == numbers


# Scenarios


def test_scenarios_and_entries_must_match(tmp_path: Path) -> None:
    """A scenario without an entry is a mistake, and so is an entry without a scenario."""
    file = write(tmp_path, BASE)
    matrix = load(file)
    matrix.check_scenarios({"opens", "reopens"})
    with pytest.raises(InvalidInput) as refusal:
        matrix.check_scenarios({"opens", "reopens", "sends"})
    assert str(refusal.value) == f"{file}:9: scenarios: scenario 'sends' has no entry; expected a line `sends: ...`"
    with pytest.raises(InvalidInput) as refusal:
        matrix.check_scenarios({"opens"})
    assert str(refusal.value) == (
        f"{file}:11: scenarios.reopens: unknown scenario 'reopens' (did you mean 'opens'?);"
        " expected a scenario function test_reopens"
    )


def test_a_part_of_the_scenarios_may_be_checked(tmp_path: Path) -> None:
    """When only some scenario files were collected, entries of the others are no mistake."""
    load(write(tmp_path, BASE)).check_scenarios({"opens"}, complete=False)
