"""The books of a run: which cells are asked for, what became of them, and the files that tell it.

One per process. A worker of pytest-xdist keeps its own journal and hands its sums to the controller;
only the process without a controller writes the run file and the report.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Final, TextIO

import psutil

from wirematrix import engines
from wirematrix.admission import cores
from wirematrix.agenda import Wishes
from wirematrix.attempts import Job, Scenario
from wirematrix.budgets import scale_factor
from wirematrix.campaign import Campaign
from wirematrix.engines.system_builds import system_name
from wirematrix.errors import EngineUnavailable
from wirematrix.journal import Fingerprint, Journal, read_journals
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Build, Cell, Run, RunInfo, ScenarioText
from wirematrix.progress import Progressing
from wirematrix.report import write_report
from wirematrix.resources import idle_s
from wirematrix.routes.texts import texts_of
from wirematrix.runfile import SCHEMA, dump, took_ms
from wirematrix.runner import RunOptions, Watcher

COMMIT_CHARS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Where the books lie and how the run is made."""

    results: Path
    options: RunOptions
    engines: tuple[str, ...]
    worker: str
    resume: bool
    repeat: int
    retry_isolated: bool
    root: Path
    command: str

    @property
    def journals(self) -> Path:
        """The folder of the journals, one file per process."""
        return self.results / "journal"

    @property
    def run_file(self) -> Path:
        """The run as data."""
        return self.results / "run.json"


@dataclass(slots=True)
class Sums:
    """What a process adds to the run info; a worker sends it to the controller as JSON."""

    cpu_by_part_s: dict[str, float] = field(default_factory=dict)
    peak_memory_mib: float = 0.0
    soak_left_out: int = 0
    routes_left_out: int = 0
    declared: list[str] = field(default_factory=list)
    scenarios: dict[str, ScenarioText] = field(default_factory=dict)

    def add(self, other: Sums) -> None:
        """Take in another process's sums."""
        for part, cpu_s in other.cpu_by_part_s.items():
            self.cpu_by_part_s[part] = self.cpu_by_part_s.get(part, 0.0) + cpu_s
        self.peak_memory_mib += other.peak_memory_mib
        self.soak_left_out = max(self.soak_left_out, other.soak_left_out)  # each worker collects everything
        self.routes_left_out = max(self.routes_left_out, other.routes_left_out)
        self.declared = other.declared or self.declared
        self.scenarios.update(other.scenarios)


