"""A folder of reports, and a server of it that writes down who asks for what and can forbid all scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

UNSCRIPTED: Final = "/unscripted/"
NO_SCRIPT: Final = "script-src 'none'"


@dataclass(slots=True)
class Shelf:
    """A folder of reports and the origin it is served at; `asked` is every request that came, in order."""

    folder: Path
    origin: str = ""
    asked: list[str] = field(default_factory=list)

    def url(self, name: str, *, scripts: bool = True) -> str:
        """Where a report is; without `scripts` a policy on top of its own forbids them all."""
        return f"{self.origin}{'/' if scripts else UNSCRIPTED}{name}.html"

    def file(self, name: str) -> str:
        """The same as a file."""
        return (self.folder / f"{name}.html").as_uri()


class Desk(SimpleHTTPRequestHandler):
    """Serves a folder, keeps who asked for what, and says nothing about it."""

    def __init__(self, *arguments: Any, shelf: Shelf) -> None:
        self.shelf = shelf
        super().__init__(*arguments, directory=str(shelf.folder))

    def do_GET(self) -> None:
        """A file; below `UNSCRIPTED` the same file without a script."""
        self.shelf.asked.append(self.path)
        super().do_GET()

    def end_headers(self) -> None:
        """With the policy, if it is asked for."""
        if self.path.startswith(UNSCRIPTED):
            self.send_header("Content-Security-Policy", NO_SCRIPT)
        super().end_headers()

    def translate_path(self, path: str) -> str:
        """Where the file is."""
        return super().translate_path(path.replace(UNSCRIPTED, "/", 1))

    def log_message(self, *_: object) -> None:
        """Nothing."""
