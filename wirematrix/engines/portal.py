"""An event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from wirematrix.budgets import Budget
from wirematrix.errors import BudgetSpent

T = TypeVar("T")


class Portal:
    """Runs coroutines for blocking callers, all in one loop and one thread, until `close`.

    The thread has to outlive the processes started in it: on Linux they ask to be killed when it ends.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name=f"{name} portal", daemon=True)
        self.thread.start()

    def call(self, work: Coroutine[Any, Any, T], budget: Budget) -> T:
        """The value of a coroutine; raises BudgetSpent and cancels it when it takes too long."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout=budget.seconds)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            awaited = f"WebKitGTK ({budget.name})"
            raise BudgetSpent(awaited, budget_ms=budget.ms, came="it did not answer") from error

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
