"""CTRF JSON, the Common Test Report Format (https://ctrf.io), specification 0.0.

An expected shortcoming is `other`, which is neither green nor red, with the tag `known` and its reason; a cell that
was declared and never ran is `pending`, and the environment is then not healthy.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from wirematrix.errors import InvalidInput
from wirematrix.gather import RanAttempt
from wirematrix.model import Attempt, Run, RunInfo, Status
from wirematrix.repeats import was_made
from wirematrix.report.exports.cases import Case, Cases, Outcome, cases_of, epoch_ms
from wirematrix.report.text import rerun_command, visible

SPEC_VERSION: Final = "0.0.0"
STATUSES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "passed",
    Outcome.RECORDED: "passed",
    Outcome.KNOWN: "other",
    Outcome.UNEXPECTED: "failed",
    Outcome.ERROR: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_BEGUN: "skipped",
    Outcome.NOT_RUN: "pending",
}
SOURCE: Final = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9})", re.DOTALL)
SUMMED: Final = ("passed", "failed", "skipped", "pending", "other")


def ctrf_json(runs: Sequence[Run], *, written: datetime | None = None) -> str:
    """One CTRF document, a test for each cell. `written` is its time, now unless told.

    Raises InvalidInput if there is no run, or if a run's start or end is no time: CTRF demands both.
    """
    found = cases_of(runs)
    tests = [_entry(case) for case in found.cases]
    moment = (written or datetime.now(UTC)).isoformat(timespec="seconds")
    return json.dumps(
        {
            "reportFormat": "CTRF",
            "specVersion": SPEC_VERSION,
            "timestamp": moment,
            "generatedBy": f"wirematrix {visible(found.view.runs[0].wirematrix)}",
            "results": {
                "tool": {"name": "wirematrix", "version": visible(found.view.runs[0].wirematrix)},
                "summary": _summary(found, tests),
                "tests": tests,
                "environment": _environment(found),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _summary(found: Cases, entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(entry["status"] for entry in entries)
    start = min(_moment(run.started, f"run {number}: info.started") for number, run in _numbered(found.view.runs))
    stop = max(_moment(run.finished, f"run {number}: info.finished") for number, run in _numbered(found.view.runs))
    return {
        "tests": len(entries),
        **{status: counts[status] for status in SUMMED},
        "flaky": sum(entry["flaky"] for entry in entries),
        "suites": len(found.view.groups),
        "start": start,
        "stop": stop,
        "duration": max(0, stop - start),
    }


def _numbered(runs: Sequence[RunInfo]) -> enumerate[RunInfo]:
    return enumerate(runs, start=1)


def _moment(text: str, where: str) -> int:
    moment = epoch_ms(text)
    if moment is None:
        raise InvalidInput(where, f"got {text!r}", expected="an ISO 8601 time, which CTRF demands")
    return moment


def _environment(found: Cases) -> dict[str, Any]:
    runs = found.view.runs
    return {
        "reportName": "wirematrix",
        "commit": _joined(run.commit for run in runs),
        "osVersion": _joined(run.system for run in runs),
        "healthy": not any(case.failed for case in found.cases),
        "extra": {
            "builds": [
                {
                    name: visible(str(getattr(engine.build, name)))
                    for name in ("engine", "product", "version", "origin", "system")
                }
                for engine in found.view.engines
            ],
            "unavailable": [visible(f"{gone.engine}: {gone.because}") for gone in found.view.unavailable],
            "runs": [
                {
                    "command": visible(run.command),
                    "machine": visible(run.machine),
                    "cores": run.cores,
                    "memoryMib": run.memory_mib,
                    "python": visible(run.python),
                    "playwright": visible(run.playwright),
                    "scaleFactor": run.scale_factor,
                    "concurrency": visible(run.concurrency),
                }
                for run in runs
            ],
        },
    }


def _joined(words: Any) -> str:
    return ", ".join(dict.fromkeys(map(visible, words)))


def _entry(case: Case) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": case.name,
        "testId": case.name,
        "status": STATUSES[case.outcome],
        "rawStatus": str(case.judged.status) if case.judged else str(case.outcome),
        "duration": 0,
        "flaky": False,
        "tags": [str(case.outcome)],
        "type": "e2e",
    }
    if case.message:
        entry["message"] = case.message
    if case.scenario:
        entry |= {"suite": [visible(case.scenario.group), visible(case.scenario.name)]}
        if place := SOURCE.fullmatch(case.scenario.source):
            entry |= {"filePath": visible(place["file"]), "line": int(place["line"])}
        entry["tags"].append(str(case.scenario.kind))
    if case.engine and case.slot:
        build, cell = case.engine.build, case.slot.cell
        entry["browser"] = visible(f"{case.engine.name} ({build.origin})")
        entry["parameters"] = {
            name: visible(getattr(cell, name)) for name in ("engine", "transport", "network", "relation")
        }
    return entry | _attempts(case)


def _attempts(case: Case) -> dict[str, Any]:
    """What the cell's attempts add; nothing where it has none."""
    judged = case.judged
    if judged is None:
        return {}
    attempt = judged.deciding.attempt
    verdict = attempt.verdict
    told: dict[str, Any] = {
        **_times(attempt),
        "flaky": _passed_after_all(judged.attempts),
        "retries": len(case.others),
        "extra": {
            "because": visible(verdict.because),
            "expected": verdict.expected,
            "expectation": {
                "statuses": list(map(str, verdict.expectation.statuses)),
                "because": visible(verdict.expectation.because),
                "see": visible(verdict.expectation.see),
            },
            "attempt": attempt.number,
            "run": judged.deciding.run,
            "metrics": {visible(name): value for name, value in attempt.metrics.items() if value is not None},
            "findings": [visible(f"{one.force} {one.check} {one.held}: {one.because}") for one in verdict.findings],
            "nearMisses": [visible(miss.awaited) for miss in attempt.near_misses],
            "disagreement": visible(case.flaky),
            "rerun": rerun_command(judged.scenario, judged.cell),
        },
    }
    if case.others:
        told["retryAttempts"] = [_retry(number, ran) for number, ran in enumerate(case.others, start=1)]
    if case.flaky:
        told["tags"] = [str(case.outcome), str(judged.scenario.kind), "attempts disagree"]
    return told


def _passed_after_all(attempts: Sequence[RanAttempt]) -> bool:
    """CTRF's flaky: a pass after an attempt that did not. Any other disagreement has a tag and no more."""
    passed = [ran.attempt.verdict.status is Status.PASS for ran in attempts if was_made(ran.attempt)]
    return False in passed and True in passed[passed.index(False) :]


def _retry(number: int, ran: RanAttempt) -> dict[str, Any]:
    attempt = ran.attempt
    verdict = attempt.verdict
    return {
        "attempt": number,
        "status": _status(attempt),
        **_times(attempt),
        "message": visible(f"{verdict.status}: {verdict.because}"),
        "extra": {
            "rawStatus": str(verdict.status),
            "expected": verdict.expected,
            "run": ran.run,
            "number": attempt.number,
            "alone": attempt.isolated,
        },
    }


def _status(attempt: Attempt) -> str:
    if attempt.verdict.status is Status.PASS:
        return "passed" if attempt.verdict.expected else "failed"
    return "other" if attempt.verdict.expected else "failed"


def _times(attempt: Attempt) -> dict[str, int]:
    took = max(0, round(attempt.duration_ms))
    start = epoch_ms(attempt.started)
    return {"duration": took} if start is None else {"duration": took, "start": start, "stop": start + took}
