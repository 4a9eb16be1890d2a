"""`wirematrix load`: plan the comparison, play it, keep each round, show the table."""

from __future__ import annotations

import asyncio
import datetime as dt
import platform
import shlex
import sys
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final

import psutil
import typer
from rich.console import Console

from wirematrix import locust_command, matrix
from wirematrix.admission import cores
from wirematrix.budgets import scale_factor
from wirematrix.effort import effort_of
from wirematrix.engines.system_builds import system_name
from wirematrix.errors import InvalidInput
from wirematrix.load.comparison import Comparison, Contest, OwnTiers, Services, continues
from wirematrix.load.locust_plan import locust_plans
from wirematrix.load.target import door_of
from wirematrix.load_model import Load, LoadTransport, Tier
from wirematrix.load_progress import LoadProgress
from wirematrix.load_settings import TIERS, LoadSettings, overridden, scaled
from wirematrix.model import Run, RunInfo
from wirematrix.report import print_load
from wirematrix.resources import Resources, idle_s
from wirematrix.runbook import commit_of
from wirematrix.runfile import SCHEMA, dump
from wirematrix.runfile import load as load_run

INTERRUPTED: Final = 130


def load(
    subscribers: Annotated[str | None, typer.Option(help="how many connections, such as 10,50,100")] = None,
    scale: Annotated[bool, typer.Option("--scale", help="500 and 1000 subscribers, too")] = False,
    rate: Annotated[float | None, typer.Option(help="messages per second, each for all subscribers")] = None,
    payload: Annotated[int | None, typer.Option(help="bytes of one message's data")] = None,
    window: Annotated[float | None, typer.Option(help="seconds that a phase is measured")] = None,
    warm_up: Annotated[float | None, typer.Option(help="seconds of messages before, not counted")] = None,
    repeats: Annotated[int | None, typer.Option(help="rounds of each tier and number")] = None,
    seed: Annotated[int | None, typer.Option(help="of the payload")] = None,
    tiers: Annotated[str | None, typer.Option(help="only these, separated by commas")] = None,
    generators: Annotated[int | None, typer.Option(help="processes that receive")] = None,
    url: Annotated[str | None, typer.Option(help="another service that has /sse/load and /ws/load")] = None,
    sse: Annotated[str | None, typer.Option(help="the SSE stream of another service")] = None,
    ws: Annotated[str | None, typer.Option(help="the WebSocket of another service")] = None,
    publish: Annotated[str | None, typer.Option(help="where to publish there: ws:// or http:// (POST)")] = None,
    pid: Annotated[int | None, typer.Option(help="its process, for CPU and memory")] = None,
    locust: Annotated[bool, typer.Option("--locust", help="print what starts it on Locust, on many machines")] = False,
    start: Annotated[bool, typer.Option("--start", help="with --locust: start master and workers here")] = False,
    workers: Annotated[int, typer.Option(help="with --locust: how many, on all machines")] = 2,
    master: Annotated[str, typer.Option(help="with --locust: where workers reach the master")] = "127.0.0.1",
    resume: Annotated[bool, typer.Option("--resume", help="keep the rounds of an interrupted comparison")] = False,
    file: Annotated[Path, typer.Option("--matrix", help="the matrix, for its `load:`")] = Path("matrix.yaml"),
    folder: Annotated[Path, typer.Option(help="where the app and the tiers are")] = Path(),
    output: Annotated[Path, typer.Option("-o", "--output", help="the run file")] = Path("results/load.json"),
) -> None:
    """Compare SSE and WebSocket under load, on equal terms: each way to serve them in turn, again and again."""
    written = matrix.load(file).load if file.exists() or file != Path("matrix.yaml") else LoadSettings()
    settings = overridden(
        written,
        {
            "subscribers": subscribers,
            "rate": rate,
            "payload": payload,
            "window": window,
            "warm_up": warm_up,
            "repeats": repeats,
            "seed": seed,
            "tiers": tiers,
            "generators": generators,
        },
    )
    settings = scaled(settings) if scale else settings
    services = _services(url, sse, ws)
    if locust:
        plans = locust_plans(settings, services, publish_url=publish, workers=workers, master=master)
        if start:
            raise typer.Exit(locust_command.start(plans, folder, output.parent))
        locust_command.show(plans)
        return
    contest = _contest(settings, folder, services, publish_url=publish, pid=pid)
    kept = load_run(output).load if resume and output.exists() else None
    book = LoadBook(output, folder)
    comparison = Comparison(
        contest, settings, keep=book.keep, already=continues(kept, contest, settings) if resume else ()
    )
    missing = len(comparison.missing)
    progress = LoadProgress(sys.stderr, missing)
    try:
        asyncio.run(comparison.run(progress))
    except KeyboardInterrupt:
        progress.close()
        typer.echo(f"interrupted: {len(comparison.load.rounds)} rounds are in {output}; go on with --resume", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        progress.close()
    if not missing:
        book.keep(comparison.load)
    print_load(comparison.load, Console())
    typer.echo(f"load: {output}")
    if any(one.error for one in comparison.load.rounds):
        raise typer.Exit(1)


def _services(url: str | None, sse: str | None, ws: str | None) -> dict[LoadTransport, str]:
    if url is not None:
        if not url.startswith("http://"):
            raise InvalidInput("--url", f"got {url!r}", expected="a URL such as http://127.0.0.1:8000 (without TLS)")
        base = url.rstrip("/")
        sse = sse or f"{base}/sse/load"
        ws = ws or f"ws{base.removeprefix('http')}/ws/load"
    found = {LoadTransport.SSE: sse, LoadTransport.WEBSOCKET: ws}
    return {transport: address for transport, address in found.items() if address is not None}


def _contest(
    settings: LoadSettings,
    folder: Path,
    services: Mapping[LoadTransport, str],
    *,
    publish_url: str | None,
    pid: int | None,
) -> Contest:
    """What is compared: our tiers, or the services that are named."""
    if not services:
        for option, value in (("--publish", publish_url), ("--pid", pid)):
            if value is not None:
                raise InvalidInput(option, f"got {value!r}", expected="--url, --sse or --ws beside it")
        if not ((folder / "app").is_dir() and (folder / "load" / "tiers").is_dir()):
            raise InvalidInput(
                "--folder", f"got {str(folder)!r}", expected="the folder of this project, with app/ and load/"
            )
        return OwnTiers(settings.tiers or TIERS, folder, heartbeat_ms=settings.heartbeat_ms)
    if settings.tiers:
        raise InvalidInput("--tiers", f"got {', '.join(settings.tiers)}", expected="no tiers beside another service")
    if pid is not None and not psutil.pid_exists(pid):
        raise InvalidInput("--pid", f"got {pid}", expected="a process that runs")
    if publish_url is not None and not publish_url.startswith(("ws://", "http://")):
        raise InvalidInput("--publish", f"got {publish_url!r}", expected="a URL that begins with ws:// or http://")
    urls = [
        (
            Tier(name=transport.value, transport=transport, title=address, resumes=transport is LoadTransport.SSE),
            address,
        )
        for transport, address in services.items()
    ]
    for tier, address in urls:
        door_of(address, tier)
    return Services(urls, publish_url=publish_url, pid=pid)


class LoadBook:
    """The run file of a comparison, written again after each round."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file = file
        self._started = dt.datetime.now(dt.UTC)
        self._started_s = time.monotonic()
        self._idle_s = idle_s()
        self._commit = commit_of(folder)
        self._effort = effort_of(folder) if (folder / "examples").is_dir() else ()
        self._resources = Resources([sys.executable, "-m", "app"])

    def keep(self, load: Load) -> None:
        """Write everything so far."""
        self._resources.take(memory=True)
        run = Run(
            schema=SCHEMA,
            info=self._run_info(),
            scenarios=(),
            networks={},
            declared=(),
            exclusions=(),
            attempts=(),
            load=load,
            effort=self._effort,
        )
        dump(run, self._file)

    def _run_info(self) -> RunInfo:
        parts = self._resources.cpu_by_part_s
        return RunInfo(
            started=self._started.isoformat(timespec="seconds"),
            finished=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            command=shlex.join(["wirematrix", *sys.argv[1:]]),
            system=system_name(),
            machine=platform.machine(),
            cores=cores(),
            memory_mib=round(psutil.virtual_memory().total / 2**20),
            python=platform.python_version(),
            playwright=metadata.version("playwright"),
            wirematrix=metadata.version("wirematrix"),
            commit=self._commit,
            scale_factor=scale_factor(),
            concurrency="one round at a time",
            wall_s=round(time.monotonic() - self._started_s, 1),
            cpu_s=round(sum(parts.values()), 1),
            peak_memory_mib=round(self._resources.peak_memory_mib),
            cpu_by_part_s={part: round(cpu_s, 1) for part, cpu_s in parts.items()},
            idle_s=round(idle_s() - self._idle_s, 1),
            soak_left_out=0,
            builds=(),
            unavailable={},
        )
