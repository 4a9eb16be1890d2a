"""A process of ours that is told what to do by JSON lines: the side of whoever starts it.

Every command has a budget and three ends: answered, the process died, the budget is spent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from typing import Any, Final, Self

from wirematrix.budgets import LOAD_WORKER
from wirematrix.errors import LoadFailed, OursSpent, ServiceDied
from wirematrix.load.lines import LONGEST

LAST_WORDS: Final = 12


class Worker:
    """One such process, from `start` to `close`."""

    def __init__(self, module: str, process: asyncio.subprocess.Process) -> None:
        self.module = module
        self._process = process
        self._number = 0
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._complaining = asyncio.create_task(self._read_complaints(), name=f"stderr of {module}")

    @classmethod
    async def start(cls, module: str) -> Self:
        """Start `python -m MODULE`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        return cls(module, process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, do: str, *, within_s: float | None = None, **wishes: Any) -> Any:
        """What it says to a command; LoadFailed if it says that it cannot."""
        budget_s = within_s if within_s is not None else LOAD_WORKER.seconds
        self._number += 1
        words = {"id": self._number, "do": do, **wishes}
        with contextlib.suppress(ConnectionError):  # it died; reading says so
            self._stdin.write(json.dumps(words).encode() + b"\n")
            await self._stdin.drain()
        try:
            async with asyncio.timeout(budget_s):
                line = await self._answer()
        except TimeoutError:
            raise OursSpent(
                f"{self.module} to answer {do!r}", budget_ms=budget_s * 1000, came="it is alive and silent"
            ) from None
        if "error" in line:
            raise LoadFailed(str(line["error"]))
        return line["said"]

    async def _answer(self) -> dict[str, Any]:
        """The answer to the newest command; one that came too late for its own is passed over."""
        while True:
            line = await self._stdout.readline()
            if not line:
                await self._ended()
            answer = dict(json.loads(line))
            if answer["id"] == self._number:
                return answer

    async def _ended(self) -> None:
        await self._process.wait()
        await asyncio.wait({self._complaining}, timeout=1)
        raise ServiceDied(
            f"python -m {self.module}",
            exit_code=self._process.returncode,
            last_words=" | ".join(self._last_words),
        )

    async def close(self) -> None:
        """End it: its standard input ends, and if that is not enough it is killed."""
        self._stdin.close()
        try:
            async with asyncio.timeout(LOAD_WORKER.seconds):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._complaining.cancel()
        await asyncio.gather(self._complaining, return_exceptions=True)

    async def _read_complaints(self) -> None:
        assert self._process.stderr  # noqa: S101 - we asked for it
        while chunk := await self._process.stderr.read(1 << 16):
            self._last_words.extend(chunk.decode(errors="replace").splitlines())

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        assert self._process.stdin  # noqa: S101 - we asked for it
        return self._process.stdin

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self._process.stdout  # noqa: S101 - we asked for it
        return self._process.stdout
