"""Several attempts of a cell, attempts alone, and attempts not made: what pytest says of them, and the run file."""

from __future__ import annotations

import pytest

from tests.small_matrix import BASE, write
from tests.small_project import Pretended, run, written
from wirematrix.journal import read_journals
from wirematrix.model import Attempt, Status

pytest_plugins = ["pytester"]

PASS, FAIL, TIMEOUT = Status.PASS, Status.FAIL, Status.TIMEOUT
FOUNDED = BASE + "foundation: opens\n"
OPENS = "opens[webkit-websocket-direct]"


def told(attempts: tuple[Attempt, ...], scenario: str) -> list[tuple[int, Status, bool]]:
    """Number, status and loneliness of the attempts of a scenario's cells."""
    return [(one.number, one.verdict.status, one.isolated) for one in attempts if one.cell.scenario == scenario]


# Repeats


def test_every_attempt_is_kept(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """With --repeat each cell is attempted so often, all in one run file, the second round after the first."""
    ran = run(project, "e2e", "--repeat", "3")
    assert ran.ret == pytest.ExitCode.OK
    ran.assert_outcomes(passed=8)
    assert sorted(pretend.made[:8]) == sorted(pretend.made[8:16]) == sorted(pretend.made[16:])
    made = written(project)
    assert len(made.attempts) == len(pretend.made) == 24
    assert [one.number for one in made.attempts[:6]] == [1, 2, 3, 1, 2, 3]
    ran.stdout.fnmatch_lines(["24 attempts in * s; of the time of *", "8 cells: 4 pass, 4 recorded, 0 unexpected"])


def test_one_surprise_of_many_fails_the_item(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A cell fails if any of its attempts was unexpected; the rate is in the failure, the summary and the report."""
    pretend.endings = {"opens": (PASS, PASS, TIMEOUT, PASS)}
    ran = run(project, "e2e", "-k", "websocket and webkit", "--repeat", "4")
    ran.assert_outcomes(failed=1, passed=2, deselected=5)
    ran.stdout.fnmatch_lines(
        [
            "opens[[]webkit-websocket-direct[]]: timeout, expected pass (attempt 3 of 4)",
            "  so it was told",
            "  flaky: 1 of 4 timeout",
            "opens[[]webkit-websocket-direct[]]: flaky: 1 of 4 timeout",
        ]
    )
    assert "flaky: 1 of 4 timeout" in (project.path / "results/matrix.html").read_text(encoding="utf-8")


def test_known_intermittents_are_flaky_and_no_failure(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A cell whose attempts differ as the matrix says they may is named as flaky and fails nothing."""
    claim = "expectations:\n  - {cells: {scenario: opens}, status: [pass, fail], because: it was observed, see: x.md}\n"
    write(project.path, BASE + claim)
    pretend.endings = {"opens": (PASS, FAIL)}
    ran = run(project, "e2e", "-k", "test_opens", "--repeat", "2")
    ran.assert_outcomes(passed=4, deselected=4)
    ran.stdout.fnmatch_lines(["opens[[]webkit-websocket-direct[]]: flaky: 1 of 2 fail"])


def test_resume_makes_only_the_missing_attempts(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """--resume goes on where the killed run was, and adds rounds if more are wished."""
    run(project, "e2e", "-k", "test_opens and webkit", "--repeat", "2")
    pretend.made.clear()
    run(project, "e2e", "-k", "test_opens and webkit", "--repeat", "3", "--resume").assert_outcomes(
        passed=2, deselected=6
    )
    assert sorted(pretend.made) == ["opens[webkit-eventsource-direct]", OPENS]
    assert told(written(project).attempts, "opens") == [(1, PASS, False), (2, PASS, False), (3, PASS, False)] * 2


@pytest.mark.parametrize("asked", ["0", "-1", "two"])
def test_repeats_are_a_number(project: pytest.Pytester, asked: str) -> None:
    """Anything else is answered with one sentence."""
    ran = run(project, "e2e", f"--repeat={asked}")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([f"*--repeat: got '{asked}'; expected a whole number from 1"])


# Alone


@pytest.mark.parametrize(
    ("alone", "sentence"),
    [
        (PASS, "unexpected among others (fail), as expected alone (pass): load?"),
        (TIMEOUT, "unexpected among others (fail) and alone (timeout)"),
    ],
)
def test_a_surprise_is_tried_again_alone(
    project: pytest.Pytester, pretend: type[Pretended], alone: Status, sentence: str
) -> None:
    """With --retry-isolated an unexpected cell has one more attempt; it fails all the same, and both are told."""
    pretend.endings = {"opens": (FAIL, alone)}
    ran = run(project, "e2e", "-k", "websocket and webkit", "--retry-isolated")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.assert_outcomes(failed=1, passed=2, deselected=5)
    assert pretend.made[-1] == OPENS
    assert told(written(project).attempts, "opens") == [(1, FAIL, False), (2, alone, True)]
    pattern = sentence.replace("[", "[[]")
    ran.stdout.fnmatch_lines(
        [
            "opens[[]webkit-websocket-direct[]]: fail, expected pass (attempt 1 of 2)",
            f"  {pattern}",
            f"opens[[]webkit-websocket-direct[]]: {pattern}",
        ]
    )
    assert sentence in (project.path / "results/matrix.html").read_text(encoding="utf-8")


def test_a_run_that_was_killed_before_the_end_is_retried_when_resumed(
    project: pytest.Pytester, pretend: type[Pretended]
) -> None:
    """A surprise of the killed run is tried alone by the resumed one, once."""
    pretend.endings = {"opens": (FAIL, PASS)}
    run(project, "e2e", "-k", "websocket and webkit")
    pretend.made.clear()
    for made in ([OPENS], []):
        run(project, "e2e", "-k", "websocket and webkit", "--retry-isolated", "--resume").assert_outcomes(
            failed=1, passed=2, deselected=5
        )
        assert pretend.made == made
        pretend.made.clear()
    assert told(written(project).attempts, "opens") == [(1, FAIL, False), (2, PASS, True)]


def test_nobody_is_alone_among_workers(project: pytest.Pytester) -> None:
    """--retry-isolated and -n contradict each other; the answer is one sentence."""
    ran = run(project, "e2e", "--retry-isolated", "-n", "2")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: --retry-isolated: got -n 2; expected no workers, because alone means that *"])
    assert not (project.path / "results").exists()


# What builds on what


def test_what_builds_on_a_failed_cell_is_skipped(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """One failed foundation is one failure: what builds on it is skipped with its reason, in the run file as well."""
    write(project.path, FOUNDED)
    pretend.endings = {"opens": FAIL}
    ran = run(project, "e2e", "-k", "websocket and webkit", "-rs")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.assert_outcomes(failed=1, skipped=2, deselected=5)
    assert pretend.made == [OPENS]
    sentence = "builds on opens[[]webkit-websocket-direct[]], which ended as fail: so it was told"
    ran.stdout.fnmatch_lines(["1 attempt in *", "3 cells: 2 not begun, 1 unexpected (1 fail)", f"SKIPPED*{sentence}"])
    reopens = [one.verdict for one in written(project).attempts if one.cell.scenario == "reopens"]
    assert [(one.status, one.builds_on, one.expected) for one in reopens] == [(Status.NOT_REACHED, OPENS, True)] * 2


def test_an_expected_failure_blocks_as_well(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """Where the foundation fails as claimed, what builds on it is not reached, and nothing fails."""
    claim = "expectations:\n  - {cells: {scenario: opens}, status: fail, because: it was observed, see: x.md}\n"
    write(project.path, FOUNDED + claim)
    pretend.endings = {"opens": FAIL}
    run(project, "e2e").assert_outcomes(passed=4, skipped=4)


def test_an_error_of_ours_blocks_nothing(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A foundation that our own machinery spoiled says nothing, so what builds on it is tried."""
    write(project.path, FOUNDED)
    pretend.endings = {"opens": Status.ERROR}
    run(project, "e2e").assert_outcomes(failed=4, passed=4)


def test_what_was_not_selected_blocks_nothing(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A single cell can be run without what it builds on."""
    write(project.path, FOUNDED)
    pretend.endings = {"opens": FAIL}
    run(project, "e2e", "-k", "reopens").assert_outcomes(passed=4, deselected=4)


def test_a_resumed_foundation_counts(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A foundation that failed in the killed run is not tried again, and blocks what was not yet made."""
    write(project.path, FOUNDED)
    pretend.endings = {"opens": FAIL}
    run(project, "e2e", "-k", "test_opens")
    pretend.endings = {}
    pretend.made.clear()
    run(project, "e2e", "--resume").assert_outcomes(failed=4, skipped=4)
    assert pretend.made == []
    assert len(read_journals(project.path / "results/journal").attempts) == 8


def test_of_repeats_some_may_not_be_made(project: pytest.Pytester, pretend: type[Pretended]) -> None:
    """An attempt whose foundation failed in its round is not made; those that were made speak for the cell."""
    write(project.path, FOUNDED)
    pretend.endings = {"opens": (FAIL, PASS)}
    ran = run(project, "e2e", "-k", "websocket and webkit", "--repeat", "2")
    ran.assert_outcomes(failed=1, passed=2, deselected=5)
    assert told(written(project).attempts, "reopens") == [(1, Status.NOT_REACHED, False), (2, PASS, False)] * 2
    ran.stdout.fnmatch_lines(["3 cells: 2 recorded, 1 unexpected (1 fail)"])


def test_workers_know_needs_too(project: pytest.Pytester) -> None:
    """Under pytest-xdist, without any engine, everything ends: nobody waits for a foundation that was skipped."""
    write(project.path, FOUNDED)
    ran = run(project, "e2e", "-n", "2", "--repeat", "2")
    ran.assert_outcomes(skipped=8)
    assert {one.verdict.status for one in written(project).attempts} == {Status.SKIP}
    assert len(written(project).attempts) == 16


# Slow scenarios

SLOW = '''
import pytest
from wirematrix import LiveCell

@pytest.mark.soak
async def test_lasts(cell: LiveCell) -> None:
    """It lasts."""

async def test_ends(cell: LiveCell) -> None:
    """It ends."""
'''


@pytest.fixture
def slow(project: pytest.Pytester) -> pytest.Pytester:
    """The project with one slow scenario more, and one that is not."""
    more = "  lasts: {networks: direct}\n  ends: {networks: direct, transports: websocket}\n"
    write(project.path, BASE + more)
    (project.path / "e2e/test_slow.py").write_text(SLOW, encoding="utf-8")
    return project


def test_slow_scenarios_are_left_out(slow: pytest.Pytester, pretend: type[Pretended]) -> None:
    """Without being asked for, slow scenarios are not run, and terminal, run file and report say so."""
    ran = run(slow, "e2e")
    ran.assert_outcomes(passed=10, deselected=4)
    ran.stdout.fnmatch_lines(
        [
            "soak: 4 cells of slow scenarios left out; run them with: pytest e2e -m soak",
            "4 cells of slow scenarios were left out; `pytest e2e -m soak` runs just them.",
        ]
    )
    made = written(slow)
    assert made.info.soak_left_out == 4
    assert not [name for name in made.declared if name.startswith("lasts")]
    report = (slow.path / "results/matrix.html").read_text(encoding="utf-8")
    assert "4 cells of slow scenarios were left out" in report


@pytest.mark.parametrize(
    ("selection", "made"),
    [
        (["e2e", "-m", "soak"], 4),
        (["e2e", "-m", "soak or check"], 8),
        (["e2e", "-m", "not soak"], 10),
        (["e2e", "-k", "lasts or ends", "-m", "soak"], 4),
        (["e2e/test_slow.py::test_lasts[webkit-websocket-direct]"], 1),
        (["e2e/test_slow.py::test_lasts"], 4),
        (["e2e/test_slow.py::test_lasts[webkit-websocket-direct]", "e2e/test_connect.py"], 5),
    ],
)
def test_slow_scenarios_are_run_when_asked_for(
    slow: pytest.Pytester, pretend: type[Pretended], selection: list[str], made: int
) -> None:
    """An expression of marks that mentions them, or a name, asks for slow scenarios; nothing is left out then."""
    ran = run(slow, *selection)
    assert len(pretend.made) == made
    assert written(slow).info.soak_left_out == 0
    ran.stdout.no_fnmatch_line("soak: *")


@pytest.mark.parametrize(("selection", "left_out"), [(["-k", "slow"], 4), (["-k", "ends"], 0), (["-m", "check"], 0)])
def test_only_what_else_would_run_counts(
    slow: pytest.Pytester, pretend: type[Pretended], selection: list[str], left_out: int
) -> None:
    """Slow cells that another option leaves out anyway are not counted as left out because they are slow."""
    run(slow, "e2e", *selection)
    assert written(slow).info.soak_left_out == left_out


def test_a_selection_of_nothing_but_slow_cells_says_why(slow: pytest.Pytester, pretend: type[Pretended]) -> None:
    """Where everything that was selected is slow, nothing is run and the line says how to."""
    ran = run(slow, "e2e", "-k", "lasts and webkit")
    assert ran.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    ran.stdout.fnmatch_lines(["soak: 2 cells of slow scenarios left out; run them with: pytest e2e -m soak"])


def test_the_run_file_knows_slow_scenarios(slow: pytest.Pytester, pretend: type[Pretended]) -> None:
    """A scenario's text says whether it is slow."""
    run(slow, "e2e", "-m", "soak or check")
    assert {one.name: one.soak for one in written(slow).scenarios} == {"lasts": True, "reopens": False}


def test_workers_leave_slow_scenarios_out_as_well(slow: pytest.Pytester) -> None:
    """Under pytest-xdist each worker leaves out the same, and they are counted once."""
    ran = run(slow, "e2e", "-n", "2")
    ran.assert_outcomes(skipped=10)
    assert written(slow).info.soak_left_out == 4
