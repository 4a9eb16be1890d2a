"""Live progress: cells done, running, expected time left. One line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

PLAIN_EVERY_S = 10.0


class Progressing:
    """Counts cells, or whatever `noun` says; thread-safe. `total` may grow while it runs."""

    def __init__(self, stream: TextIO, noun: str = "cells") -> None:
        self._noun = noun
        self._console = Console(file=stream)
        self._lock = threading.Lock()
        self._began_s = time.monotonic()
        self._said_s = self._began_s
        self._total = 0
        self._done = 0
        self._running = 0
        self._unexpected = 0
        self._bar: Progress | None = None
        self._line: TaskID | None = None

    def start(self, total: int) -> None:
        """There are `total` more cells to come."""
        with self._lock:
            self._total += total
            if self._console.is_terminal and self._bar is None:
                self._bar = Progress(
                    TextColumn("[bold]matrix"),
                    BarColumn(),
                    TextColumn("{task.description}"),
                    TimeElapsedColumn(),
                    console=self._console,
                    transient=True,
                )
                self._bar.start()
                self._line = self._bar.add_task(self._spelled(), total=self._total)

    def began(self) -> None:
        """A cell lives."""
        with self._lock:
            self._running += 1
            self._show()

    def ended(self, *, expected: bool) -> None:
        """A cell ended."""
        with self._lock:
            self._running = max(0, self._running - 1)
            self._done += 1
            self._unexpected += not expected
            self._show()

    def close(self) -> None:
        """Take the line away; the last count is printed where there was none."""
        with self._lock:
            if self._bar:
                self._bar.stop()
                self._bar = None
            elif self._total:
                self._say()

    def _show(self) -> None:
        if self._bar and self._line is not None:
            self._bar.update(self._line, total=self._total, completed=self._done, description=self._spelled())
        elif time.monotonic() - self._said_s >= PLAIN_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._said_s = time.monotonic()
        self._console.print(f"matrix: {self._spelled()}", highlight=False, soft_wrap=True)

    def _spelled(self) -> str:
        return spelled(
            done=self._done,
            total=self._total,
            running=self._running,
            unexpected=self._unexpected,
            elapsed_s=time.monotonic() - self._began_s,
            noun=self._noun,
        )


def spelled(*, done: int, total: int, running: int, unexpected: int, elapsed_s: float, noun: str = "cells") -> str:
    """`120 of 630 cells, 14 running, 0 unexpected, about 95 s left`."""
    left = f", about {elapsed_s / done * (total - done):.0f} s left" if 0 < done < total else ""
    return f"{done} of {total} {noun}, {running} running, {unexpected} unexpected{left}"
