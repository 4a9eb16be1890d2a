"""What an update makes of a matrix and what was seen, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.small_matrix import BASE, EXCLUSION
from tests.upkeep.given import BUILDS, CHROMIUM, WEBKIT, attempt, build, claims, run, seen, tail, updated
from wirematrix.matrix import parse
from wirematrix.model import Build, Cell, Run, Status

OPENS = Cell(scenario="opens", engine="chromium", transport="eventsource", network="direct")
REQUIRED = (CHROMIUM, WEBKIT)
TODO = "    because: TODO\n    see: TODO\n"


def ran(*endings: str, of: str = BASE, builds: tuple[Build, ...] = REQUIRED) -> Run:
    """A run in which everything passed but `beginning of ids: statuses`."""
    told = {beginning: words.strip() for beginning, _, words in (each.partition(":") for each in endings)}
    return seen(of, {"": "pass", **told}, builds)


def statuses(content: bytes, cell: Cell, of: Build) -> tuple[str, ...]:
    """What a matrix expects."""
    return parse(content, "matrix.yaml", unfinished=True).expectation_for(cell, of).statuses


# New expectations


def test_a_run_as_expected_changes_nothing() -> None:
    """If everything ended as expected, the file stays as it is, to the byte."""
    text = claims("scenario: opens, engine: webkit | [fail, timeout]")
    done = updated(text, ran("opens[webkit: timeout", of=text))
    assert done.content == text.encode()
    assert done.lines[-1] == "nothing changes"
    assert not done.changed
    assert not done.diff


def test_an_unexpected_cell_gets_an_expectation_that_waits_for_its_reason() -> None:
    """Cells that failed are written down; why, and where to read on, is for a person to say."""
    done = updated(BASE, ran("opens[webkit-websocket: fail"))
    assert tail(done, BASE) == (
        f"\nexpectations:\n  - cells: {{scenario: opens, engine: webkit, transport: websocket}}\n    status: fail\n{TODO}"
    )
    assert done.lines == (
        "read 1 run: 8 attempts of 8 cells, with chromium 150.0.1 (playwright, Debian 12) and webkit 2.50.6 (system,"
        " Debian 12)",
        "added {scenario: opens, engine: webkit, transport: websocket}: pass → fail; seen: fail ×1 in 1 cell",
        "1 expectation: 1 added",
        "1 expectation says TODO: write why and where to read on; until then matrix.yaml is refused",
    )


def test_axes_are_left_out_where_all_of_them_is_meant() -> None:
    """A line names an axis only if it does not mean all of it; engines that nobody runs go with the others."""
    done = updated(BASE, ran("opens: fail"))
    assert tail(done, BASE) == f"\nexpectations:\n  - cells: {{scenario: opens}}\n    status: fail\n{TODO}"
    assert "; chrome, not in these runs, follows" in done.lines[1]


def test_engines_that_were_not_run_are_not_meant() -> None:
    """What only one engine was seen to do is claimed of that engine; a required one that was not run is no reason."""
    done = updated(BASE, ran("opens: fail", builds=(CHROMIUM,)))
    assert "cells: {scenario: opens, engine: chromium}" in tail(done, BASE)
    everything = updated(BASE, ran("opens: fail", builds=BUILDS))
    assert "cells: {scenario: opens}\n" in tail(everything, BASE)


def test_each_scenario_and_status_has_its_own_line() -> None:
    """Reasons differ from scenario to scenario and from status to status, so lines do, too, in the file's order."""
    done = updated(BASE, ran("opens[webkit: fail", "reopens: crash", "opens[webkit-websocket: timeout"))
    lines = [line.strip() for line in tail(done, BASE).splitlines() if "cells" in line or "status" in line]
    assert lines == [
        "- cells: {scenario: opens, engine: webkit, transport: eventsource}",
        "status: fail",
        "- cells: {scenario: opens, engine: webkit, transport: websocket}",
        "status: timeout",
        "- cells: {scenario: reopens}",
        "status: crash",
    ]


def test_the_most_frequent_status_is_the_typical_one() -> None:
    """Of a cell that ended otherwise than expected each time, that which came most often is written down."""
    done = updated(BASE, ran("opens[webkit-websocket: crash fail fail"))
    assert "status: fail\n" in tail(done, BASE)
    assert done.lines[2] == (
        "left opens[webkit-websocket-direct] with webkit 2.50.6 (system, Debian 12): fail ×2, crash ×1; expected: fail;"
        " --add-intermittents adds crash"
    )


