"""CSV for spreadsheets and data frames: a row for each attempt, and one for each cell that was never attempted.

A spreadsheet takes a cell that begins with = + - @ for a formula, even in quotes, and one that separates fields by
semicolons sees such beginnings behind every semicolon, too. An apostrophe is written before each of them, and before an
apostrophe that stands there, so that `read_back` finds the text again. Numbers of ours are written as they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from wirematrix.gather import RanAttempt
from wirematrix.metrics import METRICS
from wirematrix.model import Held, Run
from wirematrix.report.exports.cases import Case, cases_of
from wirematrix.report.text import visible

BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel takes UTF-8 for the machine's own code page
FORMULA: Final = re.compile("(^|;)(?=[=+@'\\-\uff1d\uff0b\uff20\uff0d])")  # wide forms count, too
NEUTRALISED: Final = re.compile("(^|;)'(?=[=+@'\\-\uff1d\uff0b\uff20\uff0d])")

COLUMNS: Final = {  # in order, with what each holds; those of METRICS follow
    "cell": "the cell's id",
    "group": "of the scenario",
    "scenario": "its name",
    "kind": "required, recommended or check",
    "engine": "chromium, firefox, webkit, chrome or msedge",
    "product": "the build's name, as people know it",
    "version": "of the build",
    "origin": "playwright, system or channel",
    "system": "the machine's operating system",
    "transport": "eventsource, ...",
    "network": "direct, reset, ...",
    "relation": "same-origin or cross-origin",
    "run": "1, 2, ... in the order in which the run files were named",
    "attempt": "its number within the run; empty where the cell was never attempted",
    "decides": "yes for the attempt that speaks for its cell, else no",
    "alone": "yes where it was made alone at the end of the run, else no",
    "started": "ISO 8601, UTC",
    "duration_ms": "how long it took",
    "outcome": "of the cell: passed, recorded, known, unexpected, error, skipped, not begun or not run",
    "status": "of the attempt",
    "expected": "yes where the status is one that the matrix claims, else no",
    "claimed": "the statuses that the matrix claims, the typical one first",
    "because": "the sentence that decided the status",
    "claimed_because": "why the matrix claims what it does",
    "see": "the link to that reason",
    "builds_on": "the cell that failed, and without which this one was not begun",
    "disagreement": "how the cell's attempts differ; empty where they do not",
    "held": "checks that held",
    "broken": "checks that broke",
    "undecided": "checks that could not tell",
    "near_misses": "waits that nearly spent their budget",
    "facts": "what was recorded of the engine: a JSON object of lists",
    "other_metrics": "metrics that have no column of their own: a JSON object",
}
Value = str | float | int | None


def csv_table(runs: Sequence[Run]) -> str:
    """The table as text, with a byte order mark. Raises InvalidInput if there is no run."""
    table = io.StringIO()
    table.write(BYTE_ORDER_MARK)
    rows = csv.writer(table)  # RFC 4180: commas, CRLF, doubled quotes
    rows.writerow((*COLUMNS, *METRICS))
    for case in cases_of(runs).cases:
        rows.writerows([_written(value) for value in row] for row in _rows(case))
    return table.getvalue()


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line and with nothing hidden."""
    return FORMULA.sub(r"\1'", visible(text))


def read_back(field: str) -> str:
    """The visible text that `neutral` made a field from."""
    return NEUTRALISED.sub(r"\1", field)


def _written(value: Value) -> Value:
    return neutral(value) if isinstance(value, str) else value


def _rows(case: Case) -> Iterator[list[Value]]:
    judged = case.judged
    if judged is None:
        yield _row(case, None)
        return
    for ran in judged.attempts:
        yield _row(case, ran)


def _row(case: Case, ran: RanAttempt | None) -> list[Value]:
    known = (
        _place(case) | {"outcome": str(case.outcome), "disagreement": case.flaky} | (_attempt(case, ran) if ran else {})
    )
    return [known.get(column) for column in (*COLUMNS, *METRICS)]


def _place(case: Case) -> dict[str, Value]:
    told: dict[str, Value] = {"cell": case.slot.cell.id if case.slot else case.name}
    if case.scenario:
        told |= {"group": case.scenario.group, "scenario": case.scenario.name, "kind": str(case.scenario.kind)}
    if case.engine:
        build = case.engine.build
        told |= {name: getattr(build, name) for name in ("engine", "product", "version", "origin", "system")}
    if case.slot:
        told |= {name: getattr(case.slot.cell, name) for name in ("transport", "network", "relation")}
    return told


def _attempt(case: Case, ran: RanAttempt) -> dict[str, Value]:
    attempt, verdict = ran.attempt, ran.attempt.verdict
    decides = case.judged is not None and ran is case.judged.deciding
    metrics: dict[str, Value] = {name: value for name, value in attempt.metrics.items() if name in METRICS}
    others = {name: value for name, value in attempt.metrics.items() if name not in METRICS}
    return metrics | {
        "run": ran.run,
        "attempt": attempt.number,
        "decides": _yes(said=decides),
        "alone": _yes(said=attempt.isolated),
        "started": attempt.started,
        "duration_ms": attempt.duration_ms,
        "status": str(verdict.status),
        "expected": _yes(said=verdict.expected),
        "claimed": " ".join(verdict.expectation.statuses),
        "because": verdict.because,
        "claimed_because": verdict.expectation.because,
        "see": verdict.expectation.see,
        "builds_on": verdict.builds_on,
        **{str(held): _checks(ran, held) for held in Held},
        "near_misses": ", ".join(miss.awaited for miss in attempt.near_misses),
        "facts": json.dumps({fact.name: fact.observed for fact in attempt.facts}) if attempt.facts else "",
        "other_metrics": json.dumps(others) if others else "",
    }


def _checks(ran: RanAttempt, held: Held) -> str:
    return " ".join(one.check for one in ran.attempt.verdict.findings if one.held is held)


def _yes(*, said: bool) -> str:
    return "yes" if said else "no"
