"""The examples, played in a real page: a service as a process, and for each guarantee whether it holds.

Each play answers with True or False and says nothing about why: a stage of an example without a guarantee must answer
False where the next one answers True.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

import httpx
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as NotInTime

from wirematrix.budgets import ABSENT, DELIVER, OPEN, RECOVER, SERVICE_START, SERVICE_STOP

TOKEN: Final = "letmein"
STEPS_TO_SEE: Final = 3
BRISK: Final = MappingProxyType({"STEP_S": "0.3", "HEARTBEAT_S": "1"})
# Nothing but heartbeats for longer than a page is patient: 3 × HEARTBEAT_S.
QUIET: Final = MappingProxyType({"STEP_S": "2.5", "HEARTBEAT_S": "0.4"})
QUIET_PATIENCE_MS: Final = 1500
PATIENCE_MS: Final = 6000  # of a page that is to see no silence however busy this machine is

Log = list[tuple[str, str]]


@dataclass(slots=True)
class Service:
    """One example's server as a process, on one port for as long as this lives."""

    server: Path
    kept: Path
    settings: Mapping[str, str] = field(default_factory=lambda: BRISK)
    port: int = 0
    serving: subprocess.Popen[str] | None = None
    complaints: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where pages find it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, on the port of the time before."""
        self.port = self.port or free_port()
        self.serving = subprocess.Popen(
            [sys.executable, str(self.server)],
            env={**os.environ, **self.settings, "TOKEN": TOKEN, "PORT": str(self.port), "FILE": str(self.kept)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        last_moment = time.monotonic() + SERVICE_START.seconds
        while True:
            try:
                httpx.get(self.origin, trust_env=False, timeout=SERVICE_START.seconds)
            except httpx.ConnectError:
                assert self.serving.poll() is None, self.serving.communicate()[1]
                assert time.monotonic() < last_moment, "the example does not listen"
            else:
                return

    def send(self, which: signal.Signals) -> None:
        """Send it a signal."""
        assert self.serving is not None
        self.serving.send_signal(which)

    def end(self, how: signal.Signals) -> int:
        """Have it end; its exit status. TimeoutExpired if it does not, and then it is killed."""
        assert self.serving is not None
        self.serving.send_signal(how)
        try:
            self.complaints += self.serving.communicate(timeout=SERVICE_STOP.seconds)[1].splitlines()
        finally:
            self.serving.kill()
        status, self.serving = self.serving.returncode, None
        return status

    def texts(self) -> list[str]:
        """Every message that was kept, in order."""
        with contextlib.closing(sqlite3.connect(self.kept)) as kept:
            return [text for (text,) in kept.execute("SELECT text FROM message ORDER BY id")]


@contextlib.contextmanager
def serving(server: Path, kept: Path, settings: Mapping[str, str] = BRISK) -> Iterator[Service]:
    """An example that serves for the length of a block."""
    service = Service(server, kept, settings)
    service.start()
    try:
        yield service
    finally:
        if service.serving is not None:
            service.send(signal.SIGCONT)
            service.end(signal.SIGKILL)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def visit(page: Page, service: Service, over: str, *, token: str = TOKEN, patience_ms: int = PATIENCE_MS) -> None:
    """Open the example's page over a transport."""
    page.goto(f"{service.origin}/?token={token}&patience_ms={patience_ms}&over={over}")


def log_of(page: Page) -> Log:
    """What the page has noted: kind and text of each entry."""
    entries = page.eval_on_selector_all("#log li", "all => all.map(one => [one.className, one.textContent])")
    return [(kind, text) for kind, text in entries]


def until(page: Page, condition: str, within_ms: float, argument: object = None) -> bool:
    """Whether the page's log, `[[kind, text], ...]`, comes to meet a condition in time."""
    try:
        page.wait_for_function(
            f"argument => (log => {condition})"
            "([...document.querySelectorAll('#log li')].map(one => [one.className, one.textContent]))",
            arg=argument,
            timeout=within_ms,
        )
    except NotInTime:
        return False
    return True


def sees_steps(page: Page, within_ms: float = DELIVER.ms, *, after: int = 0) -> bool:
    """Whether some messages arrive, not counting the first entries of the log."""
    condition = f"log.slice(argument).filter(([kind]) => kind === 'message').length >= {STEPS_TO_SEE}"
    return until(page, condition, within_ms, after)


def sees_state(page: Page, words: tuple[str, ...], within_ms: float, *, after: int = 0) -> bool:
    """Whether the page comes to be in one of some states, not counting the first entries of the log."""
    condition = "log.slice(argument[0]).some(([kind, text]) => kind === 'state' && argument[1].includes(text))"
    return until(page, condition, within_ms, [after, list(words)])