def test_a_cell_that_sometimes_passes_is_left_and_named() -> None:
    """A flaky cell is no reason to change what is expected, unless that is asked for."""
    flaky = ran("opens[webkit-websocket: fail pass fail")
    left = updated(BASE, flaky)
    assert not left.changed
    assert left.lines[1] == (
        "left opens[webkit-websocket-direct] with webkit 2.50.6 (system, Debian 12): fail ×2, pass ×1; expected: pass;"
        " --add-intermittents adds fail"
    )
    assert "status: [pass, fail]\n" in tail(updated(BASE, flaky, add=True), BASE)


def test_attempts_of_all_runs_count() -> None:
    """Two runs that disagree make a cell flaky, as two attempts of one run do."""
    runs = ran("opens[webkit-websocket: fail"), ran()
    assert not updated(BASE, *runs).changed
    assert "status: [pass, fail]\n" in tail(updated(BASE, *runs, add=True), BASE)


# What stands there already


def test_an_expectation_is_changed_where_it_stands() -> None:
    """If all its cells end otherwise, its status changes, and its reason is marked and kept."""
    text = claims("scenario: opens, engine: webkit | fail", "scenario: reopens, engine: webkit | fail")
    done = updated(text, ran("opens[webkit: degraded", "reopens[webkit: fail"))
    assert done.content.decode() == text.replace("fail", "degraded", 1).replace("reason 0", "TODO (was fail) reason 0")
    assert done.lines[1] == (
        "restated expectations[0] (line 15): fail → degraded; seen: degraded ×2 in 2 cells; its reason is marked TODO"
    )


def test_a_mark_is_set_once() -> None:
    """A reason that says TODO already keeps the status it was written for."""
    text = claims("scenario: opens, engine: webkit | fail").replace("reason 0", "TODO (was crash) reason 0")
    done = updated(text, ran("opens[webkit: degraded"))
    assert done.content.decode() == text.replace("fail", "degraded")


def test_an_expectation_that_no_cell_needs_goes() -> None:
    """If all its cells pass and nothing else is claimed of them, a line goes; the others stay as they are."""
    text = claims("scenario: opens, engine: webkit | fail", "scenario: reopens, engine: webkit | fail")
    done = updated(text, ran("reopens[webkit: fail"))
    assert done.content.decode() == claims("scenario: reopens, engine: webkit | fail").replace("reason 0", "reason 1")
    assert done.lines[1] == "removed expectations[0] (line 15): fail, needed no more; seen: pass ×2 in 2 cells"


def test_the_last_expectation_leaves_an_empty_list() -> None:
    """A file without deviations says so."""
    done = updated(claims("scenario: opens, engine: webkit | fail"), ran())
    assert tail(done, BASE) == "expectations: []\n"
    assert (
        updated(f"{BASE}expectations: []\n", ran("opens: fail"))
        .content.decode()
        .startswith(f"{BASE}expectations:\n  - ")
    )


def test_an_expectation_whose_cells_disagree_stays_with_narrower_ones() -> None:
    """The line stays for the cells that are as it says; the narrower one counts for those that are not."""
    text = claims("scenario: reopens | fail")
    done = updated(text, ran("reopens: fail", "reopens[webkit-websocket-close: pass"))
    assert tail(done, text) == (
        f"\n  - cells: {{scenario: reopens, engine: webkit, network: close}}\n    status: pass\n{TODO}"
    )


def test_an_expectation_that_was_not_seen_in_full_stays() -> None:
    """What was not seen keeps its expectation, so a line with such cells is never changed or removed."""
    text = claims("scenario: reopens | fail")
    done = updated(text, ran(builds=(CHROMIUM,)))
    assert "cells: {scenario: reopens, engine: chromium}\n    status: pass\n" in tail(done, text)
    unseen = replace(OPENS, scenario="reopens", engine="webkit", transport="websocket")
    assert statuses(done.content, unseen, WEBKIT) == ("fail",)


def test_an_expectation_that_names_an_engine_waits_for_it() -> None:
    """A line about an engine that is not required is left alone until that engine is run."""
    text = claims("scenario: opens, engine: [chromium, chrome] | fail")
    assert "cells: {scenario: opens, engine: chromium}\n    status: pass" in tail(updated(text, ran()), text)
    assert updated(text, ran(builds=BUILDS)).content.decode() == f"{BASE}expectations: []\n"


def test_no_line_is_left_that_counts_for_no_cell() -> None:
    """If every cell of a line ends otherwise, in different ways, it takes the most frequent one."""
    text = claims("scenario: reopens, transport: websocket | fail")
    done = updated(text, ran("reopens: timeout", "reopens[webkit-websocket-close: crash"))
    assert "status: timeout\n    because: TODO (was fail) reason 0\n" in done.content.decode()
    assert "cells: {scenario: reopens, engine: webkit, transport: websocket, network: close}\n    status: crash\n" in (
        done.content.decode()
    )


