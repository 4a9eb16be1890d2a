"""The WebKitGTK process from outside: start it, command it, hear from it, end it.

    ShellProcess ── /usr/bin/python3 -I webkitgtk_shell.py ──┬── Xvfb
        commands: JSON lines down, answers and facts up      └── WebKit's network and web processes

Every wait has three ends: it happened, the process ended (EngineCrashed), or the caller's budget is spent.
It belongs to the event loop that started it and is not thread-safe.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from playwright.async_api import Error

from wirematrix import budgets
from wirematrix.engines.processes import kill_tree
from wirematrix.errors import EngineCrashed, EngineUnavailable
from wirematrix.model import Build

SHELL: Final = Path(__file__).with_name("webkitgtk_shell.py")
LONGEST_LINE: Final = 1 << 20
LAST_WORDS: Final = 300
ENVIRONMENT: Final = {
    "GDK_BACKEND": "x11",
    "GIO_USE_NETWORK_MONITOR": "base",  # else navigator.onLine is false on a machine without a default route
    "GIO_USE_PROXY_RESOLVER": "dummy",
    "GIO_USE_VFS": "local",
    "GSETTINGS_BACKEND": "memory",
    "GTK_A11Y": "none",
    "NO_AT_BRIDGE": "1",
    "WEBKIT_DISABLE_DMABUF_RENDERER": "1",  # else 30 frames per second under Xvfb instead of 60
}
PRIVATE_DIRECTORIES: Final = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something the process reported: "ready", or about a view "load", "load-failed", "crash", "popup", "closed"."""

    kind: str
    view: int
    detail: Mapping[str, Any] = field(default_factory=dict)


class ShellProcess:
    """The process behind the WebKitGTK route and the conversation with it."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.home = Path(tempfile.mkdtemp(prefix="wirematrix-webkitgtk-"))
        self.facts: defaultdict[int, list[Fact]] = defaultdict(list)  # by view, in order; 0: of the process
        self.on_fact: Callable[[Fact], None] = lambda _fact: None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.root: psutil.Process | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self._background: set[asyncio.Task[Any]] = set()

    @classmethod
    async def start(cls, build: Build, *, inspector: str, token: str, headless: bool) -> ShellProcess:
        """Start it with its display; raises EngineUnavailable with its last words if it doesn't come up.

        `inspector` is the "address:port" that WebKit's inspector will listen at.
        """
        process = cls(build)
        try:
            async with asyncio.timeout(budgets.LAUNCH.seconds):
                await process._start(inspector, token, headless=headless)
        except (TimeoutError, EngineCrashed, OSError, psutil.Error) as error:
            because = process.last_words() or f"no sign of life within {budgets.LAUNCH.ms:.0f} ms"
            raise EngineUnavailable(
                "webkit", f"WebKitGTK {build.version} does not start: {because}", remedy="wirematrix doctor"
            ) from error
        finally:
            if not process.facts[0]:  # never ready, or cancelled on the way
                await process.kill()
        return process

    async def _start(self, inspector: str, token: str, *, headless: bool) -> None:
        settings = {"token": token, "display": shutil.which("Xvfb") if headless else None}
        with (self.home / "stderr").open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *(self.build.executable, "-I", str(SHELL), json.dumps(settings)),
                env=environment(inspector, self.home),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=LONGEST_LINE,
                start_new_session=True,
            )
        self.root = psutil.Process(self._process.pid)
        if self._process.stdout:
            self.run(self._listen(self._process.stdout))
        await self.fact("ready", view=0)

    async def command(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """Have it do something (a `do_*` of webkitgtk_shell.py) and await its answer."""
        if self.ended.done() or not self._process or not self._process.stdin:
            raise EngineCrashed("webkit", self.last_words() or "its process is not running")
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": verb, **arguments}).encode() + b"\n")
        try:
            await asyncio.wait({answer, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._answers[number]
        if not answer.done():
            raise EngineCrashed("webkit", self.ended.result())
        said = answer.result()
        if "error" in said:
            raise Error(f"WebKitGTK: {verb}: {said['error']}")
        ok: dict[str, Any] = said["ok"]
        return ok

    async def fact(self, *kinds: str, view: int, since: int = 0) -> Fact:
        """The first fact of one of these kinds about a view, from its `since`th fact on; waits for it."""
        while True:
            for fact in self.facts[view][since:]:
                if fact.kind in kinds:
                    return fact
            if self.ended.done():
                raise EngineCrashed("webkit", self.ended.result())
            self._news.clear()
            await self._news.wait()

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something beside; its failure is the end of the process, which `ended` tells anyway."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled():
            task.exception()

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        """Sort what it says into answers and facts until it says no more."""
        async for line in stdout:
            said = json.loads(line)
            if "id" in said:
                if said["id"] in self._answers:
                    self._answers[said["id"]].set_result(said)
                continue
            fact = Fact(kind=said.pop("fact"), view=said.pop("view"), detail=said)
            self.facts[fact.view].append(fact)
            self._news.set()
            self.on_fact(fact)
        self.end(f"its process ended{self.epitaph()}")

    def end(self, because: str) -> None:
        """Everybody who waits hears that it is over."""
        if not self.ended.done():
            self.ended.set_result(because)
            self._news.set()
            self.on_fact(Fact(kind="ended", view=0, detail={"because": because}))

    def epitaph(self) -> str:
        """Its last words, ready to be put behind a sentence."""
        said = self.last_words()
        return f", last words: {said}" if said else ""

    def last_words(self) -> str:
        """The end of what it wrote to stderr, on one line."""
        try:
            return " ".join((self.home / "stderr").read_text(errors="replace").split())[-LAST_WORDS:]
        except OSError:
            return ""

    async def close(self) -> None:
        """Ask it to go by ending its stdin, and wait until it has gone."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()

    async def kill(self) -> None:
        """End it and everything below it at once, and remove its files."""
        if self.root:
            await asyncio.to_thread(kill_tree, [self.root], within_s=budgets.CLOSE_ENGINE.seconds)
        if self._process:
            with suppress(ProcessLookupError):
                await self._process.wait()
        self.end("it was killed")
        if self._background:  # its output has ended; unread, its pipe would be left to whoever collects the garbage
            await asyncio.wait(self._background, timeout=budgets.CONTROL.seconds)
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)


def environment(inspector: str, home: Path) -> dict[str, str]:
    """Ours without what is meant for our own Python, and with directories that nobody else uses."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
    private = dict.fromkeys(PRIVATE_DIRECTORIES, str(home))
    return {**ours, **ENVIRONMENT, **private, "WEBKIT_INSPECTOR_HTTP_SERVER": inspector}
