"""`wirematrix doctor`: can this machine run the matrix, and what mends it if not.

`diagnose` answers with values, `render` shows them. Engines are located and, unless asked otherwise, really
started: a build that is there and does not come up is as bad as none.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Final

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from wirematrix import engines, lossy, routes
from wirematrix.engines import playwright_builds
from wirematrix.engines.builds import PLAYWRIGHT_TRIED, python_here
from wirematrix.errors import Skipped, WirematrixError
from wirematrix.model import ENGINES, Build

NEEDED: Final = ("chromium", "firefox", "webkit")
PYTHON_NEEDED: Final = (3, 11)
OPEN_FILES_NEEDED: Final = 1024
MEMORY_NEEDED_MIB: Final = 2048
DISK_NEEDED_MIB: Final = 500
COARSEST_CLOCK_S: Final = 0.001
EARLIEST: Final = 1_750_000_000  # a clock that shows an earlier time than this was never set


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFinding:
    """What there is of one engine: a build, or the reason why it cannot be used."""

    engine: str
    needed: bool
    build: Build | None = None
    started_ms: float | None = None  # None: not tried
    because: str = ""
    remedy: str = ""

    @property
    def usable(self) -> bool:
        """Whether the matrix can use it."""
        return self.build is not None and not self.because


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something a run needs of the machine, or can use. `remedy` is one command or a short advice."""

    name: str
    held: bool
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All that was found."""

    engines: tuple[EngineFinding, ...]
    conditions: tuple[Condition, ...]

    @property
    def healthy(self) -> bool:
        """Whether every needed engine is usable and every condition holds."""
        return all(found.usable for found in self.engines if found.needed) and all(
            condition.held for condition in self.conditions
        )


def diagnose(names: Sequence[str] = ENGINES, *, needed: Sequence[str] = NEEDED, start: bool = True) -> Diagnosis:
    """Look at everything; with `start`, launch each engine that is there. Not for use inside an event loop."""
    found = asyncio.run(examine(names, needed=needed, start=start))
    return Diagnosis(engines=found, conditions=tuple(conditions()))


async def examine(names: Sequence[str], *, needed: Sequence[str], start: bool) -> tuple[EngineFinding, ...]:
    """One finding per engine, in order; one engine at a time, so that the times mean something."""
    if not start:
        return tuple([await located(name, needed=name in needed) for name in names])
    async with engines.playwright_driver() as playwright:
        found = []
        for name in names:
            finding = await located(name, needed=name in needed)
            if not finding.usable:
                found.append(finding)
                continue
            began = time.perf_counter()
            try:
                async with engines.launched(playwright, name) as engine:
                    page = await engine.new_page()
                    await page.evaluate("1 + 1")
                    started_ms = (time.perf_counter() - began) * 1000
                    found.append(
                        EngineFinding(engine=name, needed=finding.needed, build=engine.build, started_ms=started_ms)
                    )
            except (WirematrixError, engines.PageError) as error:
                found.append(broken(finding, error))
        return tuple(found)


async def located(name: str, *, needed: bool) -> EngineFinding:
    """Where an engine is, without starting it."""
    try:
        build = await asyncio.to_thread(engines.locate, name)
    except WirematrixError as error:
        return broken(EngineFinding(engine=name, needed=needed), error)
    return EngineFinding(engine=name, needed=needed, build=build)


def broken(finding: EngineFinding, error: WirematrixError | engines.PageError) -> EngineFinding:
    """The same finding with what went wrong."""
    return EngineFinding(
        engine=finding.engine,
        needed=finding.needed,
        build=finding.build,
        because=getattr(error, "because", str(error).splitlines()[0]),
        remedy=getattr(error, "remedy", ""),
    )


def conditions() -> Iterator[Condition]:
    """What a run needs of the machine beside engines."""
    yield Condition(
        name="Python",
        held=sys.version_info >= PYTHON_NEEDED,
        says=f"{sys.version.split()[0]}, needs {'.'.join(map(str, PYTHON_NEEDED))} or newer",
        remedy="install a newer Python and make the virtual environment again",
    )
    playwright = importlib.metadata.version("playwright")
    yield Condition(
        name="Playwright",
        held=playwright == PLAYWRIGHT_TRIED,
        says=f"{playwright}, tried with {PLAYWRIGHT_TRIED}",
        remedy=f"{python_here()} -m pip install playwright=={PLAYWRIGHT_TRIED}",
    )
    yield display()
    yield packet_loss()
    yield from route_servers()
    yield ports()
    yield clock()
    yield from resources()
    video = playwright_builds.unpacked("ffmpeg") is not None
    yield Condition(name="video", held=True, says="ffmpeg is there" if video else "no ffmpeg: --video cannot be used")


def display() -> Condition:
    """An X server of one's own for WebKitGTK; of no importance elsewhere."""
    executable = shutil.which("Xvfb")
    return Condition(
        name="Xvfb",
        held=bool(executable)
        or not sys.platform.startswith("linux")
        or playwright_builds.unpacked("webkit") is not None,
        says=executable or "not installed; only WebKitGTK needs it",
        remedy="apt-get install -y --no-install-recommends xvfb",
    )