def test_a_narrow_line_goes_when_the_wide_one_says_it() -> None:
    """A line that says what would be expected without it is no deviation."""
    text = claims("scenario: reopens | fail", "scenario: reopens, engine: webkit | crash")
    done = updated(text, ran("reopens: fail"))
    assert done.content.decode() == claims("scenario: reopens | fail")
    freed = claims("scenario: reopens | fail", "scenario: reopens, engine: webkit | pass")
    assert updated(freed, ran()).content.decode() == f"{BASE}expectations: []\n"


def test_a_new_line_lies_within_the_one_it_narrows() -> None:
    """It names the axes that the wider one names, even where all of an axis is meant: else neither were narrower."""
    text = claims("transport: websocket, network: direct | fail")
    done = updated(text, ran("opens[chromium-websocket: fail", "opens[webkit-websocket: fail", "reopens: pass"))
    assert "cells: {scenario: reopens, transport: websocket, network: direct}\n    status: pass\n" in tail(done, text)


def test_unfinished_expectations_can_be_updated() -> None:
    """A reason that still says TODO is no hindrance; what is finished otherwise is."""
    first = updated(BASE, ran("opens[webkit: fail"))
    second = updated(first.content.decode(), ran("opens[webkit: crash"))
    assert second.content == first.content.replace(b"fail", b"crash")
    assert updated(first.content.decode(), ran()).content.decode() == f"{BASE}\nexpectations: []\n"


# Intermittents


def test_intermittents_are_added_behind_the_typical_status() -> None:
    """With `add_intermittents` whatever else was seen joins the list, the most frequent first, and the reason is marked."""
    text = claims("scenario: opens, engine: webkit | fail")
    done = updated(text, ran("opens[webkit: crash fail timeout timeout"), add=True)
    assert done.content.decode() == text.replace("status: fail", "status: [fail, timeout, crash]").replace(
        "reason 0", "TODO (was fail) reason 0"
    )


def test_intermittents_are_dropped_after_enough_attempts() -> None:
    """With `drop_intermittents` a status that no attempt of no cell ended as goes; the reason stands as it is."""
    text = claims("scenario: opens, engine: webkit | [fail, timeout, crash]")
    runs = ran("opens[webkit: fail fail", "opens[webkit-websocket: fail crash")
    assert not updated(text, runs).changed
    done = updated(text, runs, drop=True)
    assert done.content.decode() == text.replace("[fail, timeout, crash]", "[fail, crash]")


def test_too_few_attempts_drop_nothing() -> None:
    """How many there were and how many it takes is said."""
    text = claims("scenario: opens, engine: webkit | [fail, timeout]")
    done = updated(
        text, ran("opens[webkit: fail fail fail", "opens[webkit-websocket: fail fail"), drop=True, min_attempts=3
    )
    assert not done.changed
    assert done.lines[1] == (
        "left expectations[0] (line 15): timeout was not seen, but opens[webkit-websocket-direct] has 2 attempts of the 3"
        " it takes (--min-attempts)"
    )


def test_cells_that_were_not_seen_drop_nothing() -> None:
    """A status may be that of a cell that was not run."""
    text = claims("scenario: reopens | [fail, timeout]")
    done = updated(text, ran("reopens: fail fail", builds=(CHROMIUM,)), drop=True)
    assert not done.changed
    assert done.lines[1] == (
        "left expectations[0] (line 15): timeout was not seen, but neither was reopens[webkit-websocket-direct],"
        " nor 1 more of its cells"
    )


def test_adding_and_dropping_go_together() -> None:
    """What was seen is expected and what was not is not, even where a narrower line takes cells away from a wider one."""
    text = claims("scenario: reopens, engine: webkit | [fail, timeout]")
    done = updated(
        text,
        ran("reopens[webkit: fail fail", "reopens[webkit-websocket-close: timeout crash"),
        add=True,
        drop=True,
    )
    assert "{scenario: reopens, engine: webkit}\n    status: fail\n    because: reason 0\n" in done.content.decode()
    assert "network: close}\n    status: [timeout, crash]\n" in done.content.decode()


# Builds

SYSTEM, NEWER = build(origin="system"), build(version="160")
FAILED = {"": "pass", "opens[chromium-websocket": "fail"}


def condition(text: str, *runs: Run) -> str:
    """The condition of the line that an update adds."""
    (line,) = [line.strip() for line in tail(updated(text, *runs), text).splitlines() if "build:" in line]
    return line.removeprefix("build: ")


def test_builds_that_disagree_are_told_apart_by_their_origin() -> None:
    """Playwright's build fails and the system's passes: the line holds for the former only."""
    runs = seen(BASE, FAILED, [CHROMIUM]), seen(BASE, {"": "pass"}, [SYSTEM])
    assert condition(BASE, *runs) == "{origin: playwright}"


