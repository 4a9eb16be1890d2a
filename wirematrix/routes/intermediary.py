"""An intermediary: a route's server, started for one cell with a configuration written for it, and ended with it."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from wirematrix.routes.certificates import Certificate
from wirematrix.routes.configuration import written
from wirematrix.routes.program import Program
from wirematrix.routes.programs import program_of
from wirematrix.routing import Via

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "nginx": ("-e", "stderr", "-p", "{folder}", "-c", "{file}"),
    "haproxy": ("-db", "-f", "{file}"),
    "caddy": ("run", "--config", "{file}", "--adapter", "caddyfile"),
}


class Intermediary:
    """One running server between fault proxies. Made by `start`."""

    def __init__(self, via: Via, program: Program) -> None:
        self.via = via
        self._program = program

    @classmethod
    async def start(cls, via: Via, *, apps: Sequence[tuple[str, int]], folder: Path, certificate: Certificate) -> Self:
        """Start it in an empty folder of its own, leading to the apps, and wait until it takes connections.

        Raises Skipped if it is not installed, IntermediaryDied if it ends first, OursSpent if it takes too long.
        """
        program = program_of(via.route)
        listen = folder / "listen.sock"
        file = folder / via.route.configuration
        text = written(via, listen=listen, apps=apps, folder=folder, certificate=certificate)
        file.write_text(text, encoding="utf-8")
        words = [word.format(folder=folder, file=file) for word in COMMANDS[via.route.program]]
        return cls(via, await Program.start(f"route {via.route.name}", [program, *words], folder=folder, listen=listen))

    @property
    def listen(self) -> Path:
        """The Unix socket at which it takes connections."""
        return self._program.listen

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        return self._program.pid

    def check_alive(self) -> None:
        """Raise IntermediaryDied if it ended without being asked to."""
        self._program.check_alive()

    def reload(self) -> None:
        """Have it take its configuration anew while connections live (nginx: SIGHUP)."""
        self._program.send_signal(signal.SIGHUP)

    async def close(self) -> None:
        """End it and whatever it started."""
        await self._program.close()
