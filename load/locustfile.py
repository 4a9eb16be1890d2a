"""The comparison under load on Locust, for more subscribers than one machine can hold: one locustfile, every process.

`wirematrix load --locust` spells the commands for master and workers. Users open their streams; when all are open, the
master has the publisher of this project send `--messages` at `--rate`; when they were received, or had time to be, each
worker says what became of them, and the master writes the figures and ends.

     master: all spawned ── "opened" from each ── publish ── "settle" to each ── "account" from each ── figures, quit
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import gevent
from locust import events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from load.locust_subscribers import SseSubscriber, Subscriber, WebSocketSubscriber, came_true, clock_name
from wirematrix import latency_hdr
from wirematrix.budgets import LOAD_OPEN, LOAD_SETTLE, LOAD_WORKER
from wirematrix.load.tally import Account

__all__ = ["SseSubscriber", "WebSocketSubscriber"]

AHEAD_NS: Final = 50_000_000  # from now until the first message is due
PERCENTILES: Final = {"latency_p50_ms": 50, "latency_p95_ms": 95, "latency_p99_ms": 99, "latency_max_ms": 100}
log: Final = logging.getLogger("load.locust")


class Failed(Exception):
    """The run cannot say anything; the text says why."""


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """Our options; Locust hands what the master was given to its workers."""
    group = parser.add_argument_group("wirematrix")
    group.add_argument("--sse", default="/sse/load", help="the SSE stream on the host")
    group.add_argument("--ws", default="/ws/load", help="the WebSocket on the host")
    group.add_argument("--publish", default="", help="where to publish: ws:// or http:// (POST)")
    group.add_argument("--messages", type=int, default=100, help="how many are counted")
    group.add_argument("--warm-up", type=int, default=5, help="messages before them")
    group.add_argument("--rate", type=float, default=50, help="messages per second")
    group.add_argument("--payload", type=int, default=200, help="bytes of one message's data")
    group.add_argument("--seed", type=int, default=1, help="of the payload")
    group.add_argument("--figures", default="", help="the file for the figures, as JSON")
    group.add_argument("--clock", default=clock_name(), help="of the machine that publishes; found out by itself")


class Conductor:
    """What one process adds to Locust: the master (or the only one) conducts, workers answer."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.options = environment.parsed_options
        self.opened = 0
        self.accounts: list[dict[str, Any]] = []
        self.cpu_s = 0.0

    @property
    def runner(self) -> Any:
        """Locust's runner."""
        return self.environment.runner

    @property
    def subscribers(self) -> list[Subscriber]:
        """The users of this process."""
        return [greenlet.args[0] for greenlet in self.runner.user_greenlets]

    # A process that has users

    def spawned(self, user_count: int) -> None:
        """All users of this process (on the master: of all) are there."""
        if isinstance(self.runner, MasterRunner):
            gevent.spawn(self.conduct, user_count)
            return
        if isinstance(self.runner, LocalRunner):
            gevent.spawn(self.conduct, user_count)
        gevent.spawn(self.say_opened, user_count)

    def say_opened(self, wanted: int) -> None:
        """Tell the master how many streams are open, once all are or time is up."""
        came_true(lambda: sum(each.live for each in self.subscribers) >= wanted, LOAD_OPEN.seconds)
        self.cpu_s = time.process_time()
        self.tell("opened", sum(each.live for each in self.subscribers))

    def settle(self, wishes: dict[str, int]) -> None:
        """Wait for the last message, then say what became of all of them."""
        subscribers = self.subscribers
        tallies = [each.tally for each in subscribers]
        first, last = wishes["first"], wishes["last"]
        came_true(lambda: min((tally.highest for tally in tallies), default=last) >= last, LOAD_SETTLE.seconds)
        cpu_s = time.process_time() - self.cpu_s
        last_ns = max((each.last_ns for each in subscribers), default=0)
        same_clock = self.options.clock == clock_name() != ""
        latencies = Counter(ns // 1000 for tally in tallies for ns in tally.latencies_ns(first, last))
        account = sum((tally.account(first, last) for tally in tallies), Account())
        self.tell(
            "account",
            {
                "subscribers": len(tallies),
                "account": asdict(account),
                "latency_hdr": latency_hdr.encoded(latencies) if same_clock else "",
                "last_ns": last_ns if same_clock else None,
                "cpu_s": cpu_s,
                "received": sum(tally.received for tally in tallies),  # the warm-up, too: all that the CPU time was for
            },
        )

    def tell(self, what: str, said: Any) -> None:
        """Say something to the master, which may be this process."""
        if isinstance(self.runner, WorkerRunner):
            self.runner.send_message(what, said)
        else:
            self.hear(what, said)

    # The process that conducts

    def hear(self, what: str, said: Any) -> None:
        """A worker said something."""
        if what == "opened":
            self.opened += said
        else:
            self.accounts.append(said)

    def conduct(self, wanted: int) -> None:
        """Publish, settle, write figures, quit. A run that cannot say anything says why and fails."""
        try:
            figures = self.played(wanted)
        except Failed as reason:
            log.error("%s", reason)  # noqa: TRY400 - the reason is a sentence, where it was raised is no news
            self.environment.process_exit_code = 1
        else:
            text = json.dumps(figures, indent=1) + "\n"
            sys.stdout.write(text)
            if self.options.figures:
                Path(self.options.figures).write_text(text, encoding="utf-8")
            self.environment.process_exit_code = 0
        self.runner.quit()

    def played(self, wanted: int) -> dict[str, Any]:
        """The figures of one run."""
        options = self.options
        self.until(lambda: self.opened >= wanted, LOAD_OPEN.seconds + 1, f"{wanted} streams are open")
        with Publisher() as publisher:
            publisher.ask(
                "attach",
                LOAD_WORKER.seconds,
                url=options.publish,
                payload_bytes=options.payload,
                seed=options.seed,
                budget_s=LOAD_WORKER.seconds / 2,
            )
            start_ns = time.monotonic_ns() + AHEAD_NS
            wishes = {"first": 1, "start_ns": start_ns, "rate": options.rate}
            publisher.ask("pace", LOAD_WORKER.seconds, **wishes, count=options.warm_up + options.messages)
            window_s, warm_up_s = options.messages / options.rate, options.warm_up / options.rate
            said = publisher.ask("finish", warm_up_s + window_s + LOAD_WORKER.seconds, now=False)
        ask = {"first": options.warm_up + 1, "last": said["last"]}
        workers = 1
        if isinstance(self.runner, MasterRunner):
            workers = self.runner.worker_count
            self.runner.send_message("settle", ask)
        else:
            self.settle(ask)
        self.until(lambda: len(self.accounts) >= workers, LOAD_SETTLE.seconds * 2, f"{workers} workers have answered")
        return self.figures(said, start_ns + round(warm_up_s * 1e9), window_s)

    def figures(self, said: dict[str, Any], first_due_ns: int, window_s: float) -> dict[str, Any]:
        """What docs/measuring.md describes, as far as Locust's workers can say it."""
        account = sum((Account(**one["account"]) for one in self.accounts), Account())
        ends_ns = [one["last_ns"] or time.monotonic_ns() for one in self.accounts]
        histogram = latency_hdr.merged(one["latency_hdr"] for one in self.accounts)
        latencies = latency_hdr.percentiles_ms(histogram, PERCENTILES.values())
        subscribers = sum(one["subscribers"] for one in self.accounts)
        cpu_s = sum(one["cpu_s"] for one in self.accounts)
        received = sum(one["received"] for one in self.accounts)
        return {
            "subscribers": subscribers,
            "workers": len(self.accounts),
            **asdict(account),
            "offered_per_s": self.options.rate * subscribers,
            "delivered_per_s": account.deliveries / max(window_s, (max(ends_ns) - first_due_ns) / 1e9),
            **dict.fromkeys(PERCENTILES),
            **dict(zip(PERCENTILES, latencies, strict=False)),
            "generator_cpu_s_per_100k": cpu_s * 100_000 / received if received else None,
            "publisher_late_ms": said["late_p99_ms"],
        }

    def until(self, holds: Callable[[], bool], budget_s: float, awaited: str) -> None:
        """Wait for a condition."""
        if not came_true(holds, budget_s):
            raise Failed(f"waited {budget_s:.0f} s until {awaited}; {self.opened} are open")


class Publisher:
    """The publisher of `wirematrix load`, a process of its own."""

    def __enter__(self) -> Self:
        words = [sys.executable, "-m", "wirematrix.load.publisher"]
        self._numbers = count(1)
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, do: str, within_s: float, **wishes: Any) -> Any:
        """What it says to a command; Failed with its reason."""
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise Failed("the publisher has no pipes")
        line = json.dumps({"id": next(self._numbers), "do": do, **wishes}) + "\n"
        asked.write(line.encode())
        asked.flush()
        answer = b""
        with gevent.Timeout(within_s, exception=False):
            answer = answers.readline()
        if not answer:
            raise Failed(f"the publisher did not answer {do} within {within_s:.0f} s")
        spoken = json.loads(answer)
        if "error" in spoken:
            raise Failed(spoken["error"])
        return spoken["said"]


@events.init.add_listener
def join(environment: Any, runner: Any, **_: Any) -> None:
    """Have this process take part."""
    conductor = Conductor(environment)
    environment.events.spawning_complete.add_listener(lambda user_count, **_: conductor.spawned(user_count))
    if isinstance(runner, WorkerRunner):
        runner.register_message("settle", lambda msg, **_: conductor.settle(msg.data), concurrent=True)
    for what in ("opened", "account") if isinstance(runner, MasterRunner) else ():
        runner.register_message(what, lambda msg, **_: conductor.hear(msg.type, msg.data))
