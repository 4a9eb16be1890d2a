"""The documents say what is there: every command, option and word is named, every link leads somewhere, what they
show as a command runs, and what the code knows better was made from the code.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.run_values import RUN
from tests.test_house import RINGS_BY_MODULE
from tools import glossary
from wirematrix import budgets, cli, matrix, model, network, plugin
from wirematrix.metrics import METRICS
from wirematrix.runfile import dump

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
TEXTS = {file: file.read_text(encoding="utf-8") for file in DOCUMENTS}
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
COMMAND_S = 120
LARGEST_PICTURE = 250_000

# Commands of the documents that are too long or too grave for a fast test: the file that runs them, and the words it
# runs them by.
RUN_ELSEWHERE = {
    "make matrix": (".ci/run", "make matrix"),
    "make matrix-routes": (".github/workflows/matrix.yml", "run: make matrix-routes"),
    "make test": (".ci/run", "make test"),
    ". .venv/bin/activate": ("tools/environment.py", 'VENV = ROOT / ".venv"'),
    "wirematrix doctor": ("tests/test_doctor.py", "diagnose("),
    "wirematrix load": ("tests/load/test_command.py", '"-m", "wirematrix", "load"'),
    "wirematrix load --tiers app-sse,app-websocket --subscribers 10 --repeats 1": (
        "tests/load/test_command.py",
        '"--tiers", "raw-sse,app-websocket"',
    ),
    "wirematrix open": ("tests/test_open_command.py", '"-m", "wirematrix", "open"'),
    "wirematrix serve": ("tools/doors.py", '"wirematrix", "serve"'),
    "python examples/sse/server.py": ("tests_browser/example_play.py", '"examples/sse/server.py"'),
    "python examples/websocket/server.py": ("tests_browser/example_play.py", '"examples/websocket/server.py"'),
    "python tools/picture.py results/run.json": ("tools/picture.py", "python tools/picture.py results/run.json"),
}
COLLECT = """
import json, sys
import pytest
for command in json.load(sys.stdin):
    status = pytest.main([*command, "--collect-only", "-qq", "-p", "no:cacheprovider"])
    print("COLLECTED", int(status), command, flush=True)
"""

# What never stands in a file of the tree: where packages come from is each machine's own business.
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|(?:index|extra-index|find-links)-url[ =]+http")
HERE = [f"{place}/" for place in (ROOT, Path.home()) if len(place.parts) > 1]
NOT_OURS = {".git", ".venv", ".browsers", "results", "__pycache__", "node_modules"}
TEXT_SUFFIXES = {"", ".css", ".html", ".jinja", ".js", ".json", ".lock", ".md", ".py", ".svg", ".toml", ".yaml", ".yml"}


def code_blocks(language: str) -> list[str]:
    """The README's and the other documents' blocks in one language."""
    return [
        textwrap.dedent(found["code"])
        for text in TEXTS.values()
        for found in FENCE.finditer(text)
        if found["language"] == language
    ]


def commands() -> list[str]:
    """Every line that a document shows as a command, once."""
    return list(dict.fromkeys(line for block in code_blocks("sh") for line in block.splitlines() if line.strip()))


def all_text() -> str:
    """All documents as one text."""
    return "\n".join(TEXTS.values())


def example(heading: str) -> str:
    """The README's YAML example whose first line is `# heading`, without that line."""
    (found,) = [block for block in code_blocks("yaml") if block.startswith(f"# {heading}\n")]
    return found.partition("\n")[2]


# Words


def test_generated_parts_are_current() -> None:
    """Statuses, metrics, budgets and networks in the documents are those of the code."""
    assert glossary.stale() == [], "run: python tools/glossary.py --write"


def test_a_changed_word_is_noticed() -> None:
    """A generated part that somebody edited by hand is out of date."""
    text = TEXTS[GLOSSARY]
    assert glossary.renewed(text.replace("a MUST broke", "something else")) == text


