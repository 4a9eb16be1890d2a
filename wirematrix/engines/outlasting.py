"""Waits on engines that always end: it happened, who it depends on died, or the budget is spent.

    evaluate, goto, reset, new_page ... ──┬── happened ────────> the value
                                          ├── page or engine died ─> EngineCrashed
                                          └── budget spent ──────> BudgetSpent

Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from playwright.async_api import Error

from wirematrix.errors import BudgetSpent, EngineCrashed

T = TypeVar("T")


class Death:
    """The end of a page or of an engine: told once, with a reason, to everybody who waits."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(self, because: str) -> None:
        """The first reason counts; later ones are consequences."""
        if not self.told.done():
            self.told.set_result(because)
            self.happened.set()

    @property
    def because(self) -> str:
        """Why, or nothing while it lives."""
        return self.told.result() if self.told.done() else ""


async def outlasting(work: Coroutine[Any, Any, T], awaited: str, budget_ms: float, engine: str, *deaths: Death) -> T:
    """Await `work`, but no longer than its budget and no longer than what it depends on lives."""
    for death in deaths:
        if death.because:
            work.close()
            raise EngineCrashed(engine, death.because)
    task: asyncio.Future[Any] = asyncio.ensure_future(work)
    try:
        await asyncio.wait(
            {task, *(death.told for death in deaths)},
            timeout=budget_ms / 1000,
            return_when=asyncio.FIRST_COMPLETED,
        )
        because = next((death.because for death in deaths if death.because), "")
        if task.done() and not (because and task.exception()):
            value: T = task.result()
            return value
        if because:
            raise EngineCrashed(engine, because)
        raise BudgetSpent(awaited, budget_ms=budget_ms, came="nothing came")
    finally:
        await discard(task)


async def discard(task: asyncio.Future[Any]) -> None:
    """Cancel what nobody waits for any more and take its last exception, so that asyncio does not print it."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0)
    if task.done() and not task.cancelled():
        task.exception()


def first_line(error: Error) -> str:
    """An error's message without Playwright's call log."""
    return error.message.splitlines()[0]
