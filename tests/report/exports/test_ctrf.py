"""CTRF JSON, held against the schema that CTRF's own package carries."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator, FormatChecker, ValidationError

from tests.report.exports.variety import HOSTILE_RUNS, NEVER, SHAKY, SURPRISE, VARIETY
from tests.report.factory import attempt, cell, conditions, run_of
from tests.report.synthetic import matrix
from wirematrix.errors import InvalidInput
from wirematrix.model import Run
from wirematrix.report.exports import ctrf_json

SCHEMA = json.loads((Path(__file__).parent / "ctrf-0.3.0" / "ctrf-schema-0.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=FormatChecker())


def read(*runs: Run) -> Any:
    """The document, which fits CTRF's schema."""
    document = json.loads(ctrf_json(runs, written=datetime(2026, 11, 26, 8, tzinfo=UTC)))
    VALIDATOR.validate(document)
    return document


def by_name(run: Run) -> dict[str, Any]:
    """Every test by its name."""
    return {test["name"]: test for test in read(run)["results"]["tests"]}


def test_outcomes_are_statuses() -> None:
    """An expected shortcoming is other, a record passed, what never ran pending; the status of ours is beside it."""
    told = {name: (test["status"], test["rawStatus"], test["tags"][0]) for name, test in by_name(VARIETY).items()}
    assert told["opens[chromium-websocket-direct]"] == ("passed", "pass", "passed")
    assert told["honours_the_retry_delay[chromium-websocket-close]"] == ("passed", "pass", "recorded")
    assert told["reopens_after_the_break[chromium-websocket-close]"] == ("other", "fail", "known")
    assert told["reopens_after_the_break[firefox-websocket-close]"] == ("failed", "pass", "unexpected")
    assert told["opens[webkit-websocket-direct]"] == ("failed", "error", "error")
    assert told["notices_silence[chromium-websocket-stall]"] == ("skipped", "skip", "skipped")
    assert told["resumes_without_a_gap[firefox-websocket-close]"] == ("skipped", "not-reached", "not begun")
    assert told[NEVER.id] == ("pending", "not run", "not run")


def test_summary_adds_up() -> None:
    """The counts of the summary are those of the tests."""
    for run in (VARIETY, matrix(observations=0)):
        results = read(run)["results"]
        summary = results["summary"]
        numbers = Counter(test["status"] for test in results["tests"])
        assert {name: summary[name] for name in ("passed", "failed", "skipped", "pending", "other")} == {
            name: numbers[name] for name in ("passed", "failed", "skipped", "pending", "other")
        }
        assert summary["tests"] == len(results["tests"])
        assert summary["flaky"] == sum(test["flaky"] for test in results["tests"])


def test_attempts_are_retries() -> None:
    """Attempts that do not speak for their cell are kept, with what they ended as; a pass after a failure is flaky."""
    told = by_name(VARIETY)
    shaky, surprise = told[SHAKY.id], told[SURPRISE.id]
    assert (shaky["status"], shaky["flaky"], shaky["retries"]) == ("passed", True, 1)
    assert shaky["retryAttempts"][0]["message"] == "timeout: waited 25000 ms"
    assert shaky["retryAttempts"][0]["extra"]["number"] == 1
    assert (surprise["status"], surprise["flaky"]) == ("failed", True)
    assert surprise["retryAttempts"][0]["extra"]["alone"] is True
    assert "attempts disagree" in surprise["tags"]
    assert told["opens[chromium-websocket-direct]"]["flaky"] is False


def test_environment_says_what_ran() -> None:
    """Commit, system, every build, and that a run with surprises is not healthy."""
    environment = read(VARIETY)["results"]["environment"]
    assert (environment["commit"], environment["healthy"]) == ("4f2a9c1d77", False)
    assert [build["product"] for build in environment["extra"]["builds"]] == ["Chromium", "Firefox ESR", "WebKitGTK"]
    assert environment["extra"]["unavailable"] == ["msedge: no build was found"]
    assert read(run_of(attempt(cell())))["results"]["environment"]["healthy"] is True


def test_test_names_its_place() -> None:
    """Engine build, axes, file and line of a test are fields of their own, and times are milliseconds since 1970."""
    told = by_name(VARIETY)["opens[firefox-websocket-direct]"]
    assert told["browser"] == "Firefox ESR 153.7.0 (system)"
    assert told["parameters"] == {
        "engine": "firefox", "transport": "websocket", "network": "direct", "relation": "same-origin",
    }  # fmt: skip
    assert (told["filePath"], told["line"]) == ("e2e/test_connect.py", 12)
    assert told["stop"] - told["start"] == told["duration"] == 812


def test_a_run_without_a_time_is_refused() -> None:
    """CTRF demands start and end, and nothing is made up: the place is named."""
    run = run_of(attempt(cell()), info=conditions(finished="soon"))
    with pytest.raises(InvalidInput, match=r"run 1: info\.finished: got 'soon'; expected an ISO 8601 time"):
        ctrf_json([run])


def test_a_seeded_defect_is_found() -> None:
    """A status that CTRF does not know, and a field it does not have, are refused by its schema."""
    for change in ({"status": "known"}, {"colour": "red"}):
        document = read(VARIETY)
        document["results"]["tests"][0] |= change
        with pytest.raises(ValidationError):
            VALIDATOR.validate(document)


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS)
def test_any_words_fit_the_schema(run: Run) -> None:
    """Whatever pages and files say, the document fits, is UTF-8, and has a test for each cell."""
    assert ctrf_json([run]).encode()
    assert len(read(run)["results"]["tests"]) >= len({one.cell for one in run.attempts})


def test_several_runs_are_one_document() -> None:
    """Two runs share a document; their conditions stand side by side."""
    other = replace(VARIETY, info=replace(VARIETY.info, commit="b0ac103a0a"))
    environment = read(VARIETY, other)["results"]["environment"]
    assert environment["commit"] == "4f2a9c1d77, b0ac103a0a"
    assert len(environment["extra"]["runs"]) == 2
