"""Waits on engines and pages always end; processes are found, counted and ended. No browser."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, cast

import psutil
import pytest
from playwright.async_api import BrowserContext, Error, Page

from wirematrix.budgets import Budget
from wirematrix.engines import processes
from wirematrix.engines.live import LiveEngine
from wirematrix.engines.outlasting import Death, outlasting
from wirematrix.engines.page import EnginePage
from wirematrix.engines.portal import Portal
from wirematrix.engines.settings import Special
from wirematrix.errors import BudgetSpent, EngineCrashed, OursSpent, WirematrixError
from wirematrix.model import Build

pytestmark = pytest.mark.anyio
BUILD = Build(engine="firefox", product="Firefox", version="1", origin="system", executable="/there", system="here")
FAMILY = """
import subprocess, sys, time
while time.process_time() < 0.05: pass  # more than one tick of the coarsest accounting
subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"])
time.sleep(600)
"""


class FakePage:
    """A page that answers each evaluation with the next of some answers; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.url = "about:blank"

    async def evaluate(self, _expression: str, _arg: object = None) -> object:
        answer = self.answers.pop(0)
        if answer == "hang":
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeEngine(LiveEngine):
    """An engine without processes, unless it is given some."""

    processes: tuple[psutil.Process, ...] = ()

    @property
    def roots(self) -> tuple[psutil.Process, ...]:
        return self.processes

    async def _new_page(self, *, ignore_https_errors: bool) -> EnginePage:
        await asyncio.Event().wait()
        raise AssertionError

    async def _close(self) -> None:
        if not self.processes:
            await asyncio.Event().wait()

    async def _bury(self) -> None:
        pass


class FakeEnginePage(EnginePage):
    """A page whose renderer can be killed without anybody noticing; `done` is what it was told to do."""

    done: tuple[str, ...] = ()

    async def _hide(self) -> None:
        self.done += ("hide",)

    async def _show(self) -> None:
        self.done += ("show",)

    async def _set_offline(self, *, offline: bool) -> str:
        self.done += ("offline" if offline else "online",)
        return "by a fake"

    async def _reset(self) -> None:
        self.done += ("reset",)

    async def _open_sibling(self) -> EnginePage:
        return page_of(engine=self.engine)

    async def _close(self) -> None:
        self.done += ("close",)
        raise Error("Target page, context or browser has been closed")

    async def _kill_renderer(self) -> None:
        pass


def page_of(*answers: object, engine: LiveEngine | None = None) -> EnginePage:
    """A page with these answers."""
    fake = cast("Page", FakePage(*answers))
    return FakeEnginePage(engine or FakeEngine(BUILD), cast("BrowserContext", None), fake)


async def test_evaluate_gives_the_value() -> None:
    """A page that answers is answered for."""
    assert await page_of(42).evaluate("6 * 7") == 42


async def test_evaluate_ends_with_its_budget() -> None:
    """A page that never answers ends the wait when the budget is spent, and says what was awaited."""
    with pytest.raises(BudgetSpent, match="waited 20 ms for the page to answer"):
        await page_of("hang").evaluate("1", budget_ms=20)


async def test_evaluate_ends_with_the_page() -> None:
    """A renderer that dies under a script ends the wait at once."""
    page = page_of("hang")
    waiting = asyncio.ensure_future(page.evaluate("1"))
    await asyncio.sleep(0)
    page.death.tell("its renderer process died")
    with pytest.raises(EngineCrashed, match="its renderer process died"):
        await waiting
    assert page.crashed.is_set()


async def test_evaluate_ends_with_the_engine() -> None:
    """An engine that dies takes every page's waits along, before and after."""
    engine = FakeEngine(BUILD)
    page = page_of("hang", 1, engine=engine)
    waiting = asyncio.ensure_future(page.evaluate("1"))
    await asyncio.sleep(0)
    await engine.kill()
    for late in (waiting, page.evaluate("1")):
        with pytest.raises(EngineCrashed, match="it was killed on purpose"):
            await late
    assert engine.died.is_set()


@pytest.mark.parametrize(
    "message", ["Page.evaluate: Target crashed", "Page.evaluate: Target page, context or browser has been closed"]
)
async def test_closed_target_is_a_crash(message: str) -> None:
    """Playwright's word for a page that vanished counts as its death, unless we closed it."""
    page = page_of(Error(message))
    with pytest.raises(EngineCrashed):
        await page.evaluate("1")
    assert page.crashed.is_set()
    closed = page_of(Error(message))
    await closed.close()
    with pytest.raises(Error, match="Page"):
        await closed.evaluate("1")
    assert not closed.crashed.is_set()


async def test_script_error_is_the_pages() -> None:
    """An exception in the page's script passes through: it is no crash."""
    page = page_of(Error("Page.evaluate: ReferenceError: probe is not defined"))
    with pytest.raises(Error, match="ReferenceError"):
        await page.evaluate("probe")
    assert not page.crashed.is_set()


async def test_hiding_needs_its_launch() -> None:
    """A page of an ordinary engine cannot be hidden: engines are told not to slow it down, so it would say nothing."""
    page = page_of()
    for turn in (page.hide, page.show):
        with pytest.raises(WirematrixError, match=r"means nothing in an ordinary launch.*launch\('background'\)"):
            await turn()


async def test_page_that_stays_visible_is_our_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that does not turn when it was told to is no timeout of the engine's: we could not hide it."""
    monkeypatch.setenv("WIREMATRIX_SCALE", "0.1")
    engine = FakeEngine(BUILD, Special.BACKGROUND)
    with pytest.raises(OursSpent, match="for the page to be hidden; its document was not hidden"):
        await page_of("hang", engine=engine).hide()
    await page_of(True, engine=engine).hide()


