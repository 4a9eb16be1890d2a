"""Engine facts: what is added up, what is left out, and what may be said of numbers that were cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.factory import CHROMIUM, FIREFOX, MACOS_WEBKIT, WEBKIT, attempt, cell, conditions, recording, run_of
from tests.timelines import steady
from wirematrix.facts import Agreement, Bound, FactCell, FactRow, FactTable, Spread, fact_cell, fact_table, spread
from wirematrix.gather import gather
from wirematrix.model import Attempt, Fact, Held, Observed, Run, Status

DELAY = Fact(name="reconnect_delay_ms", title="reconnect delay", observed=(3001.0,))
END = Fact(name="end_state", title="state at the end", observed=("CLOSED",))
TIMES = st.integers(0, 100_000).map(lambda hundredths: hundredths / 100)


def table_of(*runs: Run) -> FactTable:
    """The table of some runs."""
    return fact_table(gather(runs))


def delays(*observed: Observed, cap: float | None = None) -> Fact:
    """A fact of times."""
    return replace(DELAY, observed=observed, cap=cap)


def row_of(name: str, *builds: Sequence[Observed], cap: float | None = None) -> FactRow:
    """A row in which builds observed these values; none at all is no record."""
    cells = [fact_cell([Fact(name=name, title="t", observed=tuple(seen), cap=cap)] if seen else []) for seen in builds]
    return FactRow(
        name=name, title="t", transport="eventsource", network="direct", relation="same-origin", cells=tuple(cells)
    )


# ── arithmetic ──


@steady
@given(st.lists(st.tuples(TIMES, st.none() | TIMES), min_size=1, max_size=9))
def test_bounds_hold_for_the_truth(waits: list[tuple[float, float | None]]) -> None:
    """Cut truths off at their caps: what is said without ≥ is true of them, and what has it is never too much."""
    truths = [truth for truth, _ in waits]
    seen = spread([(truth if cap is None else min(truth, cap), cap) for truth, cap in waits])
    assert seen.count == len(waits)
    for said, true in ((seen.p50, median(truths)), (seen.low, min(truths)), (seen.high, max(truths))):
        assert said.value <= true + 0.005
        assert said.at_least or said.value == pytest.approx(true, abs=0.0051)


@steady
@given(st.lists(TIMES, min_size=1, max_size=9), TIMES)
def test_a_bound_is_said_only_where_it_matters(observed: list[float], cap: float) -> None:
    """≥ stands exactly where a longer wait at the cut-off numbers would have changed what is said."""
    seen = spread([(value, cap) for value in observed])
    known = [min(value, cap) for value in observed]
    longer = [1e9 if value >= cap else value for value in observed]
    assert [seen.p50.at_least, seen.low.at_least, seen.high.at_least] == [
        median(longer) != median(known),
        min(longer) != min(known),
        max(longer) != max(known),
    ]


@steady
@given(st.lists(st.lists(TIMES | st.sampled_from(["CLOSED", "OPEN", ""]), max_size=4), max_size=5))
def test_attempts_add_up(attempts: list[list[Observed]]) -> None:
    """How observations are spread over attempts, and in which order they came, changes nothing but their number."""
    together = [value for observed in attempts for value in observed]
    numbers = sorted(value for value in together if not isinstance(value, str))
    added = fact_cell([Fact(name="x_ms", title="x", observed=tuple(observed), cap=500.0) for observed in attempts])
    assert added.attempts == len(attempts)
    assert added.words == Counter(value for value in together if isinstance(value, str))
    assert list(added.words.values()) == sorted(added.words.values(), reverse=True)
    assert (added.spread.count if added.spread else 0) == len(numbers)
    assert added.spread == (spread([(float(value), 500.0) for value in numbers]) if numbers else None)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ((3001, 2998, 3004), (3001, 2998, 3004)),
        ((3001, 2998), (2999.5, 2998, 3001)),
        ((3001, 2998, 60_004), (3001, 2998, "≥60000")),
        ((3001, 60_000, 60_004), ("≥60000", 3001, "≥60000")),
        ((3001, 60_000), ("≥31500.5", 3001, "≥60000")),
        ((60_000,), ("≥60000", "≥60000", "≥60000")),
    ],
)
def test_caps_are_kept_apart(observed: tuple[float, ...], expected: tuple[object, ...]) -> None:
    """p50, lowest and highest where some, or all, of the numbers hit the cap of 60,000."""
    seen = spread([(value, 60_000) for value in observed])
    shown = [f"≥{bound.value:g}" if bound.at_least else bound.value for bound in (seen.p50, seen.low, seen.high)]
    assert tuple(shown) == expected


def test_huge_numbers_have_a_middle() -> None:
    """The middle of the two largest numbers there are is a number, which JSON can say."""
    largest = 1.7e308
    assert spread([(largest, None), (largest, None)]).p50 == Bound(value=largest)


# ── what counts ──


def test_rows_are_ways_and_columns_builds() -> None:
    """A row for every fact, transport, network and origin relation; a column for every build that has a record."""
    here = cell(transport="eventsource")
    across = replace(here, relation="cross-origin")
    slow = replace(here, network="latency")
    runs = [
        run_of(
            recording(attempt(across), DELAY),
            recording(attempt(here), DELAY, END),
            recording(attempt(replace(here, transport="websocket")), END),
            recording(attempt(replace(here, engine="firefox")), delays(5003)),
            attempt(replace(slow, engine="webkit")),
            info=conditions(CHROMIUM, FIREFOX, WEBKIT),
        )
    ]
    table = table_of(*runs)
    (scenario,) = table.scenarios
    assert (scenario.name, scenario.group) == ("opens", "connect")
    assert [build.product for build in table.builds] == ["Chromium", "Firefox ESR"]
    assert {build.executable for build in table.builds} == {""}
    assert [(row.name, row.transport, row.relation, [one.attempts for one in row.cells]) for row in scenario.rows] == [
        ("reconnect_delay_ms", "eventsource", "same-origin", [1, 1]),
        ("reconnect_delay_ms", "eventsource", "cross-origin", [1, 0]),
        ("end_state", "eventsource", "same-origin", [1, 0]),
        ("end_state", "websocket", "same-origin", [1, 0]),
    ]


def test_repeats_and_runs_add_up() -> None:
    """Attempts of one cell in one run and in another stand in one place, with what each run gave."""
    first = run_of(*(recording(attempt(cell(), number=number), delays(3000 + number)) for number in (1, 2)))
    second = run_of(recording(attempt(cell(), started="2026-11-23T00:00:00Z"), delays(2900, 3100)))
    table = table_of(first, second, first)
    ((place,),) = [row.cells for scenario in table.scenarios for row in scenario.rows]
    assert place.attempts == 3
    assert place.spread == Spread(count=4, p50=Bound(value=3001.5), low=Bound(value=2900.0), high=Bound(value=3100.0))
    assert [run.attempts for run in table.runs] == [2, 1]


def test_two_builds_of_an_engine_are_two_columns() -> None:
    """WebKit of another origin or system never shares a column: their numbers are not mixed."""
    here = cell(engine="webkit")
    runs = [
        run_of(recording(attempt(here), DELAY), info=conditions(WEBKIT)),
        run_of(recording(attempt(here), delays(9)), info=conditions(MACOS_WEBKIT)),
    ]
    table = table_of(*runs)
    assert [build.system for build in table.builds] == [WEBKIT.system, MACOS_WEBKIT.system]
    assert [one.spread.p50.value for one in table.scenarios[0].rows[0].cells if one.spread] == [3001.0, 9.0]


@pytest.mark.parametrize("status", [Status.ERROR, Status.CRASH, Status.SKIP, Status.NOT_REACHED, Status.UNSUPPORTED])
def test_what_was_not_judged_does_not_count(status: Status) -> None:
    """An attempt that ended in our fault, in a crash or before it began says nothing, whatever it carries."""
    assert table_of(run_of(recording(attempt(cell(), status), DELAY))).scenarios == ()


def unrecorded(of: Attempt) -> Attempt:
    """An attempt whose facts were found to be too few."""
    findings = tuple(replace(one, held=Held.UNDECIDED) for one in of.verdict.findings)
    return replace(of, verdict=replace(of.verdict, findings=findings))


def test_a_timeout_counts_with_its_record_only() -> None:
    """What a timeout did record counts; where too little was seen, and where no finding says so, nothing does."""
    timeout = attempt(cell(), Status.TIMEOUT, "another claim was never decided")
    assert len(table_of(run_of(recording(timeout, DELAY))).scenarios) == 1
    assert table_of(run_of(unrecorded(recording(timeout, DELAY)))).scenarios == ()
    assert table_of(run_of(replace(timeout, facts=(DELAY,)))).scenarios == ()


def test_a_broken_claim_leaves_the_record() -> None:
    """A failed cell was judged on what it did: its facts count."""
    assert len(table_of(run_of(recording(attempt(cell(), Status.FAIL), DELAY))).scenarios) == 1


def test_no_facts_make_an_empty_table() -> None:
    """Runs without facts have a table without rows and columns."""
    table = table_of(run_of(attempt(cell())))
    assert (table.builds, table.scenarios, table.runs[0].attempts) == ((), (), 0)


# ── whether engines differ ──


@pytest.mark.parametrize(
    ("name", "builds", "cap", "agreement"),
    [
        # words: the sets count, not how often
        ("end", [["CLOSED"], ["CLOSED", "CLOSED"]], None, Agreement.ALIKE),
        ("end", [["CLOSED"], ["CLOSED", "OPEN"]], None, Agreement.DIFFER),
        ("end", [["CLOSED"], ["OPEN"], []], None, Agreement.DIFFER),
        ("end", [["CLOSED"], []], None, Agreement.ALONE),
        ("end", [[], []], None, Agreement.ALONE),
        # counts, by their ranges
        ("requests", [[5], [5]], None, Agreement.ALIKE),
        ("requests", [[5], [6]], None, Agreement.DIFFER),
        ("requests", [[5, 5], [5, 6, 6]], None, Agreement.UNSURE),
        ("requests", [[5, 6], [6, 5]], None, Agreement.ALIKE),
        # times: factor, noise, gap and number
        ("delay_ms", [[3000, 3010], [3300, 3310]], None, Agreement.ALIKE),
        ("delay_ms", [[3, 3], [9, 9]], None, Agreement.ALIKE),
        ("delay_ms", [[3000, 3010], [5000, 5030]], None, Agreement.DIFFER),
        ("delay_ms", [[3000], [5000]], None, Agreement.UNSURE),
        ("delay_ms", [[19, 214], [239, 330]], None, Agreement.UNSURE),
        ("delay_ms", [[19, 214], [100, 330]], None, Agreement.UNSURE),
        ("delay_ms", [[3000, 3010], [3000, 3010], [5000, 5030]], None, Agreement.DIFFER),
        ("size_bytes", [[3, 3], [9, 9]], None, Agreement.DIFFER),
        # numbers and words
        ("delay_ms", [[3000, 3010], ["never"]], None, Agreement.DIFFER),
        # cut off
        ("delay_ms", [[60_000, 60_000], [60_001, 60_000]], 60_000, Agreement.ALIKE),
        ("delay_ms", [[2000, 2010], [60_000, 60_000]], 60_000, Agreement.DIFFER),
        ("delay_ms", [[2000, 60_000], [60_000, 60_000]], 60_000, Agreement.UNSURE),
    ],
)
def test_differences_are_told_from_noise(
    name: str, builds: list[list[Observed]], cap: float | None, agreement: Agreement
) -> None:
    """Engines differ where words differ or numbers lie clearly apart; jitter and single times prove nothing."""
    assert row_of(name, *builds, cap=cap).agreement is agreement
    assert row_of(name, *reversed(builds), cap=cap).agreement is agreement


def test_two_bounds_prove_no_difference() -> None:
    """At least 60 s and at least 90 s may be the same."""
    sixty, ninety = (fact_cell([delays(cap, cap, cap=cap)]) for cap in (60_000.0, 90_000.0))
    row = replace(row_of("delay_ms"), cells=(sixty, ninety))
    assert row.agreement is Agreement.UNSURE


def test_nothing_seen_differs_from_something() -> None:
    """A build that was watched and did nothing differs from one that did something."""
    nothing = FactCell(attempts=3, spread=None, words={})
    something = fact_cell([END])
    assert replace(row_of("end_state"), cells=(nothing, something)).agreement is Agreement.DIFFER
    assert replace(row_of("end_state"), cells=(nothing, nothing)).agreement is Agreement.ALIKE
