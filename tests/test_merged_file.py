"""Merged files: what is written is read again, and what cannot be used is answered with its place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.report.factory import FIREFOX, attempt, cell
from tests.test_merging import CELLS, DECLARED, shard
from wirematrix.errors import InvalidInput
from wirematrix.gather import gather
from wirematrix.merged import MERGED, LostJob, Merged
from wirematrix.report import write_report
from wirematrix.runfile import dump, dump_merged, load, load_all, load_merged

SCHEMAS = Path(__file__).resolve().parent.parent / "wirematrix/schema"
LOST = LostJob(job="macos", system="macOS", origin="playwright", declared=DECLARED)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A merged file of two runs, with a lost job."""
    runs = [shard(attempt(CELLS[0])), shard(attempt(cell(engine="firefox")), build=FIREFOX, started="2027-01-01")]
    file = tmp_path / "merged.json"
    dump_merged(Merged(merged=MERGED, runs=tuple(runs), lost=(LOST,)), file)
    return file


def validator() -> Draft202012Validator:
    """Of merged files, which refers to the schema of a run."""
    run, whole = (json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("run", "merged"))
    registry: Registry[Any] = Registry().with_resource("run.schema.json", Resource.from_contents(run))
    return Draft202012Validator(whole, registry=registry)


def test_a_merged_file_is_read_again(many: Path) -> None:
    """It comes back equal and fits its schema, which refuses what is none."""
    loaded = load_merged(many)
    dump_merged(loaded, many)
    assert load_merged(many) == loaded
    plain = json.loads(many.read_bytes())
    validator().validate(plain)
    assert not validator().is_valid({**plain, "runs": []})
    assert not validator().is_valid({**plain, "lost": [{"job": "macos"}]})
    plain["runs"][1]["info"]["cores"] = "two"
    assert not validator().is_valid(plain)


def test_readers_get_the_runs_and_what_was_lost(many: Path) -> None:
    """`load_all` has every run, and one for the lost job that declares its cells and has no attempt."""
    *runs, stand_in = load_all(many)
    assert tuple(runs) == load_merged(many).runs
    assert (stand_in.declared, stand_in.attempts) == (DECLARED, ())
    assert stand_in.info.unavailable == {"chromium": "no run file of the job macos declares its cells"}
    assert len(gather([*runs, stand_in]).missing) == 3


def test_an_engine_of_which_a_part_came_is_there(many: Path) -> None:
    """A job that left cells out is not told as an engine that could not be had."""
    merged = load_merged(many)
    partly = LostJob(job="debian", system="Debian", origin="system", declared=DECLARED)
    *_, stand_in = Merged(merged=MERGED, runs=merged.runs, lost=(partly,)).all_runs
    assert (stand_in.declared, stand_in.info.unavailable) == (DECLARED, {})


def test_a_run_file_is_read_as_one_run(tmp_path: Path) -> None:
    """Whatever reads merged files reads those of a run, too; the reverse is refused with a sentence."""
    run = shard(attempt(CELLS[0]))
    dump(run, tmp_path / "run.json")
    assert load_all(tmp_path / "run.json") == (run,)


def test_one_run_is_not_many(many: Path) -> None:
    """Who needs the file of one run is told that this is none."""
    with pytest.raises(InvalidInput, match=r"merged\.json: is a merged file; expected the run file of one run"):
        load(many)


def test_missing_cells_of_a_lost_job_show_in_the_report(many: Path, tmp_path: Path) -> None:
    """A report of an incomplete merged file says which cells never arrived, and whose they were."""
    write_report(load_all(many), tmp_path / "matrix.html")
    page = (tmp_path / "matrix.html").read_text(encoding="utf-8")
    assert "macOS (job macos: missing)" in page
    assert "declared, but no attempt of it was received" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (lambda plain: plain.update(merged=2), "merged: has version 2; expected version 1"),
        (lambda plain: plain.update(runs=[]), "runs: is empty; expected at least one run"),
        (lambda plain: plain.update(runs=5), "runs: got 5; expected a list"),
        (lambda plain: plain["runs"].append(5), "runs[2].schema: has version null; expected version 3"),
        (lambda plain: plain["runs"][1].update(schema=2), "runs[1].schema: has version 2; expected version 3"),
        (lambda plain: plain["runs"][1]["info"].update(cores="2"), "runs[1].info.cores: got '2'; expected a whole"),
        (lambda plain: plain["runs"][1]["declared"].clear(), "cell opens[firefox-websocket-direct] has an attempt and"),
        (lambda plain: plain["lost"][0].pop("job"), "lost[0]: key 'job' is missing; expected job, system, origin and"),
        (lambda plain: plain.update(lots=[]), "unknown key 'lots' (did you mean 'lost'?); expected merged, runs and"),
    ],
)
def test_a_damaged_file_is_answered_with_its_place(many: Path, changes: Callable[[Any], object], said: str) -> None:
    """The complaint names the run and the way in it."""
    plain = json.loads(many.read_bytes())
    changes(plain)
    many.write_text(json.dumps(plain))
    with pytest.raises(InvalidInput) as refusal:
        load_all(many)
    assert said in str(refusal.value)
    assert str(refusal.value).startswith(f"{many}: ")


def test_a_run_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    """As with a single run: the file that was there stays, and nothing else is left."""
    file = tmp_path / "merged.json"
    wrong = Merged(merged=MERGED, runs=(shard(attempt(CELLS[0]), declared=()),))
    with pytest.raises(ValueError, match="has an attempt and is not declared"):
        dump_merged(wrong, file)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from wirematrix import codec
from wirematrix.runfile import dump_merged, load_merged

written = 0

def spell(value, spelled=codec.spell):
    global written
    written += 1
    if written == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return spelled(value)

codec.spell = spell
file = Path(sys.argv[1])
dump_merged(load_merged(file), file.with_name(sys.argv[2]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_in_the_middle_it_leaves_no_half_file(many: Path) -> None:
    """Whoever is killed while writing leaves the file that was there, or none, and never half of one."""
    before = many.read_bytes()
    for name in (many.name, "other.json"):
        words = [sys.executable, "-c", KILLED, str(many), name]
        assert subprocess.run(words, check=False, timeout=60).returncode == -signal.SIGKILL
    assert many.read_bytes() == before
    assert not (many.parent / "other.json").exists()
