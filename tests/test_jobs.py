"""`jobs:` of the matrix: which machine runs what; mistakes are named, and the plan has what CI needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.report.factory import CHROMIUM, attempt, cell, conditions, run_of
from tests.small_matrix import BASE, mistake_in, write
from wirematrix import codec, plan
from wirematrix.errors import InvalidInput
from wirematrix.jobs import Job, declared_by
from wirematrix.matrix import load
from wirematrix.plan import Plan, plan_of

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = Draft202012Validator(json.loads((ROOT / "wirematrix/schema/matrix.schema.json").read_text(encoding="utf-8")))
JOB = "{name: a, runs-on: ubuntu-latest, system: Ubuntu, origin: playwright, engines: [chromium, webkit]}"
CHROME = "{name: b, runs-on: windows-latest, system: Windows, origin: channel, engines: chrome}"
BARE = "{name: c, runs-on: ubuntu-latest, container: 'debian:12', system: Debian, origin: system, engines: webkit}"


def with_jobs(*jobs: str) -> str:
    """The small matrix with jobs."""
    return BASE + "jobs:\n" + "".join(f"  - {job}\n" for job in jobs)


def planned(folder: Path, text: str, engines: list[str] | None = None) -> Plan:
    """The plan of a matrix in which `reopens` is slow."""
    return plan_of(load(write(folder, text)), engines, ["reopens"])


def test_jobs_are_read(tmp_path: Path) -> None:
    """A job says where it runs, what its run file will say of it, and how its engines are had and selected."""
    ubuntu, windows, bare = load(write(tmp_path, with_jobs(JOB, CHROME, BARE))).jobs
    assert (ubuntu.install, ubuntu.selection) == ("chromium webkit", "--browser chromium --browser webkit")
    assert (windows.install, windows.selection) == ("", "--browser chromium --browser-channel chrome")
    assert (bare.install, bare.container, bare.system) == ("", "debian:12", "Debian")


@pytest.mark.parametrize(
    ("jobs", "said", "seen"),
    [
        (["5"], "jobs[0]: got 5; expected a mapping", True),
        (["{name: a}"], "jobs[0]: key 'runs-on' is missing; expected name, runs-on, system, origin and engines", True),
        ([JOB.replace("origin", "orign")], "jobs[0].orign: unknown key 'orign' (did you mean 'origin'?)", True),
        ([JOB.replace("name: a", "name: A b")], "jobs[0].name: got 'A b'; expected lower-case letters, digits,", True),
        ([JOB.replace("playwright", "apt")], "unknown origin 'apt'; expected playwright, system or channel", True),
        ([JOB.replace("webkit", "safari")], "unknown engine 'safari'; expected chromium, webkit or chrome", True),
        ([JOB.replace("webkit", "chromium")], "engine 'chromium' is listed twice; expected each once", True),
        ([JOB.replace("ubuntu-latest", "'$(id)'")], "jobs[0].runs-on: got '$(id)'; expected letters, digits and", True),
        ([JOB.replace("Ubuntu", "''")], "jobs[0].system: got ''; expected text that is not empty", True),
        ([JOB, CHROME.replace("name: b", "name: a")], "jobs[1]: job 'a' is listed twice; expected each once", False),
        (
            [JOB, JOB.replace("name: a", "name: b").replace("Ubuntu", "Ubuntu 24")],
            "job 'b' runs chromium on a system and from an origin that job 'a' has; expected jobs whose run files can",
            False,
        ),
        (
            [CHROME.replace("channel", "system")],
            "jobs[0].origin: chrome does not come from system; expected chan",
            False,
        ),
        (
            [CHROME.replace("chrome", "[chrome, webkit]")],
            "jobs[0].engines: got a list; expected one of chrome and msedge, because the origin is channel",
            False,
        ),
        ([CHROME.replace("chrome", "webkit")], "jobs[0].engines: got 'webkit'; expected one of chrome and", False),
    ],
)
def test_mistakes_in_jobs_are_named(tmp_path: Path, jobs: list[str], said: str, *, seen: bool) -> None:
    """A mistake has its line and key and says what is accepted; the schema sees those that need no second look."""
    text = with_jobs(*jobs)
    answer = mistake_in(write(tmp_path, text))
    assert answer.startswith("matrix.yaml:1")
    assert said in answer
    assert SCHEMA.is_valid(YAML(typ="safe", pure=True).load(text)) is not seen


def test_the_plan_has_what_each_job_runs(tmp_path: Path) -> None:
    """Its cells, engines that are not required among them and slow scenarios not, and what CI needs to start it."""
    ubuntu, windows = planned(tmp_path, with_jobs(JOB, CHROME)).jobs
    assert ubuntu.cells == tuple(
        f"opens[{engine}-{transport}-direct]"
        for engine in ("chromium", "webkit")
        for transport in ("eventsource", "websocket")
    )
    assert windows.cells == ("opens[chrome-eventsource-direct]", "opens[chrome-websocket-direct]")
    assert (windows.name, windows.runs_on, windows.container) == ("b", "windows-latest", "")


def test_naming_engines_leaves_jobs_out(tmp_path: Path) -> None:
    """A plan for some engines has the jobs that run any of them, with those cells only."""
    (only,) = planned(tmp_path, with_jobs(JOB, CHROME), ["webkit"]).jobs
    assert (only.name, [one.partition("[")[2][:6] for one in only.cells]) == ("a", ["webkit", "webkit"])


def test_a_plan_is_read_again(tmp_path: Path) -> None:
    """What is printed for machines comes back equal; anything else is refused with its place."""
    made = planned(tmp_path, with_jobs(JOB))
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(codec.encode(made)), encoding="utf-8")
    assert plan.load(file) == made
    file.write_text(json.dumps({**codec.encode(made), "jobs": [5]}), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"plan\.json: jobs\[0\]: got 5; expected an object"):
        plan.load(file)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"plan\.json: is not a plan; expected what `wirematrix plan --json` prints"):
        plan.load(file)


def test_a_run_belongs_to_the_job_it_fits() -> None:
    """By its system and the origin of its builds; an engine that was not there counts as what was asked for."""
    run = run_of(attempt(cell()), declared=(cell().id, cell(engine="firefox").id), info=conditions(CHROMIUM))
    assert list(declared_by("Debian", "system", [run])) == [cell().id, cell(engine="firefox").id]
    assert list(declared_by("Debian", "playwright", [run])) == [cell(engine="firefox").id]
    assert list(declared_by("macOS", "system", [run])) == []
    assert len(list(declared_by("", "", [run]))) == 2


def test_the_committed_jobs_run_every_required_engine() -> None:
    """CI plays each engine that a run requires, and nothing that the matrix does not know."""
    matrix = load(ROOT / "matrix.yaml")
    jobs: tuple[Job, ...] = matrix.jobs
    assert {engine for job in jobs for engine in job.engines} >= set(matrix.required_engines)
