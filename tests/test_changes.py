"""What changed between two runs: each kind of change is found, and what only scatters is not taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.report.factory import CHROMIUM, FIREFOX, MACOS_WEBKIT, WEBKIT, attempt, cell, conditions, recording, run_of
from wirematrix.changes import transitions
from wirematrix.errors import InvalidInput
from wirematrix.model import Attempt, Build, Cell, Exclusion, Expectation, Fact, Run, Status
from wirematrix.transitions import CHANGE_MEANS, Change, Transition, Transitions

CELL = cell()
KNOWN_FAIL = Expectation(statuses=(Status.FAIL,), because="the engine never does")
NOW_SO_NOW_SO = Expectation(statuses=(Status.PASS, Status.FAIL), because="it depends on the machine's mood")


def run(*attempts: Attempt, build: Build = CHROMIUM, **rest: object) -> Run:
    """A run on one build of Chromium."""
    return run_of(*attempts, info=conditions(build), **rest)


def change(base: Sequence[Attempt], new: Sequence[Attempt]) -> Transition | None:
    """What became of the one cell that both sides have."""
    found = transitions([run(*base)], [run(*new)])
    assert found.compared == 1
    return next(iter(found.changes.values()), None)


def kind(base: Sequence[Attempt], new: Sequence[Attempt]) -> Change | None:
    """How it changed, if it did."""
    found = change(base, new)
    return found.change if found else None


def ended(*statuses: Status, expectation: Expectation | None = None) -> list[Attempt]:
    """Attempts of the one cell."""
    return [
        attempt(CELL, status, f"it is a {status}", number=number, expectation=expectation)
        for number, status in enumerate(statuses, start=1)
    ]


def opened(*times_ms: float) -> list[Attempt]:
    """Attempts of the one cell whose key number is the time until it is open."""
    return [attempt(CELL, number=number, metrics={"open_ms": ms}) for number, ms in enumerate(times_ms, start=1)]


def observed(*values: float | str, cap: float | None = None, name: str = "ends_ms") -> list[Attempt]:
    """Attempts of a check, each with one observation."""
    of = cell("honours_the_retry_delay")
    return [
        recording(attempt(of, number=number, metrics={}), Fact(name=name, title="it ends", observed=(value,), cap=cap))
        for number, value in enumerate(values, start=1)
    ]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (Status.PASS, Status.FAIL, Change.REGRESSED),
        (Status.PASS, Status.DEGRADED, Change.REGRESSED),
        (Status.DEGRADED, Status.CRASH, Change.REGRESSED),
        (Status.PASS, Status.UNSUPPORTED, Change.REGRESSED),
        (Status.TIMEOUT, Status.PASS, Change.FIXED),
        (Status.FAIL, Status.DEGRADED, Change.FIXED),
        (Status.FAIL, Status.TIMEOUT, Change.ALTERED),
        (Status.PASS, Status.SKIP, Change.ALTERED),
        (Status.PASS, Status.ERROR, Change.NEW),
        (Status.PASS, Status.PASS, None),
        (Status.FAIL, Status.FAIL, None),
    ],
)
def test_statuses_are_compared(was: Status, now: Status, expected: Change | None) -> None:
    """Worse is regressed, better is fixed, neither is altered, what our machinery broke is news and no regression."""
    assert kind(ended(was), ended(now)) is expected


def test_the_sentence_has_both_statuses_and_the_reason() -> None:
    """Who reads of a regression reads what it was, what it is, and why."""
    found = change(ended(Status.PASS), ended(Status.FAIL))
    assert found is not None
    assert (found.was, found.now, found.because) == ("pass", "fail", "fail, was pass: it is a fail")


def test_an_expected_failure_that_is_expected_no_longer_is_new() -> None:
    """The same status can become news when the matrix claims something else."""
    known = ended(Status.FAIL, expectation=KNOWN_FAIL)
    assert kind(known, ended(Status.FAIL)) is Change.NEW
    assert kind(ended(Status.FAIL), known) is None


def test_a_regression_stays_one_if_it_is_expected() -> None:
    """Whoever writes an expectation for a regression in the same commit does not hide it."""
    assert kind(ended(Status.PASS), ended(Status.FAIL, expectation=KNOWN_FAIL)) is Change.REGRESSED


def test_known_intermittents_are_no_change() -> None:
    """A cell that is claimed to end now so, now so has done just that."""
    assert kind(ended(Status.PASS), ended(Status.FAIL, expectation=NOW_SO_NOW_SO)) is None
    assert kind(ended(Status.PASS), ended(Status.TIMEOUT, expectation=NOW_SO_NOW_SO)) is Change.REGRESSED


def test_flaky_cells_neither_regress_nor_are_fixed() -> None:
    """A status that the other side saw, too, is no change; that it is unexpected for the first time is news."""
    steady, flaky = ended(*[Status.PASS] * 3), ended(Status.PASS, Status.FAIL, Status.PASS)
    assert kind(flaky, steady) is None
    assert kind(flaky, flaky) is None
    assert kind(steady, flaky) is Change.NEW


@pytest.mark.parametrize(
    ("was", "now", "changed"),
    [
        # one attempt says nothing of how a time scatters: three times as long, and a second more
        ((31.0,), (900.0,), False),
        ((900.0,), (1_850.0,), False),
        ((900.0,), (2_750.0,), True),
        ((3_000.0,), (20_000.0,), True),
        ((500.0, 510.0), (1_400.0, 1_410.0), False),
        # three and more: ranges that lie apart by more than the wider one, a quarter and 50 ms between the p50s
        ((500.0, 510.0, 520.0), (700.0, 710.0, 720.0), True),
        ((500.0, 510.0, 520.0), (600.0, 610.0, 620.0), False),  # not a quarter
        ((20.0, 21.0, 22.0), (60.0, 61.0, 62.0), False),  # 40 ms
        ((500.0, 600.0, 700.0), (850.0, 950.0, 1_050.0), False),  # they scatter as much
        ((500.0, 510.0, 2_000.0), (700.0, 710.0, 720.0), False),  # they overlap
    ],
)
def test_times_change_beyond_noise(was: Sequence[float], now: Sequence[float], *, changed: bool) -> None:
    """A key number changed if both its ranges and its middles lie apart by enough; either way round."""
    expected = Change.NUMBER if changed else None
    assert kind(opened(*was), opened(*now)) is expected
    assert kind(opened(*now), opened(*was)) is expected


def test_a_changed_number_is_told_in_short_and_with_its_range() -> None:
    """The mark has both numbers as cells show them; the sentence has ranges, counts and the factor."""
    found = change(opened(500, 510, 520), opened(1_490, 1_500, 1_520))
    assert found is not None
    assert (found.was, found.now) == ("510 ms", "1.5 s")
    assert found.because == "open: 1.5 s (3 attempts), was 510 ms (500 ms to 520 ms, 3 attempts): a factor of 2.9"


@pytest.mark.parametrize(
    ("was", "now", "cap", "changed"),
    [
        (20_000.0, 20_000.0, 20_000.0, False),
        (3_000.0, 20_000.0, 20_000.0, True),
        (20_000.0, 90_000.0, 20_000.0, False),  # both were cut off
    ],
)
def test_caps_are_respected(was: float, now: float, cap: float, *, changed: bool) -> None:
    """A number that was cut off may be anything above its cap, so only one that stayed below can have changed."""
    assert (kind(observed(was, cap=cap), observed(now, cap=cap)) is Change.NUMBER) is changed


def test_watching_longer_changes_no_number() -> None:
    """What was at least 5 s and is 20 s now may have been 20 s then."""
    assert kind(observed(5_000.0, cap=5_000.0), observed(20_000.0, cap=60_000.0)) is None
    assert kind(observed(3_000.0, cap=5_000.0), observed(20_000.0, cap=60_000.0)) is Change.NUMBER


@pytest.mark.parametrize(
    ("name", "was", "now", "changed"),
    [
        ("requests", 1.0, 2.0, True),
        ("requests", 6.0, 6.0, False),
        ("messages_each_second", 40_000.0, 110_000.0, False),
        ("messages_each_second", 10_000.0, 110_000.0, True),
        ("taken_mib", 4.0, 12.0, False),
        ("taken_mib", 4.0, 40.0, True),
        ("heard_percent", 0.0, 100.0, True),
    ],
)
def test_counts_change_exactly_and_amounts_by_a_factor(name: str, was: float, now: float, *, changed: bool) -> None:
    """Small counts are decisions; what is measured once scatters."""
    assert (kind(observed(was, name=name), observed(now, name=name)) is Change.NUMBER) is changed


def test_recorded_words_alter() -> None:
    """A check that records another word has changed, unless one side has seen both."""
    one, other, both = observed("CLOSED"), observed("CONNECTING"), observed("CLOSED", "CONNECTING")
    found = change(one, other)
    assert found is not None
    assert (found.change, found.was, found.now) == (Change.ALTERED, "“CLOSED”", "“CONNECTING”")
    assert found.because == "it ends: “CONNECTING”, was “CLOSED”"
    assert kind(one, one) is kind(one, both) is kind(both, other) is None


def test_a_number_that_became_a_word_alters() -> None:
    """`never` in the place of 3,000 ms is another answer, not a number."""
    assert kind(observed(3_000.0), observed("never")) is Change.ALTERED
    assert kind(observed("never"), observed(3_000.0)) is Change.ALTERED


def test_cells_appear_and_disappear() -> None:
    """A cell only one side has is told, those that are gone last, with the reason where there is one."""
    gone, stays, comes = cell(network="close"), CELL, cell(network="reset")
    excluded = Exclusion(cell=gone, because="it has no meaning")
    base = run(attempt(gone), attempt(stays))
    new = run(attempt(comes), attempt(stays), exclusions=(excluded,))
    found = transitions([base], [new])
    assert [(one.place.cell, one.change) for one in found.changes.values()] == [
        (comes, Change.APPEARED),
        (gone, Change.DISAPPEARED),
    ]
    assert [one.because for one in found.changes.values()] == [
        "pass now; the baseline does not have it",
        "pass in the baseline; excluded now: it has no meaning",
    ]
    assert found.compared == 1


def test_an_unexpected_cell_that_appears_is_new() -> None:
    """That nobody claimed its status matters more than that it was not there."""
    found = transitions([run(attempt(cell(network="reset")))], [run(*ended(Status.FAIL))])
    assert [one.change for one in found.changes.values()] == [Change.NEW, Change.DISAPPEARED]


def test_missing_cells_say_nothing() -> None:
    """A declared cell without an attempt neither disappeared nor changed."""
    declared = (CELL.id, cell(network="close").id)
    base = run(attempt(CELL), attempt(cell(network="close")), declared=declared)
    new = run(attempt(CELL), declared=declared)
    assert transitions([base], [new]).changes == {}
    assert [one.change for one in transitions([new], [base]).changes.values()] == [Change.APPEARED]


def test_new_versions_are_compared_with_old_ones() -> None:
    """An engine that was updated keeps its history, and a sentence tells of the update."""
    updated = replace(CHROMIUM, version="157.0.1", executable="/opt/chromium")
    found = transitions([run(*ended(Status.PASS))], [run(*ended(Status.FAIL), build=updated)])
    (one,) = found.changes.values()
    assert (one.change, one.place.build_key) == (Change.REGRESSED, "Chromium 157.0.1 system Debian GNU/Linux 12")
    assert found.builds == (
        "chromium is Chromium 157.0.1 (system, Debian GNU/Linux 12) now, "
        "and was Chromium 156.0.7204.92 (system, Debian GNU/Linux 12)",
    )


def webkit_on(system: str) -> Build:
    """Playwright's WebKit on a system."""
    return replace(MACOS_WEBKIT, system=system)


