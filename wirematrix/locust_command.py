"""`wirematrix load --locust`: print what starts master and workers, or start them here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from wirematrix.budgets import SERVICE_STOP
from wirematrix.errors import InvalidInput
from wirematrix.load.locust_plan import LOCUSTFILE, LocustPlan


def show(plans: Iterable[LocustPlan]) -> None:
    """Print the lines, to be copied."""
    for plan in plans:
        for line in plan.lines():
            typer.echo(line)


def start(plans: Iterable[LocustPlan], folder: Path, figures: Path) -> int:
    """Start every plan here, one after the other, each with its workers; the first exit status that is not 0.

    The figures of each are a JSON file in the folder `figures`.
    """
    if importlib.util.find_spec("locust") is None:
        raise InvalidInput("--start", "Locust is not installed", expected="pip install 'wirematrix[locust]'")
    if not (folder / LOCUSTFILE).exists():
        raise InvalidInput("--folder", f"{folder} has no {LOCUSTFILE}", expected="a folder that has it")
    figures.mkdir(parents=True, exist_ok=True)
    for plan in plans:
        file = figures / f"{plan.name}.json"
        typer.echo(f"locust: {plan.title}", err=True)
        status = played(plan, folder, file.resolve())
        if status:
            return status
        typer.echo(f"figures: {file}")
    return 0


def played(plan: LocustPlan, folder: Path, figures: Path) -> int:
    """One run from start to end; the workers end with the master, whatever becomes of it."""
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers += [_python(plan.worker, folder, stdout=subprocess.DEVNULL) for _ in range(plan.workers)]
        with _python((*plan.master, "--figures", str(figures)), folder) as master:
            return _status(master)
    finally:
        for worker in workers:
            _end(worker)


def _python(words: Sequence[str], folder: Path, *, stdout: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *words], cwd=folder, stdout=stdout)


def _status(master: subprocess.Popen[bytes]) -> int:
    """Wait for the end, however long it takes; an interrupt is the master's to handle."""
    while True:
        try:
            return master.wait()
        except KeyboardInterrupt:
            continue


def _end(worker: subprocess.Popen[bytes]) -> None:
    """A worker follows its master soon; one that does not is killed."""
    try:
        worker.wait(timeout=SERVICE_STOP.seconds)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
