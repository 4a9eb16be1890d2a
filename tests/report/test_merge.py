"""From runs to one matrix: nothing received is lost, nothing declared is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.factory import (
    CHROMIUM,
    DEBIAN,
    FIREFOX,
    MACOS_WEBKIT,
    WEBKIT,
    attempt,
    cell,
    conditions,
    recording,
    run_of,
    scenario_text,
)
from tests.report.synthetic import LIBSOUP, NEVER_AGAIN, matrix
from wirematrix.errors import InvalidInput
from wirematrix.gather import cell_of
from wirematrix.model import Exclusion, Expectation, Fact, Run, Status
from wirematrix.report.merge import merge_views
from wirematrix.report.views import Blank, BlankSlot, JudgedSlot, Look, ReportView


def slots_of(view: ReportView) -> list[str]:
    """Each slot as a word: its status or why it is blank."""
    return [
        str(slot.status) if isinstance(slot, JudgedSlot) else str(slot.blank) for row in view.rows for slot in row.slots
    ]


def test_columns_are_builds_by_transport() -> None:
    """Engines stand in their usual order, and within each the transports that were asked for."""
    webkit = attempt(cell(engine="webkit", transport="websocket+"))
    chromium = attempt(cell(engine="chromium", transport="websocket"))
    stream = attempt(cell(engine="chromium", transport="eventsource"))
    view = merge_views([run_of(webkit, chromium, stream, info=conditions(WEBKIT, CHROMIUM))])
    assert [(column.engine.name, column.transport, column.leads) for column in view.columns] == [
        ("Chromium 156.0.7204.92", "eventsource", True),
        ("Chromium 156.0.7204.92", "websocket", False),
        ("WebKitGTK 2.50.6", "websocket+", True),
    ]


def test_webkits_of_two_machines_are_two_columns() -> None:
    """Another product, version, origin or system is another column, and no cell moves between them."""
    here = run_of(attempt(cell(engine="webkit")), info=conditions(WEBKIT))
    there = run_of(
        attempt(cell(engine="webkit"), Status.FAIL, "never opened"),
        info=conditions(MACOS_WEBKIT, system="macOS 26.1"),
    )
    view = merge_views([here, there])
    assert [column.engine.name for column in view.columns] == ["WebKitGTK 2.50.6", "WebKit 27.0"]
    assert slots_of(view) == ["pass", "fail"]
    assert ["not Safari" in engine.note for engine in view.engines] == [True, True]
    anchors = [slot.anchor for slot in view.judged]
    assert anchors[0] == "opens.webkit-websocket-direct"
    assert anchors[1].startswith("opens.webkit-websocket-direct.WebKit")


def test_shards_of_one_build_are_one_column() -> None:
    """Two runs of the same build fill the same column; what one declared and the other ran is there once."""
    view = merge_views([run_of(attempt(cell("opens"))), run_of(attempt(cell("opens_late")))])
    assert len(view.columns) == 1
    assert [row.scenario.name for row in view.rows] == ["opens", "opens_late"]
    assert view.missing == ()


def test_declared_and_not_received_is_missing() -> None:
    """A declared cell without an attempt is a blank of its own kind, listed, and counted for its engine."""
    absent = cell("opens_late", transport="fetch-stream+", network="refuse")
    here = cell("opens")
    view = merge_views([run_of(attempt(here), declared=(here.id, absent.id, "nonsense"))])
    assert slots_of(view) == ["pass", "unselected", "unselected", "missing"]
    assert view.missing == (absent.id, "nonsense")
    assert view.tally.missing == 2
    assert view.tallies[view.engines[0].key].missing == 1
    assert view.headline == "No cell is unexpected, but 2 declared never ran"


def test_excluded_cells_have_a_lettered_reason() -> None:
    """An exclusion is blank with its reason; the same reason has the same letter; it makes no column."""
    left, right = attempt(cell(transport="eventsource")), attempt(cell("opens_late", transport="websocket"))
    why = "The retry field exists in event streams only."
    excluded = (
        Exclusion(cell=cell(transport="websocket"), because=why),
        Exclusion(cell=cell("opens_late", transport="eventsource"), because=why),
        Exclusion(cell=cell(engine="webkit"), because="no column for this"),
    )
    view = merge_views([run_of(left, right, exclusions=excluded)])
    assert slots_of(view) == ["pass", "excluded", "excluded", "pass"]
    assert [(reason.mark, reason.because, reason.cells) for reason in view.exclusions] == [("a", why, 2)]


def test_not_selected_is_neither_missing_nor_excluded() -> None:
    """A place that nobody declared is blank and nothing more."""
    view = merge_views([run_of(attempt(cell("opens")), attempt(cell("opens_late", transport="eventsource")))])
    blanks = [slot.blank for row in view.rows for slot in row.slots if isinstance(slot, BlankSlot)]
    assert blanks == [Blank.UNSELECTED, Blank.UNSELECTED]


def test_a_later_attempt_never_hides_an_unexpected_one() -> None:
    """A cell that failed and then passed is unexpected, and flaky; all its attempts are kept."""
    failed = attempt(cell(), Status.FAIL, "never opened", number=1)
    passed = attempt(cell(), number=2)
    (slot,) = merge_views([run_of(failed, passed)]).judged
    assert (slot.status, slot.look) == (Status.FAIL, Look.NEWS)
    assert slot.unsettled == "flaky: 1 of 2 fail"
    assert [ran.attempt.number for ran in slot.attempts] == [1, 2]


def test_runs_that_disagree_say_so() -> None:
    """Contradicting runs of one build are not averaged: the slot says what each of them found."""
    known = Expectation(statuses=(Status.PASS, Status.FAIL), because="intermittent")
    first = run_of(attempt(cell(), expectation=known))
    second = run_of(attempt(cell(), Status.FAIL, "gone", expectation=known, started="2026-11-23T00:00:00Z"))
    (slot,) = merge_views([first, second]).judged
    assert slot.unsettled == "the runs disagree: pass in run 1, fail in run 2"
    assert slot.look is Look.KNOWN


def test_a_run_given_twice_counts_once() -> None:
    """The same run file named twice doubles neither attempts nor conditions."""
    run = run_of(attempt(cell()))
    view = merge_views([run, replace(run)])
    assert len(view.runs) == 1
    assert len(view.judged[0].attempts) == 1


def test_looks_tell_claimed_from_news() -> None:
    """Pass as claimed, fail as claimed, pass against the claim, fail against it: four different things."""
    transports = ("eventsource", "fetch-stream", "websocket", "websocket+")
    verdicts = (
        (Status.PASS, None), (Status.FAIL, NEVER_AGAIN), (Status.PASS, NEVER_AGAIN), (Status.FAIL, None)
    )  # fmt: skip
    attempts = [
        attempt(cell(transport=transport), status, expectation=expectation)
        for transport, (status, expectation) in zip(transports, verdicts, strict=True)
    ]
    view = merge_views([run_of(*attempts)])
    assert [slot.look for slot in view.judged] == [Look.FINE, Look.KNOWN, Look.NEWS, Look.NEWS]
    assert [slot.footnote for slot in view.judged] == ["", "1", "", ""]
    assert view.tally.line == "4 cells: 1 pass, 1 expected fail, 2 unexpected (1 pass, 1 fail)"
    assert view.headline == "2 of 4 cells unexpected"


def test_checks_show_what_they_recorded() -> None:
    """In a check the first fact stands in the cells; else the claim's metric, or where it has none the first fact."""
    delay = Fact(name="delay_ms", title="a delay", observed=(3001, 3005))
    end = Fact(name="end", title="an end", observed=("CLOSED",))
    check = cell("honours_the_retry_delay")
    for of, facts, shown in (
        (attempt(check), (delay, end), ("a delay", "3.0 s")),
        (attempt(check), (end, delay), ("an end", "CLOSED")),
        (attempt(check, Status.ERROR), (delay,), ("open", "")),
        (attempt(cell(), check="opened"), (delay,), ("open", "31 ms")),
        (attempt(cell(), check="somebodys_own"), (delay,), ("a delay", "3.0 s")),
        (attempt(cell(), check="somebodys_own"), (delay, end), ("a delay", "3.0 s")),
        (attempt(cell(), check="somebodys_own"), (), ("open", "31 ms")),
    ):
        (row,) = merge_views([run_of(recording(of, *facts))]).rows
        assert (row.number, row.judged[0].number) == shown


