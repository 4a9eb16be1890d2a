"""What the examples take: every function is marked, the rows add up to the whole, and the document says the same."""

from __future__ import annotations

import ast
import json
import shutil
from itertools import groupby
from pathlib import Path

import pytest
from pygments.token import Name, is_token_subtype
from typer.testing import CliRunner

from wirematrix import cli, codec
from wirematrix.effort import EXAMPLES, effort_of, source_of
from wirematrix.effort.concepts import concepts_of, own_names
from wirematrix.effort.sizes import functions_of, size_of
from wirematrix.effort.tags import GUARANTEES, lexer_of, stage
from wirematrix.errors import InvalidInput
from wirematrix.load_model import Effort
from wirematrix.report import effort_page

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "complexity.md"
FILES = sorted({file for one in EXAMPLES for file in (one.server, one.page)})
LONGEST_EXAMPLE = 120  # lines; about a third are comments and blanks
MOST_CODE = 90  # lines of code
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CALLED_FROM_OUTSIDE = {"open", "send"}  # what the document takes from a page's code


@pytest.fixture(scope="module")
def rows() -> tuple[Effort, ...]:
    """The rows, measured once."""
    return effort_of(ROOT)


@pytest.mark.parametrize("file", FILES)
def test_no_stage_has_idle_code(file: str) -> None:
    """Whatever an example defines is used at each stage that has it: a mark that is missing leaves something idle."""
    source = source_of(ROOT, file)
    for count in range(1, len(GUARANTEES) + 1):
        assert idle(stage(source, file, GUARANTEES[:count]), file) == set(), GUARANTEES[count - 1]


@pytest.mark.parametrize(
    ("file", "marked", "left"),
    [
        ("examples/sse/server.py", "# for auth: EventSource sends no headers", "authorise"),
        ("examples/sse/server.py", "# for resume: what came after", "replay"),
        ("examples/websocket/server.py", "# for notice-silence: pages are", "beat"),
        ("examples/websocket/page/websocket.js", "// for reconnect: wait longer", "delay_ms"),
    ],
)
def test_a_forgotten_mark_is_found(file: str, marked: str, left: str) -> None:
    """Code that loses its mark stays in the first stage, where nothing uses it."""
    source = source_of(ROOT, file)
    assert source.count(marked) == 1
    forgotten = source.replace(marked, marked.replace("for", "about", 1))
    assert idle(stage(forgotten, file, GUARANTEES[:1]), file) == {left}


@pytest.mark.parametrize("file", FILES)
def test_every_stage_is_a_program(file: str) -> None:
    """What is left of an example at each stage can be parsed, is whole at the last, and uses no name it has lost."""
    source = source_of(ROOT, file)
    assert stage(source, file, GUARANTEES) == source
    assert len(source.splitlines()) <= LONGEST_EXAMPLE
    assert size_of(source, file).lines <= MOST_CODE
    if file.endswith(".py"):
        given = own_names(source, file)
        for count in range(1, len(GUARANTEES) + 1):
            tree = ast.parse(stage(source, file, GUARANTEES[:count]))
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert used & given <= own_names(ast.unparse(tree), file)


def idle(source: str, file: str) -> set[str]:
    """The functions and, in Python, the variables of a source that nothing in it names again."""
    named = [text for _, kind, text in lexer_of(file).get_tokens_unprocessed(source) if is_token_subtype(kind, Name)]
    if file.endswith(".py"):
        tree = ast.parse(source)
        decorated = {node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and node.decorator_list}
        given = set(own_names(source, file)) - decorated
    else:
        given = {one.name for one in functions_of(source, file)} & set(named) - CALLED_FROM_OUTSIDE
    return {name for name in given if named.count(name) == 1 and not name.startswith("_")}


def test_the_rows_add_up(rows: tuple[Effort, ...]) -> None:
    """For each transport and side there is a row per guarantee, and their sums are the whole file's figures."""
    for example in EXAMPLES:
        ours = own_names(source_of(ROOT, example.document), example.document)
        for side, file in (("server", example.server), ("page", example.page)):
            found = [row for row in rows if (row.transport, row.side) == (example.transport, side)]
            assert [row.guarantee for row in found] == list(GUARANTEES)
            source = source_of(ROOT, file)
            whole = size_of(source, file)
            assert sum(row.lines for row in found) == whole.lines
            assert sum(row.branches for row in found) == whole.branches
            concepts = [name for row in found for name in row.concepts]
            assert set(concepts) == concepts_of(source, file, ours | own_names(source, file))
            assert len(concepts) == len(set(concepts))
            assert min(row.lines for row in found) >= 0
            assert all(bool(row.lines) == bool(row.files) != bool(row.because) for row in found)


def test_what_the_browser_gives_is_not_written(rows: tuple[Effort, ...]) -> None:
    """Reconnecting and resuming take no code in an EventSource page, and some in the others."""
    lines = {(row.transport, row.guarantee): row.lines for row in rows if row.side == "page"}
    for guarantee in ("reconnect", "resume"):
        assert lines["eventsource", guarantee] == 0
        assert min(lines["fetch-stream", guarantee], lines["websocket", guarantee]) > 0


def test_the_document_is_current(rows: tuple[Effort, ...]) -> None:
    """docs/complexity.md is made from the examples as they are."""
    assert DOCUMENT.read_text(encoding="utf-8") == effort_page(rows), "run: wirematrix effort -o docs/complexity.md"


def test_more_code_is_a_higher_figure(rows: tuple[Effort, ...], tmp_path: Path) -> None:
    """A line with a decision, added for a guarantee, is found in that guarantee's row and in no other."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    page = tmp_path / "examples/websocket/page/websocket.js"
    text = page.read_text(encoding="utf-8")
    added = "  if (line.last) navigator.vibrate(1); // for resume\n"
    page.write_text(text.replace("  const socket = new", f"{added}  const socket = new"), encoding="utf-8")
    changed = effort_of(tmp_path)
    (pair,) = [(old, new) for old, new in zip(rows, changed, strict=True) if old != new]
    old, new = pair
    assert (new.transport, new.side, new.guarantee) == ("websocket", "page", "resume")
    assert (new.lines, new.branches) == (old.lines + 1, old.branches + 1)
    assert set(new.concepts) - set(old.concepts) == {"navigator", "vibrate"}


def test_an_impossible_guarantee_is_told() -> None:
    """What a transport cannot give has no figures and a reason, which is not taken for markup."""
    row = Effort(
        guarantee="auth",
        transport="pigeon",
        side="page",
        lines=0,
        branches=0,
        concepts=(),
        files=(),
        possible=False,
        because="no | headers",
    )
    assert "| auth | `pigeon` | page | – | – | – | impossible: no &#124; headers |" in effort_page([row])


def test_missing_examples_are_named(tmp_path: Path) -> None:
    """Without the examples there is a sentence that names the file and the option."""
    with pytest.raises(InvalidInput, match=r"examples/sse/page/index\.html: cannot be read: .*--folder"):
        effort_of(tmp_path)


def test_the_rows_are_printed_for_machines(rows: tuple[Effort, ...]) -> None:
    """`--json` prints what goes into a run file."""
    done = CliRunner().invoke(cli.cli, ["effort", "--folder", str(ROOT), "--json"])
    assert done.exit_code == 0
    assert codec.decode(tuple[Effort, ...], json.loads(done.stdout), "stdout") == rows
    assert [side for side, _ in groupby(row["side"] for row in json.loads(done.stdout))][:2] == ["server", "page"]
