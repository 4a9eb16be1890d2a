"""Playwright's own evidence of a cell: a trace and a screenshot, where they were asked for.

`--tracing` and `--screenshot` keep the meaning that pytest-playwright gives them, and the files lie in a
folder per cell below `--output`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from wirematrix.attempts import Job
from wirematrix.engines import EnginePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """What to keep: "off", "on" or when the attempt did not end cleanly ("retain-on-failure", "only-on-failure")."""

    tracing: str = "off"
    screenshot: str = "off"
    folder: Path = Path("test-results")

    @asynccontextmanager
    async def kept(self, page: EnginePage, job: Job, clean: Callable[[], bool]) -> AsyncIterator[None]:
        """Trace the body and take the screenshot at its end. A dead page leaves neither."""
        place = self.folder / re.sub(r"[^a-z0-9+_-]+", "-", job.cell.id.lower()).strip("-")
        if self.tracing != "off":
            await page.page.context.tracing.start(snapshots=True, screenshots=True, sources=False)
        try:
            yield
        finally:
            with suppress(PlaywrightError):
                if self.screenshot == "on" or (self.screenshot == "only-on-failure" and not clean()):
                    await page.page.screenshot(path=place / "page.png")
            with suppress(PlaywrightError):
                if self.tracing != "off":
                    keep = self.tracing == "on" or not clean()
                    await page.page.context.tracing.stop(path=place / "trace.zip" if keep else None)
