"""The mistakes that `matrix.yaml` may hold, and the one sentence that answers each."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.small_matrix import BASE, EXCLUSION, EXPECTATION, mistake_in, write
from wirematrix import yamlfile
from wirematrix.errors import InvalidInput
from wirematrix.expectations import CLAIMABLE, ORIGINS
from wirematrix.matrix import load
from wirematrix.model import ENGINES, TRANSPORTS
from wirematrix.network import KINDS

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "matrix.yaml"
SCHEMA = json.loads((ROOT / "wirematrix/schema/matrix.schema.json").read_text(encoding="utf-8"))


# What is written instead of what (or behind it), the answer after "matrix.yaml:", and whether the published schema
# sees the mistake, too.
SWAPPED = [
    (
        "name: webkit",
        "name: safari",
        "3: engines[1].name: unknown engine 'safari'; expected chromium, firefox, webkit, chrome or msedge",
        True,
    ),
    (
        "name: webkit",
        "name: webkitt",
        (
            "3: engines[1].name: unknown engine 'webkitt' (did you mean 'webkit'?); expected"
            " chromium, firefox, webkit, chrome or msedge"
        ),
        True,
    ),
    (
        "name: webkit",
        "name: 5",
        "3: engines[1].name: got 5; expected chromium, firefox, webkit, chrome or msedge",
        True,
    ),
    (
        "name: webkit",
        "name: chromium",
        "3: engines[1].name: engine 'chromium' is listed twice; expected each once",
        False,
    ),
    ("required: false", "required: no", "4: engines[2].required: got 'no'; expected true or false", True),
    (
        "required: false",
        "requird: false",
        "4: engines[2].requird: unknown key 'requird' (did you mean 'required'?); expected name or required",
        True,
    ),
    (", required: false", "", "4: engines[2]: key 'required' is missing; expected name and required", True),
    ("[eventsource, websocket]", "eventsource", "5: transports: got 'eventsource'; expected a list", True),
    (
        "[eventsource, websocket]",
        "[]",
        (
            "5: transports: no transport is listed; expected at least one of eventsource,"
            " fetch-stream, websocket, eventsource+, fetch-stream+ and websocket+"
        ),
        True,
    ),
    (
        "[eventsource, websocket]",
        "[websocket, websocket]",
        "5: transports[1]: transport 'websocket' is listed twice; expected each once",
        True,
    ),
    (
        "close: {",
        "Close: {",
        (
            "8: networks.Close: 'Close' is no name for a network; expected lower-case letters,"
            " digits, '_' and '-', beginning with a letter, at most 60"
        ),
        True,
    ),
    (
        "close: {",
        "far-cross-origin: {",
        (
            "8: networks.far-cross-origin: 'far-cross-origin' ends as a cell across origins does; expected another"
            " name for the network"
        ),
        False,
    ),
    ("close: {", "direct: {", "8: networks.direct: is written twice, first in line 7; expected each key once", False),
    (
        "networks: direct}",
        "networks: drect}",
        "10: scenarios.opens.networks: unknown network 'drect' (did you mean 'direct'?); expected direct or close",
        False,
    ),
    ("networks: direct}", "}", "10: scenarios.opens: key 'networks' is missing; expected networks", True),
    ("{networks: direct}", "", "10: scenarios.opens: got nothing; expected a mapping", True),
    (
        "opens:",
        "opens: &there",
        "10: scenarios.opens: anchors and aliases are not accepted; expected the value itself",
        False,
    ),
    (
        "networks: direct}",
        "networks: *there}",
        "10: scenarios.opens.networks: anchors and aliases are not accepted; expected the value itself",
        False,
    ),
    (
        "{networks: direct}",
        "!!python/object:os.system {}",
        "10: scenarios.opens: tag 'tag:yaml.org,2002:python/object:os.system' is not accepted; expected no tag",
        False,
    ),
    ("{networks: direct}", "{? [a]\n: b}", "10: scenarios.opens: a key is not a word", False),
    ("  opens:", "\topens:", "10: a tab indents the line; expected spaces", False),
    ("{networks: direct}", "{networks: direct", "11: not YAML: expected ',' or '}', but got ':'", False),
    (
        "scenarios:\n",
        "scenarios: {}\nexclusions:\n",
        "9: scenarios: no scenario is listed; expected at least one scenario",
        True,
    ),
    (
        "transports: websocket\n",
        "transports: websocket\n---\na: b\n",
        "14: a second document begins; expected one document",
        False,
    ),
]

APPENDED = [
    ("exclusions: {}\n", "14: exclusions: got a mapping; expected a list", True),
    (
        EXCLUSION.replace("it has no meaning", "TODO"),
        (
            "16: exclusions[0].because: got 'TODO'; expected a sentence that says why (write or correct it, and take"
            " TODO away)"
        ),
        True,
    ),
    (
        EXPECTATION.replace("it was", "TODO (was fail) it was"),
        (
            "17: expectations[0].because: got 'TODO (was fail) it was observed'; expected a sentence that says why"
            " (write or correct it, and take TODO away)"
        ),
        True,
    ),
    (
        EXPECTATION.replace("docs/observed.md", "TODO"),
        ("18: expectations[0].see: got 'TODO'; expected a link (https://...) or a file of this project (docs/...)"),
        True,
    ),
    (
        EXCLUSION.replace("it has no meaning", "''"),
        "16: exclusions[0].because: got ''; expected text that is not empty",
        True,
    ),
    (
        EXCLUSION.replace("it has no meaning", "5"),
        "16: exclusions[0].because: got 5; expected text (write it in quotes)",
        True,
    ),
    (
        EXCLUSION.replace("network: close", "scenario: opens, network: close"),
        "15: exclusions[0]: excludes no cell that is not excluded already; expected a cell of the matrix",
        False,
    ),
    (
        EXCLUSION + "  - {cells: {engine: webkit, network: close}, because: again}\n",
        "17: exclusions[1]: excludes no cell that is not excluded already; expected a cell of the matrix",
        False,
    ),
    (
        EXCLUSION.replace("engine: webkit, network: close", ""),
        "15: exclusions[0].cells: no axis is named; expected at least one of scenario, engine, transport, network and relation",
        True,
    ),
    (
        EXPECTATION.replace("webkit", "safari"),
        "15: expectations[0].cells.engine: unknown engine 'safari'; expected chromium, webkit or chrome",
        True,
    ),
    (
        EXPECTATION.replace("engine: webkit", "engin: webkit"),
        (
            "15: expectations[0].cells.engin: unknown key 'engin' (did you mean 'engine'?); expected"
            " scenario, engine, transport, network or relation"
        ),
        True,
    ),
    (
        EXPECTATION.replace("opens", "[opens, opens]"),
        "15: expectations[0].cells.scenario[1]: scenario 'opens' is listed twice; expected each once",
        True,
    ),
    (
        EXPECTATION.replace("timeout", "error"),
        (
            "16: expectations[0].status[1]: unknown status 'error'; expected pass, degraded, fail,"
            " unsupported, not-reached, timeout or crash"
        ),
        True,
    ),
    (
        EXPECTATION.replace("docs/observed.md", "javascript:alert(1)"),
        (
            "18: expectations[0].see: got 'javascript:alert(1)'; expected a link (https://...) or a"
            " file of this project (docs/...)"
        ),
        True,
    ),
    (
        EXPECTATION.replace("    see: docs/observed.md\n", ""),
        "15: expectations[0]: key 'see' is missing; expected cells, status, because and see",
        True,
    ),
    (
        EXPECTATION + "    build: {}\n",
        "19: expectations[0].build: no condition is named; expected origin, version or both",
        True,
    ),
    (
        EXPECTATION + "    build: {origin: apt}\n",
        "19: expectations[0].build.origin: unknown origin 'apt'; expected playwright, system or channel",
        True,
    ),
    (
        EXPECTATION + "    build: {version: '150'}\n",
        '19: expectations[0].build.version: got \'150\'; expected a range such as ">=150", "<160" or ">=150,<160"',
        True,
    ),
    (
        EXPECTATION + "    build: {version: 150}\n",
        "19: expectations[0].build.version: got 150; expected text (write it in quotes)",
        True,
    ),
    (
        EXPECTATION + "    build: {version: '>=160,<150'}\n",
        (
            "19: expectations[0].build.version: no version is in '>=160,<150'; expected a range such"
            ' as ">=150", "<160" or ">=150,<160"'
        ),
        False,
    ),
    (
        EXPECTATION.replace("webkit", "[webkit, chrome]") + "    build: {version: '<150'}\n",
        (
            "19: expectations[0].build.version: versions of different engines do not compare;"
            " expected exactly one engine in cells"
        ),
        True,
    ),
    (
        EXPECTATION + "    build: {version: >=150}\n",
        "19: not YAML: found character '>' that cannot start any token",
        False,
    ),
    (
        EXCLUSION + EXPECTATION.replace("scenario: opens", "network: close"),
        "18: expectations[0]: matches no cell; expected a cell of the matrix that is not excluded",
        False,
    ),
    (
        "expectation: []\n",
        (
            "14: expectation: unknown key 'expectation' (did you mean 'expectations'?); expected"
            " engines, transports, networks, scenarios, foundation, load, decision, jobs, exclusions or expectations"
        ),
        True,
    ),
]

MISTAKES = [(BASE.replace(old, new, 1), said, seen) for old, new, said, seen in SWAPPED] + [
    (BASE + more, said, seen) for more, said, seen in APPENDED
]


@pytest.mark.parametrize(("text", "said"), [(text, said) for text, said, _ in MISTAKES])
def test_a_mistake_is_answered_with_line_key_and_what_is_accepted(tmp_path: Path, text: str, said: str) -> None:
    """Whatever is wrong in the file, one sentence says where and what would be right."""
    assert mistake_in(write(tmp_path, text)) == f"matrix.yaml:{said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "matrix.yaml: is empty; expected a matrix"),
        (b" \n\n", "matrix.yaml: is empty; expected a matrix"),
        (b"# nothing\n", "matrix.yaml: is empty; expected a matrix"),
        (b"---\n", "matrix.yaml:1: got nothing; expected a mapping"),
        (b"- a\n", "matrix.yaml:1: got a list; expected a mapping"),
        (b"a: 1\nb: \xff\n", "matrix.yaml:2: byte 0xff is not UTF-8; expected a text in UTF-8"),
        (b"a: 1\nb: \x00\n", "matrix.yaml:2: character 0x0000 is not allowed; expected printable text"),
        (b"a: " + b"x" * (1 << 20), "matrix.yaml: is too large; expected at most 1048576 bytes"),
        (
            b"a: " + b"[" * 100_000,
            "matrix.yaml:1: a[0][0][0][0][0][0][0][0][0][0][0][0]: is nested too deeply; expected at most 12 levels",
        ),
        (b"%YAML\n--- a\n", "matrix.yaml:1: not YAML: expected a digit, but found '\\n'"),
    ],
)
def test_content_that_is_no_matrix_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Empty, binary, huge or bottomless content ends in a sentence, soon."""
    file = tmp_path / "matrix.yaml"
    file.write_bytes(content)
    assert mistake_in(file) == said


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file and a folder in its place are mistakes of the same kind."""
    assert mistake_in(tmp_path / "absent.yaml") == "absent.yaml: cannot be read: No such file or directory"
    assert mistake_in(tmp_path).endswith("cannot be read: Is a directory")


@settings(deadline=None)  # a busy machine is no mistake
@given(st.text(alphabet=st.sampled_from("ab:-?,[]{}#&*!|>'\"%@` \n\t~<\\0")))
def test_any_text_is_a_document_or_a_mistake(text: str) -> None:
    """No text makes the reader raise anything but InvalidInput."""
    try:
        yamlfile.parse(text.encode(), "matrix.yaml")
    except InvalidInput as refusal:
        assert str(refusal).startswith("matrix.yaml")  # noqa: PT017 - either way is right


@settings(deadline=None)  # a busy machine is no mistake
@given(seed=st.integers(0, 10**6))
def test_a_damaged_matrix_is_a_matrix_or_a_mistake(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lines taken out, doubled, swapped or indented never end in a traceback."""
    chance = random.Random(seed)
    lines = (BASE + EXCLUSION + EXPECTATION).splitlines()
    for _ in range(chance.randint(1, 3)):
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, lines[other])
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
            case _:
                lines[place] = " " * chance.randint(1, 4) + lines[place]
    file = tmp_path_factory.getbasetemp() / "damaged.yaml"
    file.write_text("\n".join(lines))
    try:
        load(file)
    except InvalidInput as refusal:
        assert str(file) in str(refusal)  # noqa: PT017 - either way is right


