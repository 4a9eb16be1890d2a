"""The process that receives: `python -m wirematrix.load.generator`, told what to do by JSON lines on standard input.

Each command is answered by one line with the same `id`, and `said` or `error`. It ends when its standard input does,
so it never outlives whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from typing import Any, Final

import uvloop

from wirematrix.latency_hdr import encoded
from wirematrix.load import lines
from wirematrix.load.crowd import LOOK_S, Crowd
from wirematrix.load.kernel import raise_descriptor_limit
from wirematrix.load.receivers import Door
from wirematrix.load.stream import NotOpened
from wirematrix.load_model import LoadTransport

SPARE_FILES: Final = 64  # beside the connections
FEED_AGAIN: Final = 20  # looks without news until the same is said again: datagrams may be lost

NOBODY: Final = Crowd(Door(transport=LoadTransport.SSE, host="", port=0, target="", compressed=False), 0)

Wishes = Mapping[str, Any]


class Generator:
    """The crowd of this process and the commands that it understands."""

    def __init__(self) -> None:
        self._crowd: Crowd | None = None
        self._feeding: asyncio.Task[None] | None = None
        self.commands: Mapping[str, Callable[[Wishes], Coroutine[Any, Any, Any]]] = {
            "open": self.open,
            "reading": self.reading,
            "forget": self.forget,
            "until": self.until,
            "settle": self.settle,
            "storm": self.storm,
            "feed": self.feed,
            "unfeed": self.unfeed,
            "close": self.close,
        }

    @property
    def crowd(self) -> Crowd:
        """The open crowd."""
        if self._crowd is None:
            raise NotOpened("no subscribers are open")
        return self._crowd

    async def open(self, wishes: Wishes) -> Any:
        """Open so many subscribers behind a door."""
        size = wishes["subscribers"]
        limit = raise_descriptor_limit(size + SPARE_FILES)
        if limit < size + SPARE_FILES:
            raise NotOpened(
                f"{size} subscribers need {size + SPARE_FILES} open files and this process may have {limit}; "
                f"allow more with `ulimit -n {size + SPARE_FILES}`"
            )
        door = Door(**{**wishes["door"], "transport": LoadTransport(wishes["door"]["transport"])})
        self._crowd = Crowd(door, size)
        times = await self._crowd.open(at_once=wishes["at_once"], budget_s=wishes["budget_s"])
        return {"began_ns": [began for began, _ in times], "opened_ns": [opened for _, opened in times]}

    async def reading(self, _: Wishes) -> Any:
        """All meters; before anybody connected, too."""
        return asdict((self._crowd or NOBODY).reading())

    async def forget(self, _: Wishes) -> Any:
        """Begin a new stretch of messages."""
        self.crowd.forget()

    async def until(self, wishes: Wishes) -> Any:
        """Wait until every subscriber got a message."""
        return {"reached": await self.crowd.until_reached(wishes["number"], wishes["budget_s"])}

    async def settle(self, wishes: Wishes) -> Any:
        """Wait for the last message of a stretch, then say what became of all of them."""
        first, last = wishes["first"], wishes["last"]
        complete = await self.crowd.until_reached(last, wishes["budget_s"])
        reading = self.crowd.reading()
        return {
            "complete": complete,
            "reading": asdict(reading),
            "account": asdict(self.crowd.account(first, last)),
            "latency_hdr": encoded(self.crowd.latencies_us(first, last)),
            "ends": sorted(set(self.crowd.ends()))[:3],
        }

    async def storm(self, wishes: Wishes) -> Any:
        """Cut everybody and wait until they are back."""
        cut_ns, back_ns = await self.crowd.storm(
            delay_s=wishes["delay_s"], resume=wishes["resume"], budget_s=wishes["budget_s"]
        )
        return {"cut_ns": cut_ns, "back_ns": back_ns}

    async def feed(self, wishes: Wishes) -> Any:
        """Tell a publisher on this machine, by datagrams, what everybody got."""
        self._feeding = asyncio.create_task(self._feed(wishes["index"], wishes["port"]), name="feed")

    async def unfeed(self, _: Wishes) -> Any:
        """Tell it no more."""
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)
            self._feeding = None

    async def _feed(self, index: int, port: int) -> None:
        said, looks = -1, 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as saying:
            saying.setblocking(False)
            while True:
                reached, looks = self.crowd.reached, looks + 1
                if reached != said or looks >= FEED_AGAIN:
                    with contextlib.suppress(OSError):
                        saying.sendto(b"%d %d" % (index, reached), ("127.0.0.1", port))
                    said, looks = reached, 0
                await asyncio.sleep(LOOK_S)

    async def close(self, _: Wishes) -> Any:
        """End every connection."""
        await self.unfeed({})
        if self._crowd is not None:
            self._crowd.close()
            self._crowd = None
        gc.collect()


async def serve() -> None:
    """Do what is asked, one after the other, until nobody asks any more."""
    generator = Generator()
    asked = await lines.standard_input()
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection in the middle of a window would be a latency of ours
    while line := await asked.readline():
        number, do, wishes = lines.command(line)
        try:
            said = await generator.commands[do](wishes)
        except NotOpened as reason:
            lines.answer(number, error=str(reason))
        except TimeoutError:
            lines.answer(number, error=f"{do} took longer than {wishes.get('budget_s', 0):.0f} s")
        else:
            lines.answer(number, said=said)


def main() -> None:
    """Serve; a terminal's Ctrl-C is for whoever started this process, which then ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(serve())
    sys.stdout.flush()
    os._exit(0)  # thousands of transports need no farewell


if __name__ == "__main__":
    main()
