"""The run file: what is written can be read again, and what cannot be used is answered with its place."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.run_values import ATTEMPT, CELL, RUN, RUNS
from wirematrix import codec, load_model, model
from wirematrix.errors import InvalidInput
from wirematrix.model import Cell, Observation, Run
from wirematrix.runfile import SCHEMA, dump, load

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "wirematrix/schema/run.schema.json"
DOCUMENTED = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(DOCUMENTED)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the run file goes."""
    return tmp_path / "run.json"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for tests that write it again and again."""
    return tmp_path_factory.mktemp("runs") / "run.json"


def mistake_in(file: Path) -> str:
    """How `load` complains, without the folder."""
    with pytest.raises(InvalidInput) as refusal:
        load(file)
    return str(refusal.value).replace(f"{file.parent}/", "")


# There and back


@settings(deadline=None, max_examples=60)
@given(run=RUNS)
def test_what_is_written_is_read_again(run: Run, shared: Path) -> None:
    """Any run comes back equal, and its file fits the published schema."""
    dump(run, shared)
    assert load(shared) == run
    VALIDATOR.validate(json.loads(shared.read_bytes()))


def test_files_of_earlier_versions_are_read(file: Path) -> None:
    """What they do not have, the files that Playwright wrote, is none; the published schema says the same."""

    def earlier(run: Any) -> None:
        for one in run["attempts"]:
            del one["artifacts"]

    file.write_bytes(written(earlier))
    assert load(file) == replace(RUN, attempts=tuple(replace(one, artifacts=()) for one in RUN.attempts))
    VALIDATOR.validate(json.loads(file.read_bytes()))


def test_lone_surrogates_survive(file: Path) -> None:
    """Half a character, which a page may well send, comes back as it went; the file is plain ASCII."""
    odd = Observation(at_ms=1.0, source="page", kind="message", detail={"text": "a\ud800b", "\udc00": "ü\0\x1b"})
    run = replace(RUN, attempts=(replace(ATTEMPT, timeline=(odd,)),))
    dump(run, file)
    assert load(file) == run
    assert file.read_bytes().isascii()


def test_each_observation_has_its_line(file: Path) -> None:
    """A person can read a timeline in an editor and compare two run files by line."""
    dump(RUN, file)
    lines = file.read_text().splitlines()
    assert '[0.0,"driver","begin",{}],' in lines
    assert sum(line.startswith('{"cell":{"scenario":"opens"') for line in lines) == 1 + len(RUN.attempts)


def test_a_run_without_cells_is_a_run(file: Path) -> None:
    """An interrupted run may have nothing to tell; it is written and read all the same."""
    empty = replace(RUN, scenarios=(), networks={}, declared=(), exclusions=(), attempts=(), load=None, effort=())
    dump(empty, file)
    assert load(file) == empty


def test_the_folder_is_made(tmp_path: Path) -> None:
    """A first run finds no results folder."""
    dump(RUN, tmp_path / "results" / "today" / "run.json")
    assert load(tmp_path / "results" / "today" / "run.json") == RUN


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RUN, attempts=(replace(ATTEMPT, metrics={"open_ms": math.nan}),)),
        replace(RUN, attempts=(ATTEMPT, ATTEMPT)),
        replace(RUN, attempts=(replace(ATTEMPT, timeline=(replace(ATTEMPT.timeline[0], detail={"bytes": b"raw"}),)),)),
    ],
)
def test_a_run_that_cannot_be_written_leaves_the_old_file(file: Path, wrong: Run) -> None:
    """NaN, bytes or a contradiction: the attempt is named, the older file stays, nothing else is left."""
    dump(RUN, file)
    with pytest.raises(ValueError, match=r"attempt 1 of opens\[webkit-fetch-stream\+-direct\]"):
        dump(wrong, file)
    assert load(file) == RUN
    assert list(file.parent.iterdir()) == [file]


def test_thousands_of_cells_load_fast(file: Path) -> None:
    """500 cells of 40 observations take well under a second of processor time, so 5,000 take a few seconds."""
    cells = [replace(CELL, scenario=f"s{index // 10}", engine=f"e{index % 10}") for index in range(500)]
    timeline = tuple(
        Observation(at_ms=index + 0.5, source="page", kind="message", detail={"seq": index, "crc": 7, "text": "x" * 60})
        for index in range(40)
    )
    run = replace(
        RUN,
        scenarios=tuple(replace(RUN.scenarios[0], name=f"s{index}") for index in range(50)),
        declared=tuple(cell.id for cell in cells),
        attempts=tuple(replace(ATTEMPT, cell=cell, timeline=timeline) for cell in cells),
    )
    dump(run, file)
    began_s = time.process_time()
    loaded = load(file)
    assert time.process_time() - began_s < 1.5
    assert loaded == run


# What cannot be used


def written(changes: Callable[[Any], object]) -> bytes:
    """The example's file after something was done to its JSON."""
    plain = codec.encode(RUN)
    changes(plain)
    return json.dumps(plain).encode()


