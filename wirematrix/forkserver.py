"""App processes by fork from one that has already imported the app: a start costs tens of milliseconds.

Importing a web framework costs more than a second of CPU, and a matrix restarts its app a hundred times. So one
process imports the app's modules once, starts nothing, and forks on request; the child goes on exactly as
`python -m MODULE ARGS` would, with a listening socket, standard output and error handed over. Kills, signals
and exit codes are real. Linux only; elsewhere, and for any command that is not `python -m`, a process is started
the plain way.

This file is both sides: imported, it is the asking one; executed (`python -P forkserver.py FD MODULE`), it is
the process that forks. The executed side needs the standard library and the app, nothing of this package.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 1 << 16  # bytes of one request
PR_SET_PDEATHSIG: Final = 1


class Forked:
    """A forked process: the part of asyncio's Process that is used here."""

    def __init__(self, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader) -> None:
        self.pid = 0
        self.born: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.stdout = stdout
        self.stderr = stderr
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it lives."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Until it ended."""
        return await asyncio.shield(self._ended)

    def send_signal(self, which: int) -> None:
        """Only to a process that has not been reaped, whose id is therefore still its own."""
        if not self._ended.done():
            os.kill(self.pid, which)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def is_born(self, *, alive: bool) -> None:
        """The fork server told its id, or died before it could."""
        if not self.born.done():  # whoever asked may have been cancelled
            self.born.set_result(alive)

    def has_ended(self, status: int) -> None:
        """The fork server reaped it."""
        if not self._ended.done():
            self._ended.set_result(os.waitstatus_to_exitcode(status))


class ForkServer:
    """The asking side. `fork` starts the process that imports the app when it is first needed."""

    def __init__(self, module: str, folder: Path) -> None:
        self._module = module
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._forked: dict[int, Forked] = {}
        self._expected: deque[Forked] = deque()
        self._one_at_a_time = asyncio.Lock()

    async def fork(self, arguments: Sequence[str], environment: Mapping[str, str], listening: int) -> Forked:
        """A child that runs the module with these arguments; "{fd}" in one stands for the listening socket.

        Raises ConnectionError if the fork server is dead.
        """
        async with self._one_at_a_time:
            if self._control is None:
                await self._start()
            control = self._alive()
            out, out_theirs = os.pipe()
            err, err_theirs = os.pipe()
            child = Forked(await _reader(out), await _reader(err))
            self._expected.append(child)
            try:
                request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
                socket.send_fds(control, [request], [listening, out_theirs, err_theirs])
            finally:
                os.close(out_theirs)
                os.close(err_theirs)
            if not await child.born:
                raise ConnectionError("the fork server died")
            return child

    async def close(self) -> None:
        """End the fork server; its children are ended by their owners before."""
        if self._control:
            self._control.close()
            self._control = None
        if self._hearing:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", __file__, str(theirs.fileno()), self._module),
                cwd=self._folder,
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        self._control = ours
        self._hearing = asyncio.create_task(self._hear(ours), name="fork server")

    async def _hear(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while word := await loop.sock_recv(control, LARGEST):
            said = json.loads(word)
            if "forked" in said:
                newborn = self._expected.popleft()
                newborn.pid = said["forked"]
                self._forked[newborn.pid] = newborn  # before its end can be heard, however soon that comes
                newborn.is_born(alive=True)
            elif child := self._forked.pop(said["ended"], None):
                child.has_ended(said["status"])
        for unborn in self._expected:
            unborn.is_born(alive=False)
        for child in self._forked.values():
            child.has_ended(signal.SIGKILL)  # its parent is gone, and it goes with it (PR_SET_PDEATHSIG)

    def _alive(self) -> socket.socket:
        if self._control is None or self._hearing is None or self._hearing.done():
            raise ConnectionError("the fork server died")
        return self._control


async def _reader(fd: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    return reader


# --- the side that forks: synchronous, no threads, no event loop, so that a fork is harmless ---


def serve(control: socket.socket, module: str) -> None:
    """Import the app, then fork on request until the asking side hangs up."""
    sys.path.insert(0, str(Path.cwd()))
    importlib.import_module(f"{module}.__main__")
    del sys.modules[f"{module}.__main__"]  # its own imports stay; runpy warns of a module that is there already
    wakeup, waker = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the asking side, which then hangs up
    while True:
        ready, _, _ = select.select([control.fileno(), wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, LARGEST)
            _reap(control)
        if control.fileno() in ready:
            request, fds, _, _ = socket.recv_fds(control, LARGEST, 3)
            if not request:
                return
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                _become(module, json.loads(request), array.array("i", fds), control)
            for fd in fds:
                os.close(fd)
            control.send(json.dumps({"forked": pid}).encode())


def _reap(control: socket.socket) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            control.send(json.dumps({"ended": pid, "status": status}).encode())


def _become(module: str, request: dict[str, Any], fds: array.array[int], control: socket.socket) -> None:
    """In the child: be `python -m module`, and never return."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        control.close()
        listening, out, err = fds
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.update(request["environment"])
        sys.argv[:] = [module, *(word.replace("{fd}", str(listening)) for word in request["arguments"])]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the child's last words, whatever they are
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