def test_reasons_are_numbered_in_the_grids_order() -> None:
    """Known shortcomings with one reason share a number; the list says how many cells and which statuses."""
    attempts = [
        attempt(cell(transport="eventsource"), Status.DEGRADED, expectation=LIBSOUP),
        attempt(cell(transport="fetch-stream"), Status.FAIL, expectation=NEVER_AGAIN),
        attempt(cell(transport="websocket"), Status.TIMEOUT, expectation=NEVER_AGAIN),
    ]
    known = merge_views([run_of(*attempts)]).known
    assert [(reason.mark, reason.statuses, reason.cells) for reason in known] == [
        ("1", (Status.DEGRADED,), 1),
        ("2", (Status.FAIL, Status.TIMEOUT), 2),
    ]


def test_unavailable_engines_are_named_with_their_machine() -> None:
    """An engine a run could not have is listed, and its declared cells are missing rather than gone."""
    info = conditions(CHROMIUM, unavailable={"webkit": "no WebKitGTK here; mend it with: apt install ..."})
    lost = cell(engine="webkit")
    view = merge_views([run_of(attempt(cell()), info=info, declared=(cell().id, lost.id))])
    assert [(one.engine, one.system) for one in view.unavailable] == [("webkit", DEBIAN)]
    assert slots_of(view) == ["pass", "missing"]