MISTAKES: list[tuple[Callable[[Any], object], str]] = [
    (
        lambda run: run.update(schema=2),
        "run.json: schema: has version 2; expected version 3, the one this program reads",
    ),
    (lambda run: run.update(schema=True), "run.json: schema: has version true; expected version 3"),
    (
        lambda run: run["load"]["rounds"][0].update(tier="app-wss"),
        "run.json: tier app-wss has a round and is not listed; expected a run that agrees with itself",
    ),
    (
        lambda run: run["load"]["rounds"][1].update(repeat=1),
        "run.json: repeat 1 of tier app-sse with 10 subscribers is there twice; expected a run that agrees",
    ),
    (
        lambda run: run["load"]["tiers"].append(run["load"]["tiers"][0]),
        "run.json: tier app-sse is listed twice; expected a run that agrees with itself",
    ),
    (lambda run: run.pop("schema"), 'run.json: is not a run file; expected an object with the key "schema"'),
    (lambda run: run.pop("networks"), "run.json: key 'networks' is missing; expected schema, info, scenarios"),
    (
        lambda run: run.update(atempts=[]),
        "run.json: unknown key 'atempts' (did you mean 'attempts'?); expected schema, info,",
    ),
    (lambda run: run["info"].update(cores="2"), "run.json: info.cores: got '2'; expected a whole number"),
    (lambda run: run["info"].update(cores=True), "run.json: info.cores: got true; expected a whole number"),
    (lambda run: run["info"].update(wall_s=2**60), "run.json: info.wall_s: got a huge number; expected a number"),
    (lambda run: run["info"].update(commit=None), "run.json: info.commit: got null; expected text"),
    (lambda run: run["info"].update(builds={}), "run.json: info.builds: got an object; expected a list"),
    (lambda run: run["info"].update(unavailable=[]), "run.json: info.unavailable: got a list; expected an object"),
    (
        lambda run: run["info"].update(unavailable={"\ud800": 1}),
        "run.json: info.unavailable.'\\ud800': got 1; expected text",
    ),
    (
        lambda run: run["attempts"][1]["verdict"].update(status="passed"),
        "run.json: attempts[1].verdict.status: unknown status 'passed' (did you mean 'pass'?); expected pass, degraded,",
    ),
    (
        lambda run: run["attempts"][0]["verdict"]["findings"][0].update(because=" "),
        "run.json: attempts[0].verdict.findings[0]: finding opened: because is empty; expected a sentence",
    ),
    (
        lambda run: run["attempts"][0]["verdict"].update(expected=False),
        "run.json: attempts[0].verdict: expected says false; expected true, as the rest says",
    ),
    (
        lambda run: run["attempts"][0]["cell"].update(id="opens"),
        "run.json: attempts[0].cell: id says 'opens'; expected 'opens[webkit-fetch-stream+-direct]', as the rest says",
    ),
    (
        lambda run: run["attempts"][0]["metrics"].update(open_ms="1"),
        "run.json: attempts[0].metrics.open_ms: got '1'; expected a number, a whole number or null",
    ),
    (
        lambda run: run["attempts"][0]["timeline"][1].__setitem__(0, "1"),
        "run.json: attempts[0].timeline[1][0]: got '1'; expected a number",
    ),
    (
        lambda run: run["attempts"][0]["timeline"].append("page"),
        "run.json: attempts[0].timeline[2]: got 'page'; expected the list [at_ms, source, kind, detail]",
    ),
    (lambda run: run["declared"].append(CELL.id), f"run.json: cell {CELL.id} is declared twice; expected a run that"),
    (lambda run: run["declared"].clear(), f"run.json: cell {CELL.id} has an attempt and is not declared"),
    (lambda run: run["scenarios"].clear(), "run.json: scenario opens has an attempt and is not listed"),
    (lambda run: run["networks"].clear(), "run.json: network direct has an attempt and is not listed"),
    (
        lambda run: run["attempts"].append(run["attempts"][0]),
        f"run.json: attempt 1 of {CELL.id} is there twice; expected a run that agrees with itself",
    ),
]


