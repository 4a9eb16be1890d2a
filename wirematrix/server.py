"""The app as a process: started, killed, stopped, suspended and started again, on the same port.

The machinery never imports the app. It starts a command, hands it a listening socket (`{fd}`) or, where
descriptors cannot be inherited (Windows), a port (`{port}`), and reads facts from its standard output:
one JSON object per line with `at` (epoch ms), `kind` and `channel`. A line that is anything else is kept among
the last words of its process. A socket that is bound but never listens holds the port while the process is
down, so that connections are refused and nobody else is given the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from wirematrix.budgets import SERVICE_START, SERVICE_STOP, Budget
from wirematrix.errors import InvalidInput, OursSpent, ServiceDied
from wirematrix.forkserver import Forked, ForkServer

Fact = Mapping[str, Any]
Listener = Callable[[Fact], None]
HOST = "127.0.0.1"
READ_AT_ONCE = 1 << 16
LAST_WORDS = 12
ASK_AGAIN_S = 0.05
INHERITS_SOCKETS = sys.platform != "win32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to start an app: `{fd}` or `{port}` in `argv` is where its listening socket goes."""

    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not any("{fd}" in word or "{port}" in word for word in self.argv):
            raise InvalidInput("app command", f"got {' '.join(self.argv)!r}", expected="{fd} or {port} in it")

    def spelled(self, *, fd: int, port: int) -> list[str]:
        """The words to execute."""
        return [word.replace("{fd}", str(fd)).replace("{port}", str(port)) for word in self.argv]


def fork_server(command: Command) -> ForkServer | None:
    """A fork server for a command that is `python -m MODULE ...` with a socket handed on; None for others."""
    python, minus_m, module, *rest = (*command.argv, "", "", "")
    if sys.platform == "linux" and (python, minus_m) == (sys.executable, "-m") and "{fd}" in rest:
        return ForkServer(module, command.folder)
    return None


def reference_app(folder: Path, *, settings: Mapping[str, str] | None = None) -> Command:
    """The command that starts this project's own app found in `folder`."""
    listen = ("--fd", "{fd}") if INHERITS_SOCKETS else ("--port", "{port}")
    return Command(
        argv=(sys.executable, "-m", "app", *listen),
        folder=folder,
        environment={
            "APP_CONTROL": "true",
            "APP_CONNECTION_LOG": "true",
            "APP_ALLOW_ORIGINS": '["*"]',  # the pages of cross-origin cells; the app listens on loopback only
            **(settings or {}),
        },
    )


def with_pages(command: Command, pages: Path) -> Command:
    """The same app, serving the pages of another folder."""
    return replace(command, environment={**command.environment, "APP_STATIC": str(pages)})


def fact_in(line: bytes) -> Fact | None:
    """The fact that a line states; None if it states anything else."""
    try:
        fact = json.loads(line)
    except (ValueError, RecursionError):
        return None
    well_formed = (
        isinstance(fact, dict)
        and isinstance(fact.get("at"), int | float)
        and isinstance(fact.get("kind"), str)
        and isinstance(fact.get("channel"), str | None)
    )
    return fact if well_formed else None


