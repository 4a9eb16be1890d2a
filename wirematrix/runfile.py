"""`run.json`: a run as data, versioned, documented by schema/run.schema.json; or several, merged.

A merged file holds whole runs, each with conditions and a version of its own (schema/merged.schema.json), and the jobs
whose run never came. Whatever takes run files reads them with `load_all`, so that it takes merged ones, too.

Written whole or not at all: nobody ever reads half a file. Laid out for people, too: each attempt begins on a
line of its own and has one line per observation.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.merged import MERGED, Merged
from wirematrix.model import Attempt, Run
from wirematrix.runrules import contradiction

SCHEMA: Final = 3
LARGEST_BYTES: Final = 1 << 28


def dump(run: Run, file: Path) -> None:
    """Write the run; the folder of the file is made if need be.

    ValueError if the run contradicts itself or holds what JSON cannot say (NaN, say): nothing is written then.
    """
    _refuse_contradictions([run], file)
    _write(file, _pieces(run))


def dump_merged(merged: Merged, file: Path) -> None:
    """Write several runs into one file, like `dump`; InvalidInput if it would be too large to be read again."""
    _refuse_contradictions(merged.runs, file)
    _write(file, _merged_pieces(merged))


def load(file: Path) -> Run:
    """The run a file tells of; InvalidInput names file and JSON path of what cannot be used."""
    where = str(file)
    plain = _plain(file)
    if "merged" in plain:
        raise InvalidInput(where, "is a merged file", expected="the run file of one run")
    return _run(plain, where)


def load_all(file: Path) -> tuple[Run, ...]:
    """The runs a file tells of, one or, if it is merged, several; InvalidInput like `load`.

    A lost job is a run that declares its cells and has no attempt, so they are missing wherever runs are shown.
    """
    return load_merged(file).all_runs


def load_merged(file: Path) -> Merged:
    """The content of a merged file; a run file is one with a single run."""
    where = str(file)
    plain = _plain(file)
    if "merged" not in plain:
        return Merged(merged=MERGED, runs=(_run(plain, where),))
    _refuse_version(plain["merged"], MERGED, f"{where}: merged")
    runs = plain.get("runs")
    for place, each in enumerate(runs if isinstance(runs, list) else ()):
        _refuse_version(
            each.get("schema") if isinstance(each, dict) else None, SCHEMA, f"{where}: runs[{place}].schema"
        )
    merged = codec.decode(Merged, plain, where)
    if not merged.runs:
        raise InvalidInput(f"{where}: runs", "is empty", expected="at least one run")
    for place, run in enumerate(merged.runs):
        if problem := contradiction(run):
            raise InvalidInput(f"{where}: runs[{place}]", problem, expected="a run that agrees with itself")
    return merged


def took_ms(file: Path) -> Mapping[str, float]:
    """How long each cell's longest attempt took in the run that a file tells of, by cell id; empty without one.

    A hint for the order of the next run, so a file that cannot be used (another version, half of one) says nothing
    here. Attempts that were not made took no time and say nothing either.
    """
    found: dict[str, float] = {}
    try:
        for attempt in codec.from_json(content_of(file), str(file))["attempts"]:
            name, took = attempt["cell"]["id"], float(attempt["duration_ms"])
            if took > 0:
                found[name] = max(took, found.get(name, 0.0))
    except (InvalidInput, LookupError, TypeError, ValueError):
        return {}
    return found


def content_of(file: Path) -> bytes:
    """The bytes of a file that a person named; InvalidInput if it cannot be read or is unreasonably large."""
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(str(file), "is too large", expected=f"at most {LARGEST_BYTES} bytes")
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(str(file), f"cannot be read: {error.strerror or error}") from error


def _refuse_contradictions(runs: Iterable[Run], file: Path) -> None:
    for run in runs:
        problem = contradiction(run)
        if problem is None and run.schema != SCHEMA:
            problem = f"has version {run.schema}, not {SCHEMA}"
        if problem:
            raise ValueError(f"{file}: {problem}")


def _write(file: Path, pieces: Iterable[str]) -> None:
    """A file that is there as a whole or, if anything goes wrong, as it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="ascii", newline="\n") as opened:
            opened.writelines(pieces)
            opened.flush()
            os.fsync(opened.fileno())
        if unfinished.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(str(file), "would be too large to be read", expected=f"at most {LARGEST_BYTES} bytes")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(file.parent)


def _plain(file: Path) -> dict[str, Any]:
    """What the file's JSON says, which is an object that may be a run file or a merged one."""
    plain = codec.from_json(content_of(file), str(file))
    if not isinstance(plain, dict) or not {"schema", "merged"} & plain.keys():
        raise InvalidInput(str(file), "is not a run file", expected='an object with the key "schema"')
    return plain


def _run(plain: dict[str, Any], where: str) -> Run:
    _refuse_version(plain["schema"], SCHEMA, f"{where}: schema")
    run = codec.decode(Run, plain, where)
    if problem := contradiction(run):
        raise InvalidInput(where, problem, expected="a run that agrees with itself")
    return run


def _refuse_version(found: object, known: int, where: str) -> None:
    if type(found) is not int or found != known:
        problem = f"has version {codec.shown(found)}"
        raise InvalidInput(where, problem, expected=f"version {known}, the one this program reads")


def _pieces(run: Run) -> Iterator[str]:
    """The file's text, bit by bit, so that it never stands in memory as a whole."""
    yield f'{{"schema": {run.schema},\n"info": {codec.to_json(run.info)},\n'
    yield from _list("scenarios", map(codec.to_json, run.scenarios))
    yield f'"networks": {codec.to_json(run.networks)},\n'
    yield from _list("declared", map(codec.to_json, run.declared))
    yield from _list("exclusions", map(codec.to_json, run.exclusions))
    yield from _list("attempts", map(_attempt, run.attempts))
    yield f'"load": {"null" if run.load is None else codec.to_json(run.load)},\n'
    yield from _list("effort", map(codec.to_json, run.effort))
    yield from _list("routes", map(codec.to_json, run.routes), end="\n]}\n")


def _merged_pieces(merged: Merged) -> Iterator[str]:
    yield f'{{"merged": {merged.merged},\n"runs": [\n'
    for place, run in enumerate(merged.runs):
        yield ",\n" if place else ""
        yield from _pieces(run)
    yield "],\n"
    yield from _list("lost", map(codec.to_json, merged.lost), end="\n]}\n")


def _list(key: str, lines: Iterable[str], end: str = "\n],\n") -> Iterator[str]:
    yield f'"{key}": ['
    comma = "\n"
    for line in lines:
        yield f"{comma}{line}"
        comma = ",\n"
    yield end


def _attempt(attempt: Attempt) -> str:
    """One attempt, its timeline spread over lines."""
    try:
        plain = codec.encode(attempt)
        observations = ",\n".join(map(codec.spell, plain.pop("timeline")))
        return f'{codec.spell(plain)[:-1]},"timeline":[\n{observations}\n]}}'
    except ValueError as error:
        raise ValueError(f"attempt {attempt.number} of {attempt.cell.id}: {error}") from error


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
