"""A server of somebody else's as a process of ours, which listens on a Unix socket and ends with us.

A Unix socket, because no server here can be handed a port that somebody keeps for it. The process gets a SIGTERM when
ours ends, however that comes about, and takes its workers along.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from wirematrix.budgets import ROUTE
from wirematrix.errors import IntermediaryDied, OursSpent

ASK_AGAIN_S: Final = 0.01  # a server that begins to listen tells nobody
LAST_WORDS: Final = 8


class Program:
    """One running server. Made by `start`."""

    def __init__(self, name: str, listen: Path) -> None:
        self.name = name
        self.listen = listen
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._ending = False

    @classmethod
    async def start(cls, name: str, words: Sequence[str], *, folder: Path, listen: Path) -> Self:
        """Execute these words in a folder of its own, and wait until it takes connections at `listen`.

        Raises IntermediaryDied if it ends first, OursSpent if it takes too long.
        """
        self = cls(name, listen)
        self._process = await asyncio.create_subprocess_exec(
            *_dying_with_us(words),
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # an interrupt of the terminal is ours to handle, and its workers are one group
        )
        self._reading = asyncio.create_task(self._read_complaints(), name=f"{name} stderr")
        try:
            await self._until_it_listens()
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        return self._process.pid

    def check_alive(self) -> None:
        """Raise IntermediaryDied if it ended without being asked to."""
        if self._process.returncode is not None and not self._ending:
            raise self._died()

    def send_signal(self, number: int) -> None:
        """Send its first process a signal."""
        self._process.send_signal(number)

    async def close(self) -> None:
        """End it and whatever it started; SIGKILL if it does not obey in time."""
        self._ending = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(ROUTE.seconds):
                    await self._process.wait()
            except TimeoutError:
                self._kill_all()  # asyncio waits for its pipe's end as well, and a worker may hold the other one
                await self._process.wait()
        self._kill_all()  # workers outlive a master that was killed
        await asyncio.wait([self._reading], timeout=ROUTE.seconds)  # to the pipe's end, which closes it
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    def _kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _until_it_listens(self) -> None:
        try:
            async with asyncio.timeout(ROUTE.seconds):
                while not await self._takes_connections():
                    if self._process.returncode is not None:
                        await asyncio.wait([self._reading])
                        raise self._died()
                    await asyncio.sleep(ASK_AGAIN_S)
        except TimeoutError:
            raise OursSpent(
                f"{self.name} to take connections", budget_ms=ROUTE.ms, came="it is alive and does not"
            ) from None

    async def _takes_connections(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(self.listen)
        except OSError:
            return False
        writer.close()
        return True

    async def _read_complaints(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        while line := await self._process.stderr.readline():
            self._last_words.append(line.decode(errors="replace").rstrip())

    def _died(self) -> IntermediaryDied:
        return IntermediaryDied(self.name, exit_code=self._process.returncode, last_words=" | ".join(self._last_words))


def _dying_with_us(words: Sequence[str]) -> list[str]:
    """The words with util-linux's setpriv before them, where there is one, for the signal when our process ends.

    Not asked for between fork and exec: Python then copies this whole process first, which at 500 MB holds up the event
    loop for 30 ms and costs 15 ms of CPU; this costs 0.5 ms.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "TERM", "--", *words] if setpriv else list(words)
