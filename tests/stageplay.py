"""An attempt on stage without an engine: a page whose probe has given entries, and the runner's own way of playing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final, cast

from wirematrix.attempts import Job, Play, Scenario, Stage
from wirematrix.driver import LiveCell, Node
from wirematrix.model import Attempt, Cell, Expectation, Kind, ScenarioText
from wirematrix.probe import CLOCK_AND_APIS, Probe

CELL: Final = Cell(scenario="opens", engine="firefox", transport="websocket", network="direct")
EXPECTATION: Final = Expectation()


class Page:
    """A page whose probe has these entries; asked for them at the end it may fail instead."""

    def __init__(self, entries: Sequence[Mapping[str, object]] = (), failure: Exception | None = None) -> None:
        self.entries = entries
        self.failure = failure
        self.crashed = asyncio.Event()
        self.origin_ms = time.time() * 1000
        self.asked = False
        self.supports = {"websocket": True, "unknown-api": False}
        self.engine = SimpleNamespace(build=SimpleNamespace(product="Chromium"))

    async def goto(self, url: str) -> None:
        """Is there at once."""

    async def evaluate(self, expression: str, argument: Any = None, **_: object) -> Any:
        """The document's origin, or the entries from an index on."""
        if expression == CLOCK_AND_APIS:
            return {"origin": self.origin_ms, "supports": self.supports}
        if self.failure and self.asked:
            raise self.failure
        self.asked = True
        verb, _, first = argument
        assert verb == "read"
        now = time.time() * 1000 - self.origin_ms
        return json.dumps({"end": None, "began": now, "now": now, "entries": self.entries[first:]})


def job(play: Play, kind: Kind = Kind.REQUIRED) -> Job:
    """The second attempt of a cell."""
    text = ScenarioText(name="opens", group="connect", title="It opens.", story="", kind=kind, source="e2e/x.py:1")
    return Job(cell=CELL, scenario=Scenario(text=text, play=play), number=2)


async def on_stage(stage: Stage, page: Page | None = None) -> None:
    """Play as the runner does: a page that was visited, and every exception handed to the stage."""
    nothing = cast("Any", None)
    page = page or Page()
    probe = Probe(cast("Any", page), stage.recorder)
    live = LiveCell(
        CELL,
        channel="c1",
        page=cast("Any", page),
        probe=probe,
        nodes=[Node(cast("Any", SimpleNamespace(answers=False)), nothing)],
        recorder=stage.recorder,
        waits=stage.waits,
    )
    live.network = cast("Any", SimpleNamespace(check_alive=lambda: None))
    try:
        await probe.visit("http://127.0.0.1:1/probe.html", needs=CELL.transport)
        await stage.play(live)
    except Exception as broken:  # noqa: BLE001 - as in the runner
        stage.fails_to_start(broken)


async def attempted(play: Play, page: Page | None = None, *, kind: Kind = Kind.REQUIRED) -> Attempt:
    """The whole attempt."""
    stage = Stage(job(play, kind))
    await on_stage(stage, page)
    return stage.attempt(EXPECTATION)
