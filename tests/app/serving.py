"""The service for a test: a real uvicorn in a thread, the facts of its connection log, and /control from outside."""

from __future__ import annotations

import http.client
import json
import logging
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.main import create_app
from app.server import DrainingServer, make_server
from app.settings import Settings

BUDGET_S: Final = 30.0  # of any one wait in these tests
HOST: Final = "127.0.0.1"
# uvicorn 0.54 takes a handshake answered by HTTP for one not answered; goes with https://github.com/Kludex/uvicorn/pull/3138
SAID_AFTER_EVERY_DENIAL: Final = "ASGI callable returned without completing handshake."
Fact = dict[str, Any]


class Facts:
    """Lines of a connection log, as they come, for waiting on."""

    def __init__(self) -> None:
        self._seen: list[Fact] = []
        self._of_channel: defaultdict[str | None, list[Fact]] = defaultdict(list)
        self._came = threading.Condition()

    def write(self, text: str) -> None:
        """Take whole lines."""
        with self._came:
            for line in text.splitlines():
                fact = json.loads(line)
                self._seen.append(fact)
                self._of_channel[fact["channel"]].append(fact)
            self._came.notify_all()

    def all(self, **match: object) -> list[Fact]:
        """What matches so far, in the order it was said."""
        with self._came:
            return self._matching(match)

    def wait(self, *, count: int = 1, **match: object) -> list[Fact]:
        """The first `count` facts that match, waited for."""
        with self._came:
            met = self._came.wait_for(lambda: len(self._matching(match)) >= count, timeout=BUDGET_S)
            assert met, f"waited {BUDGET_S} s for {count} of {match}; came {self._seen[-5:]}"
            return self._matching(match)[:count]

    def _matching(self, match: dict[str, object]) -> list[Fact]:
        channel = match.get("channel")
        among = self._of_channel[channel] if isinstance(channel, str) else self._seen
        return [fact for fact in among if all(fact.get(key) == value for key, value in match.items())]


class Answer:
    """A status and, where there is one, a JSON body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {key.lower(): value for key, value in response.getheaders()}
        body = response.read()
        self.json: Any = json.loads(body) if body.strip() else None

    def __repr__(self) -> str:
        return f"{self.status} {self.json}"


class Served:
    """One running service."""

    def __init__(self, port: int, facts: Facts) -> None:
        self.port = port
        self.facts = facts

    def ask(self, method: str, target: str, body: object = None, *, headers: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own; `body` goes as JSON unless it is bytes."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=BUDGET_S)
        try:
            sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, target, sent, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def control(self, channel: str, verb: str, body: object = None) -> Any:
        """Ask /control something it must grant."""
        answer = self.ask("POST", f"/control/channels/{channel}/{verb}", body)
        assert answer.status == 200, answer
        return answer.json

    def publish(self, channel: str, *payloads: object) -> list[int]:
        """Publish in one go; first and last seq."""
        seqs: list[int] = self.control(channel, "publish", {"items": list(payloads)})["seqs"]
        return seqs

    def statistics(self, channel: str) -> Fact:
        """What the service says about a channel."""
        answer: Fact = self.ask("GET", f"/control/channels/{channel}").json
        return answer

    def wait_gone(self, channel: str, *, count: int = 1) -> list[Fact]:
        """Wait until that many subscribers of the channel are gone, and be sure that they are counted out."""
        gone = self.facts.wait(kind="gone", channel=channel, count=count)
        assert self.statistics(channel)["subscribers"] == 0
        return gone


class Complaints(logging.Handler):
    """Keeps what the server logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its traceback."""
        if record.getMessage() != SAID_AFTER_EVERY_DENIAL:
            self.texts.append(logging.Formatter().format(record))


@contextmanager
def serving(**settings: Any) -> Iterator[Served]:
    """A service with these settings, control and connection log on, for the length of the block."""
    facts = Facts()
    app = create_app(Settings(**{"control": True, "connection_log": True, **settings}), log_to=facts.write)
    server = make_server(app, app.state.service)
    listener = socket.create_server((HOST, 0), backlog=512)
    port = listener.getsockname()[1]
    complaints = Complaints()
    logging.getLogger("uvicorn.error").addHandler(complaints)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="service")
    thread.start()
    try:
        facts.wait(kind="listening")
        yield Served(port, facts)
    finally:
        stop(server, thread)
        logging.getLogger("uvicorn.error").removeHandler(complaints)
    assert not complaints.texts, "whatever peers do, the service has nothing to complain of: " + complaints.texts[0]


def stop(server: DrainingServer, thread: threading.Thread) -> None:
    """Stop as a signal would."""
    server.should_exit = True
    thread.join(timeout=BUDGET_S)
    assert not thread.is_alive(), "the service did not stop"


def resident_bytes() -> int:
    """Memory of this process, the service in its thread included."""
    with open("/proc/self/statm", encoding="ascii") as pages:  # noqa: PTH123  (a kernel file)
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGESIZE")