def test_runs_under_different_conditions_are_read_with_care() -> None:
    """Runs of different commits or scale factors are shown together only with a warning."""
    there = conditions(FIREFOX, commit="0000000", scale_factor=2.0)
    view = merge_views([run_of(attempt(cell())), run_of(attempt(cell(engine="firefox")), info=there)])
    assert view.discords == (
        "the runs differ in their commit (run 1: 4f2a9c1d77, run 2: 0000000)",
        "the runs differ in their scale factor (run 1: 1, run 2: 2)",
    )


def test_scenarios_the_run_does_not_describe_are_still_shown() -> None:
    """A run file without a scenario's text loses the title, never the cell."""
    view = merge_views([run_of(attempt(cell("nameless")), scenarios=(scenario_text("opens"),))])
    assert [(row.scenario.group, row.scenario.title) for row in view.rows] == [("other", "nameless")]


def test_no_run_is_a_mistake() -> None:
    """A report of nothing is refused in words."""
    with pytest.raises(InvalidInput, match="there is no run to show"):
        merge_views([])


@pytest.mark.parametrize("transport", ["fetch-stream", "fetch-stream+", "websocket"])
def test_ids_are_read_back(transport: str) -> None:
    """A declared id gives its cell back, hyphens in transport and network notwithstanding."""
    known = cell("resumes", engine="webkit", transport=transport, network="nginx-h2")
    assert cell_of(known.id) == known
    across = replace(known, relation="cross-origin")
    assert cell_of(across.id) == across


def test_relations_are_rows() -> None:
    """The same scenario and network across origins is a row of its own, with a label and an anchor of its own."""
    near = attempt(cell())
    far = attempt(replace(cell(), relation="cross-origin"), Status.FAIL, "never opened")
    view = merge_views([run_of(near, far)])
    assert [row.way for row in view.rows] == ["direct", "direct, cross-origin"]
    assert len({row.anchor for row in view.rows}) == len({slot.anchor for slot in view.judged}) == 2
    assert slots_of(view) == ["pass", "fail"]


def test_ids_of_received_cells_need_no_reading() -> None:
    """A cell that was received is never missing, however strange its names."""
    strange = attempt(cell("opens[x]", network="a]b[c"))
    assert merge_views([run_of(strange)]).missing == ()


@pytest.mark.parametrize("identifier", ["", "opens", "opens[safari-websocket-direct]", "opens[chromium-]"])
def test_unknown_ids_are_no_cells(identifier: str) -> None:
    """An id that names no engine or transport of ours is not guessed at."""
    assert cell_of(identifier) is None


def test_whole_matrix_adds_up() -> None:
    """Every declared cell of a big run is judged or missing; tallies of engines and groups agree with it."""
    run: Run = matrix(observations=0)
    view = merge_views([run])
    assert view.tally.cells + len(view.missing) == len(run.declared)
    assert sum(tally.cells for tally in view.tallies.values()) == view.tally.cells
    assert sum(group.tally.cells for group in view.groups) == view.tally.cells
    assert sum(group.tally.missing for group in view.groups) == len(view.missing) == 2
    assert {slot.status for slot in view.judged} == set(Status)
