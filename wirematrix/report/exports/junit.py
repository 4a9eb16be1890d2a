"""JUnit XML, in the dialect that Jenkins' xUnit schema (junit-10.xsd) and Maven Surefire agree on.

An expected shortcoming is `<skipped>` with its reason, as pytest writes an xfail: readers count it apart from what
passes and show the sentence, and nothing turns red. Jenkins reads that sentence from the attribute `message`, GitLab
from the element's text, so it stands in both. A testcase has no properties and no `file`, because that schema has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from wirematrix.gather import RanAttempt
from wirematrix.model import Run, RunInfo, Status
from wirematrix.report.exports.cases import Case, Cases, Outcome, cases_of
from wirematrix.report.text import rerun_command, visible
from wirematrix.report.views import EngineView

TOOL: Final = "wirematrix"
NO_BUILD: Final = "no engine build"
ELEMENTS: Final = {  # by outcome; what is not here passed
    Outcome.KNOWN: "skipped",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_BEGUN: "skipped",
    Outcome.UNEXPECTED: "failure",
    Outcome.ERROR: "error",
    Outcome.NOT_RUN: "error",
}
COUNTS: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_xml(runs: Sequence[Run]) -> str:
    """One testsuite for each engine build, one testcase for each cell. Raises InvalidInput if there is no run."""
    found = cases_of(runs)
    root = ET.Element(
        "testsuites", _numbers(found.cases, among=("tests", "failures", "errors", "time")) | {"name": TOOL}
    )
    for engine in found.view.engines:
        root.append(_suite(engine, found))
    if found.placeless:
        suite = ET.SubElement(root, "testsuite", {"name": NO_BUILD} | _numbers(found.placeless))
        suite.extend(map(_testcase, found.placeless))
    ET.indent(root, "")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(engine: EngineView, found: Cases) -> ET.Element:
    own = found.of(engine)
    build = engine.build
    suite = ET.Element("testsuite", {"name": visible(f"{engine.name} ({build.origin})")} | _numbers(own))
    if moments := sorted(case.judged.deciding.attempt.started for case in own if case.judged):
        suite.set("timestamp", visible(moments[0]))
    properties = ET.SubElement(suite, "properties")
    conditions = {
        "engine": build.engine,
        "product": build.product,
        "version": build.version,
        "origin": build.origin,
        "system": build.system,
        **dict(_run_conditions(found.view.runs)),
    }
    for name, value in conditions.items():
        ET.SubElement(properties, "property", {"name": name, "value": visible(value)})
    suite.extend(map(_testcase, own))
    return suite


def _run_conditions(runs: Iterable[RunInfo]) -> Iterator[tuple[str, str]]:
    for number, run in enumerate(runs, start=1):
        for name in ("started", "finished", "command", "commit", "machine", "python", "playwright", "wirematrix"):
            yield f"run{number}.{name}", str(getattr(run, name))


def _numbers(
    own: Sequence[Case], among: Sequence[str] = ("tests", "failures", "errors", "skipped", "time")
) -> dict[str, str]:
    elements = [ELEMENTS.get(case.outcome) for case in own]
    counted = {name: str(elements.count(element)) for name, element in COUNTS.items()}
    numbers = {"tests": str(len(own)), **counted, "time": _seconds(sum(map(_took_ms, own)))}
    return {name: numbers[name] for name in among}


def _took_ms(case: Case) -> float:
    return max(0.0, case.judged.deciding.attempt.duration_ms) if case.judged else 0.0


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _testcase(case: Case) -> ET.Element:
    group = f"{TOOL}.{visible(case.scenario.group)}" if case.scenario else TOOL
    told = ET.Element("testcase", {"classname": group, "name": case.name, "time": _seconds(_took_ms(case))})
    if case.scenario:
        told.set("group", str(case.scenario.kind))
    if name := ELEMENTS.get(case.outcome):
        element = ET.SubElement(told, name, {"type": _type(case), "message": case.message})
        element.text = "\n".join(_lines(case))
    if case.failed or case.flaky:
        told.extend(_other(ran, "rerun" if case.failed else "flaky") for ran in case.others if _differs(ran, case))
    return told


def _type(case: Case) -> str:
    judged = case.judged
    if case.outcome is Outcome.KNOWN and judged:
        return f"expected {judged.status}"
    if case.outcome is Outcome.UNEXPECTED and judged:
        return f"unexpected {judged.status}"
    return str(case.outcome)


def _lines(case: Case) -> Iterator[str]:
    """The text of an element: why, what every check said, and how to run it again."""
    yield case.message
    if case.flaky:
        yield visible(case.flaky)
    judged = case.judged
    if judged is None:
        return
    for finding in judged.deciding.attempt.verdict.findings:
        yield visible(f"{finding.force} {finding.check} {finding.held}: {finding.because}")
    yield f"run again: {rerun_command(judged.scenario, judged.cell)}"


def _differs(ran: RanAttempt, case: Case) -> bool:
    """Whether an attempt belongs among the reruns: of a failed cell what did not pass, of a flaky one what differs."""
    status = ran.attempt.verdict.status
    judged = case.judged
    return status is not Status.PASS and (case.failed or (judged is not None and status is not judged.status))


def _other(ran: RanAttempt, when: str) -> ET.Element:
    verdict = ran.attempt.verdict
    kind = "Error" if verdict.status is Status.ERROR else "Failure"
    alone = ", alone" if ran.attempt.isolated else ""
    which = f"attempt {ran.attempt.number} of run {ran.run}{alone}: {verdict.status}: {verdict.because}"
    element = ET.Element(f"{when}{kind}", {"type": str(verdict.status), "message": visible(which)})
    ET.SubElement(element, "stackTrace").text = visible(verdict.because)
    return element
