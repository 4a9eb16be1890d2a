"""Playwright's own evidence of a cell: a trace and a screenshot, where they were asked for.

`--tracing` and `--screenshot` keep the meaning that pytest-playwright gives them, and the files lie in a
folder per cell below `--output`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from wirematrix.engines.page import EnginePage
from wirematrix.errors import WirematrixError
from wirematrix.model import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """What to keep: "off", "on", or only of what failed ("retain-on-failure", "only-on-failure")."""

    tracing: str = "off"
    screenshot: str = "off"
    folder: Path = Path("test-results")
    beside: Path = Path("results")  # the run file's folder, from which the files are named

    @asynccontextmanager
    async def kept(
        self, page: EnginePage, name: str, failed: Callable[[], bool], tell: Callable[[Artifact], object]
    ) -> AsyncIterator[None]:
        """Trace the body and take the screenshot at its end, in the folder `name`. A dead page leaves neither.

        `tell` hears of every file that was written.
        """
        place = self.folder / name
        if self.tracing != "off":
            await page.start_trace()
        try:
            yield
        finally:
            with suppress(PlaywrightError, WirematrixError):
                if self.screenshot == "on" or (self.screenshot == "only-on-failure" and failed()):
                    await page.screenshot(place / "page.png")
                    tell(self._named("screenshot", place / "page.png"))
            with suppress(PlaywrightError, WirematrixError):
                if self.tracing != "off":
                    keep = self.tracing == "on" or failed()
                    await page.stop_trace(place / "trace.zip" if keep else None)
                    if keep:
                        tell(self._named("trace", place / "trace.zip"))

    def _named(self, kind: str, file: Path) -> Artifact:
        try:
            way = os.path.relpath(file, self.beside)
        except ValueError:  # on another drive of Windows
            way = str(file.absolute())
        return Artifact(kind=kind, file=Path(way).as_posix())