def packet_loss() -> Condition:
    """A network namespace for cells that lose packets; without one they are skipped, and the rest of a run is not."""
    because = asyncio.run(lossy.why_not())
    return Condition(name="packet loss", held=True, says=because or "can be made, in a network namespace")


def route_servers() -> Iterator[Condition]:
    """The servers that stand between page and app; without one its cells are skipped, and the rest of a run is not."""
    for command in routes.PACKAGES:
        try:
            says, remedy = f"{routes.version_of(command)} ({routes.located(command)})", ""
        except Skipped:
            says, remedy = "not installed; cells that lead over it are skipped", routes.remedy(command)
        yield Condition(name=command, held=True, says=says, remedy=remedy)


def ports() -> Condition:
    """Free ports on the loopback address, and how many the system picks from."""
    try:
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            port = listener.getsockname()[1]
    except OSError as error:
        return Condition(name="ports", held=False, says=f"none on 127.0.0.1: {error}", remedy="ip link set lo up")
    return Condition(name="ports", held=True, says=f"127.0.0.1 has free ones ({port} for one)")


def clock() -> Condition:
    """Clocks fine enough to order observations of page and server, and set at all."""
    coarse = max(time.get_clock_info(name).resolution for name in ("time", "monotonic", "perf_counter"))
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return Condition(
        name="clock",
        held=coarse <= COARSEST_CLOCK_S and time.time() > EARLIEST,
        says=f"{now}, resolution {coarse * 1e6:.3f} µs",
        remedy="set the system's clock",
    )


def resources() -> Iterator[Condition]:
    """Cores, memory, room for profiles and traces, open files."""
    memory_mib = psutil.virtual_memory().available / 2**20
    yield Condition(
        name="memory",
        held=memory_mib >= MEMORY_NEEDED_MIB,
        says=f"{memory_mib:.0f} MiB free on {os.cpu_count()} cores, needs {MEMORY_NEEDED_MIB}",
        remedy="run fewer cells at once: --concurrency 1",
    )
    free_mib = psutil.disk_usage(tempfile.gettempdir()).free / 2**20
    yield Condition(
        name="disk",
        held=free_mib >= DISK_NEEDED_MIB,
        says=f"{free_mib:.0f} MiB free for temporary files, needs {DISK_NEEDED_MIB}",
        remedy="set TMPDIR to a directory with more room",
    )
    if sys.platform != "win32":
        files, _ = psutil.Process().rlimit(psutil.RLIMIT_NOFILE) if sys.platform == "linux" else (OPEN_FILES_NEEDED, 0)
        yield Condition(
            name="open files",
            held=files < 0 or files >= OPEN_FILES_NEEDED,
            says=f"{files} allowed, needs {OPEN_FILES_NEEDED}",
            remedy=f"ulimit -n {OPEN_FILES_NEEDED}",
        )


def show(console: Console, *, as_json: bool = False) -> int:
    """Diagnose and show it; the exit status: 0 exactly if the machine is ready for the matrix."""
    diagnosis = diagnose()
    if as_json:
        console.print_json(json.dumps(asdict(diagnosis) | {"healthy": diagnosis.healthy}))
    else:
        render(diagnosis, console)
    return 0 if diagnosis.healthy else 1


def render(diagnosis: Diagnosis, console: Console) -> None:
    """Show a diagnosis as two tables; what is wrong comes with what mends it."""
    table = Table(title="engines", box=box.SIMPLE, title_justify="left")
    for heading in ("", "engine", "build", "from", "started in"):
        table.add_column(heading, overflow="fold")
    for found in diagnosis.engines:
        table.add_row(*engine_row(found))
    console.print(table)
    table = Table(title="machine", box=box.SIMPLE, title_justify="left")
    for heading in ("", "what", "state"):
        table.add_column(heading, overflow="fold")
    for condition in diagnosis.conditions:
        table.add_row(mark(held=condition.held), condition.name, condition.says)
    console.print(table)
    for advice in remedies(diagnosis):
        console.print(advice, soft_wrap=True, highlight=False, markup=False)
    console.print("ready for the matrix" if diagnosis.healthy else "not ready for the matrix")


def engine_row(found: EngineFinding) -> tuple[str, ...]:
    """The table row of one engine."""
    if found.build is None:
        return mark(held=not found.needed and None), found.engine, found.because, "", ""
    started = "not tried" if found.started_ms is None else f"{found.started_ms:.0f} ms"
    build = f"{found.build.product} {found.build.version}"
    if found.because:
        return mark(held=False), found.engine, f"{build}: {found.because}", found.build.origin, "no"
    return mark(held=True), found.engine, build, f"{found.build.origin}: {found.build.executable}", started


def mark(*, held: bool | None) -> str:
    """A word for good, bad, and for what need not be."""
    return {True: "[green]ok[/green]", False: "[red]NO[/red]", None: "[dim]--[/dim]"}[held]


def remedies(diagnosis: Diagnosis) -> Iterator[str]:
    """One line for each thing that is wrong and can be mended by a command."""
    for found in diagnosis.engines:
        if not found.usable and found.remedy:
            yield f"{'mend' if found.needed else 'get'} {found.engine}: {found.remedy}"
    for condition in diagnosis.conditions:
        if condition.remedy and (condition.name in routes.PACKAGES or not condition.held):
            yield f"{'get' if condition.held else 'mend'} {condition.name}: {condition.remedy}"
