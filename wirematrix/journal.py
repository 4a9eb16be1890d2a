"""The journal: what each process of a run has begun and ended, line by line, so that a killed run keeps it.

A folder with one JSONL file per process; the first line names the run it belongs to.

    {"journal":1,"fingerprint":{"matrix":...,"commit":...,"builds":{"firefox":...}}}
    {"begin":{"cell":{...},"number":1}}
    {"attempt":{...}}

Each line is handed to the operating system in one write, so it survives the death of the process, not that of
the machine. A process that is killed while it writes leaves a torn last line: without its newline it does not
count and is reported. A process always begins a file of its own; nobody writes behind a torn line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import FileIO
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from wirematrix import codec
from wirematrix.codec import Plain
from wirematrix.errors import InvalidInput
from wirematrix.model import Attempt, Build, Cell

VERSION: Final = 1
WORKER: Final = re.compile(r"[A-Za-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What attempts must share to stand in one run; a process may know the builds of its own engines only."""

    matrix: str  # Matrix.digest
    commit: str
    builds: Mapping[str, str]  # engine -> version and origin

    @classmethod
    def of(cls, matrix: str, commit: str, builds: Iterable[Build]) -> Self:
        """The fingerprint of a run of the matrix with that digest."""
        named = {build.engine: f"{build.product} {build.version} ({build.origin})" for build in builds}
        return cls(matrix=matrix, commit=commit, builds=named)

    def difference(self, other: Fingerprint) -> str | None:
        """What keeps the two from standing in one run, in words; None if nothing does."""
        if self.matrix != other.matrix:
            return f"another matrix.yaml ({self.matrix[:12]}, not {other.matrix[:12]})"
        if self.commit != other.commit:
            return f"commit {self.commit}, not {other.commit}"
        for engine, build in self.builds.items():
            if other.builds.get(engine, build) != build:
                return f"{build}, not {other.builds[engine]}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An attempt that began."""

    cell: Cell
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """What the journals of a folder say."""

    attempts: tuple[Attempt, ...]
    unfinished: tuple[Begun, ...]  # begun and never ended: the process died under them
    torn: tuple[str, ...]  # one sentence for each line that was cut short, and is left out


class Journal:
    """One process's own file; `worker` is its name ("main", "gw0")."""

    def __init__(self, folder: Path, worker: str, fingerprint: Fingerprint) -> None:
        if not WORKER.fullmatch(worker):
            raise ValueError(f"worker: got {worker!r}; expected letters, digits and '_'")
        folder.mkdir(parents=True, exist_ok=True)
        self.file, self._opened = _new_file(folder, worker)
        self._write({"journal": VERSION, "fingerprint": codec.encode(fingerprint)})

    def begin(self, cell: Cell, number: int) -> None:
        """Note that an attempt begins."""
        self._write({"begin": codec.encode(Begun(cell=cell, number=number))})

    def end(self, attempt: Attempt) -> None:
        """Note an attempt that ended; ValueError if it holds what JSON cannot say: nothing is written then."""
        self._write({"attempt": codec.encode(attempt)})

    def close(self) -> None:
        """Nothing is written any more; closing twice does no harm."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, plain: Mapping[str, Plain]) -> None:
        line = memoryview(f"{codec.spell(plain)}\n".encode("ascii"))
        while line:  # unbuffered: one write(2), more only if the disk takes a part of the line
            line = line[self._opened.write(line) or 0 :]


def read_journals(folder: Path, fingerprint: Fingerprint | None = None) -> Journals:
    """What all processes have noted in a folder; a folder that is missing or empty says nothing.

    InvalidInput names file and line of what cannot be used, or says why a journal is of another run: than
    `fingerprint`, or than the journals before it.
    """
    begun: dict[Begun, None] = {}
    attempts: dict[Begun, Attempt] = {}
    torn: list[str] = []
    fingerprints = [] if fingerprint is None else [fingerprint]
    for file in journal_files(folder):
        *lines, rest = _content_of(file).split(b"\n")
        if rest or not lines:
            torn.append(f"{file}:{len(lines) + 1}: torn after {len(rest)} bytes, left out")
        for number, line in enumerate(lines, 1):
            place = f"{file}:{number}"
            plain = codec.from_json(line, place)
            if number == 1:
                _refuse_other_run(_header(plain, place), fingerprints, place)
                continue
            fact = _fact(plain, place)
            if isinstance(fact, Begun):
                begun[fact] = None
                continue
            ended = Begun(cell=fact.cell, number=fact.number)
            if ended in attempts:
                raise InvalidInput(place, f"attempt {fact.number} of {fact.cell.id} ended twice", expected="once")
            attempts[ended] = fact
    unfinished = tuple(each for each in begun if each not in attempts)
    return Journals(attempts=tuple(attempts.values()), unfinished=unfinished, torn=tuple(torn))


def discard_journals(folder: Path) -> None:
    """Remove the journals of a folder, before a run that begins afresh."""
    for file in journal_files(folder):
        file.unlink(missing_ok=True)


def journal_files(folder: Path) -> tuple[Path, ...]:
    """The journals in a folder, in the order of their names."""
    return tuple(sorted(folder.glob("*-*.jsonl")))


def _new_file(folder: Path, worker: str) -> tuple[Path, FileIO]:
    for number in count(1):
        file = folder / f"{worker}-{number:03}.jsonl"
        try:
            return file, file.open("xb", buffering=0)
        except FileExistsError:
            continue
    raise AssertionError(folder)


def _content_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(str(file), f"cannot be read: {error.strerror or error}") from error


def _header(plain: Plain, place: str) -> Fingerprint:
    if not isinstance(plain, dict) or plain.keys() != {"journal", "fingerprint"}:
        raise InvalidInput(place, "is not the first line of a journal", expected="journal and fingerprint")
    if type(plain["journal"]) is not int or plain["journal"] != VERSION:
        problem = f"has version {codec.shown(plain['journal'])}"
        raise InvalidInput(f"{place}: journal", problem, expected=f"version {VERSION}, the one this program reads")
    return codec.decode(Fingerprint, plain["fingerprint"], f"{place}: fingerprint")


def _fact(plain: Plain, place: str) -> Begun | Attempt:
    match plain:
        case {"begin": begin, **others} if not others:
            return codec.decode(Begun, begin, f"{place}: begin")
        case {"attempt": attempt, **others} if not others:
            return codec.decode(Attempt, attempt, f"{place}: attempt")
        case _:
            raise InvalidInput(place, "is no line of a journal", expected="begin or attempt")


def _refuse_other_run(found: Fingerprint, known: list[Fingerprint], place: str) -> None:
    for other in known:
        if difference := found.difference(other):
            raise InvalidInput(
                place,
                f"is of a run with {difference}",
                expected="journals of one run; begin afresh without --resume",
            )
    known.append(found)