def test_every_word_is_in_the_glossary() -> None:
    """Every status, kind, network, kind of network, transport, engine, budget and metric has its entry."""
    words = [
        *model.Status,
        *(network_.name for network_ in matrix.load(ROOT / "matrix.yaml").networks),
        *network.KINDS,
        *model.ENGINES,
        *(transport.removesuffix("+") for transport in model.TRANSPORTS),
        *(one.name for one in vars(budgets).values() if isinstance(one, budgets.Budget)),
        *METRICS,
    ]
    assert [word for word in words if f"`{word}`" not in TEXTS[GLOSSARY]] == []
    assert [kind for kind in model.Kind if f"*{kind}*" not in TEXTS[GLOSSARY]] == []


def test_every_command_is_named() -> None:
    """Each verb of the command line, and each of its options, is in the documents."""
    named = all_text()
    missing = []
    for verb, command in verbs(typer.main.get_command(cli.cli)):
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        missing += [word for word in (f"`{verb}`", *options) if word not in named]
    assert missing == []


def verbs(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it; those of a group, `expectations update`, stand for the group."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def test_every_option_of_the_plugin_is_named() -> None:
    """Each option that the plugin adds to pytest is in the README."""

    class Options(list[str]):
        """A parser and its group in one: collects names."""

        def getgroup(self, *_: str) -> Options:
            return self

        def addoption(self, name: str, **_: object) -> None:
            self.append(name)

    options: Any = Options()
    plugin.pytest_addoption(options)
    assert options
    assert [name for name in options if f"`{name}" not in TEXTS[README]] == []


def test_the_rooms_are_all_in_the_picture() -> None:
    """The README's picture of the house names every module, in the ring where it stands."""
    (picture,) = [block for block in code_blocks("") if "ring 0" in block]
    rings: dict[str, int] = {}
    ring = -1
    for line in picture.splitlines():
        if found := re.match(r" +ring (\d) ", line):
            ring = int(found[1])
        elif not line.startswith(" " * 20):
            ring = -1
        rings |= dict.fromkeys(re.findall(r"\w+", line.partition(":")[2] or line), ring) if ring >= 0 else {}
    stands_in = {name: ring for ring, names in RINGS_BY_MODULE.items() for name in names}
    modules = [
        each for each in (ROOT / "wirematrix").iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()
    ]
    names = {each.stem for each in modules} - {"__init__", "__main__"}
    assert {name: rings.get(name) for name in names} == {name: stands_in.get(name) for name in names}
    app = {file.stem for file in (ROOT / "app").glob("*.py")} - {"__init__", "__main__"}
    assert app - set(re.findall(r"\w+", picture)) == set()


# Links


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    """A relative link names a file that is there, and its fragment a heading of that file."""
    broken = []
    for target in LINK.findall(FENCE.sub("", TEXTS[file])):
        if target.lstrip("<").startswith("https://"):
            continue
        place, _, fragment = target.partition("#")
        linked = (file.parent / place).resolve() if place else file
        if not linked.exists() or (fragment and fragment not in headings(linked)):
            broken.append(target)
    assert broken == []


def headings(file: Path) -> set[str]:
    """The fragments of a Markdown file, as GitHub makes them."""
    found = HEADING.findall(FENCE.sub("", file.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_picture_is_light_enough() -> None:
    """The picture is a PNG, 1280 pixels wide, and no README waits for it."""
    content = (ROOT / "docs" / "matrix.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20], "big") == 1280
    assert len(content) <= LARGEST_PICTURE


# Commands


def test_every_command_is_run_by_somebody() -> None:
    """A command of the documents is run by a test here, or the table says which file runs it, and that is true."""
    shown = set(commands())
    assert {line for line in shown if not line.startswith(("wirematrix ", "pytest "))} <= set(RUN_ELSEWHERE)
    assert set(RUN_ELSEWHERE) <= shown
    for file, words in RUN_ELSEWHERE.values():
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{file} does not run {words!r}"


@pytest.mark.parametrize(
    "line", [one for one in commands() if one.startswith("wirematrix ") and one not in RUN_ELSEWHERE]
)
def test_our_command_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wirematrix ...` as the README shows it succeeds, in a folder with the matrix and a run file."""
    (tmp_path / "matrix.yaml").write_bytes((ROOT / "matrix.yaml").read_bytes())
    dump(RUN, tmp_path / "results" / "run.json")
    dump(replace(RUN, declared=(), attempts=()), tmp_path / "results" / "load.json")
    dump(RUN, tmp_path / "results" / "before.json")
    for folder in ("docs", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)[1:]
    done = CliRunner().invoke(cli.cli, words)
    assert done.exit_code == (1 if "--check" in words else 0), done.output  # the run file has an unexpected cell
    assert done.stdout.strip()
    if "--json" in words:
        content = {"plan": "cells", "recommend": "recommendations"}
        assert json.loads(done.stdout)[content.get(words[0], "runs")]
    if "-o" in words:
        assert (tmp_path / words[words.index("-o") + 1]).exists()


def test_pytest_commands_find_their_cells() -> None:
    """`pytest ...` as the documents show it knows its options and selects cells; nothing is run."""
    shown = [shlex.split(line)[1:] for line in commands() if line.startswith("pytest ")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-c", COLLECT],
        cwd=ROOT,
        input=json.dumps(shown),
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=COMMAND_S,
        check=False,
    )
    collected = re.findall(r"^COLLECTED (\d+) ", done.stdout, re.MULTILINE)
    assert collected == ["0"] * len(shown), done.stdout[-2000:] + done.stderr[-2000:]


# Examples


def test_the_example_scenario_is_one() -> None:
    """The scenario that the README adds is a coroutine function with a title, made of public names only."""
    (block,) = [block for block in code_blocks("python") if "LiveCell" in block]
    namespace: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), namespace)
    (name,) = [name for name in namespace if name.startswith("test_")]
    assert inspect.iscoroutinefunction(namespace[name])
    assert inspect.getdoc(namespace[name])
    assert example("scenarios").strip().startswith(name.removeprefix("test_") + ":")


def test_the_example_lines_fit_the_matrix(tmp_path: Path) -> None:
    """The network, the scenario and the factor that the README adds are accepted, and mean cells."""
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    before = len(matrix.load(ROOT / "matrix.yaml").cells())
    for heading in ("networks", "scenarios"):
        text = text.replace(f"\n{heading}:\n", f"\n{heading}:\n{example(heading)}")
    text = text.replace("\n  factors:\n", f"\n  factors:\n{example('factors')}")
    file = tmp_path / "matrix.yaml"
    file.write_text(text, encoding="utf-8")
    extended = matrix.load(file)
    assert extended.decision is not None
    assert extended.decision.factors[0].name == "first-message"
    assert extended.network("satellite").kind == "latency"
    assert len(extended.cells()) == before + 2 * 3 * len(model.TRANSPORTS)


def test_the_run_file_is_read_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """The few lines of Python that read a run file do so."""
    (block,) = [block for block in code_blocks("python") if "run.json" in block]
    dump(RUN, tmp_path / "results" / "run.json")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "run-file.md", "exec"), {})
    assert "'fail': 2" in capsys.readouterr().out


# Machines


def test_no_text_names_a_machine() -> None:
    """No file of the tree names a package registry, somebody's home, or the place of this checkout."""
    offenders = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in NOT_OURS and not name.endswith("_cache")]
        below[:] = [name for name in below if name != ".hypothesis"]
        for file in (Path(folder, name) for name in names):
            if file.suffix not in TEXT_SUFFIXES:
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            if REGISTRIES.search(text) or any(place in text for place in HERE):
                offenders.append(file.relative_to(ROOT).as_posix())
    assert offenders == []