class RunBook:
    """Connects cells that somebody asks for with the campaign that makes their attempts."""

    def __init__(self, matrix: Matrix, books: Books, stream: TextIO) -> None:
        self.matrix = matrix
        self.books = books
        self.builds: dict[str, Build] = {}
        self.unavailable: dict[str, str] = {}
        self.sums = Sums()
        self._asked: list[Job] = []
        self._campaign: Campaign | None = None
        self._journal: Journal | None = None
        self._progress = Progressing(stream, "cells" if books.repeat == 1 else "attempts")
        self._started = dt.datetime.now(dt.UTC)
        self._started_s = time.monotonic()
        self._idle_s = idle_s()
        self._took_ms: Mapping[str, float] = {}
        self._locate()
        self.commit = commit_of(books.root)  # once: the tree may change while the run goes on
        self.fingerprint = Fingerprint.of(matrix.digest, self.commit, self.builds.values())

    def _locate(self) -> None:
        for name in self.books.engines:
            try:
                self.builds[name] = engines.locate(name)
            except EngineUnavailable as missing:
                self.unavailable[name] = str(missing)

    @property
    def missing_required(self) -> tuple[str, ...]:
        """The required engines that are not there."""
        return tuple(name for name in self.matrix.required_engines if name in self.unavailable)

    def ask_for(self, wanted: Sequence[tuple[Cell, Scenario]], *, left_out: Mapping[str, int]) -> None:
        """These cells were selected, in this order; so many were not asked for, by the mark that leaves them out."""
        self.sums.soak_left_out, self.sums.routes_left_out = left_out.get("soak", 0), left_out.get("routes", 0)
        self._asked = [Job(cell=cell, scenario=scenario) for cell, scenario in wanted]
        self.sums.declared = [cell.id for cell, _ in wanted]
        self.sums.scenarios = {scenario.text.name: scenario.text for _, scenario in wanted}

    def clear(self) -> None:
        """A new run begins: what an older one left is put aside (one generation), unless it is resumed.

        InvalidInput if it is to be resumed and cannot be.
        """
        if self.books.resume:
            read_journals(self.books.journals, self.fingerprint)
        if self.books.resume or not self.books.journals.exists():
            return
        aside = self.books.journals.with_name("journal.before")
        shutil.rmtree(aside, ignore_errors=True)
        self.books.journals.rename(aside)

    def attempts(self, cell: Cell, *, whole_engine_only: bool) -> tuple[Attempt, ...]:
        """All attempts of a cell, when the last has ended; the first one asked for sets the campaign going.

        With `whole_engine_only` (a worker) only the cells of the same engine are made along with it.
        """
        if self._campaign is None or not self._campaign.covers(cell):
            self._begin([job for job in self._asked if not whole_engine_only or job.cell.engine == cell.engine])
        assert self._campaign  # noqa: S101 - _begin made it
        return self._campaign.attempts(cell)

    def _begin(self, asked: Sequence[Job]) -> None:
        if self._campaign is None:
            already = read_journals(self.books.journals, self.fingerprint).attempts if self.books.resume else ()
            self._journal = Journal(self.books.journals, self.books.worker, self.fingerprint)
            self._took_ms = took_ms(self.books.run_file)
            watcher = Watcher(expects=self._progress.start, began=self._attempt_began, ended=self._attempt_ended)
            self._campaign = Campaign(self.matrix, self.books.options, watcher, already=already)
        wishes = Wishes(
            repeat=self.books.repeat,
            retry_isolated=self.books.retry_isolated,
            needs=self.matrix.needs([job.cell for job in asked]),
            took_ms=self._took_ms,
        )
        self._campaign.start(asked, wishes)

    def _attempt_began(self, job: Job) -> None:
        if self._journal:
            self._journal.begin(job.cell, job.number)
        self._progress.began()

    def _attempt_ended(self, attempt: Attempt) -> None:
        if self._journal:
            self._journal.end(attempt)
        self._progress.ended(expected=attempt.verdict.expected)

    def close(self) -> Sums:
        """End the campaign, whatever it is doing; the sums of this process."""
        if self._campaign:
            self._campaign.stop()
            self.sums.cpu_by_part_s = self._campaign.cpu_by_part_s
            self.sums.peak_memory_mib = self._campaign.peak_memory_mib
        self._progress.close()
        if self._journal:
            self._journal.close()
        return self.sums

    def write(self) -> Run:
        """Make the run file from the journals, and the report from the run file."""
        journals = read_journals(self.books.journals, self.fingerprint)
        order = {cell_id: place for place, cell_id in enumerate(self.sums.declared)}
        attempts = sorted(
            (one for one in journals.attempts if one.cell.id in order),
            key=lambda one: (order[one.cell.id], one.number),
        )
        used = {attempt.cell.network for attempt in attempts}
        run = Run(
            schema=SCHEMA,
            info=self._run_info(),
            scenarios=tuple(self.sums.scenarios.values()),
            networks={network.name: network.title for network in self.matrix.networks},
            routes=texts_of(network for network in self.matrix.networks if network.name in used),
            declared=tuple(self.sums.declared),
            exclusions=self.matrix.excluded(self.books.engines),
            attempts=tuple(attempts),
        )
        dump(run, self.books.run_file)
        write_report([run], self.books.results / "matrix.html")
        return run

    def _run_info(self) -> RunInfo:
        return RunInfo(
            started=self._started.isoformat(timespec="seconds"),
            finished=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            command=self.books.command,
            system=system_name(),
            machine=platform.machine(),
            cores=cores(),
            memory_mib=round(psutil.virtual_memory().total / 2**20),
            python=platform.python_version(),
            playwright=metadata.version("playwright"),
            wirematrix=metadata.version("wirematrix"),
            commit=self.commit,
            scale_factor=scale_factor(),
            concurrency=self.books.options.limits.spelled,
            wall_s=round(time.monotonic() - self._started_s, 1),
            cpu_s=round(sum(self.sums.cpu_by_part_s.values()), 1),
            peak_memory_mib=round(self.sums.peak_memory_mib),
            cpu_by_part_s={part: round(cpu_s, 1) for part, cpu_s in self.sums.cpu_by_part_s.items()},
            idle_s=round(idle_s() - self._idle_s, 1),
            soak_left_out=self.sums.soak_left_out,
            routes_left_out=self.sums.routes_left_out,
            builds=tuple(self.builds.values()),
            unavailable=dict(self.unavailable),
        )


def commit_of(folder: Path) -> str:
    """The commit of a checkout, `-dirty` with changes; "unknown" outside of one.

    GitHub checks out without a repository where there is no git, and says the commit itself.
    """
    told = os.environ.get("GITHUB_SHA", "")[:COMMIT_CHARS] or "unknown"
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", f"--abbrev={COMMIT_CHARS}", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return told
    return found.stdout.strip() or told