async def test_reset_undoes_what_a_cell_did() -> None:
    """Siblings are closed and the network is back before a page is lent again; offline says by which means."""
    page = page_of()
    sibling = await page.open_sibling()
    assert page.engine.contexts_made == 1
    assert await page.set_offline(offline=True) == "by a fake"
    await page.reset()
    assert cast("FakeEnginePage", page).done == ("offline", "online", "reset")
    assert cast("FakeEnginePage", sibling).done == ("close",)
    assert page.engine.pages == {page}


async def test_siblings_go_with_their_page() -> None:
    """Closing a page closes the further pages of its context, first."""
    page = page_of()
    siblings = [await page.open_sibling() for _ in range(2)]
    await page.close()
    assert [cast("FakeEnginePage", one).done for one in (*siblings, page)] == [("close",)] * 3
    assert page.engine.pages == set()


async def test_lost_context_is_looked_into() -> None:
    """A destroyed script context is a navigation if the page goes on answering, and a crash if it does not."""
    gone = Error("Page.evaluate: Execution context was destroyed, most likely because of a navigation")
    with pytest.raises(Error, match="Execution context was destroyed"):
        await page_of(gone, 1).evaluate("1")
    with pytest.raises(EngineCrashed):
        await page_of(gone, Error("Page.evaluate: Target page, context or browser has been closed")).evaluate("1")


async def test_new_page_ends_with_the_engine() -> None:
    """A page that an engine was making when it died is not waited for."""
    engine = FakeEngine(BUILD)
    making = asyncio.ensure_future(engine.new_page())
    await asyncio.sleep(0)
    engine.death.tell("its process ended")
    with pytest.raises(EngineCrashed, match="its process ended"):
        await making
    assert engine.contexts_made == 1


async def test_first_reason_of_a_death_counts() -> None:
    """What comes after the first reason is a consequence and changes nothing."""
    death = Death()
    death.tell("its renderer process died")
    death.tell("its process ended")
    assert death.because == "its renderer process died"


async def test_value_and_death_at_once() -> None:
    """A value that arrived is given even if the engine died in the same turn of the loop."""
    death = Death()

    async def work() -> int:
        death.tell("afterwards")
        return 1

    assert await outlasting(work(), "anything", 1000, "chromium", death) == 1


async def test_cancelled_wait_cancels_its_work() -> None:
    """Nothing goes on behind a wait that its own caller gave up."""
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.ensure_future(outlasting(work(), "anything", 60_000, "chromium"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(5):
        await ended.wait()


@pytest.fixture
def family() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A marked process with a child."""
    mark = "test-mark"
    environment = {processes.MARK_VARIABLE: mark}
    parent = subprocess.Popen(
        [sys.executable, "-c", FAMILY], env=environment, stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout
    assert parent.stdout.readline()  # the child's: both live
    yield parent, mark
    parent.kill()
    parent.wait()
    parent.stdout.close()


def test_root_is_found_by_its_mark(family: tuple[subprocess.Popen[bytes], str]) -> None:
    """Of a marked tree the topmost process is the root; another mark finds nothing."""
    parent, mark = family
    root = processes.marked_root(mark)
    assert root
    assert root.pid == parent.pid
    assert processes.marked_root("another") is None


def test_usage_counts_the_tree(family: tuple[subprocess.Popen[bytes], str]) -> None:
    """CPU and memory are those of the root and of everything below it."""
    parent, _ = family
    used = processes.usage([psutil.Process(parent.pid)])
    assert used.processes == 2
    assert used.cpu_s > 0
    assert used.memory_mib > 1


async def test_engine_sleeps_and_wakes(family: tuple[subprocess.Popen[bytes], str]) -> None:
    """A suspended engine's processes are all stopped, go on when it is resumed, and one that is closed wakes first."""
    engine = FakeEngine(BUILD)
    engine.processes = (psutil.Process(family[0].pid),)
    for wake in (engine.resume, engine.close):
        await engine.suspend()
        tree = processes.tree(engine.roots)
        assert len(tree) == 2
        assert {process.status() for process in tree} == {psutil.STATUS_STOPPED}
        await wake()
        assert psutil.STATUS_STOPPED not in {process.status() for process in tree if processes.lives(process)}


def test_killed_tree_is_gone(family: tuple[subprocess.Popen[bytes], str]) -> None:
    """A kill ends root and descendants, and repeats without harm."""
    root = psutil.Process(family[0].pid)
    tree = processes.tree([root])
    assert processes.kill_tree([root], within_s=10) == []
    assert not any(processes.lives(process) for process in tree)
    assert processes.kill_tree([root], within_s=10) == []
    assert processes.usage([root]).processes <= 1  # a zombie until its parent looks


def test_portal_answers_and_ends() -> None:
    """A blocking caller gets value, exception or BudgetSpent from the loop in another thread."""
    portal = Portal("test")

    async def boom() -> Any:
        raise LookupError("boom")

    brief = Budget("brief", 20)
    assert portal.call(asyncio.sleep(0, "value"), brief) == "value"
    with pytest.raises(LookupError, match="boom"):
        portal.call(boom(), brief)
    began = time.monotonic()
    with pytest.raises(BudgetSpent):
        portal.call(asyncio.sleep(600), brief)
    assert time.monotonic() - began < 5
    portal.close()
    assert not portal.thread.is_alive()
