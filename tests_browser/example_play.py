"""The examples, played in a real page: a service as a process, and which guarantees hold.

Each play answers with the guarantees that held and says nothing about why: a stage of an example without a guarantee
must not be given it where the next one is. What a play expects decides only how long it waits for what may not come.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType
from typing import Final

import httpx

from tests_browser.example_server import started
from wirematrix.budgets import DELIVER, EVALUATE, NEVER_REOPENS, OPEN, RECOVER, SERVICE_START, SERVICE_STOP
from wirematrix.engines import EnginePage, LiveEngine

TOKEN: Final = "letmein"
STEPS_TO_SEE: Final = 3
BRISK: Final = MappingProxyType({"STEP_S": "0.1", "HEARTBEAT_S": "1"})
PATIENCE_MS: Final = 6000  # of a page that is to see no silence however busy this machine is
# Between two steps nothing but heartbeats, for longer than a page is patient.
QUIET: Final = MappingProxyType({"STEP_S": "1.4", "HEARTBEAT_S": "0.1"})
QUIET_PATIENCE_MS: Final = 1200
STEP_IS_DUE_MS: Final = 400  # after a page noticed a silence that began just behind a step
REFUSED_PATIENCE_MS: Final = 500
REFUSED_WATCHED_MS: Final = 1200  # longer than a page that was refused is patient, or waits before it tries again
COMPLAINT: Final = re.compile(r"Traceback|ERROR|Cancel")
LOOK_AGAIN_S: Final = 0.02

Log = list[tuple[str, str]]
Logs = dict[str, Log]  # by transport


@dataclass(slots=True)
class Service:
    """One example's server as a process, on one port for as long as this lives."""

    server: Path
    kept: Path
    settings: Mapping[str, str]
    port: int
    process: BaseProcess | None = None

    @property
    def origin(self) -> str:
        """Where pages find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def complaints(self) -> str:
        """What it has said on stderr in all its lives."""
        return self.kept.with_suffix(".stderr").read_text(encoding="utf-8")

    async def start(self) -> None:
        """Serve, on the port of the time before."""
        assert self.process is None
        settings = {**self.settings, "TOKEN": TOKEN, "PORT": str(self.port), "FILE": str(self.kept)}
        self.process = started(self.server, settings, self.kept.with_suffix(".stderr"))
        async with asyncio.timeout(SERVICE_START.seconds):
            while not listens(self.port):
                assert self.process.is_alive(), self.complaints
                await asyncio.sleep(LOOK_AGAIN_S)

    def send(self, which: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, which)

    async def end(self, how: signal.Signals) -> int:
        """Have it end; its exit status. If it does not, it is killed, which its status says."""
        self.send(how)
        assert self.process is not None
        process, self.process = self.process, None
        await asyncio.to_thread(process.join, SERVICE_STOP.seconds)
        if process.is_alive():
            process.kill()
            await asyncio.to_thread(process.join)
        assert process.exitcode is not None
        return process.exitcode

    def texts(self) -> list[str]:
        """Every message that was kept, in order."""
        with contextlib.closing(sqlite3.connect(self.kept)) as kept:
            return [text for (text,) in kept.execute("SELECT text FROM message ORDER BY id")]


@contextlib.asynccontextmanager
async def serving(server: Path, kept: Path, settings: Mapping[str, str]) -> AsyncIterator[Service]:
    """An example that serves for the length of a block."""
    service = Service(server, kept, settings, free_port())
    try:
        await service.start()
        yield service
    finally:
        if service.process is not None and service.process.is_alive():
            await service.end(signal.SIGKILL)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def visit(page: EnginePage, service: Service, over: str, *, token: str = TOKEN, patience_ms: int) -> None:
    """Open the example's page over a transport."""
    await page.goto(f"{service.origin}/?token={token}&patience_ms={patience_ms}&over={over}")


async def log_of(page: EnginePage) -> Log:
    """What the page has noted: kind and text of each entry."""
    entries = await page.evaluate(
        "[...document.querySelectorAll('#log li')].map(one => [one.className, one.textContent])"
    )
    return [(kind, text) for kind, text in entries]


