"""JUnit XML, read by junitparser, which CI tools read it with, and held against what Jenkins' schema allows."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from tests.report.exports.variety import HOSTILE_RUNS, NEVER, NOWHERE, SHAKY, SURPRISE, VARIETY
from tests.report.synthetic import matrix
from wirematrix.model import Run
from wirematrix.report.exports import junit_xml

# What junit-10.xsd of Jenkins' xUnit plugin allows: children and attributes of each element.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError"},
    **{name: {"stackTrace"} for name in ("rerunFailure", "rerunError", "flakyFailure", "flakyError")},
}
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    **{name: {"type", "message"} for name in CHILDREN["testcase"]},
}
SECONDS = re.compile(r"[0-9]+\.[0-9]{3}")


def beyond_schema(text: str) -> list[str]:
    """Elements and attributes that Jenkins' schema does not have where they stand, and times it does not take."""
    offenders = []
    for element in ET.fromstring(text.encode()).iter():
        offenders += [
            f"{element.tag}/{child.tag}" for child in element if child.tag not in CHILDREN.get(element.tag, ())
        ]
        offenders += [f"{element.tag}@{name}" for name in element.attrib if name not in ATTRIBUTES.get(element.tag, ())]
        if "time" in element.attrib and not SECONDS.fullmatch(element.attrib["time"]):
            offenders.append(f"{element.tag}@time={element.attrib['time']}")
    return offenders


def read(run: Run) -> JUnitXml:
    """The export as junitparser reads it."""
    text = junit_xml([run])
    assert beyond_schema(text) == []
    return JUnitXml.fromstring(text.encode())


def cases_in(run: Run) -> dict[str, TestCase]:
    """Every testcase by its name."""
    return {case.name: case for suite in read(run) for case in suite}


def test_every_engine_is_a_suite() -> None:
    """Each build has a suite that names it and says what it is; ids that name no build have one of their own."""
    suites = list(read(VARIETY))
    assert [suite.name for suite in suites] == [
        "Chromium 156.0.7204.92 (system)", "Firefox ESR 153.7.0 (system)", "WebKitGTK 2.50.6 (system)",
        "no engine build",
    ]  # fmt: skip
    properties = {one.name: one.value for one in suites[0].properties()}  # type: ignore[no-untyped-call]
    assert properties["product"] == "Chromium"
    assert properties["run1.commit"] == "4f2a9c1d77"


def test_counts_are_what_is_in_them() -> None:
    """Totals of all and of each suite are those a reader counts itself."""
    for run in (VARIETY, matrix(observations=0)):
        whole = read(run)
        said = (whole.tests, whole.failures, whole.errors)
        said_of_suites = [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in whole]
        whole.update_statistics()  # type: ignore[no-untyped-call]
        assert said == (whole.tests, whole.failures, whole.errors)
        assert said_of_suites == [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in whole]


@pytest.mark.parametrize(
    ("name", "kind", "of_type"),
    [
        ("reopens_after_the_break[chromium-websocket-close]", Skipped, "expected fail"),
        ("notices_silence[chromium-websocket-stall]", Skipped, "skipped"),
        ("resumes_without_a_gap[firefox-websocket-close]", Skipped, "not begun"),
        ("opens[firefox-websocket-direct]", Failure, "unexpected fail"),
        ("reopens_after_the_break[firefox-websocket-close]", Failure, "unexpected pass"),
        (SURPRISE.id, Failure, "unexpected crash"),
        ("opens[webkit-websocket-direct]", Error, "error"),
        (NEVER.id, Error, "not run"),
        (NOWHERE, Error, "not run"),
    ],
)
def test_outcomes_are_elements(name: str, kind: type, of_type: str) -> None:
    """Expected shortcomings are skipped, surprises are failures, our errors and absent cells errors, each with a type."""
    (outcome,) = cases_in(VARIETY)[name].result
    assert type(outcome) is kind
    assert outcome.type == of_type
    assert outcome.message


@pytest.mark.parametrize(
    "name", ["opens[chromium-websocket-direct]", "honours_the_retry_delay[chromium-websocket-close]"]
)
def test_what_is_fine_passed(name: str) -> None:
    """A pass and a record have no element."""
    assert cases_in(VARIETY)[name].is_passed


def test_text_repeats_the_message() -> None:
    """GitLab shows an element's text and not its attribute, so the reason stands there, too, with findings and command."""
    (known,) = cases_in(VARIETY)["reopens_after_the_break[chromium-websocket-close]"].result
    assert known.text.splitlines() == [
        known.message,
        "MUST opened broken: not opened again",
        "run again: .venv/bin/python -m pytest "
        '"e2e/test_reconnect.py::test_reopens_after_the_break[chromium-websocket-close]"',
    ]


def test_flaky_is_marked_as_surefire_does() -> None:
    """What failed beside a pass is a flakyFailure, what failed beside a failure a rerunFailure."""
    root = ET.fromstring(junit_xml([VARIETY]).encode())
    (flaky,) = root.iter("flakyFailure")
    assert flaky.get("message") == "attempt 1 of run 1: timeout: waited 25000 ms"
    assert [one.get("name") for one in root.iter("testcase") if one.find("flakyFailure") is not None] == [SHAKY.id]


def test_a_seeded_defect_is_found() -> None:
    """An attribute, an element or a time that Jenkins would refuse is noticed here."""
    text = junit_xml([VARIETY])
    assert beyond_schema(text.replace("group=", "file=")) != []
    assert beyond_schema(text.replace("<stackTrace>", "<trace>").replace("</stackTrace>", "</trace>")) != []
    assert beyond_schema(re.sub(r'time="[^"]*"', 'time="1e3"', text)) != []


@settings(deadline=None, max_examples=60)
@given(HOSTILE_RUNS)
def test_any_words_are_read_back(run: Run) -> None:
    """Whatever pages and files say, it is XML, within the schema, with a testcase for each cell."""
    suites = list(read(run))
    assert all(isinstance(suite, TestSuite) for suite in suites)
    assert sum(len(list(suite)) for suite in suites) >= len({one.cell for one in run.attempts})
