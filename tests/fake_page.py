"""A page without an engine: it keeps a log as the raw page does, waits in it, and writes down what it was asked."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

from wirematrix.probe import CLOCK_AND_APIS, LOADED


class FakePage:
    """What a probe needs of a page. `say` adds an entry; verbs and scripts are only written down, `wait` waits."""

    def __init__(self) -> None:
        self.crashed = asyncio.Event()
        self.engine = SimpleNamespace(build=SimpleNamespace(product="Lynx"), suspend=self.suspend, resume=self.resume)
        self.restores = True
        self.deeds: list[str] = []
        self.sibling: Any = None
        self.supports = {"eventsource": True, "fetch-stream": True, "websocket": True, "unknown-api": False}
        self.visited: list[str] = []
        self.asked: list[tuple[str, Any]] = []
        self.scripts: list[tuple[str, Any]] = []
        self.waiting = 0
        self.failure: Exception | None = None
        self._log: list[dict[str, Any]] = []
        self._said = asyncio.Event()
        self._waiting = asyncio.Event()
        self._origin_s = time.time()

    def now(self) -> float:
        """The page's clock."""
        return (time.time() - self._origin_s) * 1000

    def say(self, kind: str, **detail: Any) -> None:
        """Add an entry to the log."""
        self._log.append({"at": self.now(), "kind": kind, **detail})
        self._said.set()

    async def until_waiting(self, count: int = 1) -> None:
        """Return when that many waits are going on."""
        while self.waiting < count:
            self._waiting.clear()
            await self._waiting.wait()

    async def goto(self, url: str) -> None:
        """Another document: an empty log, a clock that begins now."""
        self.visited.append(url)
        self._log = []
        self._origin_s = time.time()

    async def follow_link(self, url: str) -> None:
        """Leave; nobody asks the page meanwhile."""
        self.visited.append(url)

    async def go_back(self, to: str) -> None:
        """The document that was left, as it was, or with `restores` False another one at its address."""
        if self.restores:
            self.say("restored")
        else:
            await self.goto(to)

    async def hide(self) -> None:
        """Written down."""
        self.deeds.append("hide")

    async def show(self) -> None:
        """Written down."""
        self.deeds.append("show")

    async def set_offline(self, *, offline: bool) -> str:
        """Written down; says how."""
        self.deeds.append(f"offline {offline}")
        return "by decree"

    async def suspend(self) -> None:
        """Written down, of the engine."""
        self.deeds.append("suspend")

    async def resume(self) -> None:
        """Written down, of the engine."""
        self.deeds.append("resume")

    async def open_sibling(self) -> Any:
        """Another page, which the test gave."""
        assert self.sibling
        return self.sibling

    async def evaluate(self, expression: str, argument: Any = None, **_: object) -> Any:
        """Answer as the page's probe does."""
        if self.failure:
            raise self.failure
        if LOADED in expression:
            return None
        if expression == CLOCK_AND_APIS:
            return {"origin": self._origin_s * 1000, "supports": self.supports}
        verb, asked, first = argument
        began, end = self.now(), None
        if verb == "wait":
            end = await self._wait(*asked)
        elif verb == "":
            self.scripts.append((expression, asked))
        elif verb != "read":
            self.asked.append((verb, asked))
        return json.dumps({"end": end, "began": began, "now": self.now(), "entries": self._log[first:]})

    async def _wait(self, match: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """As `wait` of static/timeline.js, as far as it is used."""
        began = self.now()
        self.waiting += 1
        self._waiting.set()
        try:
            async with asyncio.timeout(options["ms"] / 1000):
                while not (met := self._count(match, options.get("from", 0)) >= options.get("count", 1)):
                    if options.get("until_over") and self._count({"kind": "over", "stream": match.get("stream")}, 0):
                        break
                    self._said.clear()
                    await self._said.wait()
        except TimeoutError:
            met = False
        finally:
            self.waiting -= 1
        return {"met": met, "index": None, "next": len(self._log), "waited_ms": self.now() - began}

    def _count(self, match: dict[str, Any], first: int) -> int:
        return sum(all(holds(entry.get(key), value) for key, value in match.items()) for entry in self._log[first:])


def holds(found: Any, wanted: Any) -> bool:
    """Equal, one of a list, or at least {"min": n}."""
    if isinstance(wanted, dict):
        return found is not None and found >= wanted["min"]
    return found in wanted if isinstance(wanted, list) else bool(found == wanted)
