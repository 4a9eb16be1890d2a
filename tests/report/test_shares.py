"""What works where: scenarios are counted once, however many networks they are tried over; subtotals add up."""

from __future__ import annotations

from tests.report.factory import CHROMIUM, FIREFOX, attempt, cell, conditions, run_of
from tests.report.synthetic import NEVER_AGAIN, matrix
from wirematrix.model import Kind, Status
from wirematrix.report.blame import blames
from wirematrix.report.gridviews import grid_view, slugs
from wirematrix.report.merge import merge_views
from wirematrix.report.shares import Share, shares_view


def test_a_scenario_holds_only_over_all_its_networks() -> None:
    """One network of two that breaks takes the scenario from those that hold, and says that it holds in part."""
    view = merge_views([
        run_of(
            attempt(cell("notices_the_break", network="close")),
            attempt(cell("notices_the_break", network="reset"), Status.FAIL, expectation=NEVER_AGAIN),
            attempt(cell("opens")),
            attempt(cell("thousand_in_order"), Status.SKIP, "not here"),
        )
    ])  # fmt: skip
    (row,) = shares_view(view).rows
    (share,) = [one for one in row.shares if one]
    assert (share.good, share.partly, share.attempted, share.percent) == (1, 1, 2, 50)
    assert share.line == "1 of 2 required scenarios hold, 1 more over some networks only"


def test_a_share_is_never_rounded_up() -> None:
    """All but one of many is not 100 %."""
    share = Share(kind=Kind.REQUIRED, engine="", transport="websocket", good=299, partly=0, attempted=300)
    assert share.percent == 99


def test_engines_and_kinds_stand_side_by_side() -> None:
    """Each row has a place for every kind within every engine; where nothing was attempted it is empty."""
    run = run_of(
        attempt(cell()), attempt(cell(engine="firefox", transport="eventsource")), info=conditions(CHROMIUM, FIREFOX)
    )
    rows = shares_view(merge_views([run])).rows
    assert [(row.transport, [bool(share) for share in row.shares]) for row in rows] == [
        ("websocket", [True, False]),
        ("eventsource", [False, True]),
        ("", [True, True]),
    ]


def test_subtotals_of_columns_add_up() -> None:
    """The columns' subtotals of a group sum to the group's tally, news and missing cells included."""
    for group in merge_views([matrix(observations=0)]).groups:
        assert sum(own.cells for own in group.subtotals) == group.tally.cells
        assert sum(own.surprises for own in group.subtotals) == group.tally.surprises
        assert sum(own.missing for own in group.subtotals) == group.tally.missing
        assert sum(own.good for own in group.subtotals) == group.tally.good <= group.tally.attempted


def test_builds_of_one_engine_have_names_of_their_own() -> None:
    """Two builds of one engine are told apart in an address; one alone is called by its engine."""
    newer = conditions(
        CHROMIUM.__class__(**{field: getattr(CHROMIUM, field) for field in CHROMIUM.__slots__} | {"version": "157.0"}),
        FIREFOX,
    )
    view = merge_views([run_of(attempt(cell())), run_of(attempt(cell()), attempt(cell(engine="firefox")), info=newer)])
    assert list(slugs(view.engines).values()) == ["chromium-156~2e0~2e7204~2e92", "chromium-157~2e0", "firefox"]


def test_rows_know_where_engines_recorded_otherwise() -> None:
    """A row in which engines differ names the transports in which they do; another names none."""
    view = merge_views([matrix(observations=0)])
    grid = grid_view(view)
    marked = {row.scenario.name: grid.differ(row) for row in view.rows if grid.differ(row)}
    assert set(marked) == {"honours_the_retry_delay"}
    assert "eventsource" in marked["honours_the_retry_delay"].split()


def test_faults_are_told_apart() -> None:
    """Unexpected cells are counted by whose fault their status says it is; an error is ours."""
    view = merge_views(
        [run_of(attempt(cell(), Status.ERROR, "we failed"), attempt(cell("opens_late"), Status.FAIL, "no"))]
    )
    assert {blame.whose.partition(":")[0]: blame.line for blame in blames(view.unexpected)} == {
        "ours": "1 cell (error)",
        "the tested side's": "1 cell (fail)",
    }