def test_a_new_release_of_the_system_is_still_the_same_column() -> None:
    """Release 26.2 of macOS goes on where 26.1 ended, but not where Ubuntu did, whatever the order."""
    of = cell(engine="webkit")
    base = [run(attempt(of), build=webkit_on(name)) for name in ("Ubuntu 24.04.3 LTS", "macOS 26.1")]
    new = [run(attempt(of, Status.FAIL), build=webkit_on(name)) for name in ("macOS 26.2", "Ubuntu 24.04.3 LTS")]
    found = transitions(base, new)
    assert [one.change for one in found.changes.values()] == [Change.REGRESSED] * 2
    assert found.builds == (
        "webkit is WebKit 27.0 (playwright, macOS 26.2) now, and was WebKit 27.0 (playwright, macOS 26.1)",
    )


def test_builds_without_a_counterpart_are_told_once() -> None:
    """A whole engine that comes or goes is a sentence, not hundreds of cells; its unexpected cells are news."""
    gone, comes = cell(engine="firefox"), cell(engine="webkit")
    new = run_of(attempt(comes), attempt(cell("late", "webkit"), Status.FAIL), info=conditions(WEBKIT))
    found = transitions([run_of(attempt(gone), info=conditions(FIREFOX))], [new])
    assert [(one.place.cell.scenario, one.change) for one in found.changes.values()] == [("late", Change.NEW)]
    assert found.compared == 0
    assert found.builds == (
        "webkit WebKitGTK 2.50.6 (system, Debian GNU/Linux 12) is not in the baseline: "
        "its cells are compared with nothing",
        "firefox Firefox ESR 153.7.0 (system, Debian GNU/Linux 12) of the baseline is not in the new runs",
    )


