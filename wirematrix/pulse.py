"""Whether this program itself was held up: its event loop, and with it every fault proxy, stood still.

Pages see such a standstill as a silence of the network, and their watchdogs act on it: it is ours, not the engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

PERIOD_S: Final = 0.1
HELD_UP_MS: Final = 1_000.0  # half of the shortest silence that a page's watchdog acts on


async def watch(held_up: Callable[[float], None]) -> None:
    """Until cancelled: whenever the loop wakes `HELD_UP_MS` too late or more, say how many milliseconds."""
    loop = asyncio.get_running_loop()
    while True:
        asked = loop.time() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        if (late_ms := (loop.time() - asked) * 1000) >= HELD_UP_MS:
            held_up(late_ms)
