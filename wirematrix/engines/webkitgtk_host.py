"""The WebKitGTK process from outside: start it, command it, hear from it, and lead Playwright to its pages.

Written once for both of Playwright's faces: it belongs to an event loop but not to a particular one. The
asyncio face awaits it in its own loop, the blocking face runs it in a loop of its own in another thread.

    Host.start ── /usr/bin/python3 -I webkitgtk_shell.py ── Xvfb
       │  commands: JSON lines down, answers and facts up
       └─ InspectorRelay: Playwright <=> WebKit's inspector at a loopback address nobody else uses

Every wait has three ends: it happened, the process ended (EngineCrashed), the budget is spent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from playwright.async_api import Error

from wirematrix import budgets
from wirematrix.engines.inspector_relay import TARGET_HEADER, InspectorRelay
from wirematrix.engines.processes import MARK_VARIABLE, kill_tree
from wirematrix.errors import BudgetSpent, EngineCrashed, EngineUnavailable
from wirematrix.model import Build

SHELL: Final = Path(__file__).with_name("webkitgtk_shell.py")
INSPECTOR_PORT: Final = 9222
LISTED: Final = re.compile(r'class="targetname">(.*?)</div>.*?(/socket/\d+/(\d+)/WebPage)', re.DOTALL)
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
    """Something the WebKitGTK process reported about one of its views."""

    kind: str  # "load", "load-failed", "crash", "popup", "closed"
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What `webkit.connect_over_cdp` has to be called with to reach one view."""

    view: int
    socket: str
    url: str
    headers: dict[str, str]
    artifacts_dir: str


class WebKitGtkHost:
    """One WebKitGTK process with its contexts and views."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.home = Path(tempfile.mkdtemp(prefix="wirematrix-webkitgtk-"))
        self.root: psutil.Process | None = None
        self.on_fact: Callable[[int, Fact], None] = lambda _view, _fact: None
        self.on_ended: Callable[[str], None] = lambda _because: None
        self._loop = asyncio.get_running_loop()
        self._token = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._facts: defaultdict[int, list[Fact]] = defaultdict(list)
        self._news: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[str] = self._loop.create_future()
        self._claimed: dict[int, str] = {}  # view -> its socket in the inspector
        self._background: set[asyncio.Task[Any]] = set()

    @classmethod
    async def start(cls, build: Build, *, headless: bool = True) -> WebKitGtkHost:
        """Start the process and its display; raises EngineUnavailable with its last words if it won't."""
        host = cls(build)
        try:
            await asyncio.wait_for(host._start(headless), budgets.LAUNCH.seconds)
        except BaseException as error:
            because = host.last_words() or f"no sign of life within {budgets.LAUNCH.ms:.0f} ms"
            await host.kill()
            if not isinstance(error, (TimeoutError, EngineCrashed, OSError)):
                raise
            command = f"{build.executable} -I {SHELL.name}"
            raise EngineUnavailable("webkit", f"{command} does not start: {because}", remedy=build.executable) from error
        return host

    async def _start(self, headless: bool) -> None:
        address = await unused_address()
        settings = {"token": self._token, "display": shutil.which("Xvfb") if headless else None}
        with (self.home / "stderr").open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                self.build.executable,
                "-I",
                str(SHELL),
                json.dumps(settings),
                env=self._environment(f"{address}:{INSPECTOR_PORT}"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        self.root = psutil.Process(self._process.pid)
        self._run(self._listen())
        await self._until(lambda: any(fact.kind == "ready" for fact in self._facts[0]))
        self._address = address
        self.relay = InspectorRelay((address, INSPECTOR_PORT), lambda: self._run(self.command("nodelay")))
        await self.relay.open()

    def _environment(self, inspector: str) -> dict[str, str]:
        """Ours without what is meant for our own Python, and with directories that nobody else uses."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
        private = dict.fromkeys(PRIVATE_DIRECTORIES, str(self.home))
        return {
            **ours,
            **ENVIRONMENT,
            **private,
            "WEBKIT_INSPECTOR_HTTP_SERVER": inspector,
            MARK_VARIABLE: self._token,
        }

    async def command(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """Have the process do something (the `do_*` of webkitgtk_shell.py) and await its answer.

        The caller bounds the wait; the end of the process ends it, too.
        """
        number = next(self._numbers)
        answer = self._answers[number] = self._loop.create_future()
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"id": number, "do": verb, **arguments}).encode() + b"\n")
        try:
            await asyncio.wait({answer, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._answers[number]
        if not answer.done():
            raise EngineCrashed("webkit", self._ended.result())
        said = answer.result()
        if "error" in said:
            raise Error(f"WebKitGTK: {verb}: {said['error']}")
        ok: dict[str, Any] = said["ok"]
        return ok

    async def new_view(self, context: int, *, width: int, height: int) -> Target:
        """A blank view in a context, ready to be connected to."""
        view = int((await self.command("new_view", context=context, width=width, height=height))["view"])
        await self.loaded(view, since=0)
        return await self.target(view)

    async def target(self, view: int, *, popup: bool = False) -> Target:
        """Find a view in the inspector's list: by the title it was born with, a popup by elimination."""
        while True:
            listed = await self._listed()
            socket = self._newest_unclaimed(listed, view) if popup else listed.get(f"{self._token}-{view}")
            if socket:
                break
        self._claimed[view] = socket
        return Target(
            view=view,
            socket=socket,
            url=self.relay.url,
            headers={TARGET_HEADER: socket},
            artifacts_dir=tempfile.mkdtemp(prefix="artifacts-", dir=self.home),
        )

    def _newest_unclaimed(self, listed: dict[str, str], view: int) -> str | None:
        ...

    async def _listed(self) -> dict[str, str]:
        """Titles and sockets of all targets, from the HTML page that WebKit serves to people."""
        reader, writer = await asyncio.open_connection(self._address, INSPECTOR_PORT)
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: inspector\r\nConnection: close\r\n\r\n")
            page = (await reader.readuntil(b"</html>")).decode()
        finally:
            writer.close()
        return {title: socket for title, socket, _ in LISTED.findall(page)}