def test_several_runs_are_one_baseline() -> None:
    """Attempts of several runs stand together on both sides, and the baseline is called by all of them."""
    earlier = run_of(*opened(500.0), info=conditions(commit="aaa", started="2026-01-01T00:00:00+00:00"))
    runs = [run(*opened(510.0)), earlier, run(*opened(520.0))]
    found: Transitions = transitions(runs, [run(*opened(1_000.0, 1_010.0, 1_020.0))])
    assert [one.change for one in found.changes.values()] == [Change.NUMBER]
    assert found.baseline == "4f2a9c1d77, aaa, begun 2026-01-01 00:00 UTC"


def test_a_run_has_not_changed_against_itself() -> None:
    """Nothing is told where nothing changed."""
    same = run(*ended(Status.FAIL), *observed(3_000.0, "CLOSED"))
    found = transitions([same], [same])
    assert (found.changes, found.compared, found.builds) == ({}, 2, ())


def test_both_sides_need_a_run() -> None:
    """No run is a mistake that says which side lacks one."""
    with pytest.raises(InvalidInput, match="diff: the baseline has no run; expected at least one run on each side"):
        transitions([], [run()])
    with pytest.raises(InvalidInput, match="diff: the new side has no run"):
        transitions([run()], [])


def test_every_change_has_its_meaning() -> None:
    """Each word that a cell can be marked with is explained."""
    assert list(CHANGE_MEANS) == list(Change)


def test_cells_are_told_in_the_order_of_the_matrix() -> None:
    """Whatever changed stands where the new run declares it."""
    cells: list[Cell] = [cell(name) for name in ("opens", "opens_late", "thousand_in_order")]
    base = run(*map(attempt, cells))
    new = run(*(attempt(each, Status.FAIL) for each in reversed(cells)), declared=tuple(each.id for each in cells))
    assert [place.cell for place in transitions([base], [new]).changes] == cells
