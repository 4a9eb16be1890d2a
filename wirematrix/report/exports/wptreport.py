"""wptreport.json, as wptrunner's formatter of that name writes it and wpt.fyi's results processor reads it.

Such a report is of one product, so there is one for each engine build. A cell is a test without subtests, as a reftest
is, because only a test may crash, and because we expect something of cells and not of single checks. Its id begins with
a slash, as the processor demands, and does not name the engine, so that reports can be put side by side. As wptrunner
does, `expected` is written only where the status is another one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from wirematrix.gather import key_of
from wirematrix.model import SAME_ORIGIN, Expectation, Run, RunInfo, Status
from wirematrix.report.exports.cases import NEVER_RAN, Case, Cases, cases_of, epoch_ms
from wirematrix.report.text import anchor, visible
from wirematrix.report.views import EngineView

STATUSES: Final[Mapping[Status, str]] = {
    Status.PASS: "PASS",
    Status.DEGRADED: "PRECONDITION_FAILED",  # in testharness.js: something optional was not met
    Status.FAIL: "FAIL",
    Status.UNSUPPORTED: "NOTRUN",
    Status.NOT_REACHED: "NOTRUN",
    Status.TIMEOUT: "TIMEOUT",
    Status.CRASH: "CRASH",
    Status.ERROR: "ERROR",
    Status.SKIP: "SKIP",
}
NOT_RUN: Final = "NOTRUN"
DOTS: Final = {".": "%2E", "..": "%2E%2E"}  # ids become paths below a folder


def wptreports(runs: Sequence[Run]) -> dict[str, str]:
    """A report for each engine build that has cells, by a name for its file: `webkit`, `webkit-2` for a second one.

    Raises InvalidInput if there is no run.
    """
    found = cases_of(runs)
    reports: dict[str, str] = {}
    builds: Counter[str] = Counter()
    for engine in found.view.engines:
        name = anchor(engine.build.engine)
        builds[name] += 1
        number = f"-{builds[name]}" if builds[name] > 1 else ""
        reports[f"{name}{number}"] = json.dumps(_report(engine, found)) + "\n"
    return reports


def _report(engine: EngineView, found: Cases) -> dict[str, Any]:
    own = [run for run in found.view.runs if engine.key in map(key_of, run.builds)]
    runs = own or list(found.view.runs)  # a build that no run has stands for one that was missing
    report: dict[str, Any] = {
        "run_info": _run_info(engine, runs),
        "results": [_entry(case) for case in found.of(engine)],
        "subsuites": {},
    }
    for key, moments, choose in (
        ("time_start", [epoch_ms(run.started) for run in runs], min),
        ("time_end", [epoch_ms(run.finished) for run in runs], max),
    ):
        if known := [moment for moment in moments if moment is not None]:
            report[key] = choose(known)
    return report


def _run_info(engine: EngineView, runs: Sequence[RunInfo]) -> dict[str, Any]:
    """What the processor demands (product, browser_version, os, revision), and whence the build comes."""
    build = engine.build
    return {
        "product": visible(build.engine),
        "browser_version": visible(build.version),
        "browser_origin": visible(build.origin),
        "browser_name": visible(build.product),
        "os": visible(build.system),
        "revision": visible(runs[0].commit) or "unknown",
        "processor": visible(runs[0].machine),
        "python_version": visible(runs[0].python),
    }


def _entry(case: Case) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "test": _test_id(case),
        "subsuite": "",
        "subtests": [],
        "status": NOT_RUN,
        "message": NEVER_RAN,
        "expected": STATUSES[Status.PASS],
        "duration": 0,
    }
    if case.judged is None:
        return entry
    attempt = case.judged.deciding.attempt
    verdict = attempt.verdict
    entry |= {
        "status": STATUSES[verdict.status],
        "message": None if verdict.status is Status.PASS and verdict.expected else visible(verdict.because),
        "duration": max(0, round(attempt.duration_ms)),
    }
    del entry["expected"]
    return entry | _claim(verdict.expectation, entry["status"])


def _claim(expectation: Expectation, status: str) -> dict[str, Any]:
    """`expected` where it differs, and the intermittents we know of; duplicates are what two of ours have in common."""
    typical, *others = dict.fromkeys(STATUSES[one] for one in expectation.statuses)
    told: dict[str, Any] = {} if typical == status else {"expected": typical}
    return told | ({"known_intermittent": others} if others else {})


def _test_id(case: Case) -> str:
    """`/reconnect/resumes_without_a_gap?transport=websocket&network=reset`: a variant of a test, in wpt's words."""
    if case.scenario is None or case.slot is None:
        return f"/{quote(case.name, safe='[]+')}"
    cell = case.slot.cell
    folders = "".join(
        f"/{DOTS.get(part, quote(visible(part), safe=''))}" for part in (case.scenario.group, cell.scenario)
    )
    ways = {"transport": cell.transport, "network": cell.network, "relation": cell.relation}
    if cell.relation == SAME_ORIGIN:
        del ways["relation"]
    return f"{folders}?" + "&".join(f"{name}={quote(visible(value), safe='+')}" for name, value in ways.items())