@pytest.mark.parametrize(
    ("failing", "passing", "words"),
    [
        (CHROMIUM, [NEWER], '{version: "<160"}'),
        (NEWER, [CHROMIUM], '{version: ">=160"}'),
        (build(version="155"), [CHROMIUM, NEWER], '{version: ">=155,<160"}'),
        (NEWER, [CHROMIUM, build(version="160", origin="system")], '{origin: playwright, version: ">=160"}'),
    ],
)
def test_builds_of_one_origin_are_told_apart_by_their_version(failing: Build, passing: list[Build], words: str) -> None:
    """A range ends where the first version was seen that is different, and says no more than it must."""
    runs = [seen(BASE, FAILED, [failing]), *(seen(BASE, {"": "pass"}, [each]) for each in passing)]
    assert condition(BASE, *runs) == words


def test_builds_that_agree_need_no_condition() -> None:
    """A condition appears only where builds disagree."""
    done = updated(BASE, seen(BASE, FAILED, [CHROMIUM]), seen(BASE, FAILED, [NEWER]))
    assert "build:" not in tail(done, BASE)


def test_a_new_line_keeps_to_the_builds_of_the_one_it_narrows() -> None:
    """Within a line for some builds a narrower one is for some of these."""
    text = claims("engine: chromium | crash | origin: playwright")
    runs = seen(text, {"": "crash", "opens[chromium-websocket": "fail"}, [CHROMIUM]), seen(text, {"": "pass"}, [SYSTEM])
    assert condition(text, *runs) == "{origin: playwright}"


def test_builds_that_no_condition_tells_apart_are_left_to_a_person() -> None:
    """Without a version there is nothing to compare; the cell is named, and nothing is claimed."""
    text = claims('engine: chromium, scenario: [opens, reopens] | fail | version: ">=1"')
    nightly = build(version="nightly")
    done = updated(text, seen(text, {"opens[chromium-websocket": "crash"}, [nightly]))
    assert not done.changed
    assert done.lines[1] == (
        "left opens[chromium-websocket-direct] with chromium nightly (playwright, Debian 12): crash ×1; expected: pass;"
        " no condition tells this build from another: write it by hand"
    )


# What does not count


def test_what_says_nothing_about_an_engine_is_ignored_and_counted() -> None:
    """Errors, skips, cells whose foundation failed, and cells that are not in the matrix change nothing."""
    gone, excluded = (
        replace(OPENS, scenario="closes"),
        replace(OPENS, scenario="reopens", engine="webkit", network="close"),
    )
    ran = run(
        [
            attempt(OPENS, Status.ERROR),
            attempt(OPENS, Status.SKIP, number=2),
            attempt(OPENS, Status.NOT_REACHED, number=3, builds_on="opens[x]"),
            attempt(replace(OPENS, engine="webkit"), Status.FAIL),
            attempt(gone, Status.FAIL),
            attempt(replace(excluded, transport="websocket"), Status.FAIL),
        ],
        [CHROMIUM],
    )
    done = updated(BASE + EXCLUSION, ran)
    assert not done.changed
    assert done.lines == (
        "read 1 run: 0 attempts of 0 cells",
        "ignored 1 attempt: ended as error, which is our fault and no engine's",
        "ignored 1 attempt: skipped",
        "ignored 1 attempt: not begun, because what it builds on failed",
        "ignored 1 attempt: the run file names no build of its engine",
        "ignored 2 attempts: not in matrix.yaml: closes[chromium-eventsource-direct] and reopens[webkit-websocket-close]",
        "nothing changes",
    )


def test_a_cell_that_was_not_reached_by_itself_counts() -> None:
    """`not-reached` is a status like others unless another cell is to blame."""
    done = updated(BASE, run([attempt(OPENS, Status.NOT_REACHED)]))
    assert "status: not-reached\n" in tail(done, BASE)


def test_attempts_made_alone_count() -> None:
    """A cell that failed and then passed alone is flaky."""
    both = run([attempt(OPENS, Status.FAIL), attempt(OPENS, Status.PASS, number=2, isolated=True)])
    assert "status: [pass, fail]\n" in tail(updated(BASE, both, add=True), BASE)


def test_a_run_handed_in_twice_counts_once() -> None:
    """The same attempts are no new evidence."""
    text = claims("scenario: opens, engine: webkit | [fail, timeout]")
    one = ran("opens[webkit: fail")
    assert not updated(text, one, one, drop=True, min_attempts=2).changed
    assert updated(text, one, ran("opens[webkit: fail"), drop=True, min_attempts=2).changed