class Server:
    """One app process. Facts go to the listener of their channel, in the order in which they were said."""

    def __init__(self, command: Command, forks: ForkServer | None = None) -> None:
        self.command = command
        self._forks = forks
        self._listeners: dict[str, Listener] = {}
        self._placeholder: socket.socket | None = None
        self._process: asyncio.subprocess.Process | Forked | None = None
        self._reading: asyncio.Task[None] | None = None
        self._complaining: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._last_answer = ""
        self._suspended = False
        self.port = 0

    @property
    def origin(self) -> str:
        """Where the app listens, as a URL without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive (a suspended one is)."""
        return self._process is not None and self._process.returncode is None

    @property
    def answers(self) -> bool:
        """Whether a request has a chance: the process is alive and not suspended."""
        return self.running and not self._suspended

    @property
    def pid(self) -> int | None:
        """The process id, for accounting; None before the start."""
        return self._process.pid if self._process else None

    def listen_to(self, channel: str, listener: Listener) -> None:
        """From now on, hand every fact about `channel` to `listener`."""
        self._listeners[channel] = listener

    def forget(self, channel: str) -> None:
        """Stop listening to a channel."""
        self._listeners.pop(channel, None)

    async def start(self) -> None:
        """Start the process and wait until it answers `/healthz`.

        Raises ServiceDied when it ends first, OursSpent when it never answers.
        """
        self._last_words.clear()
        self._last_answer = ""
        self._suspended = False
        listening = self._bind()
        fd = listening.fileno()
        try:
            process = await self._launched(fd)
        finally:
            listening.close()
        self._process = process
        if process.stdout and process.stderr:
            self._reading = asyncio.create_task(self._read_facts(process.stdout), name="app facts")
            self._complaining = asyncio.create_task(self._read_complaints(process.stderr), name="app stderr")
        await self._until_it_answers(process)

    async def _launched(self, fd: int) -> asyncio.subprocess.Process | Forked:
        if self._forks:
            return await self._forks.fork(self.command.argv[3:], self.command.environment, fd)
        return await asyncio.create_subprocess_exec(
            *self.command.spelled(fd=fd, port=self.port),
            cwd=self.command.folder,
            env={**os.environ, **self.command.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(fd,) if INHERITS_SOCKETS else (),
        )

    async def kill(self) -> None:
        """SIGKILL: the process has no last word; its sockets are closed by the kernel."""
        await self._end(signal.SIGKILL if INHERITS_SOCKETS else signal.SIGTERM)

    async def terminate(self) -> None:
        """SIGTERM: the app drains and ends by itself; OursSpent (after a SIGKILL) if it does not."""
        await self._end(signal.SIGTERM)

    def suspend(self) -> None:
        """SIGSTOP: alive, connected, silent."""
        self._suspended = True
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: goes on where it stood; nothing if it was not suspended."""
        if self._suspended:
            self._suspended = False
            self._signal(signal.SIGCONT)

    async def close(self) -> None:
        """End the process whatever it takes, and let go of the port."""
        if self._process:
            self._signal(signal.SIGKILL if INHERITS_SOCKETS else signal.SIGTERM)
            await self._ends(self._process)
            await self._readers_done()
        if self._placeholder:
            self._placeholder.close()
            self._placeholder = None

    def _bind(self) -> socket.socket:
        """A listening socket on our port; the first call chooses it and keeps it reserved."""
        shared = getattr(socket, "SO_REUSEPORT", None)
        if self._placeholder is None and shared is not None:
            self._placeholder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._placeholder.setsockopt(socket.SOL_SOCKET, shared, 1)
            self._placeholder.bind((HOST, 0))
            self.port = self._placeholder.getsockname()[1]
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if shared is not None:
            listening.setsockopt(socket.SOL_SOCKET, shared, 1)
        listening.bind((HOST, self.port))
        self.port = listening.getsockname()[1]
        if INHERITS_SOCKETS:
            listening.listen(1024)
        return listening

    async def _until_it_answers(self, process: asyncio.subprocess.Process | Forked) -> None:
        ended = asyncio.create_task(process.wait(), name="app ended")
        answered = asyncio.create_task(self._ask_for_health(), name="app answers")
        try:
            await asyncio.wait(
                {ended, answered},
                timeout=SERVICE_START.seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answered.done():
                answered.result()
                return
            if ended.done():
                await self._readers_done()
                raise self._died()
            raise OursSpent(
                f"the app to answer {self.origin}/healthz",
                budget_ms=SERVICE_START.ms,
                came=f"it is alive; its last answer: {self._last_answer}"
                if self._last_answer
                else "it is alive and silent",
            )
        finally:
            for task in (ended, answered):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _ask_for_health(self) -> None:
        """Mostly one request: the socket listens before the app does, so the kernel keeps it waiting.

        A refused or broken connection is tried again: the app binds by itself (Windows), or it is dying, and
        then its end, which is noticed a little later than the connection's, says more.
        """
        plain = httpx.AsyncClient(timeout=SERVICE_START.seconds, trust_env=False, verify=False)  # noqa: S501 - no TLS
        async with plain as asking:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await asking.get(f"{self.origin}/healthz")
                    if answer.is_success:
                        return
                    self._last_answer = f"HTTP {answer.status_code}"
                await asyncio.sleep(ASK_AGAIN_S)

    async def _end(self, how: signal.Signals) -> None:
        if not self._process:
            return
        self._signal(how)
        try:
            if not await self._ends(self._process):
                self._process.kill()
                await self._ends(self._process)
                raise OursSpent(f"the app to end after {how.name}", budget_ms=SERVICE_STOP.ms, came="it was killed")
        finally:
            await self._readers_done()

    async def _ends(self, process: asyncio.subprocess.Process | Forked) -> bool:
        """Whether the process ends in time; nobody waits for ever for an end that is not reported."""
        try:
            async with asyncio.timeout(SERVICE_STOP.seconds):
                await process.wait()
        except TimeoutError:
            return False
        return True

    def _signal(self, which: signal.Signals) -> None:
        # Not by asyncio's send_signal: it may reap a process that has just died, whose exit code is then lost.
        # Mended in Python 3.13: https://github.com/python/cpython/issues/87744
        if self.running and self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, which)

    async def _readers_done(self) -> None:
        readers = [task for task in (self._reading, self._complaining) if task]
        if readers:
            await asyncio.wait(readers, timeout=SERVICE_STOP.seconds)

    async def _read_facts(self, lines_in: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await lines_in.read(READ_AT_ONCE):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._tell(line)
        self._tell(rest)

    def _tell(self, line: bytes) -> None:
        fact = fact_in(line)
        if fact is None:
            self._last_words.extend(line.decode(errors="replace").splitlines())
        elif listener := self._listeners.get(fact.get("channel", "")):
            listener(fact)

    async def _read_complaints(self, words_in: asyncio.StreamReader) -> None:
        while chunk := await words_in.read(READ_AT_ONCE):
            self._last_words.extend(chunk.decode(errors="replace").splitlines())

    def _died(self) -> ServiceDied:
        return ServiceDied(
            " ".join(self.command.argv),
            exit_code=self._process.returncode if self._process else None,
            last_words=" | ".join(self._last_words),
        )

    async def death(self, within: Budget) -> ServiceDied | None:
        """How the process ended, if it ends within a budget; None if it lives on.

        For whoever lost a connection to it: that ends a moment before the process does, and explains nothing.
        """
        if self._process:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within.seconds):
                    await self._process.wait()
        if self.running:
            return None
        await self._readers_done()
        return self._died()

    def check_alive(self) -> None:
        """Raise ServiceDied if the process ended without being asked to."""
        if not self.running:
            raise self._died()
