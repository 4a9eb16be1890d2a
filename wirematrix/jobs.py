"""`jobs:` of matrix.yaml: which machine runs which engines, so that CI is told by the matrix and not twice.

A run belongs to a job by what it says of itself, its system and where its builds came from; nobody labels run files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from wirematrix.expectations import ORIGINS
from wirematrix.model import Run
from wirematrix.nodes import NAME, Node

CHANNELS: Final = ("chrome", "msedge")  # engines that are branded browsers: one a job, as pytest-playwright has it
LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")  # a runner's label, an image's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One machine's part of the matrix."""

    name: str
    runs_on: str  # label of the runner
    container: str  # image that it runs in; empty for none
    system: str  # how the system's name begins in the run file
    origin: str  # where its builds come from
    engines: tuple[str, ...]

    @property
    def install(self) -> str:
        """What Playwright is to install; empty where the machine brings the browsers, or make provides them."""
        return " ".join(self.engines) if self.origin == "playwright" else ""

    @property
    def selection(self) -> str:
        """The options of pytest that select its engines."""
        if self.origin == "channel":
            return f"--browser chromium --browser-channel {self.engines[0]}"
        return " ".join(f"--browser {engine}" for engine in self.engines)


def parse(node: Node | None, engines: Collection[str]) -> tuple[Job, ...]:
    """The jobs that a file lists; InvalidInput with line and key for what cannot be."""
    jobs: list[Job] = []
    for item in node.items() if node else ():
        job = _job(item, engines)
        if any(job.name == other.name for other in jobs):
            raise item.wrong(f"job {job.name!r} is listed twice", expected="each once")
        for other in jobs:
            if same := [each for each in job.engines if each in other.engines and _alike(job, other)]:
                problem = f"job {job.name!r} runs {same[0]} on a system and from an origin that job {other.name!r} has"
                raise item.wrong(problem, expected="jobs whose run files can be told apart")
        jobs.append(job)
    return tuple(jobs)


def _job(item: Node, engines: Collection[str]) -> Job:
    entry = item.fields(("name", "runs-on", "system", "origin", "engines"), ("container",))
    name = entry["name"].text()
    if not NAME.fullmatch(name):
        raise entry["name"].mismatch("lower-case letters, digits, '_' and '-', beginning with a letter, at most 60")
    origin = entry["origin"].one_of("origin", ORIGINS)
    selected = entry["engines"].some_of("engine", engines)
    branded = [each for each in selected if each in CHANNELS]
    if origin == "channel" and (len(selected) > 1 or not branded):
        raise entry["engines"].mismatch("one of chrome and msedge, because the origin is channel")
    if origin != "channel" and branded:
        raise entry["origin"].wrong(f"{branded[0]} does not come from {origin}", expected="channel")
    return Job(
        name=name,
        runs_on=_label(entry["runs-on"]),
        container=_label(entry["container"]) if "container" in entry else "",
        system=entry["system"].line_of_text(),
        origin=origin,
        engines=selected,
    )


def _label(node: Node) -> str:
    text = node.text()
    if not LABEL.fullmatch(text):
        raise node.mismatch("letters, digits and any of . _ : / - (at most 100), such as ubuntu-latest or debian:12")
    return text


def _alike(one: Job, other: Job) -> bool:
    return one.origin == other.origin and (one.system.startswith(other.system) or other.system.startswith(one.system))


def declared_by(system: str, origin: str, runs: Collection[Run]) -> Iterator[str]:
    """The ids of the cells that runs on such a system declare, with builds of that origin or none at all.

    `system` is how its name begins; an empty `system` or `origin` is any.
    """
    for run in runs:
        if run.info.system.startswith(system):
            strange = {build.engine for build in run.info.builds if origin and build.origin != origin}
            yield from (each for each in run.declared if _engine(each) not in strange)


def _engine(identifier: str) -> str:
    """The engine of a cell, which stands first in the brackets of its id."""
    return identifier.partition("[")[2].partition("-")[0]