def connects(page: Page, service: Service, over: str) -> bool:
    """The page opens a stream and is told what happens from then on."""
    visit(page, service, over)
    return sees_state(page, ("open",), OPEN.ms) and sees_steps(page)


def reconnects(page: Page, service: Service, over: str) -> bool:
    """The server is killed and started again, and the page is told what happens from then on."""
    return connects(page, service, over) and comes_back(page, service)


def comes_back(page: Page, service: Service) -> bool:
    """Kill the server, start it again: whether messages arrive again."""
    service.end(signal.SIGKILL)
    assert sees_state(page, ("away", "refused"), DELIVER.ms)
    before = len(log_of(page))
    service.start()
    return sees_steps(page, ABSENT.ms, after=before)


def resumes(page: Page, service: Service, over: str) -> bool:
    """The same, and the page has been told everything, once and in order: also what happened while it was away."""
    if not reconnects(page, service, over):
        return False
    return has_no_gap([text for kind, text in log_of(page) if kind == "message"], service)


def has_no_gap(told: list[str], service: Service) -> bool:
    """Whether a page was told all that is kept since the first it was told, or, where nothing is kept, all steps."""
    if service.kept.exists():
        texts = service.texts()
        starts = [at for at, text in enumerate(texts) if text == told[0]]  # each life of the server counts anew
        return any(told == texts[at : at + len(told)] for at in starts)
    steps = [int(text.removeprefix("step ")) for text in told]
    return all(step in (1, before + 1) for before, step in pairwise(steps))


def notices_silence(page: Page, service: Service, over: str) -> bool:
    """A page is patient while heartbeats come, notices when a stopped server sends none, and finds back without a gap."""
    service.end(signal.SIGKILL)
    service.settings = QUIET
    service.start()
    visit(page, service, over, patience_ms=QUIET_PATIENCE_MS)
    if not sees_steps(page) or ("state", "silent") in log_of(page):
        return False
    service.send(signal.SIGSTOP)
    noticed = sees_state(page, ("silent",), ABSENT.ms)
    before = len(log_of(page))
    service.send(signal.SIGCONT)
    if not noticed or not sees_steps(page, RECOVER.ms, after=before):
        return False
    return has_no_gap([text for kind, text in log_of(page) if kind == "message"], service)


def goes_both_ways(page: Page, service: Service, over: str) -> bool:
    """What a page says, every page is told, once; and nothing in it is markup."""
    if not connects(page, service, over):
        return False
    page.evaluate("document.querySelector('#text').value = 'hello: <b>'")
    page.evaluate("document.querySelector('form').requestSubmit()")
    arrived = until(page, "log.some(([kind, text]) => kind === 'message' && text === 'hello: <b>')", DELIVER.ms)
    return arrived and sum(text == "hello: <b>" for _, text in log_of(page)) == 1


def authorises(page: Page, service: Service, over: str) -> bool:
    """The right token opens a stream; with a wrong one the page is refused, knows it, and does not ask again."""
    if not connects(page, service, over):
        return False
    visit(page, service, over, token="guessed", patience_ms=2000)
    if not sees_state(page, ("refused",), OPEN.ms):
        return False
    if over != "websocket":  # the other way is a request of its own
        said = httpx.post(f"{service.origin}/messages", json={"text": "let me in"}, trust_env=False)
        assert said.status_code == 401
    refused = log_of(page)
    page.evaluate("() => new Promise(done => setTimeout(done, 2500))")  # longer than it is patient or waits to try
    return log_of(page) == refused and all(kind == "state" for kind, _ in refused)


def ends_in_good_order(page: Page, service: Service, over: str) -> bool:
    """At SIGTERM the server ends soon and without complaint, though a stream is open, and the page sees it go."""
    if not connects(page, service, over):
        return False
    before = len(log_of(page))
    status = service.end(signal.SIGTERM)
    assert status in (0, -signal.SIGTERM), service.complaints
    assert not re.search(r"Traceback|ERROR|Cancel", "\n".join(service.complaints)), service.complaints
    return sees_state(page, ("away",), DELIVER.ms, after=before)


PLAYS: Final[Mapping[str, Callable[[Page, Service, str], bool]]] = {
    "connect": connects,
    "reconnect": reconnects,
    "resume": resumes,
    "notice-silence": notices_silence,
    "two-way": goes_both_ways,
    "auth": authorises,
}
SERVERS: Final = {
    "eventsource": Path("examples/sse/server.py"),
    "fetch-stream": Path("examples/sse/server.py"),
    "websocket": Path("examples/websocket/server.py"),
}