async def messages_of(page: EnginePage) -> list[str]:
    """What the page was told."""
    return [text for kind, text in await log_of(page) if kind == "message"]


async def until(page: EnginePage, condition: str, within_ms: float, argument: object = None) -> bool:
    """Whether the page's log, `[[kind, text], ...]`, comes to meet a condition in time."""
    script = f"""([argument, within_ms]) => new Promise(done => {{
        const holds = () => (log => {condition})(
            [...document.querySelectorAll('#log li')].map(one => [one.className, one.textContent])
        );
        const last = performance.now() + within_ms;
        const look = () => {{
            if (holds()) done(true);
            else if (performance.now() > last) done(false);
            else setTimeout(look, 20);
        }};
        look();
    }})"""
    return bool(await page.evaluate(script, [argument, within_ms], budget_ms=within_ms + EVALUATE.ms))


async def rest(page: EnginePage, for_ms: float) -> None:
    """Time passes, where time itself is what a play is about."""
    await page.evaluate("ms => new Promise(done => setTimeout(done, ms))", for_ms, budget_ms=for_ms + EVALUATE.ms)


async def sees_steps(
    page: EnginePage, within_ms: float = DELIVER.ms, *, after: int = 0, steps: int = STEPS_TO_SEE
) -> bool:
    """Whether some messages arrive, not counting the first entries of the log."""
    condition = "log.slice(argument[0]).filter(([kind]) => kind === 'message').length >= argument[1]"
    return await until(page, condition, within_ms, [after, steps])


async def sees_state(page: EnginePage, words: tuple[str, ...], within_ms: float, *, after: int = 0) -> bool:
    """Whether the page comes to be in one of some states, not counting the first entries of the log."""
    condition = "log.slice(argument[0]).some(([kind, text]) => kind === 'state' && argument[1].includes(text))"
    return await until(page, condition, within_ms, [after, list(words)])


def patience_ms(guarantee: str, expected: Collection[str]) -> float:
    """How long to wait for what a guarantee gives: long where it will come, not so where it should not."""
    return RECOVER.ms if guarantee in expected else NEVER_REOPENS.ms


async def connects(page: EnginePage, service: Service, over: str) -> bool:
    """The page opens a stream and is told what happens from then on."""
    await visit(page, service, over, patience_ms=PATIENCE_MS)
    return await sees_state(page, ("open",), OPEN.ms) and await sees_steps(page)


async def comes_back(page: EnginePage, service: Service, over: str, expected: Collection[str]) -> set[str]:
    """The server is killed and started again: is the page told what happens then, and what happened meanwhile?"""
    if not await connects(page, service, over):
        return set()
    await service.end(signal.SIGKILL)
    assert await sees_state(page, ("away", "refused"), DELIVER.ms)
    before = len(await log_of(page))
    await service.start()
    if not await sees_steps(page, patience_ms("reconnect", expected), after=before):
        return {"connect"}
    gapless = has_no_gap(await messages_of(page), service)
    return {"connect", "reconnect", "resume"} if gapless else {"connect", "reconnect"}


def has_no_gap(told: list[str], service: Service) -> bool:
    """Whether a page was told all that is kept since the first it was told, or, where nothing is kept, all steps."""
    if service.kept.exists():
        texts = service.texts()
        starts = [at for at, text in enumerate(texts) if text == told[0]]  # each life of the server counts anew
        return any(told == texts[at : at + len(told)] for at in starts)
    steps = [int(text.removeprefix("step ")) for text in told]
    return all(step in (1, before + 1) for before, step in pairwise(steps))


async def notices_silence(page: EnginePage, service: Service, over: str, expected: Collection[str]) -> set[str]:
    """A page is patient while heartbeats come, notices when a stopped server sends none, and finds back without a gap."""
    await visit(page, service, over, patience_ms=QUIET_PATIENCE_MS)
    if not await sees_steps(page, steps=2) or ("state", "silent") in await log_of(page):
        return set()
    service.send(signal.SIGSTOP)
    noticed = await sees_state(page, ("silent",), patience_ms("notice-silence", expected))
    await rest(page, STEP_IS_DUE_MS)  # so that there is something to be missed
    before = len(await log_of(page))
    service.send(signal.SIGCONT)
    if not noticed or not await sees_steps(page, RECOVER.ms, after=before, steps=1):
        return set()
    return {"notice-silence"} if has_no_gap(await messages_of(page), service) else set()


