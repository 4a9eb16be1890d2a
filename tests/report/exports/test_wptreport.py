"""wptreport.json, held against a schema written from wptrunner's formatter and wpt.fyi's results processor."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, ValidationError

from tests.report.exports.variety import HOSTILE_RUNS, MACOS, SURPRISE, VARIETY
from tests.report.factory import attempt, cell, run_of
from wirematrix.model import Expectation, Run, Status
from wirematrix.report.exports import wptreports

SCHEMA = json.loads((Path(__file__).parent / "wptreport.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def read(*runs: Run) -> dict[str, Any]:
    """Every report by its name; each fits the schema, and names a test once, as the processor demands."""
    reports = {name: json.loads(text) for name, text in wptreports(runs).items()}
    for report in reports.values():
        VALIDATOR.validate(report)
        names = [one["test"] for one in report["results"]]
        assert len(set(names)) == len(names)
    return reports


def results_of(*runs: Run, name: str) -> dict[str, Any]:
    """The results of one report by test."""
    return {one["test"]: one for one in read(*runs)[name]["results"]}


def test_every_build_has_a_report() -> None:
    """A report is of one product; a second build of an engine has one of its own."""
    reports = read(VARIETY, MACOS)
    assert {name: report["run_info"]["browser_version"] for name, report in reports.items()} == {
        "chromium": "156.0.7204.92", "firefox": "153.7.0", "webkit": "2.50.6", "webkit-2": "27.0",
    }  # fmt: skip
    assert reports["webkit-2"]["run_info"]["os"] == "macOS 26.1"


def test_ids_do_not_name_the_engine() -> None:
    """The same cell in two engines is one test, so that two reports can be put side by side."""
    test = "/connect/opens?transport=websocket&network=direct"
    assert results_of(VARIETY, name="chromium")[test]["status"] == "PASS"
    assert results_of(VARIETY, name="firefox")[test] == {
        "test": test,
        "subsuite": "",
        "subtests": [],
        "status": "FAIL",
        "expected": "PASS",
        "message": "open never came",
        "duration": 812,
    }


def test_expected_is_written_where_it_differs() -> None:
    """As wptrunner does, an expected shortcoming has no `expected`, and a surprise has."""
    known = results_of(VARIETY, name="chromium")["/reconnect/reopens_after_the_break?transport=websocket&network=close"]
    news = results_of(VARIETY, name="firefox")["/reconnect/reopens_after_the_break?transport=websocket&network=close"]
    assert (known["status"], known.get("expected")) == ("FAIL", None)
    assert (news["status"], news["expected"]) == ("PASS", "FAIL")


@pytest.mark.parametrize(("status", "expected"), [(Status.PASS, None), (Status.TIMEOUT, "PASS"), (Status.FAIL, "PASS")])
def test_intermittents_are_listed(status: Status, expected: str | None) -> None:
    """Further statuses of an expectation are known intermittents, whatever the cell ended as this time."""
    claim = Expectation(statuses=(Status.PASS, Status.TIMEOUT), because="now and then")
    (result,) = results_of(run_of(attempt(cell(), status, expectation=claim)), name="chromium").values()
    assert result["known_intermittent"] == ["TIMEOUT"]
    assert result.get("expected") == expected


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.DEGRADED, "PRECONDITION_FAILED"),
        (Status.UNSUPPORTED, "NOTRUN"),
        (Status.CRASH, "CRASH"),
        (Status.ERROR, "ERROR"),
        (Status.SKIP, "SKIP"),
    ],
)
def test_statuses_have_a_word(status: Status, word: str) -> None:
    """Each status of ours is one that wpt.fyi knows."""
    (result,) = results_of(run_of(attempt(cell(), status)), name="chromium").values()
    assert result["status"] == word


def test_what_never_ran_is_not_left_out() -> None:
    """A declared cell without an attempt is a test that did not run, though it was expected to."""
    never = results_of(VARIETY, name="webkit")["/message/uplink_round_trip?transport=websocket&network=direct"]
    assert (never["status"], never["expected"]) == ("NOTRUN", "PASS")


def test_the_attempt_that_speaks_is_told() -> None:
    """A cell that crashed once and passed alone is a crash."""
    assert results_of(VARIETY, name="chromium")[f"/message/{SURPRISE.scenario}?transport=websocket&network=direct"][
        "status"
    ] == "CRASH"  # fmt: skip


def test_a_seeded_defect_is_found() -> None:
    """A status that wpt.fyi does not know, and an id that is no path, are refused."""
    changes: tuple[dict[str, Any], ...] = ({"status": "DEGRADED"}, {"test": "opens"}, {"subtests": [{}]})
    for change in changes:
        report = read(VARIETY)["chromium"]
        report["results"][0] |= change
        with pytest.raises(ValidationError):
            VALIDATOR.validate(report)


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS)
def test_any_words_stay_below_their_folder(run: Run) -> None:
    """Whatever pages and files say, reports fit, are ASCII, and neither ids nor names of files lead elsewhere."""
    for name, report in read(run).items():
        assert PurePosixPath(name).name == name
        for result in report["results"]:
            assert ".." not in PurePosixPath(result["test"].partition("?")[0]).parts
    assert all(text.isascii() for text in wptreports([run]).values())