# The schema beside it


def plain(text: str) -> Any:
    """The file's content as an editor with the schema sees it."""
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_accepts_what_is_accepted() -> None:
    """The committed matrix and the examples of these tests fit the published schema."""
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    validator.validate(plain(COMMITTED.read_text(encoding="utf-8")))
    ranged = EXPECTATION + "    build: {origin: system, version: '>=2.50,<2.52.1'}\n"
    validator.validate(plain(BASE + EXCLUSION + ranged))


@pytest.mark.parametrize("text", [text for text, _, seen in MISTAKES if seen])
def test_the_schema_refuses_what_it_can_see(text: str) -> None:
    """An editor that knows the schema marks the mistakes that need no look at other lines."""
    assert not Draft202012Validator(SCHEMA).is_valid(plain(text))


def test_the_schema_knows_the_same_words() -> None:
    """Engines, transports, statuses, origins and kinds of networks have one owner, and the schema agrees."""
    top, shared = SCHEMA["properties"], SCHEMA["$defs"]
    assert tuple(top["engines"]["items"]["properties"]["name"]["enum"]) == ENGINES
    assert tuple(top["transports"]["items"]["enum"]) == TRANSPORTS
    assert tuple(shared["status"]["enum"]) == CLAIMABLE
    assert tuple(each["properties"]["kind"]["const"] for each in shared["network"]["oneOf"]) == KINDS
    job = top["jobs"]["items"]["properties"]
    assert tuple(job["engines"]["oneOf"][0]["enum"]) == tuple(job["engines"]["oneOf"][1]["items"]["enum"]) == ENGINES
    assert tuple(job["origin"]["enum"]) == ORIGINS
    condition = top["expectations"]["items"]["properties"]["build"]["properties"]
    assert tuple(condition["origin"]["enum"]) == ORIGINS
