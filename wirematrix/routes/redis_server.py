"""A Redis of a cell's own, which several apps share as their feed; it can go away and come back with what it had."""

from __future__ import annotations

from pathlib import Path

from wirematrix.routes.program import Program
from wirematrix.routes.programs import located

COMMAND = "redis-server"


class RedisServer:
    """Keeps what it acknowledged: every write is on the disk before it is answered. Made by `start`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listen = folder / "redis.sock"
        self._program: Program | None = None

    @property
    def url(self) -> str:
        """Where an app finds it, as the value of APP_FEED."""
        return f"unix://{self._listen}"

    async def start(self) -> None:
        """Start it with whatever lies in its folder; Skipped if it is not installed, else as `Program.start`."""
        settings = {
            "port": "0",
            "unixsocket": str(self._listen),
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._program = await Program.start(
            COMMAND, [located(COMMAND), *words], folder=self._folder, listen=self._listen
        )

    def check_alive(self) -> None:
        """Raise IntermediaryDied if it ended without being asked to."""
        if self._program is not None:
            self._program.check_alive()

    async def close(self) -> None:
        """End it in good order; `start` brings it back."""
        if self._program is not None:
            await self._program.close()
            self._program = None
