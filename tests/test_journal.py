"""The journal: whatever a process had ended when it died is there, and nothing else is taken for it."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.run_values import ATTEMPT, CELL, INFO, SOME_ATTEMPTS
from wirematrix.errors import InvalidInput
from wirematrix.journal import Begun, Fingerprint, Journal, Journals, discard_journals, journal_files, read_journals
from wirematrix.model import Attempt

FINGERPRINT = Fingerprint.of("a" * 64, "0123456789ab", INFO.builds)
NOTHING = Journals(attempts=(), unfinished=(), torn=())
ROOT = Path(__file__).resolve().parent.parent

Noted = tuple[Attempt, ...]


def mistake_in(folder: Path, fingerprint: Fingerprint | None = None) -> str:
    """How reading complains, without the folder."""
    with pytest.raises(InvalidInput) as refusal:
        read_journals(folder, fingerprint)
    return str(refusal.value).replace(f"{folder}/", "")


def note(folder: Path, attempts: Noted, worker: str = "main") -> Path:
    """A journal in which these attempts began and ended."""
    with Journal(folder, worker, FINGERPRINT) as journal:
        for attempt in attempts:
            journal.begin(attempt.cell, attempt.number)
            journal.end(attempt)
    return journal.file


@settings(deadline=None, max_examples=50)
@given(attempts=SOME_ATTEMPTS)
def test_what_was_noted_is_read(attempts: Noted, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any attempts come back equal and in order."""
    folder = tmp_path_factory.mktemp("journal")
    note(folder, attempts)
    assert read_journals(folder, FINGERPRINT) == replace(NOTHING, attempts=attempts)


def test_a_line_is_there_the_moment_it_is_noted(tmp_path: Path) -> None:
    """Another process can read an attempt before the journal is closed."""
    journal = Journal(tmp_path, "main", FINGERPRINT)
    journal.begin(CELL, 1)
    assert read_journals(tmp_path).unfinished == (Begun(cell=CELL, number=1),)
    journal.end(ATTEMPT)
    assert read_journals(tmp_path) == replace(NOTHING, attempts=(ATTEMPT,))
    journal.close()


KILLED = """
import sys
from pathlib import Path
from tests.run_values import ATTEMPT
from tests.test_journal import FINGERPRINT
from wirematrix.journal import Journal

journal = Journal(Path(sys.argv[1]), "main", FINGERPRINT)
journal.begin(ATTEMPT.cell, 1)
journal.end(ATTEMPT)
journal.begin(ATTEMPT.cell, 2)
print("noted", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_what_it_noted(tmp_path: Path) -> None:
    """After SIGKILL the ended attempt is there and the one that had begun is named."""
    with subprocess.Popen(  # the same interpreter, our own text
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == b"noted"
        process.kill()
    assert read_journals(tmp_path, FINGERPRINT) == Journals(
        attempts=(ATTEMPT,), unfinished=(Begun(cell=CELL, number=2),), torn=()
    )


def test_a_write_torn_at_any_byte_costs_one_line(tmp_path: Path) -> None:
    """Cut anywhere, a journal keeps its whole lines, reports the torn one and never fails."""
    first = replace(ATTEMPT, timeline=(), near_misses=())  # short, because each of its bytes is tried
    second = replace(first, number=2)
    file = note(tmp_path, (first, second))
    content = file.read_bytes()
    ends = [index + 1 for index, byte in enumerate(content) if byte == ord("\n")]
    for length in range(len(content) + 1):
        file.write_bytes(content[:length])
        whole = sum(end <= length for end in ends)
        found = read_journals(tmp_path)
        assert found.attempts == (first, second)[: max(0, (whole - 1) // 2)]
        begun = {2: 1, 4: 2}.get(whole)
        assert found.unfinished == ((Begun(cell=CELL, number=begun),) if begun else ())
        torn = length - max([0, *(end for end in ends if end <= length)])
        said = f"{file}:{whole + 1}: torn after {torn} bytes, left out"
        assert found.torn == ((said,) if torn or not length else ())


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_any_damage_is_read_or_named(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A byte changed anywhere: the journal reads, or InvalidInput names its file and line."""
    folder = tmp_path_factory.getbasetemp() / "damaged"
    discard_journals(folder)
    file = note(folder, (ATTEMPT,))
    chance = random.Random(seed)
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] = chance.randrange(256)
    file.write_bytes(content)
    try:
        read_journals(folder)
    except InvalidInput as refusal:
        assert str(refusal).startswith(f"{file}:")  # noqa: PT017 - either way is right


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "main-001.jsonl:4: not JSON: Expecting value in column 1; expected JSON"),
        ('{"begin":', "main-001.jsonl:4: not JSON: Expecting value in column 10; expected JSON"),
        ("{}", "main-001.jsonl:4: is no line of a journal; expected begin or attempt"),
        ('{"begin":{},"attempt":{}}', "main-001.jsonl:4: is no line of a journal; expected begin or attempt"),
        ('{"begin":{"number":1}}', "main-001.jsonl:4: begin: key 'cell' is missing; expected cell and number"),
        (
            '{"begin":{"cell":{"scenario":5},"number":1}}',
            "main-001.jsonl:4: begin: cell: key 'engine' is missing; expected scenario, engine, transport,",
        ),
        ('{"attempt":[]}', "main-001.jsonl:4: attempt: got a list; expected an object"),
    ],
)
def test_a_whole_line_that_says_nothing_is_named(tmp_path: Path, line: str, said: str) -> None:
    """Only the last, torn line is forgiven; any other damage ends with file and line."""
    file = note(tmp_path, (ATTEMPT,))
    with file.open("a") as opened:
        opened.write(f"{line}\n")
    assert mistake_in(tmp_path).startswith(said)


