"""A cell against the app, at its end: the app's log is read to a mark, if the app can be asked for one."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wirematrix import driver
from wirematrix.budgets import Budget
from wirematrix.driver import LiveCell, Node
from wirematrix.errors import ControlRefused
from wirematrix.ledger import read
from wirematrix.model import Cell
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

pytestmark = pytest.mark.anyio

CELL = Cell(scenario="opens", engine="chromium", transport="websocket", network="direct")


class Control:
    """An app that is asked for a mark, and writes it a little later, behind what it has not been heard to say yet."""

    def __init__(self, recorder: Recorder, failure: Exception | None = None, *, writes: bool = True) -> None:
        self.asked = 0
        self._recorder = recorder
        self._failure = failure
        self._writes = writes

    async def mark(self) -> None:
        """Ask."""
        self.asked += 1
        if self._failure:
            raise self._failure
        if self._writes:
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._recorder.observe("server", "send", epoch="0a0a0a0a", seq=1, type="update")
        self._recorder.observe("server", "mark")


class Probe:
    """A page that has nothing more to say."""

    lives = True

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def collect(self) -> None:
        """Nothing."""

    def note_clock(self) -> None:
        """As the real one."""
        self._recorder.observe("driver", "clock")


def cell_with(recorder: Recorder, control: Control, *, answers: bool = True) -> LiveCell:
    """A cell whose scenario has ended."""
    return LiveCell(
        CELL,
        channel="c1",
        page=cast("Any", None),
        probe=cast("Any", Probe(recorder)),
        nodes=[Node(cast("Any", SimpleNamespace(answers=answers)), cast("Any", control))],
        recorder=recorder,
        waits=Waits(recorder),
    )


async def test_the_app_is_heard_out() -> None:
    """After the page's log the app's is read up to its mark, with everything the app said before."""
    recorder = Recorder()
    await cell_with(recorder, Control(recorder)).collect()
    assert [seen.kind for seen in recorder.timeline()] == ["clock", "send", "mark"]
    assert read(recorder.timeline()).server_whole


async def test_an_app_that_cannot_answer_is_not_asked() -> None:
    """A suspended or dead app would only cost a budget; its log then is not whole."""
    recorder = Recorder()
    control = Control(recorder)
    await cell_with(recorder, control, answers=False).collect()
    assert control.asked == 0
    assert not read(recorder.timeline()).server_whole


async def test_an_app_without_marks_does_no_harm() -> None:
    """Another app, which knows no such request, costs no attempt: the audit then says that it does not know."""
    recorder = Recorder()
    refusing = Control(recorder, ControlRefused("POST /mark", status=404, answer="not found"))
    await cell_with(recorder, refusing).collect()
    assert refusing.asked == 1
    assert not read(recorder.timeline()).server_whole


async def test_a_mark_that_never_comes_ends_with_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that answers and writes no mark is waited for no longer than its budget, and nobody is blamed."""
    monkeypatch.setattr(driver, "CONTROL", Budget("control", 20))
    recorder = Recorder()
    await cell_with(recorder, Control(recorder, writes=False)).collect()
    assert not read(recorder.timeline()).server_whole
    assert recorder.timeline().of("driver", "awaited") == ()
