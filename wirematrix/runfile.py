"""`run.json`: a run as data, versioned, documented by schema/run.schema.json.

Written whole or not at all: nobody ever reads half a file. Laid out for people, too: each attempt begins on a
line of its own and has one line per observation.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from wirematrix import codec
from wirematrix.errors import InvalidInput
from wirematrix.model import Attempt, Run

SCHEMA: Final = 3
LARGEST_BYTES: Final = 1 << 28

Key = TypeVar("Key", bound=Hashable)


def dump(run: Run, file: Path) -> None:
    """Write the run; the folder of the file is made if need be.

    ValueError if the run contradicts itself or holds what JSON cannot say (NaN, say): nothing is written then.
    """
    if contradiction := _contradiction(run):
        raise ValueError(f"{file}: {contradiction}")
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="ascii", newline="\n") as opened:
            opened.writelines(_pieces(run))
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(file.parent)


def load(file: Path) -> Run:
    """The run a file tells of; InvalidInput names file and JSON path of what cannot be used."""
    where = str(file)
    plain = codec.from_json(content_of(file), where)
    if not isinstance(plain, dict) or "schema" not in plain:
        raise InvalidInput(where, "is not a run file", expected='an object with the key "schema"')
    if type(plain["schema"]) is not int or plain["schema"] != SCHEMA:
        problem = f"has version {codec.shown(plain['schema'])}"
        raise InvalidInput(f"{where}: schema", problem, expected=f"version {SCHEMA}, the one this program reads")
    run = codec.decode(Run, plain, where)
    if contradiction := _contradiction(run):
        raise InvalidInput(where, contradiction, expected="a run that agrees with itself")
    return run


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


def _pieces(run: Run) -> Iterator[str]:
    """The file's text, bit by bit, so that it never stands in memory as a whole."""
    yield f'{{"schema": {run.schema},\n"info": {codec.to_json(run.info)},\n'
    yield from _list("scenarios", map(codec.to_json, run.scenarios))
    yield f'"networks": {codec.to_json(run.networks)},\n'
    yield from _list("declared", map(codec.to_json, run.declared))
    yield from _list("exclusions", map(codec.to_json, run.exclusions))
    yield from _list("attempts", map(_attempt, run.attempts))
    yield f'"load": {"null" if run.load is None else codec.to_json(run.load)},\n'
    yield from _list("effort", map(codec.to_json, run.effort), end="\n]}\n")


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


def _contradiction(run: Run) -> str | None:
    """The first thing in a run that readers may rely on and that does not hold."""
    return next(_contradictions(run), None)


def _contradictions(run: Run) -> Iterator[str]:
    if run.schema != SCHEMA:
        yield f"has version {run.schema}, not {SCHEMA}"
    for cell_id in _repeated(run.declared):
        yield f"cell {cell_id} is declared twice"
    for name in _repeated(scenario.name for scenario in run.scenarios):
        yield f"scenario {name} is listed twice"
    for cell_id, number in _repeated((attempt.cell.id, attempt.number) for attempt in run.attempts):
        yield f"attempt {number} of {cell_id} is there twice"
    declared, scenarios = set(run.declared), {scenario.name for scenario in run.scenarios}
    for cell in (attempt.cell for attempt in run.attempts):
        if cell.id not in declared:
            yield f"cell {cell.id} has an attempt and is not declared"
        if cell.scenario not in scenarios:
            yield f"scenario {cell.scenario} has an attempt and is not listed"
        if cell.network not in run.networks:
            yield f"network {cell.network} has an attempt and is not listed"
    yield from _load_contradictions(run)


def _load_contradictions(run: Run) -> Iterator[str]:
    if run.load is None:
        return
    tiers = [tier.name for tier in run.load.tiers]
    for name in _repeated(tiers):
        yield f"tier {name} is listed twice"
    for name in {each.tier for each in run.load.rounds}.difference(tiers):
        yield f"tier {name} has a round and is not listed"
    for tier, subscribers, repeat in _repeated((each.tier, each.subscribers, each.repeat) for each in run.load.rounds):
        yield f"repeat {repeat} of tier {tier} with {subscribers} subscribers is there twice"


def _repeated(values: Iterable[Key]) -> Iterator[Key]:
    seen: set[Key] = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
