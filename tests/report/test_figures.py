"""Numbers as people read them."""

from __future__ import annotations

import pytest

from tests.report.factory import attempt, cell
from wirematrix.model import Status
from wirematrix.report.figures import claimed_metric, duration, key_metric, key_number, metric_label, quantity


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0.0 ms"),
        (2.44, "2.4 ms"),
        (9.97, "10 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (3011.75, "3.0 s"),
        (59_960, "1 min 00 s"),
        (125_000, "2 min 05 s"),
    ],
)
def test_times_have_the_unit_that_suits(ms: float, shown: str) -> None:
    """A time is shown with two or three digits, in milliseconds, seconds or minutes."""
    assert duration(ms) == shown


@pytest.mark.parametrize(
    ("name", "value", "label", "shown"),
    [
        ("recover_ms", 3011.75, "recover", "3,011.8 ms"),
        ("peak_memory_mib", 12.0, "peak memory", "12 MiB"),
        ("published", 1000, "published", "1,000"),
        ("attempts", None, "attempts", "not measured"),
    ],
)
def test_metrics_have_their_units(name: str, value: float | None, label: str, shown: str) -> None:
    """A metric's unit is the end of its name; counts have none; None was not measured."""
    assert (metric_label(name), quantity(name, value)) == (label, shown)


def test_key_metric_answers_the_claim() -> None:
    """The number in a cell is the one its scenario is about, not whatever else was measured."""
    measured = {"open_ms": 12.0, "detect_ms": 3.0, "reopen_ms": 3000.0, "recover_ms": None}
    noticing = attempt(cell(), check="noticed_the_break", metrics=measured)
    reopening = attempt(cell(), check="reopened_within", metrics=measured)
    unknown = attempt(cell(), check="somebodys_own", metrics=measured)
    assert [key_metric([one]) for one in (noticing, reopening, unknown)] == [
        "detect_ms",
        "reopen_ms",
        "reopen_ms",
    ]
    assert key_metric([attempt(cell(), metrics={})]) == ""
    assert key_metric([attempt(cell(), check="told_why", metrics=measured)]) == ""


def test_usual_metrics_answer_no_claim() -> None:
    """A metric that merely was measured answers nothing; only one that a claim is about does."""
    measured = {"open_ms": 12.0, "reopen_ms": 3000.0}
    assert claimed_metric([attempt(cell(), check="somebodys_own", metrics=measured)]) == ""
    assert claimed_metric([attempt(cell(), check="reopened_within", metrics=measured)]) == "reopen_ms"


def test_cells_without_the_metric_say_what_was_lost() -> None:
    """Where the scenario's metric has no value, losses stand in; with nothing to say the place is empty."""
    lossy = attempt(cell(), Status.FAIL, metrics={"recover_ms": None, "lost": 2})
    silent = attempt(cell(), metrics={"recover_ms": None, "lost": 0})
    assert key_number("recover_ms", lossy) == "2 lost"
    assert key_number("recover_ms", silent) == ""


def test_unjudged_cells_have_no_number() -> None:
    """A cell that was skipped, unsupported or broken by our machinery shows no measurement."""
    for status in (Status.SKIP, Status.UNSUPPORTED, Status.NOT_REACHED, Status.ERROR, Status.CRASH):
        assert key_number("open_ms", attempt(cell(), status)) == ""