@pytest.mark.parametrize(("changes", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_damaged_run_is_answered_with_its_place(file: Path, changes: Callable[[Any], object], said: str) -> None:
    """The complaint names file, way and what is accepted; it never is a traceback."""
    file.write_bytes(written(changes))
    assert mistake_in(file).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "run.json: not JSON: Expecting value in column 1; expected JSON"),
        (b"{\n 1}", "run.json:2: not JSON: Expecting property name enclosed in double quotes in column 2; expected"),
        (b"[]", "run.json: is not a run file"),
        (b'{"schema": NaN}', "run.json: NaN is no JSON number; expected JSON with finite numbers and each key once"),
        (b'{"schema": -Infinity}', "run.json: -Infinity is no JSON number"),
        (b'{"schema": 1e999}', "run.json: number 1e999 is too large"),
        (b'{"schema": 1, "schema": 1}', "run.json: key 'schema' is written twice"),
        (b'{"schema": ' + b"1" * 5000 + b"}", "run.json: "),
        (b'{"schema": ' + b"[" * 200_000, "run.json: is nested too deeply"),
        (b'{"schema": "\xff"}', "run.json: byte 0xff at position 12 is not UTF-8; expected JSON in UTF-8"),
        ('{"schema": 1}'.encode("utf-16"), "run.json: byte 0xff at position 0 is not UTF-8"),
        (b'{"schema": "' + b"2" * 100 + b'"}', f"run.json: schema: has version '{'2' * 60}...'; expected version 3"),
    ],
    ids=range(12),
)
def test_content_that_is_no_run_is_refused(file: Path, content: bytes, said: str) -> None:
    """Hostile or half content ends in one sentence that repeats little of it."""
    file.write_bytes(content)
    answer = mistake_in(file)
    assert answer.startswith(said)
    assert len(answer) < 300
    assert answer.isprintable()


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file and a folder in its place are mistakes of the same kind."""
    assert mistake_in(tmp_path / "absent.json") == "absent.json: cannot be read: No such file or directory"
    assert "cannot be read" in mistake_in(tmp_path)


def test_a_file_beyond_all_measure_is_not_read(file: Path) -> None:
    """A file of gigabytes (this one is a hole) is refused before it fills the memory."""
    with file.open("wb") as opened:
        opened.truncate(1 << 40)
    assert mistake_in(file) == f"run.json: is too large; expected at most {1 << 28} bytes"


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_any_damage_is_a_run_or_a_mistake(seed: int, shared: Path) -> None:
    """One value replaced, taken out or doubled anywhere: the file loads or InvalidInput says why not."""
    chance = random.Random(seed)
    plain = codec.encode(RUN)
    place, key = plain, "info"
    while isinstance(place, (dict, list)) and place:
        key = chance.choice(list(place) if isinstance(place, dict) else list(range(len(place))))
        if chance.random() < 0.2 or not isinstance(place[key], (dict, list)):
            break
        place = place[key]
    if not place or chance.random() < 0.2:
        place.clear()
    elif isinstance(place, list) and chance.random() < 0.3:
        place.append(place[0])
    else:
        place[key] = chance.choice([None, True, -1, 1.5, "", "x", [], {}, [[]], {"id": {}}])
    shared.write_text(json.dumps(plain))
    try:
        load(shared)
    except InvalidInput as refusal:
        assert str(refusal).startswith(str(shared))  # noqa: PT017 - either way is right


# The published schema


def test_the_schema_is_a_schema() -> None:
    """It is valid itself, and of the version this program writes."""
    Draft202012Validator.check_schema(DOCUMENTED)
    assert DOCUMENTED["properties"]["schema"]["const"] == SCHEMA


def parts_of_a_run() -> set[type]:
    """The dataclasses and enumerations of the words' modules that a run consists of."""
    named = {
        each
        for words in (model, load_model)
        for each in vars(words).values()
        if isinstance(each, type) and each.__module__ == words.__name__
    }
    return {each for each in named if is_dataclass(each) or issubclass(each, StrEnum)} - {Run}


DERIVED = {Cell: {"id"}, model.Verdict: {"expected"}}


def test_every_field_is_in_the_schema_and_no_other() -> None:
    """A field that is added to a value, or to the schema, is missed in the other."""
    described: dict[Any, Any] = {Run: DOCUMENTED} | {
        each: DOCUMENTED["$defs"].get(each.__name__) for each in parts_of_a_run()
    }
    assert {each.__name__ for each in described} == {"Run", *DOCUMENTED["$defs"]}
    for kind, entry in described.items():
        if issubclass(kind, StrEnum):
            assert entry["enum"] == [each.value for each in kind]
            continue
        names = [each.name for each in fields(kind)]
        if kind is Observation:
            assert [each["title"] for each in entry["prefixItems"]] == names
        else:
            always = set(entry["properties"]) - set(codec.OPTIONAL.get(kind, ()))
            assert set(entry["required"]) == always
            assert set(entry["properties"]) == set(names) | DERIVED.get(kind, set())
            assert entry["additionalProperties"] is False


# What only a look at two places shows, and numbers beyond a float's exactness.
BEYOND_SCHEMA = (
    "as the rest says",
    "is listed twice",
    " has a round and is not listed",
    " has an attempt ",
    " is there twice",
    "got a huge number",
)
VISIBLE = [(changes, said) for changes, said in MISTAKES if not any(words in said for words in BEYOND_SCHEMA)]


@pytest.mark.parametrize("changes", [changes for changes, _ in VISIBLE], ids=[said for _, said in VISIBLE])
def test_the_schema_refuses_what_it_can_see(changes: Callable[[Any], object]) -> None:
    """Readers in other languages find the same damage with the schema alone."""
    assert not VALIDATOR.is_valid(json.loads(written(changes)))
