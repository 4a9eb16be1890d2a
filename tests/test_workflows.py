"""The workflows are tight: pinned actions, least permissions, an end for every job; and CI calls the doors.

actionlint and zizmor run in `make test`; what is here they do not say, or it shows that they can say no.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tools import doors, github
from wirematrix import matrix
from wirematrix.plan import PlannedJob

ROOT = Path(__file__).resolve().parent.parent
MATRIX = ROOT / ".github" / "workflows" / "matrix.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = Path(sys.executable).parent
LINT_S = 60


def workflow(file: Path) -> dict[str, Any]:
    """A workflow as data; its jobs under "jobs"."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(file)
    return loaded


def steps(file: Path) -> list[dict[str, Any]]:
    """Every step of every job of a workflow."""
    return [step for job in workflow(file)["jobs"].values() for step in job["steps"]]


def lint(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a linter of the environment, with the environment's other programs in reach."""
    reach = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    words = [str(SCRIPTS / command[0]), *command[1:]]
    return subprocess.run(words, capture_output=True, text=True, timeout=LINT_S, check=False, env=reach)


def write(file: Path, step: str) -> None:
    """A workflow of one job with one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    job = f"  a:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n"
    file.write_text(f"on: pull_request\njobs:\n{job}", encoding="utf-8")


each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


@each_workflow
def test_actions_are_pinned(file: Path) -> None:
    """Every action is pinned to a full commit with its version beside it."""
    used = re.findall(r"uses: (.*)", file.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_pin() -> None:
    """The same action is the same commit in every workflow."""
    texts = [file.read_text(encoding="utf-8") for file in WORKFLOWS]
    pins = {pin for text in texts for pin in re.findall(r"uses: (\S+ # \S+)", text)}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@each_workflow
def test_jobs_get_least_and_end(file: Path) -> None:
    """A workflow grants nothing; each job asks for what it needs, says when it has hung, and runs once per branch."""
    loaded = workflow(file)
    assert loaded["permissions"] == {}
    assert "concurrency" in loaded
    for name, job in loaded["jobs"].items():
        assert "permissions" in job, name
        assert 0 < job["timeout-minutes"] <= 60, name


def test_writers_run_nothing_of_a_stranger() -> None:
    """Two jobs may write: one publishes from main and checks out nothing; one comments, and checks out main alone."""
    writers = {
        (file.stem, name): job
        for file in WORKFLOWS
        for name, job in workflow(file)["jobs"].items()
        if "write" in dict(job["permissions"]).values()
    }
    assert set(writers) == {("matrix", "publish"), ("difference", "comment")}
    publish, comment = writers["matrix", "publish"], writers["difference", "comment"]
    assert dict(publish["permissions"]) == {"pages": "write", "id-token": "write"}
    assert "github.ref == 'refs/heads/main'" in publish["if"]
    assert [step for step in publish["steps"] if "checkout" in step["uses"]] == []
    assert dict(comment["permissions"]) == {"contents": "read", "actions": "read", "pull-requests": "write"}
    (checkout,) = [step for step in comment["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert checkout["with"]["ref"] == "main"
    (download,) = [step for step in comment["steps"] if "actions/download-artifact@" in step.get("uses", "")]
    assert download["with"]["path"].startswith("${{ runner.temp }}/")  # never into the checkout


def test_nothing_but_the_comment_runs_beside_a_pull_request() -> None:
    """No workflow runs a pull request's code with a token of ours that writes."""
    for file in WORKFLOWS:
        triggers = workflow(file)["on"]
        assert "pull_request_target" not in triggers
        assert ("workflow_run" in triggers) is (file.stem == "difference")


def test_the_matrix_lists_the_jobs() -> None:
    """The workflow has no list of engines, systems or images: its jobs are made from the plan."""
    jobs = workflow(MATRIX)["jobs"]
    for name, output in (("engines", "hosted"), ("contained", "contained")):
        assert jobs[name]["strategy"]["matrix"] == {"include": f"${{{{ fromJSON(needs.plan.outputs.{output}) }}}}"}
    text = MATRIX.read_text(encoding="utf-8")
    for job in matrix.load(ROOT / "matrix.yaml").jobs:
        used = [job.container, *job.engines] if job.container else [*job.engines]
        assert [word for word in used if re.search(rf"\b{word}\b", text)] == []


def test_the_plan_has_every_value_that_the_jobs_use() -> None:
    """Each `matrix.KEY` of the workflow is a key of the plan's jobs."""
    expressions = " ".join(re.findall(r"\$\{\{(.*?)\}\}", MATRIX.read_text(encoding="utf-8")))
    used = set(re.findall(r"\bmatrix\.(\w+)", expressions))
    assert (
        {"name", "runs_on", "container", "install", "selection"} <= used <= {each.name for each in fields(PlannedJob)}
    )


def test_runs_are_merged_complete_or_the_report_is_red() -> None:
    """The report is made of whatever came; then a step fails if anything is missing, before a baseline is kept."""
    done = [step.get("name", step.get("uses", "")) for step in workflow(MATRIX)["jobs"]["report"]["steps"]]
    runs = {step["name"]: step["run"] for step in workflow(MATRIX)["jobs"]["report"]["steps"] if "run" in step}
    assert "--plan plan.json --allow-missing -o site/run.json" in runs["merge"]
    assert runs["complete"] == ".venv/bin/python -m wirematrix merge site/run.json -o run.json"
    keeps = [
        place
        for place, step in enumerate(workflow(MATRIX)["jobs"]["report"]["steps"])
        if step.get("with", {}).get("name") == github.ARTIFACT
    ]
    assert keeps
    assert keeps[0] > done.index("complete")


@each_workflow
def test_checkouts_keep_no_token(file: Path) -> None:
    """No checkout leaves its token in the tree."""
    checkouts = [step for step in steps(file) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_workflow
def test_scripts_contain_no_template(file: Path) -> None:
    """Expressions reach scripts through the environment, never as text."""
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


@each_workflow
def test_gate_needs_every_job(file: Path) -> None:
    """The job that a branch rule asks for waits for every job that proves something."""
    jobs = workflow(file)["jobs"]
    if "pull_request" in workflow(file)["on"]:
        assert set(jobs["gate"]["needs"]) == set(jobs) - {"gate", "publish"}


def test_slow_scenarios_run_every_night() -> None:
    """Once a day just the slow scenarios run, in all three engines, and what was measured is kept."""
    file = ROOT / ".github/workflows/soak.yml"
    (schedule,) = workflow(file)["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", schedule["cron"])
    runs = [step["run"] for step in steps(file) if "run" in step]
    assert [run for run in runs if "pytest" in run] == [
        ".venv/bin/python -m pytest e2e -m soak --require-engines --retry-isolated"
    ]
    assert workflow(file)["jobs"]["soak"]["env"]["ENGINES"] == "chromium firefox webkit"
    (upload,) = [step for step in steps(file) if "actions/upload-artifact@" in step.get("uses", "")]
    assert (upload["if"], upload["with"]["path"]) == ("${{ always() }}", "results/")


def test_every_engine_job_requires_its_engines() -> None:
    """A job of the matrix never passes because an engine was not there, and keeps what it measured when it fails."""
    jobs = workflow(ROOT / ".github/workflows/matrix.yml")["jobs"]
    for name in ("engines", "contained"):
        said = [f"{step.get('run')} {step.get('env')}" for step in jobs[name]["steps"]]
        assert any("--require-engines" in words for words in said)
        (upload,) = [step for step in jobs[name]["steps"] if "actions/upload-artifact@" in step.get("uses", "")]
        assert upload["if"] == "${{ always() }}"
        assert upload["with"]["path"] == "results/"


def test_ci_calls_the_doors() -> None:
    """`.ci/run` sets nothing up by itself: it goes through the doors of the README."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test", "make matrix ARGS=--require-engines", "make prove ARGS=tests_browser/report"]
    assert "set -euo pipefail" in lines


def test_makefile_only_calls_python() -> None:
    """Every door of the Makefile is one call of the script of the same door."""
    recipes = dict(re.findall(r"(?m)^([\w-]+): ##.*\n\t@(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8")))
    del recipes["help"]
    assert set(recipes) == set(doors.DOORS)
    for door, recipe in recipes.items():
        assert recipe.removesuffix(" $(ARGS)") == f"$(PYTHON) tools/doors.py {door}"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("run: echo ${{ nothing.here }}", "undefined variable"),
        ("uses: actions/checkout@v4\n        with: {depth: 1}", 'input "depth" is not defined'),
        ("run: |\n          x=$(ls)\n          rm $x", "SC2086"),
    ],
)
def test_actionlint_can_say_no(tmp_path: Path, step: str, complaint: str) -> None:
    """A workflow with a wrong expression, a wrong input or a careless script is refused."""
    file = tmp_path / "bad.yml"
    write(file, step)
    answered = lint("actionlint", str(file))
    assert answered.returncode == 1
    assert complaint in answered.stdout


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("run: echo ${{ github.event.pull_request.title }}", "template-injection"),
        ("uses: actions/checkout@v4", "unpinned-uses"),
    ],
)
def test_zizmor_can_say_no(tmp_path: Path, step: str, complaint: str) -> None:
    """A workflow that lets a stranger write its script, or an action move under it, is refused."""
    write(tmp_path / ".github" / "workflows" / "bad.yml", step)
    answered = lint("zizmor", "--offline", "--no-progress", str(tmp_path))
    assert answered.returncode != 0
    assert complaint in answered.stdout
