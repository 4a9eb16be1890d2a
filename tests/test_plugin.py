"""The pytest plugin: pytest run inside pytest on a small project, with a campaign that only pretends, no engine.

Where the whole machinery is wanted, no build of an engine can be found, so every cell ends as a skip.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from tests.small_matrix import BASE, EXCLUSION, write
from tests.small_project import Pretended, run, written
from wirematrix.engines import ROUTE_VARIABLE
from wirematrix.journal import read_journals
from wirematrix.matrix import load
from wirematrix.model import Status

pytest_plugins = ["pytester"]


def collected(ran: pytest.RunResult) -> list[str]:
    """The names of the items that `--collect-only -q` lists."""
    return [line.partition("::test_")[2] for line in ran.outlines if "::test_" in line]


def cells_of(project: pytest.Pytester, *engines: str) -> list[str]:
    """The ids of the matrix's cells, in the order in which pytest meets them: scenario by scenario."""
    return [cell.id for cell in load(project.path / "matrix.yaml").cells(engines or None)]


# What is collected


def test_items_are_cells(project: pytest.Pytester) -> None:
    """Each cell of the required engines is one item, named as the cell is, in the matrix's order; nothing is run."""
    write(project.path, BASE + EXCLUSION)
    ran = run(project, "e2e", "--collect-only", "-q")
    assert ran.ret == pytest.ExitCode.OK
    assert collected(ran) == cells_of(project)
    assert "reopens[webkit-websocket-close]" not in collected(ran)
    assert not (project.path / "results").exists()


