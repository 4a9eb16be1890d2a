"""The comparison document: made from run files, the same each time, with everything the question asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.committed_run import ROOT, committed_matrix, committed_run
from tests.report.factory import attempt, cell, run_of
from tests.report.load_values import EFFORTS, whole_load
from wirematrix import cli
from wirematrix.decision import Recommendation, recommend
from wirematrix.model import Run
from wirematrix.report.comparison import Comparison, comparison
from wirematrix.report.markdown import escaped
from wirematrix.report.prosandcons import pros_and_cons
from wirematrix.runfile import dump

LOAD = replace(run_of(), load=whole_load(repeats=2, subscribers=(10, 100)), effort=EFFORTS, scenarios=(), networks={})
SECTIONS = [
    "In short",
    "Performance",
    "Features",
    "For and against",
    "Recommendation",
    "Method and limits",
]


LITTLE = run_of(attempt(cell()))


def recommended(*runs: Run) -> tuple[Recommendation, ...]:
    """What the matrix of this repository recommends from some runs, for two of its profiles."""
    decision = committed_matrix().decision
    assert decision is not None
    return recommend(decision, runs, ("dashboard", "chat"))


def document(*runs: Run) -> Comparison:
    """The document of some runs."""
    return comparison(runs, recommended(*runs), folder="report")


@cache
def answers() -> tuple[Recommendation, ...]:
    """What follows from the whole matrix and a load comparison, worked out once."""
    return recommended(committed_run(), LOAD)


@cache
def whole() -> Comparison:
    """The document of the whole matrix and a load comparison, made once."""
    return comparison((committed_run(), LOAD), answers(), folder="report")


def test_the_sections_are_there_in_order() -> None:
    """Answer in short, performance, features, for and against, recommendation, method and limits."""
    assert re.findall(r"^## (.*)$", whole().page, re.MULTILINE) == SECTIONS


def test_the_same_runs_make_the_same_document() -> None:
    """Nothing in it depends on when or where it is made."""
    assert comparison((committed_run(), LOAD), answers(), folder="report") == whole()


def test_every_picture_is_written_and_has_words() -> None:
    """Each picture that the document shows is among those it comes with, and the other way round, with its words."""
    shown = re.findall(r"!\[([^\]]+)\]\(report/([a-z0-9-]+\.svg)\)", whole().page)
    assert sorted(name for _, name in shown) == sorted(whole().pictures)
    assert len(shown) == 14
    assert all(words.startswith(("SSE, ", "WebSocket, ")) for words, _ in shown)


def test_tables_are_whole() -> None:
    """Every table has a head, its line, and rows of as many cells."""
    lines = whole().page.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("| ---"):
            cells = line.count("|")
            assert lines[place - 1].count("|") == cells
            rows = lines[place + 1 : lines.index("", place)]
            assert rows
            assert {row.count("|") for row in rows} == {cells}


def test_the_choice_is_what_the_decision_says() -> None:
    """The document's answer is the recommendation's, with points and confidence."""
    for answer in answers():
        points = answer.points
        assert points is not None
        assert re.search(
            rf"^\| {re.escape(escaped(answer.profile.title))} \| \*\*.*\*\* \| {points:.1f} of 100 points.* \| "
            rf"{answer.sureness.confidence} \|$",
            whole().page,
            re.MULTILINE,
        )


def test_for_and_against_follow_from_rows() -> None:
    """Each point names the rows that say so, and a factor that is as good in all speaks for none."""
    sides = {one.candidate: one for one in pros_and_cons(answers())}
    assert list(sides) == [
        *("eventsource", "fetch-stream", "websocket"),
        *("eventsource+", "fetch-stream+", "websocket+"),
    ]
    for one in sides.values():
        assert all(point.rows for point in (*one.pros, *one.cons))
    tabs = "more than six tabs of one user over HTTP/1.1"
    assert tabs in {point.title for point in sides["websocket"].pros}
    assert tabs in {point.title for point in sides["eventsource"].cons}


def test_a_behaviour_counts_its_cells() -> None:
    """The feature table says how many cells hold, and in which engines some do not."""
    assert "<code>stays_closed_when_told</code> | 3 of 3 | 3 of 3 | 3 of 3 |" in whole().page
    row = next(line for line in whole().page.splitlines() if "<code>recovers_from_a_503</code>" in line)
    assert "**0 of 3**; not chromium, firefox, webkit" in row


def test_without_load_it_says_how_to_get_it() -> None:
    """What was not measured is said, and which command measures it; nothing is made up."""
    made = document(LITTLE)
    assert "Nothing was measured under load" in made.page
    assert "`wirematrix load` makes one." in made.page
    assert "Not measured: no run file that this was made from holds what code" in made.page
    assert made.pictures == {}


def test_without_cells_it_says_how_to_get_them() -> None:
    """A load comparison alone is a document, too."""
    page = document(LOAD).page
    assert "Nothing was measured in browsers" in page
    assert "`make matrix` makes one." in page


def test_the_command_writes_document_and_charts(tmp_path: Path) -> None:
    """`wirematrix compare -o FILE.md RUN...` writes both; the pictures lie where the document says."""
    dump(LITTLE, tmp_path / "run.json")
    dump(LOAD, tmp_path / "load.json")
    output = tmp_path / "docs" / "answer.md"
    words = ["compare", "-o", output, tmp_path / "run.json", tmp_path / "load.json", "--matrix", ROOT / "matrix.yaml"]
    done = CliRunner().invoke(cli.cli, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"comparison: {output}, with 14 charts in {output.with_suffix('')}\n"
    shown = re.findall(r"\]\((answer/[a-z0-9-]+\.svg)\)", output.read_text(encoding="utf-8"))
    assert len(shown) == 14
    for name in shown:
        assert (output.parent / name).read_text(encoding="utf-8").startswith("<svg ")


def test_the_report_shows_what_the_matrix_recommends(tmp_path: Path) -> None:
    """`wirematrix report RUN...` has the section if the matrix decides; without a matrix, or a usable one, it says so."""
    dump(LITTLE, tmp_path / "run.json")
    (tmp_path / "broken.yaml").write_text("engines: 3\n", encoding="utf-8")
    for matrix, words in (
        (ROOT / "matrix.yaml", "Recommendation"),
        (tmp_path / "broken.yaml", "no recommendation can be given"),
        (tmp_path / "none.yaml", ""),
    ):
        arguments = ["report", tmp_path / "run.json", "-o", tmp_path / "x.html", "--matrix", matrix]
        done = CliRunner().invoke(cli.cli, [str(word) for word in arguments])
        assert done.exit_code == 0, done.output
        source = (tmp_path / "x.html").read_text(encoding="utf-8")
        assert ('<section id="advice">' in source) == bool(words)
        assert words in source


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "x.html", "run.json"], "--output x.html: ends in '.html'; expected a name that ends in .md"),
        (["-o", "x.md"], "wirematrix compare: got no run file; expected results/run.json or results/load.json"),
        (["-o", "x.md", "none.json"], "none.json: cannot be read: No such file or directory"),
    ],
)
def test_mistakes_are_one_sentence(
    words: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input is named with what is accepted, before anything is written."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.cli, ["compare", *words])
    assert str(done.exception) == complaint
    assert list(tmp_path.iterdir()) == []
