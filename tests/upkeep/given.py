"""Builds, runs and matrices for the tests of upkeep: what was seen, in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count

from tests.run_values import ATTEMPT, INFO, RUN
from tests.small_matrix import BASE
from wirematrix import matrix
from wirematrix.model import Attempt, Build, Cell, Run, Status, Verdict
from wirematrix.upkeep import Switches, Update, update

STARTED = count()


def build(engine: str = "chromium", version: str = "150.0.1", origin: str = "playwright") -> Build:
    """A build of an engine."""
    return Build(
        engine=engine, product=engine, version=version, origin=origin, executable="/usr/bin/x", system="Debian 12"
    )


CHROMIUM, WEBKIT, CHROME = build(), build("webkit", "2.50.6", "system"), build("chrome", "150.0.1", "channel")
BUILDS = (CHROMIUM, WEBKIT, CHROME)


def attempt(cell: Cell, status: Status, *, number: int = 1, builds_on: str = "", isolated: bool = False) -> Attempt:
    """An attempt that ended so; no two are the same."""
    verdict = Verdict(status=status, because="so it was told", builds_on=builds_on)
    started = f"2026-01-31T12:00:00.{next(STARTED):06d}+00:00"
    return replace(ATTEMPT, cell=cell, number=number, verdict=verdict, started=started, isolated=isolated)


def run(attempts: Iterable[Attempt], builds: Iterable[Build] = BUILDS) -> Run:
    """A run of these attempts with these builds."""
    listed = tuple(attempts)
    return replace(
        RUN,
        info=replace(INFO, builds=tuple(builds)),
        scenarios=tuple(
            replace(RUN.scenarios[0], name=name) for name in dict.fromkeys(each.cell.scenario for each in listed)
        ),
        networks={each.cell.network: each.cell.network for each in listed},
        declared=tuple(dict.fromkeys(each.cell.id for each in listed)),
        attempts=listed,
    )


def seen(text: str, endings: Mapping[str, str], builds: Iterable[Build] = BUILDS) -> Run:
    """A run of a matrix: beside the beginning of cell ids the statuses of their attempts, "" for the default.

    `{"": "pass", "opens[webkit": "fail pass"}`: everything passed, but `opens` in WebKit failed and then passed. The
    last beginning that fits counts; a cell that none fits was not run.
    """
    listed = tuple(builds)
    attempts: list[Attempt] = []
    for cell in matrix.parse(text.encode(), "matrix.yaml", unfinished=True).cells([each.engine for each in listed]):
        fitting = [words for beginning, words in endings.items() if cell.id.startswith(beginning)]
        statuses = fitting[-1].split() if fitting else []
        attempts += [attempt(cell, Status(word), number=number) for number, word in enumerate(statuses, start=1)]
    return run(attempts, listed)


def updated(
    text: str,
    *runs: Run,
    add: bool = False,
    drop: bool = False,
    min_attempts: int = 2,
) -> Update:
    """The outcome of an update; a second one with the same runs must change nothing."""
    switches = Switches(add_intermittents=add, drop_intermittents=drop, min_attempts=min_attempts)
    done = update(text.encode(), "matrix.yaml", runs, switches)
    again = update(done.content, "matrix.yaml", runs, switches)
    assert not again.changed, again.diff
    return done


def claims(*entries: str) -> str:
    """The base matrix with expectations, each given as `cells | status` and perhaps `| build`."""
    text = f"{BASE}expectations:\n"
    for number, entry in enumerate(entries):
        cells, status, *condition = (words.strip() for words in entry.split("|"))
        text += f"  - cells: {{{cells}}}\n    status: {status}\n"
        text += f"    build: {{{condition[0]}}}\n" if condition else ""
        text += f"    because: reason {number}\n    see: docs/observed.md\n"
    return text


def tail(done: Update, of: str) -> str:
    """What stands in the outcome behind the text that it began with."""
    text = done.content.decode()
    assert text.startswith(of)
    return text.removeprefix(of)
