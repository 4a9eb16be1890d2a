"""The server's side of the story: one JSON line per fact on stdout, for whoever started the process.

    {"at": 1763826300123.456, "kind": "publish", "channel": "demo", "subscriber": null, "epoch": "0123abcd", "seq": 7,
     "type": "update"}

kinds: listening request accept refuse send uplink gone publish mark stopping stopped. `at` is epoch ms. `send` and
`publish` name epoch, seq and type of one message each; `send` is written when the server has taken the message for its
socket. `mark` is written when /control asks for it: whoever has read it has read everything before it. The lines of
one turn of the event loop are written together. A reader that stops reading stops the service: stdout is a pipe, and
a fact is not thrown away.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Literal

Kind = Literal[
    "listening", "request", "accept", "refuse", "send", "uplink", "gone", "publish", "mark", "stopping", "stopped"
]


class ConnectionLog:
    """Collects facts and hands them to `write` (text, whole lines); without `write` nothing is recorded."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write
        self._lines: list[str] = []

    @property
    def is_on(self) -> bool:
        """Ask before preparing facts in a hot place."""
        return self._write is not None

    def note(
        self, kind: Kind, *, channel: str | None = None, subscriber: int | None = None, **facts: float | str | None
    ) -> None:
        """Record one fact, stamped now."""
        if self._write is None:
            return
        at = round(time.time() * 1000, 3)
        line = json.dumps({"at": at, "kind": kind, "channel": channel, "subscriber": subscriber, **facts})
        self._lines.append(line)
        if len(self._lines) == 1:
            self._flush_soon()

    def flush(self) -> None:
        """Write what is there."""
        if not self._lines or self._write is None:
            return
        text = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        try:
            self._write(text)
        except BrokenPipeError:  # nobody listens any more; the service itself goes on
            self._write = None

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # before or after the loop
            self.flush()