async def goes_both_ways(page: EnginePage, service: Service, over: str, expected: Collection[str]) -> set[str]:
    """What a page says, every page is told, once; and nothing in it is markup."""
    said = "hello: <b>"
    if not await connects(page, service, over):
        return set()
    await page.evaluate("said => { document.querySelector('#text').value = said; }", said)
    await page.evaluate("document.querySelector('form').requestSubmit()")
    condition = "log.some(([kind, text]) => kind === 'message' && text === argument)"
    arrived = await until(page, condition, patience_ms("two-way", expected), said)
    return {"two-way"} if arrived and (await messages_of(page)).count(said) == 1 else set()


async def authorises(page: EnginePage, service: Service, over: str, expected: Collection[str]) -> set[str]:
    """The right token opens a stream; with a wrong one the page is refused, knows it, and does not ask again."""
    if not await connects(page, service, over):
        return set()
    await visit(page, service, over, token="guessed", patience_ms=REFUSED_PATIENCE_MS)
    refused_or_told = "log.some(([kind, text]) => kind === 'message' || text === 'refused')"
    if not await until(page, refused_or_told, OPEN.ms) or await messages_of(page):
        return set()
    if over != "websocket":  # the other way is a request of its own
        async with httpx.AsyncClient(trust_env=False) as client:
            said = await client.post(f"{service.origin}/messages", json={"text": "let me in"})
        assert said.status_code == 401
    refused = await log_of(page)
    await rest(page, REFUSED_WATCHED_MS)
    return {"auth"} if await log_of(page) == refused and all(kind == "state" for kind, _ in refused) else set()


async def ends_in_good_order(page: EnginePage, service: Service, over: str, expected: Collection[str]) -> set[str]:
    """At SIGTERM the server ends soon and without complaint, though a stream is open, and the page sees it go."""
    if not await connects(page, service, over):
        return set()
    before = len(await log_of(page))
    status = await service.end(signal.SIGTERM)
    assert status in (0, -signal.SIGTERM), service.complaints
    assert not COMPLAINT.search(service.complaints), service.complaints
    return {"connect"} if await sees_state(page, ("away",), DELIVER.ms, after=before) else set()


Play = Callable[[EnginePage, Service, str, Collection[str]], Awaitable[set[str]]]
PLAYS: Final[Mapping[Play, tuple[str, ...]]] = {  # and the guarantees that each is about
    ends_in_good_order: ("connect",),
    comes_back: ("connect", "reconnect", "resume"),
    notices_silence: ("notice-silence",),
    goes_both_ways: ("two-way",),
    authorises: ("auth",),
}
SERVERS: Final = {
    "eventsource": Path("examples/sse/server.py"),
    "fetch-stream": Path("examples/sse/server.py"),
    "websocket": Path("examples/websocket/server.py"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A server to play, the transport its page is to use, and where it keeps its messages."""

    over: str
    server: Path
    kept: Path
    expected: frozenset[str]  # of what the play is about


async def outcomes(play: Play, engine: LiveEngine, programs: Iterable[Program]) -> tuple[dict[str, set[str]], Logs]:
    """What each program gave, all played at once, since most of a play is waiting; and what their pages noted."""
    logs: Logs = {}
    async with asyncio.TaskGroup() as group:
        tasks = {one.over: group.create_task(_outcome(play, engine, one, logs)) for one in programs}
    return {over: task.result() for over, task in tasks.items()}, logs


async def _outcome(play: Play, engine: LiveEngine, program: Program, logs: Logs) -> set[str]:
    settings = QUIET if play is notices_silence else BRISK
    async with contextlib.AsyncExitStack() as stack:
        page = await engine.new_page()
        stack.push_async_callback(page.close)
        service = await stack.enter_async_context(serving(program.server, program.kept, settings))
        held = await play(page, service, program.over, program.expected)
        logs[program.over] = await log_of(page)
        return held
