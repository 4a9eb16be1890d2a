"""`wirematrix merge`: complete or it fails, nothing is overwritten that was read, mistakes are one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.commands import Command
from tests.report.factory import attempt, cell
from tests.test_merging import CELLS, DECLARED, job, planned, shard
from wirematrix import codec
from wirematrix.runfile import dump, load_all, load_merged


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: `half.json` lacks a cell that `rest.json` has."""
    monkeypatch.chdir(tmp_path)
    dump(shard(attempt(CELLS[0]), declared=DECLARED[:2]), tmp_path / "half.json")
    dump(shard(attempt(CELLS[1]), started="2027-01-01T00:00:00Z"), tmp_path / "rest.json")
    return tmp_path


def test_complete_runs_are_merged(folder: Path, answer: Command) -> None:
    """Two shards that have every cell between them become one file, which other commands read like a run file."""
    said = answer("merge", "half.json", "rest.json", "-o", "out/run.json")
    assert (said.status, said.err) == (0, "")
    assert said.out == "merged: out/run.json: 2 runs, 1 engine build, 2 attempts, 0 cells missing\n"
    assert [len(run.attempts) for run in load_all(folder / "out/run.json")] == [1, 1]
    assert answer("summary", "out/run.json").status == 0
    again = answer("merge", "out/run.json", "half.json", "-o", "again.json")
    assert again.out.startswith(
        "the run begun 2026-11-22T15:40:58Z was given 2 times: out/run.json: runs[0], half.json"
    )
    assert (folder / "again.json").read_bytes() == (folder / "out/run.json").read_bytes()


def test_incomplete_runs_are_not_merged(folder: Path, answer: Command) -> None:
    """A missing cell is listed, the status is 1, and nothing is written."""
    said = answer("merge", "half.json", "-o", "run.json")
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        "missing: opens[chromium-websocket-close] in Chromium 156.0.7204.92, Debian GNU/Linux 12\n"
        "wirematrix merge: 1 cell missing, run.json is not written; --allow-missing writes it\n"
    )
    assert sorted(each.name for each in folder.iterdir()) == ["half.json", "rest.json"]


def test_missing_cells_can_be_allowed(folder: Path, answer: Command) -> None:
    """Then the file is written, the cells are listed all the same, and the report shows them."""
    said = answer("merge", "half.json", "-o", "run.json", "--allow-missing")
    assert (said.status, said.out) == (0, "merged: run.json: 1 run, 1 engine build, 1 attempt, 1 cell missing\n")
    assert said.err.startswith("missing: opens[chromium-websocket-close] in ")
    assert "1 declared but not run" in answer("summary", "run.json").out


def test_a_plan_names_the_job_that_is_missing(folder: Path, answer: Command) -> None:
    """A job of the plan that wrote nothing is missing with all its cells, and stays so in the merged file."""
    plan = planned(job("debian", "Debian"), job("macos", "macOS"))
    (folder / "plan.json").write_text(json.dumps(codec.encode(plan)), encoding="utf-8")
    words = ("merge", "half.json", "rest.json", "-o", "run.json", "--plan", "plan.json")
    said = answer(*words)
    assert said.status == 1
    assert said.err.splitlines()[:2] == [
        "missing: opens[chromium-websocket-close] of job macos on macOS",
        "missing: opens[chromium-websocket-direct] of job macos on macOS",
    ]
    assert answer(*words, "--allow-missing").status == 0
    (lost,) = load_merged(folder / "run.json").lost
    assert lost.job == "macos"
    assert answer("merge", "run.json", "-o", "later.json").status == 1


@pytest.mark.parametrize("output", ["half.json", "link.json", "./half.json", "hard.json"])
def test_what_is_read_is_not_written(folder: Path, answer: Command, output: str) -> None:
    """An input is refused as output under any of its names, and stays as it was."""
    (folder / "link.json").symlink_to(folder / "half.json")
    os.link(folder / "half.json", folder / "hard.json")
    before = (folder / "half.json").read_bytes()
    said = answer("merge", "half.json", "rest.json", "-o", output)
    assert said.status == 2
    assert "which is read; expected a file of its own" in said.err
    assert (folder / "half.json").read_bytes() == before


def test_mistakes_are_one_sentence(folder: Path, answer: Command) -> None:
    """Runs of two commits, a file that is none, and a place where nothing can be written."""
    (folder / "bad.json").write_text("{")
    said = answer("merge", "half.json", "bad.json", "-o", "run.json")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("wirematrix: bad.json: not JSON")
    said = answer("merge", "half.json", "rest.json", "-o", "bad.json/run.json")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "cannot be written" in said.err


def test_ids_cannot_write_to_the_terminal(folder: Path, answer: Command) -> None:
    """A declared id with an escape sequence in it is shown with its escape spelled out."""
    dump(shard(attempt(cell()), declared=(cell().id, "x[\x1b[31m]")), folder / "odd.json")
    said = answer("merge", "odd.json", "-o", "run.json")
    assert said.status == 1
    assert "missing: x[\\u001b[31m]" in said.err
