"""`python -m load.bench`: both parts of the benchmark, or one, as tables. Exit status 0 whatever the figures are."""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TypeVar

from load.bench import fanout, receiving
from load.bench.processes import Unmeasured, allow_many_files
from load.bench.rivals import Rival, rivals
from load.bench.table import figure, ratio, rows

# Per transport: the floor, the app, and what people write first, which the app is to be so many times cheaper than.
TRANSPORTS = {
    "SSE": ("raw-sse", "app-sse", "sse-starlette", 3.0),
    "WebSocket": ("raw-websocket", "app-websocket", "websocket", 2.0),
}
REGIMES: tuple[fanout.Regime, ...] = ("paced", "bursts")
FLOOR_TARGET = 2.5
CLIENT_TARGETS = {"Locust": 2.5, "k6": 3.5, "Artillery": 1.5}

Thing = TypeVar("Thing", bound=Hashable)
Measured = TypeVar("Measured")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    allow_many_files()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    say(f"{cores} cores, load {load:.1f} before the benchmark. Ratios carry over to other machines; times do not.")
    if load > cores / 2:
        say("Something else is running: expect wide ranges, and believe ratios only.")
    if options.part in {"fanout", "all"}:
        for subscribers in options.subscribers:
            show_fanout(subscribers, options)
    if options.part in {"receiving", "all"}:
        show_receiving(options)
    return 0


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with status 2 and a sentence on a mistake."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="What a delivery costs the server, and what receiving it costs clients."
    )
    parser.add_argument("--part", choices=("fanout", "receiving", "all"), default="all", help="default: all")
    parser.add_argument(
        "--subscribers", type=positive, nargs="+", default=[100, 500], help="for fan-out (default: 100 500)"
    )
    parser.add_argument("--repeats", type=positive, default=3, help="in turns (default: 3)")
    parser.add_argument("--window", type=positive, default=3, metavar="S", help="seconds of each regime (default: 3)")
    parser.add_argument(
        "--deliveries", type=positive, default=6000, metavar="N", help="a second, over all subscribers (default: 6000)"
    )
    parser.add_argument("--tools", type=Path, help="folder with other load tools: bin/, node_modules/.bin/")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A whole number from 1 on; argparse says where it came from."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, got {text!a}")
    return int(text)


def show_fanout(subscribers: int, options: argparse.Namespace) -> None:
    """The table of the server's side."""
    tiers = [name for floor, app, plain, _ in TRANSPORTS.values() for name in (floor, app, plain)]
    measured = in_turns(
        tiers,
        lambda tier: fanout.measure(tier, subscribers, deliveries_per_s=options.deliveries, window_s=options.window),
        repeats=options.repeats,
    )
    header = (
        f"fan-out, {subscribers} subscribers",
        "paced, us", "x raw", "bursts, us", "x raw", "KiB/connection", "open, ms CPU",
    )  # fmt: skip
    body, verdicts = [], []
    for transport, (floor, app, plain, target) in TRANSPORTS.items():
        us = {
            (tier, regime): [cost.us_per_delivery[regime] for cost in measured[tier]]
            for tier in (floor, app, plain)
            for regime in REGIMES
        }
        for tier in (floor, app, plain):
            cells = [tier]
            for regime in REGIMES:
                cells += [figure(us[tier, regime]), ratio(us[tier, regime], us[floor, regime])]
            cells.append(figure([cost.kib_per_connection for cost in measured[tier]]))
            cells.append(figure([cost.open_ms_per_connection for cost in measured[tier]]))
            body.append(cells)
        verdicts += [
            f"{transport}: the app costs {ratio(us[app, regime], us[floor, regime])} times raw {regime}"
            f" (target: at most {FLOOR_TARGET})"
            for regime in REGIMES
        ]
        verdicts.append(
            f"{transport}: {plain} costs {ratio(us[plain, 'paced'], us[app, 'paced'])} times the app"
            f" (target: at least {target})"
        )
    say("\n" + rows(header, body) + "\n\n" + "\n".join(verdicts))


def show_receiving(options: argparse.Namespace) -> None:
    """The table of the clients' side, at 100 subscribers."""
    everyone = rivals(options.tools)
    there = [rival for rival in everyone if rival.words is not None]
    measured = in_turns(
        [(rival.transport, rival.name) for rival in there],
        lambda key: receiving.measure(
            next(rival for rival in there if (rival.transport, rival.name) == key),
            100,
            deliveries_per_s=options.deliveries,
            window_s=options.window,
        ),
        repeats=options.repeats,
    )
    header = ("receiving, 100 subscribers", "paced, us", "x ours", "saturated, us", "x ours", "target")
    body = [row_of(rival, measured) for rival in there]
    say("\n" + rows(header, body))
    say("\nCPU microseconds of the receiver's process tree for each message; x ours: that many times our generator's.")
    for rival in everyone:
        if rival.words is None:
            say(f"{rival.name} ({rival.transport}) is not there. To measure it, too: {rival.add}")


def row_of(rival: Rival, measured: dict[tuple[str, str], list[receiving.Cost]]) -> list[str]:
    """One receiver's row."""
    own, ours = measured[rival.transport, rival.name], measured[rival.transport, "ours"]
    title = f"{rival.transport} {rival.name}{'' if rival.parses else ', nothing parsed'}"
    target = CLIENT_TARGETS.get(rival.name)
    paced, saturated = [cost.paced for cost in own], [cost.saturated for cost in own]
    return [
        title,
        figure(paced), ratio(paced, [cost.paced for cost in ours]),
        figure(saturated), ratio(saturated, [cost.saturated for cost in ours]),
        "" if target is None else f"{target}",
    ]  # fmt: skip


def in_turns(
    things: Sequence[Thing], measure: Callable[[Thing], Measured], *, repeats: int
) -> dict[Thing, list[Measured]]:
    """Measure everything, then again in the opposite order, and so on; what fails is said and left out."""
    found: dict[Thing, list[Measured]] = defaultdict(list)
    for repeat in range(repeats):
        for thing in things if repeat % 2 == 0 else things[::-1]:
            sys.stderr.write(f"\r{repeat + 1}/{repeats} {thing!s:60}")
            try:
                cost = measure(thing)
            except Unmeasured as because:
                say(f"\n{thing}: not measured: {because}")
            else:
                found[thing].append(cost)
    sys.stderr.write(f"\r{'':70}\r")
    return found


def say(text: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