def test_collecting_leaves_results_alone(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """--collect-only, with workers too, a mistake and a broken file leave run file and journals as they are."""
    run(project, "e2e")
    before = {file: file.read_bytes() for file in (project.path / "results").rglob("*") if file.is_file()}
    assert run(project, "e2e", "--collect-only", "-n", "2").ret == pytest.ExitCode.OK
    assert run(project, "e2e", "-k", "(").ret == pytest.ExitCode.USAGE_ERROR
    (project.path / "e2e/test_broken.py").write_text("import nothing_of_that_name", encoding="utf-8")
    assert run(project, "e2e").ret == pytest.ExitCode.INTERRUPTED
    assert {file: file.read_bytes() for file in (project.path / "results").rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("options", "engines"),
    [
        (["--browser", "webkit"], ["webkit"]),
        (["--browser", "webkit", "--browser", "chromium", "--browser", "webkit"], ["chromium", "webkit"]),
        (["--browser-channel", "chrome"], ["chrome"]),
        (["--browser", "chromium", "--browser-channel", "chrome"], ["chrome"]),
    ],
)
def test_engines_are_chosen_by_playwrights_options(
    project: pytest.Pytester, options: list[str], engines: list[str]
) -> None:
    """--browser and --browser-channel decide which engines have cells; one that is not required has to be asked for."""
    assert collected(run(project, "e2e", "--collect-only", "-q", *options)) == cells_of(project, *engines)


def test_cells_are_chosen_by_name(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """-k and a full name choose cells, and what was chosen is what the run declares and makes."""
    assert run(project, "e2e", "-k", "reopens and close").ret == pytest.ExitCode.OK
    chosen = ["reopens[chromium-websocket-close]", "reopens[webkit-websocket-close]"]
    assert sorted(pretend.made) == chosen
    assert list(written(project).declared) == chosen
    assert run(project, "e2e/test_connect.py::test_opens[webkit-eventsource-direct]").ret == pytest.ExitCode.OK
    assert written(project).declared == ("opens[webkit-eventsource-direct]",)


def test_other_tests_have_no_matrix(project: pytest.Pytester) -> None:
    """`pytest tests` passes as ever and writes no results."""
    ran = run(project, "tests")
    ran.assert_outcomes(passed=1)
    assert not (project.path / "results").exists()


# What a person got wrong


MISTAKES: Final[Mapping[str, tuple[str, list[str], dict[str, str], str]]] = {
    "unknown engine": (BASE, ["--browser", "safari"], {}, "*invalid choice: 'safari'*"),
    "engine not in the matrix": (
        BASE,
        ["--browser", "firefox"],
        {},
        "ERROR: *matrix.yaml: *firefox*; expected chromium, webkit or chrome",
    ),
    "channel not in the matrix": (
        BASE,
        ["--browser-channel", "msedge"],
        {},
        "ERROR: *matrix.yaml: *msedge*; expected *",
    ),
    "scenario without entry": (
        BASE.replace("  opens: {networks: direct}\n", ""),
        [],
        {},
        "ERROR: *matrix.yaml:*: scenario 'opens' has no entry; expected a line `opens: ...`",
    ),
    "entry without scenario": (
        BASE + "  opnes: {networks: direct}\n",
        [],
        {},
        "ERROR: *matrix.yaml:14: *opnes*; expected a scenario function test_opnes",
    ),
    "broken matrix": (
        BASE.replace("[eventsource, websocket]", "[carrier-pigeon]"),
        [],
        {},
        "ERROR: *:5: *carrier-pigeon*",
    ),
    "no YAML": ("engines: [\n", [], {}, "ERROR: *matrix.yaml:*"),
    "missing matrix": (BASE, ["--matrix", "other.yaml"], {}, "ERROR: *other.yaml: *"),
    "concurrency": (BASE, ["--concurrency", "0"], {}, "*--concurrency: got '0'; expected a whole number from 1"),
    "scale": (BASE, [], {"WIREMATRIX_SCALE": "abc"}, "ERROR: WIREMATRIX_SCALE: got 'abc'; expected *"),
    "route": (BASE, [], {ROUTE_VARIABLE: "snap"}, "ERROR: WIREMATRIX_BROWSERS: got 'snap'; expected *"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    """What a person got wrong is answered with one sentence and exit status 4, without a traceback or results."""
    matrix, options, environment, sentence = MISTAKES[mistake]
    write(project.path, matrix)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert_one_sentence(run(project, "e2e", *options), sentence)
    assert not (project.path / "results").exists()


def assert_one_sentence(ran: pytest.RunResult, sentence: str) -> None:
    """Exit status 4, the sentence, no traceback."""
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([sentence])
    for stream in (ran.stdout, ran.stderr):
        stream.no_fnmatch_line("*Traceback*")
        stream.no_fnmatch_line("*INTERNALERROR*")
        stream.no_fnmatch_line("E  *")


def test_scenarios_without_a_matrix_are_a_mistake(project: pytest.Pytester) -> None:
    """Where matrix.yaml is missing, scenarios are answered with one sentence; other tests run."""
    (project.path / "matrix.yaml").unlink()
    assert_one_sentence(run(project, "e2e"), "ERROR: *matrix.yaml: *")
    run(project, "tests").assert_outcomes(passed=1)


def test_resuming_another_run_is_a_mistake(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """--resume refuses journals of another matrix with one sentence, and leaves them as they are."""
    run(project, "e2e", "-k", "test_opens")
    write(project.path, BASE + EXCLUSION)
    before = read_journals(project.path / "results/journal").attempts
    assert_one_sentence(run(project, "e2e", "--resume"), "ERROR: *another matrix.yaml*without --resume")
    assert read_journals(project.path / "results/journal").attempts == before


# What becomes of verdicts


def test_an_unexpected_verdict_fails(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A failing cell prints cell, status, expectation, reason, the last observations and how to run it again."""
    pretend.endings = {"opens": Status.FAIL}
    ran = run(project, "e2e", "-k", "webkit")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.assert_outcomes(failed=2, passed=2, deselected=4)
    ran.stdout.fnmatch_lines(
        [
            "opens[[]webkit-eventsource-direct[]]: fail, expected pass",
            "  so it was told",
            "  the last 1 observations:",
            "*1.0 ms  page    open  shade=teal",
            '  rerun: *pytest "e2e/test_connect.py::test_opens[[]webkit-eventsource-direct[]]" --concurrency 1',
        ]
    )
    ran.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.CRASH, Status.ERROR, Status.NOT_REACHED, Status.DEGRADED])
def test_whatever_was_not_expected_fails(project: pytest.Pytester, pretend: type[Pretended], status: Status) -> None:
    """Every status but pass and skip fails a cell that is expected to pass."""
    pretend.endings = {"opens": status}
    run(project, "e2e", "-k", "test_opens and webkit").assert_outcomes(failed=2, deselected=6)


def test_expectations_hold_in_both_directions(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """An expected fail passes; a pass where a fail is claimed fails, and says that it was not expected."""
    claim = (
        "expectations:\n  - {cells: {scenario: opens}, status: [fail, timeout], because: it was observed, see: x.md}\n"
    )
    write(project.path, BASE + claim)
    pretend.endings = {"opens": Status.TIMEOUT}
    run(project, "e2e", "-k", "test_opens").assert_outcomes(passed=4, deselected=4)
    pretend.endings = {}
    ran = run(project, "e2e", "-k", "test_opens")
    ran.assert_outcomes(failed=4, deselected=4)
    ran.stdout.fnmatch_lines(["opens[[]chromium-eventsource-direct[]]: pass, expected fail or timeout"])


def test_the_status_goes_into_junit(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """JUnit's file has every cell with its status as a property."""
    pretend.endings = {"reopens": Status.CRASH}
    run(project, "e2e", "-k", "chromium", "--junit-xml", "junit.xml", "-o", "junit_family=xunit1")
    cases = ET.parse(project.path / "junit.xml").iter("testcase")
    told = {str(case.get("name")): [found.get("value") for found in case.iter("property")] for case in cases}
    assert told["test_opens[chromium-eventsource-direct]"] == ["pass"]
    assert told["test_reopens[chromium-websocket-close]"] == ["crash"]


def test_the_run_file_tells_of_the_scenarios(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A scenario's title is its docstring's first paragraph, its group the file's name, its kind the mark's."""
    write(project.path, BASE + EXCLUSION)
    run(project, "e2e")
    made = written(project)
    first, second = made.scenarios
    assert (first.name, first.group, first.kind) == ("opens", "connect", "required")
    assert (first.title, first.story) == ("The transport opens and says so.", "A second paragraph.")
    assert first.source == "e2e/test_connect.py:2"
    assert (second.name, second.kind) == ("reopens", "check")
    assert [attempt.cell.id for attempt in made.attempts] == cells_of(project) == list(made.declared)
    assert [exclusion.cell.id for exclusion in made.exclusions] == ["reopens[webkit-websocket-close]"]
    assert made.info.command == "pytest e2e -p no:cacheprovider"


def test_stopping_early_leaves_a_whole_file(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """After -x what was declared and made so far is in the run file."""
    pretend.endings = {"opens": Status.FAIL}
    run(project, "e2e", "-x").assert_outcomes(failed=1)
    assert list(written(project).declared) == cells_of(project)


def test_resume_makes_only_the_rest(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """With --resume, attempts in the journal are kept and not made again; without it they are put aside."""
    run(project, "e2e", "-k", "test_opens")
    pretend.made.clear()
    run(project, "e2e", "--resume").assert_outcomes(passed=8)
    assert sorted(pretend.made) == sorted(cell for cell in cells_of(project) if cell.startswith("reopens"))
    assert len(written(project).attempts) == 8
    pretend.made.clear()
    run(project, "e2e")
    assert sorted(pretend.made) == sorted(cells_of(project))
    assert len(written(project).attempts) == 8
    assert len(read_journals(project.path / "results/journal.before").attempts) == 8


# Without engines


def test_missing_engines_are_no_silent_skip(project: pytest.Pytester) -> None:
    """Each cell of an engine that is not there is skipped with the reason, said at the top and in the run file."""
    ran = run(project, "e2e", "-rs")
    assert ran.ret == pytest.ExitCode.OK
    ran.assert_outcomes(skipped=8)
    reason = "chromium: Playwright's own build is not fetched; mend it with: *playwright install --with-deps chromium"
    ran.stdout.fnmatch_lines(
        [f"engine: UNAVAILABLE: {reason}", f"REQUIRED ENGINE MISSING: {reason}", f"SKIPPED*{reason}"]
    )
    made = written(project)
    assert sorted(made.info.unavailable) == ["chromium", "webkit"]
    assert [attempt.verdict.status for attempt in made.attempts] == [Status.SKIP] * 8
    assert all("mend it with" in attempt.verdict.because for attempt in made.attempts)


def test_required_engines_can_be_insisted_on(project: pytest.Pytester) -> None:
    """With --require-engines a missing one fails the run, which is written all the same."""
    ran = run(project, "e2e", "--require-engines")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.stdout.fnmatch_lines(["REQUIRED ENGINE MISSING: chromium: *", "REQUIRED ENGINE MISSING: webkit: *"])
    assert len(written(project).attempts) == 8


def test_workers_own_whole_engines(project: pytest.Pytester) -> None:
    """Under pytest-xdist each engine's cells go to one worker, and the controller alone writes one run file."""
    ran = run(project, "e2e", "-n", "2")
    assert ran.ret == pytest.ExitCode.OK
    ran.assert_outcomes(skipped=8)
    made = written(project)
    assert [attempt.cell.id for attempt in made.attempts] == cells_of(project)
    assert [scenario.name for scenario in made.scenarios] == ["opens", "reopens"]
    by_worker = engines_by_worker(project.path / "results/journal")
    assert sorted(chain.from_iterable(by_worker.values())) == ["chromium", "webkit"]
    assert set(by_worker) <= {"gw0", "gw1"}
    ran.stdout.fnmatch_lines(["engine: UNAVAILABLE: chromium: *", "2 workers *"])


def engines_by_worker(journals: Path) -> dict[str, list[str]]:
    """Which engines' cells are in each worker's journals."""
    found: dict[str, list[str]] = {}
    for file in sorted(journals.iterdir()):
        lines: list[dict[str, Any]] = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
        engines = {line["begin"]["cell"]["engine"] for line in lines if "begin" in line}
        found.setdefault(file.name.partition("-")[0], []).extend(engines)
    return found
