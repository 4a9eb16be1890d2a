"""`wirematrix recommend`: from run files on disk to an answer, which follows the measured rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.committed_run import ROOT, committed_run, load_run
from tests.run_changes import Change, Plain, cells, change, end, everywhere, fact
from wirematrix import cli
from wirematrix.errors import InvalidInput
from wirematrix.report.text import anchor
from wirematrix.runfile import dump

Ask = Callable[[str], Plain]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run and the load comparison as files."""
    folder = tmp_path_factory.mktemp("runs")
    dump(committed_run(), folder / "run.json")
    dump(load_run(), folder / "load.json")
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """The same to be changed by one test."""
    shutil.copytree(written, tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture(scope="session")
def unchanged(written: Path) -> Ask:
    """The answers of the files as they were written, each worked out once."""
    return cache(lambda profile: answered(written, profile))


def answered(folder: Path, profile: str, *, matrix: Path = ROOT / "matrix.yaml") -> Plain:
    """What the command says for machines."""
    words = ["recommend", str(folder / "run.json"), str(folder / "load.json"), "--json", "--matrix", str(matrix)]
    done = CliRunner().invoke(cli.cli, [*words, "--profile", profile])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    (answer,) = json.loads(done.stdout)["recommendations"]
    found: Plain = answer
    return found


# For each profile: the choice, a row that decides it, and what it is with that row the other way round.
DECISIVE = [
    ("dashboard", "fetch-stream+", cells("fail", *everywhere("recovers_from_a_503", "fetch-stream+")), "eventsource+"),
    (
        "token-stream",
        "fetch-stream+",
        fact("token_as_a_header", ["not sent"], "ways_to_send_a_token[webkit-fetch-stream"),
        "",
    ),
    ("chat", "fetch-stream+", cells("fail", "sends_uplink_messages[firefox-fetch-stream+"), "eventsource+"),
    (
        "collaboration",
        "websocket+",
        fact("on_the_wire_percent", [133.0], "binary_content[webkit-websocket"),
        "",
    ),
    (
        "many-tabs",
        "websocket+",
        fact("open_at_once", [9], *everywhere("nine_streams_to_one_origin", "fetch-stream-")),
        "fetch-stream+",
    ),
    (
        "corporate-proxy",
        "fetch-stream+",
        fact("in_shared_worker", ["does not"], "opens_in_workers[webkit-fetch-stream"),
        "eventsource+",
    ),
]

# A row that does not decide alone, and whose points it takes.
GRADUAL = [
    ("dashboard", cells("fail", "resumes_without_a_gap[webkit-fetch-stream+-close"), "fetch-stream+"),
    (
        "token-stream",
        fact("status_seen_503", ["hidden"], "error_status_at_first_is_final[firefox-fetch"),
        "fetch-stream+",
    ),
    ("chat", cells("timeout", "loses_nothing_in_an_outage[chromium-websocket+"), "websocket+"),
    ("collaboration", cells("fail", "survives_a_restart[chromium-websocket+-kill"), "websocket+"),
    ("many-tabs", cells("degraded", "survives_a_restart[firefox-websocket+-kill"), "websocket+"),
    ("corporate-proxy", cells("crash", "notices_silence[webkit-eventsource+-stall"), "eventsource+"),
]


def points(answer: Plain) -> dict[str, float]:
    """Points by candidate."""
    return {each["candidate"]: each["points"] for each in answer["standings"]}


@pytest.mark.parametrize(("profile", "choice", "changed", "then"), DECISIVE, ids=[row[0] for row in DECISIVE])
def test_a_decisive_row_flips_the_answer(
    folder: Path, unchanged: Ask, profile: str, choice: str, changed: Change, then: str
) -> None:
    """A measured row is changed in the run file, and the choice is another; the answer before had said so."""
    before = unchanged(profile)
    assert before["choice"] == choice
    change(folder, changed)
    after = answered(folder, profile)
    assert after["choice"] == then
    assert then in {flip["to"] for flip in before["row_flips"]}


@pytest.mark.parametrize(("profile", "changed", "whose"), GRADUAL, ids=[row[0] for row in GRADUAL])
def test_a_worse_row_costs_points(folder: Path, unchanged: Ask, profile: str, changed: Change, whose: str) -> None:
    """A row that got worse takes points from the candidate that it belongs to."""
    before = points(unchanged(profile))
    change(folder, changed)
    after = points(answered(folder, profile))
    assert after[whose] < before[whose]


def test_load_decides_where_all_else_is_equal(folder: Path, tmp_path: Path) -> None:
    """A tier that got cheaper puts its transport ahead, in a profile that weighs nothing else."""
    matrix = tmp_path / "matrix.yaml"
    profile = "  profiles:\n    cheap: {title: cheap, because: it is for a test, weights: {server-cost: 1}}\n"
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    matrix.write_text(text.replace("  profiles:\n", profile, 1), encoding="utf-8")
    assert answered(folder, "cheap", matrix=matrix)["choice"] == "eventsource"
    dump(load_run(websocket=0.5), folder / "load.json")
    answer = answered(folder, "cheap", matrix=matrix)
    assert answer["choice"] == "websocket"
    assert answer["tied"] == ["websocket+"]
    assert points(answer) == pytest.approx(
        dict.fromkeys(points(answer), 50.0) | {"websocket": 100.0, "websocket+": 100.0}
    )


def test_a_round_at_the_generators_limit_is_not_evidence(folder: Path) -> None:
    """What the load generator was the limit of says nothing about a tier: it is not measured, and said so."""

    def limited(content: Plain) -> None:
        for one in content["load"]["rounds"]:
            for phase in one["phases"]:
                phase["limit"] = "generator"

    change(folder, limited, "load.json")
    missing = {each["factor"]: each["because"] for each in answered(folder, "dashboard")["not_measured"]}
    assert "not in the runs" in missing["server-cost"]


def test_without_load_and_effort_they_are_not_measured(folder: Path) -> None:
    """The run of the matrix alone answers, too; what it has not is printed and lowers the confidence."""
    done = CliRunner().invoke(
        cli.cli,
        ["recommend", str(folder / "run.json"), "--matrix", str(ROOT / "matrix.yaml"), "--profile", "dashboard"],
        env={"COLUMNS": "80"},
    )
    assert done.exit_code == 0
    text = " ".join(done.stdout.split())
    assert "little code to write and to know (weight 3): lines of code, concepts of code: not in the runs" in text
    assert "buffering and idle timeouts of proxies and CDNs (weight 2): no route of this project" in text


def test_rows_that_were_tried_in_vain_say_why(folder: Path) -> None:
    """A cell that was skipped is not measured, and the reason of the skip is part of the answer."""
    change(folder, cells("skip", *everywhere("recovers_from_a_503", "")))
    missing = {each["factor"]: each["because"] for each in answered(folder, "dashboard")["not_measured"]}
    assert missing["gateway-error"] == "recovers_from_a_503: not in the runs (as it is expected)"


def test_attempts_that_differ_count_by_their_share(folder: Path) -> None:
    """A flaky cell is worth the share of its attempts that hold, and is named."""

    def flaky(content: Plain) -> None:
        (one,) = [
            each
            for each in content["attempts"]
            if each["cell"]["id"] == "recovers_from_a_503[webkit-fetch-stream+-close]"
        ]
        again = {**one, "number": 2}
        end(again, "fail")
        content["attempts"].append(again)

    change(folder, flaky)
    answer = answered(folder, "dashboard")
    (factor,) = [each for each in answer["factors"] if each["factor"] == "gateway-error"]
    (score,) = [each["score"] for each in factor["scores"] if each["candidate"] == "fetch-stream+"]
    assert score == pytest.approx(5 / 6)
    assert answer["confidence"]["flaky"] == ["recovers_from_a_503[webkit-fetch-stream+-close]"]


def test_engines_that_disagree_are_told(folder: Path) -> None:
    """Each engine alone is asked, too: where one would choose otherwise, the answer says so."""
    change(
        folder,
        cells("fail", "sends_uplink_messages[firefox-fetch-stream+", "sends_uplink_messages[webkit-fetch-stream+"),
    )
    engines = {
        one["engine"]: (one["choice"], one["agrees"]) for one in answered(folder, "chat")["confidence"]["engines"]
    }
    assert engines["chromium"] == ("fetch-stream+", False)
    assert engines["firefox"][0] not in ("", "fetch-stream+")  # it is out there


def test_an_audience_that_no_run_has_is_told(folder: Path, tmp_path: Path) -> None:
    """Weights of engines count for those that were measured; the others are named, in words as well."""
    matrix = tmp_path / "matrix.yaml"
    profile = (
        "  profiles:\n    ours: {title: ours, because: it is for a test, weights: {page-cache: 1},"
        " audience: {firefox: 1, webkit: 3, msedge: 4}}\n"
    )
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    matrix.write_text(text.replace("  profiles:\n", profile, 1), encoding="utf-8")
    answer = answered(folder, "ours", matrix=matrix)
    assert answer["audience"] == {"chromium": 0.0, "firefox": 0.25, "webkit": 0.75}
    assert answer["engines_without_runs"] == ["msedge"]
    assert points(answer)["eventsource"] == 75.0  # Firefox loads anew what WebKit restores
    words = ["recommend", str(folder / "run.json"), "--matrix", str(matrix), "--profile", "ours"]
    shown = CliRunner().invoke(cli.cli, words, env={"COLUMNS": "80"}).stdout
    assert "msedge: in the audience, and in no run" in shown


def test_every_score_has_its_evidence(unchanged: Ask) -> None:
    """Each contribution names measured rows: a cell's id with its anchor, or tier, subscribers and figure."""
    answer = unchanged("dashboard")
    rows = [
        row
        for factor in answer["factors"]
        for score in factor["scores"]
        for contribution in score["contributions"]
        for row in contribution["rows"]
    ]
    assert {row["kind"] for row in rows} == {"cell", "fact", "load", "effort"}
    declared = set(committed_run().declared)
    for row in rows:
        assert row["says"]
        if row["kind"] in ("cell", "fact"):
            name = row["row"].split(" ")[0]
            assert name in declared
            assert row["anchor"] == anchor(name)
        elif row["kind"] == "load":
            assert ", 100 subscribers, " in row["row"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--profile", "chatt"],
            "--profile chatt: unknown profile 'chatt' (did you mean 'chat'?); expected dashboard, ",
        ),
        (["--matrix", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(folder: Path, words: list[str], said: str) -> None:
    """An unknown profile is answered with those that there are."""
    done = CliRunner().invoke(
        cli.cli, ["recommend", str(folder / "run.json"), "--matrix", str(ROOT / "matrix.yaml"), *words]
    )
    assert isinstance(done.exception, InvalidInput)
    assert str(done.exception).startswith(said)


def test_a_fact_that_no_scenario_records_is_a_mistake(folder: Path, tmp_path: Path) -> None:
    """A fact's name is checked against what the runs recorded, with the line of matrix.yaml."""
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(text.replace("{fact: causes_told_apart,", "{fact: causes_told,", 1), encoding="utf-8")
    with pytest.raises(InvalidInput) as mistake:
        answered(folder, "dashboard", matrix=matrix)
    line = text[: text.index("{fact: causes_told_apart,")].count("\n") + 1
    assert str(mistake.value).startswith(f"{matrix}:{line}: decision.factors.causes.evidence[0]: in the runs ")
    assert "unknown fact 'causes_told' (did you mean 'causes_told_apart'?); expected causes_told_apart" in str(
        mistake.value
    )


def test_a_check_is_no_evidence_as_a_cell(folder: Path, tmp_path: Path) -> None:
    """Cells of kind check are recorded, not passed: naming them as cells is a mistake, told with its line."""
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(text.replace("{scenario: recovers_from_a_503}", "{scenario: time_to_open}", 1), encoding="utf-8")
    with pytest.raises(
        InvalidInput, match="time_to_open is of kind check, which neither passes nor fails; expected its"
    ):
        answered(folder, "dashboard", matrix=matrix)


def test_load_on_unequal_terms_is_not_added_up(folder: Path) -> None:
    """Two load comparisons with other payloads are no one comparison."""
    other = load_run()
    assert other.load is not None
    heavier = replace(other.load, conditions=replace(other.load.conditions, payload_bytes=9000))
    dump(replace(other, load=heavier), folder / "heavier.json")
    words = ["recommend", *(str(folder / name) for name in ("load.json", "heavier.json"))]
    done = CliRunner().invoke(cli.cli, [*words, "--matrix", str(ROOT / "matrix.yaml")])
    assert str(done.exception).startswith("runs: their load comparisons differ in payload_bytes: 200 and 9000")


def test_without_run_files_the_usual_ones_are_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """results/run.json and results/load.json, as far as they are there; else the answer is where to get them."""
    monkeypatch.chdir(folder.parent)
    shutil.copy(ROOT / "matrix.yaml", folder.parent / "matrix.yaml")
    done = CliRunner().invoke(cli.cli, ["recommend", "--profile", "chat", "--json"])
    (answer,) = json.loads(done.stdout)["recommendations"]
    assert answer["confidence"]["rounds"] == 3
    shutil.rmtree(folder)
    done = CliRunner().invoke(cli.cli, ["recommend"])
    assert (
        str(done.exception) == "wirematrix recommend: got no run file; expected results/run.json or results/load.json"
    )


def test_a_terminal_shows_it_all_in_eighty_columns(folder: Path) -> None:
    """Every part of the answer is there, no line is longer, and an overview comes first."""
    words = ["recommend", str(folder / "run.json"), str(folder / "load.json"), "--matrix", str(ROOT / "matrix.yaml")]
    done = CliRunner().invoke(cli.cli, words, env={"COLUMNS": "80"})
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["profile", "choice", "points", "ahead", "sure"]
    for heading in (
        "knocked out",
        "decides, against eventsource+",
        "speaks against it",
        "not measured, so left out",
        "how sure: fair",
        "would flip it",
    ):
        assert f"  {heading}" in [line.rstrip() for line in lines]
    assert "on condition that you write it so: all tabs share one stream in a SharedWorker" in done.stdout


def test_a_need_that_nobody_meets_is_answered_with_nobody(folder: Path) -> None:
    """No choice is made up: everybody is out, with the rows that say so, and what would let somebody in."""
    change(folder, fact("on_the_wire_percent", [133.0], "binary_content[webkit-websocket"))
    words = ["recommend", str(folder / "run.json"), "--matrix", str(ROOT / "matrix.yaml"), "--profile", "collaboration"]
    shown = CliRunner().invoke(cli.cli, words, env={"COLUMNS": "80"}).stdout
    assert "→ none: every candidate is out" in shown
    assert "websocket, websocket+: bytes travel as bytes." in shown
    assert "how sure: weak" in shown
    assert "bytes travel as bytes: 105 or less instead of 133 % → websocket+" in shown
