"""What docs/exports.md says of pytest's own JUnit file and of ours is so: both are made of one run."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.small_matrix import BASE, write
from tests.small_project import Pretended, run, written
from wirematrix.model import Status
from wirematrix.report.exports import junit_xml

pytest_plugins = ["pytester"]
KNOWN = (
    "expectations:\n  - {cells: {scenario: opens, engine: webkit}, status: fail, because: it was observed, see: x.md}\n"
)


def elements(root: ET.Element, name: str) -> set[str]:
    """The children of the testcases with a name, properties apart."""
    cases = [case for case in root.iter("testcase") if case.get("name") == name]
    return {child.tag for case in cases for child in case} - {"properties"}


@pytest.mark.parametrize(
    ("engine", "ending", "by_pytest", "by_us"),
    [
        ("webkit", Status.FAIL, set(), {"skipped"}),
        ("chromium", Status.PASS, set(), set()),
        ("chromium", Status.ERROR, {"failure"}, {"error"}),
        ("chromium", Status.CRASH, {"failure"}, {"failure"}),
        ("chromium", Status.SKIP, {"skipped"}, {"skipped"}),
    ],
)
def test_the_two_differ_as_documented(
    project: pytest.Pytester,
    pretend: type[Pretended],
    engine: str,
    ending: Status,
    by_pytest: set[str],
    by_us: set[str],
) -> None:
    """Only ours tells an expected shortcoming from a pass and an error of ours from a surprise; names differ, too."""
    write(project.path, BASE + KNOWN)
    pretend.endings = {"opens": ending}
    run(project, "e2e", "-k", f"test_opens and {engine} and eventsource", "--junit-xml", "junit.xml")
    theirs = ET.parse(project.path / "junit.xml").getroot()
    ours = ET.fromstring(junit_xml([written(project)]).encode())
    cell = f"opens[{engine}-eventsource-direct]"
    assert elements(theirs, f"test_{cell}") == by_pytest
    assert elements(ours, cell) == by_us
    assert {case.get("classname") for case in theirs.iter("testcase")} == {"e2e.test_connect"}
    assert {case.get("classname") for case in ours.iter("testcase")} == {"wirematrix.connect"}