def test_the_first_line_must_be_a_header(tmp_path: Path) -> None:
    """A file of another kind, or of another version of the journal, is not read."""
    file = tmp_path / "main-001.jsonl"
    file.write_text('{"begin":{}}\n')
    assert mistake_in(tmp_path).startswith("main-001.jsonl:1: is not the first line of a journal; expected journal and")
    file.write_text('{"journal":2,"fingerprint":{}}\n')
    assert mistake_in(tmp_path).startswith("main-001.jsonl:1: journal: has version 2; expected version 1,")


def test_an_attempt_ends_once(tmp_path: Path) -> None:
    """Two attempts with the same cell and number contradict each other, in one file or in two."""
    note(tmp_path, (ATTEMPT,))
    note(tmp_path, (ATTEMPT,), worker="gw0")
    assert mistake_in(tmp_path) == f"main-001.jsonl:3: attempt 1 of {CELL.id} ended twice; expected once"


def test_each_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    """A resumed run never writes behind a torn line, and attempts of all files are gathered."""
    first = note(tmp_path, (ATTEMPT,))
    with first.open("a") as opened:
        opened.write('{"begin":{"ce')
    again = note(tmp_path, (replace(ATTEMPT, number=2),))
    other = note(tmp_path, (replace(ATTEMPT, number=3),), worker="gw0")
    assert [file.name for file in journal_files(tmp_path)] == ["gw0-001.jsonl", "main-001.jsonl", "main-002.jsonl"]
    assert journal_files(tmp_path) == (other, first, again)
    found = read_journals(tmp_path, FINGERPRINT)
    assert [attempt.number for attempt in found.attempts] == [3, 1, 2]
    assert found.torn == (f"{first}:4: torn after 13 bytes, left out",)


def test_an_attempt_that_began_again_and_ended_is_finished(tmp_path: Path) -> None:
    """What died under one process and was made by the next is not unfinished."""
    with Journal(tmp_path, "main", FINGERPRINT) as journal:
        journal.begin(CELL, 1)
    assert read_journals(tmp_path).unfinished == (Begun(cell=CELL, number=1),)
    note(tmp_path, (ATTEMPT,))
    assert read_journals(tmp_path) == replace(NOTHING, attempts=(ATTEMPT,))


WEBKIT = FINGERPRINT.builds["webkit"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(FINGERPRINT, matrix="b" * 64), "another matrix.yaml (aaaaaaaaaaaa, not bbbbbbbbbbbb)"),
        (replace(FINGERPRINT, commit="fedc"), "commit 0123456789ab, not fedc"),
        (replace(FINGERPRINT, builds={"webkit": "WebKitGTK 2.52 (system)"}), f"{WEBKIT}, not WebKitGTK 2.52 (system)"),
    ],
)
def test_journals_of_another_run_are_refused(tmp_path: Path, other: Fingerprint, said: str) -> None:
    """Resuming with another matrix, commit or engine build says so instead of mixing two runs."""
    note(tmp_path, (ATTEMPT,))
    expected = f"main-001.jsonl:1: is of a run with {said}; expected journals of one run; begin afresh without --resume"
    assert mistake_in(tmp_path, other) == expected


def test_journals_of_two_runs_do_not_mix(tmp_path: Path) -> None:
    """Without a fingerprint to compare with, the files are compared with each other."""
    note(tmp_path, (ATTEMPT,))
    Journal(tmp_path, "other", replace(FINGERPRINT, commit="fedc")).close()
    assert mistake_in(tmp_path).startswith("other-001.jsonl:1: is of a run with commit fedc, not 0123456789ab;")


def test_workers_with_different_engines_are_one_run(tmp_path: Path) -> None:
    """A worker that owns one engine need not know the builds of the others."""
    note(tmp_path, (ATTEMPT,))
    Journal(tmp_path, "gw0", replace(FINGERPRINT, builds={"firefox": "Firefox 153 (system)"})).close()
    everything = replace(FINGERPRINT, builds={**FINGERPRINT.builds, "firefox": "Firefox 153 (system)"})
    assert read_journals(tmp_path, everything).attempts == (ATTEMPT,)


def test_an_empty_folder_says_nothing(tmp_path: Path) -> None:
    """Neither a folder without journals nor one that is missing is a mistake; other files are left alone."""
    assert read_journals(tmp_path / "absent") == NOTHING
    (tmp_path / "notes.txt").write_text("mine")
    note(tmp_path, (ATTEMPT,))
    discard_journals(tmp_path)
    assert read_journals(tmp_path, FINGERPRINT) == NOTHING
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_what_json_cannot_say_is_not_half_written(tmp_path: Path) -> None:
    """An attempt with NaN is an error at once, and the journal goes on."""
    with Journal(tmp_path, "main", FINGERPRINT) as journal:
        with pytest.raises(ValueError, match="not JSON compliant"):
            journal.end(replace(ATTEMPT, duration_ms=float("nan")))
        journal.end(ATTEMPT)
    assert read_journals(tmp_path) == replace(NOTHING, attempts=(ATTEMPT,))


def test_a_worker_has_a_plain_name(tmp_path: Path) -> None:
    """A name that would lead out of the folder is refused."""
    with pytest.raises(ValueError, match="expected letters, digits and '_'"):
        Journal(tmp_path, "../main", FINGERPRINT)
