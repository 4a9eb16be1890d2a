"""The process that publishes: `python -m wirematrix.load.publisher`, told what to do by JSON lines.

Open loop: the time at which each message is due is fixed when it begins, and says so in the message. A publisher that
comes late sends what is overdue at once and skips nothing, so its own lateness is part of every latency, and is told.
A thread that sleeps until the next one is due is more exact than an event loop's timers, which count milliseconds.

Closed loop ("flood"): the next message follows as soon as fewer than a fixed number are on their way, which the
generators tell by datagrams. It ends when its standard input does.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from wirematrix.budgets import KEEP_ALIVE_S
from wirematrix.load import lines
from wirematrix.load.kernel import cpu_time
from wirematrix.load.messages import Messages

LOOK_S: Final = 0.2  # how long a flood waits for a datagram before it looks whether it shall end
Wishes = Mapping[str, Any]
Send = Callable[[str], None]


class Cannot(Exception):
    """What was asked for is not possible; the text says why."""


class Publisher:
    """The commands, and the thread that carries out the long ones."""

    def __init__(self) -> None:
        self._send: Send | None = None
        self._hang_up: Callable[[], None] = lambda: None
        self._messages = Messages(0, 0)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._late_ns = array("q")
        self._last = 0
        self._problem = ""
        self.commands: Mapping[str, Callable[[Wishes], Any]] = {
            "attach": self.attach,
            "pace": self.pace,
            "flood": self.flood,
            "finish": self.finish,
            "detach": self.detach,
            "reading": self.reading,
        }

    def attach(self, wishes: Wishes) -> Any:
        """Open the way to publish: a WebSocket, or POST requests."""
        self._messages = Messages(wishes["payload_bytes"], wishes["seed"])
        url = str(wishes["url"])
        try:
            self._send, self._hang_up = (_by_websocket if url.startswith(("ws:", "wss:")) else _by_post)(
                url, wishes["budget_s"]
            )
        except (OSError, WebSocketException, httpx.HTTPError) as error:
            raise Cannot(f"cannot publish at {url}: {error}") from error

    def detach(self, _: Wishes) -> Any:
        """Close it."""
        self.finish({"now": True})
        self._hang_up()
        self._send, self._hang_up = None, lambda: None

    def pace(self, wishes: Wishes) -> Any:
        """Publish at a fixed rate from a given time on: `count` messages, or until told to finish."""
        self._begin(self._pace, wishes)

    def flood(self, wishes: Wishes) -> Any:
        """Publish with a fixed number of messages on their way, until told to finish."""
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(LOOK_S)
        self._begin(self._flood, {**wishes, "heard": heard})
        return {"port": heard.getsockname()[1]}

    def finish(self, wishes: Wishes) -> Any:
        """Wait for the end (or end it now); which message was the last, and how late each was."""
        if wishes["now"]:
            self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._problem and not wishes["now"]:
            raise Cannot(self._problem)
        late = sorted(self._late_ns)
        return {
            "last": self._last,
            "late_p99_ms": late[min(len(late) - 1, len(late) * 99 // 100)] / 1e6 if late else None,
            "problem": self._problem,
        }

    def reading(self, _: Wishes) -> Any:
        """What CPU time the process used."""
        cpu = cpu_time(os.getpid())
        return {"busy_ns": cpu.busy_ns if cpu else 0, "waited_ns": cpu.waited_ns if cpu else None}

    def _begin(self, what: Callable[[Send, Wishes], None], wishes: Wishes) -> None:
        send = self._send
        if send is None:
            raise Cannot("there is no way to publish")
        self._stop.clear()
        self._late_ns = array("q")
        self._last = wishes["first"] - 1
        self._problem = ""

        def run() -> None:
            try:
                what(send, wishes)
            except (OSError, WebSocketException, httpx.HTTPError, Cannot) as error:
                self._problem = f"publishing ended at message {self._last}: {error}"

        self._thread = threading.Thread(target=run, name="publishing")
        self._thread.start()

    def _pace(self, send: Send, wishes: Wishes) -> None:
        first, start_ns, count = wishes["first"], wishes["start_ns"], wishes["count"]
        interval_ns = 1e9 / wishes["rate"]
        offset = 0
        while (count is None or offset < count) and not self._stop.is_set():
            due_ns = start_ns + round(offset * interval_ns)
            ahead_ns = due_ns - time.monotonic_ns()
            if ahead_ns > 0:
                time.sleep(ahead_ns / 1e9)
            send(self._messages.publish(first + offset, due_ns))
            self._late_ns.append(time.monotonic_ns() - due_ns)
            self._last = first + offset
            offset += 1

    def _flood(self, send: Send, wishes: Wishes) -> None:
        in_flight, heard = wishes["in_flight"], wishes["heard"]
        reached = dict.fromkeys(range(wishes["generators"]), wishes["first"] - 1)
        with heard:
            while not self._stop.is_set():
                upto = min(reached.values()) + in_flight
                while self._last < upto and not self._stop.is_set():
                    send(self._messages.publish(self._last + 1, time.monotonic_ns()))
                    self._last += 1
                try:
                    index, number = map(int, heard.recv(64).split())
                except TimeoutError:
                    continue
                reached[index] = max(reached[index], number)


def _by_websocket(url: str, budget_s: float) -> tuple[Send, Callable[[], None]]:
    opened = connect(url, open_timeout=budget_s, compression=None, proxy=None, ping_interval=None, close_timeout=1)
    return opened.send, opened.close


def _by_post(url: str, budget_s: float) -> tuple[Send, Callable[[], None]]:
    http = httpx.Client(timeout=budget_s, trust_env=False, limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S))

    def send(body: str) -> None:
        answer = http.post(url, content=body, headers={"content-type": "application/json"})
        if answer.is_error:
            raise Cannot(f"POST {url} answered {answer.status_code}: {answer.text[:200]}")

    return send, http.close


def main() -> None:
    """Do what is asked, one after the other, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    publisher = Publisher()
    for line in sys.stdin:
        number, do, wishes = lines.command(line)
        try:
            lines.answer(number, said=publisher.commands[do](wishes))
        except Cannot as reason:
            lines.answer(number, error=str(reason))
    os._exit(0)


if __name__ == "__main__":
    main()
