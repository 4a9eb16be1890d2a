"""What a big report costs: its size, the making of it, and a reader's waits in Chromium. For people; no test is timed.

    python tools/report_cost.py results/run.json
    python tools/report_cost.py results/run.json --cells 2000 --keep results/big.html

Takes the cells of a real run, with their timelines, as often as it takes to have enough: each time under other builds
on another system, as if many machines had been merged. Renders them with `wirematrix report` in a process of its own,
opens the file in Chromium from disk, and filters and unfolds as a reader would.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright

from wirematrix.engines import locate
from wirematrix.model import Run
from wirematrix.runfile import dump, load

MIB: Final = 1 << 20
WORDS: Final = ("reset", "websocket", "late", "nothing anybody wrote", "")
TIMES: Final = 4  # each of the words; the first time finds what is remembered afterwards
PAINTS: Final = """
() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
  const [visit] = performance.getEntriesByType("navigation");
  const paints = performance.getEntriesByType("paint").map(({name, startTime}) => [name, startTime]);
  resolve({...Object.fromEntries(paints), "DOM complete": visit.domComplete, "load event end": visit.loadEventEnd,
           elements: document.querySelectorAll("*").length});
})))
"""
FILTER: Final = """
(words) => new Promise((resolve) => {
  const field = document.querySelector("#choose input[type=search]");
  const begin = performance.now();
  field.value = words;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  const script = performance.now() - begin;
  requestAnimationFrame(() => setTimeout(() => resolve([script, performance.now() - begin])));
})
"""
TICK: Final = """
(at) => new Promise((resolve) => {
  const box = document.querySelectorAll("#choose input[type=checkbox]")[at];
  const begin = performance.now();
  box.click();
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
})
"""
UNFOLD: Final = """
(at) => new Promise((resolve) => {
  const cells = document.querySelectorAll("#evidence details.cell");
  const cell = cells[Math.floor(at * (cells.length - 1))];
  const begin = performance.now();
  const look = new MutationObserver(() => {
    if (!cell.querySelector(".unfolded tr")) return;
    look.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
  });
  look.observe(cell, {childList: true, subtree: true});
  cell.open = true;
  cell.scrollIntoView();
})
"""


def main() -> None:
    """Make, render, read, tell."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("run", type=Path, help="a run file with timelines")
    reading.add_argument("--cells", type=int, default=5000, help="how many, give or take one machine's")
    reading.add_argument("--keep", type=Path, help="where the report shall stay")
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files: list[Path] = []
        for run in machines(load(asked.run), asked.cells):
            files.append(Path(folder) / f"run-{len(files)}.json")
            dump(run, files[-1])
        page = (asked.keep or Path(folder) / "big.html").resolve()
        told(rendered(files, page))
        told(read(page))


def machines(run: Run, cells: int) -> Iterator[Run]:
    """The run as so many machines might have made it: its cells again, under other builds on other systems."""
    for number in itertools.count(1):
        left = cells - len(run.declared) * (number - 1)
        if left <= 0:
            return
        system = f"{run.info.system}, machine {number}"
        builds = tuple(replace(build, system=system, version=f"{build.version}.{number}") for build in run.info.builds)
        declared = run.declared[:left]
        kept = set(declared)
        yield replace(
            run,
            info=replace(run.info, system=system, builds=builds),
            declared=declared,
            attempts=tuple(one for one in run.attempts if one.cell.id in kept),
            exclusions=run.exclusions if left >= len(run.declared) else (),
        )


def rendered(files: list[Path], page: Path) -> dict[str, str]:
    """What `wirematrix report` takes to make the page."""
    command = [sys.executable, "-m", "wirematrix", "report", *map(str, files), "-o", str(page)]
    begin = os.times().elapsed
    child = os.posix_spawn(
        sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    if status:
        sys.exit(f"wirematrix report ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "machines": str(len(files)),
        "rendered in": f"{os.times().elapsed - begin:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of CPU",
        "peak memory": f"{used.ru_maxrss / 1024:.0f} MiB",
        "file": f"{page.stat().st_size / MIB:.2f} MiB ({page.stat().st_size / 1e6:.2f} MB)",
    }


def read(page: Path) -> dict[str, str]:
    """What a reader waits for in Chromium at 1280 by 800."""
    build = locate("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=build.executable, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1280, "height": 800})
        shown.set_default_timeout(120_000)
        busy = Busy(shown)
        shown.goto(page.as_uri())
        paints = shown.evaluate(PAINTS)
        shown.wait_for_selector("#choose:not([hidden])")
        opening_ms = busy.since_last_ms()
        cells = shown.locator("#evidence details.cell").count()
        numbers = {name: f"{at:.0f}{'' if name == 'elements' else ' ms'}" for name, at in paints.items()}
        filtering = [shown.evaluate(FILTER, words) for _ in range(TIMES) for words in WORDS]
        filtering_ms = busy.since_last_ms() / len(filtering)
        ticking = ticked(shown)
        unfolding = [shown.evaluate(UNFOLD, at / 8) for at in range(9)]
        browser.close()
    return {
        "browser": f"{build.product} {build.version}",
        "cells": str(cells),
        **numbers,
        "CPU until it is open": f"{opening_ms:.0f} ms of the page's thread",
        "filter: its script": spread([script for script, _ in filtering]),
        "filter: to the frame after": spread([frame for _, frame in filtering]),
        "filter: CPU": f"{filtering_ms:.0f} ms of the page's thread (mean)",
        "tick a box: to the frame after": spread(ticking),
        "open one evidence": spread(unfolding),
    }


class Busy:
    """How long the page's main thread was at work: what a busy machine does beside it does not count."""

    def __init__(self, shown: Page) -> None:
        self._session = shown.context.new_cdp_session(shown)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before_ms = 0.0

    def since_last_ms(self) -> float:
        """Milliseconds of CPU since this was asked last."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        now_ms = 1000 * next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
        used_ms, self._before_ms = now_ms - self._before_ms, now_ms
        return used_ms


def ticked(shown: Page) -> list[float]:
    """Each box of the form once on and once off, or the other way round."""
    boxes = shown.locator("#choose input[type=checkbox]").count()
    return [shown.evaluate(TICK, at) for at in range(boxes) for _ in range(2)]


def spread(times: list[float]) -> str:
    """The median, the range and how many."""
    if not times:
        return "not measured"
    return f"{statistics.median(times):.0f} ms (median of {len(times)}; {min(times):.0f} to {max(times):.0f})"


def told(numbers: dict[str, Any]) -> None:
    """One figure a line."""
    for name, number in numbers.items():
        print(f"{name:32}{number}", flush=True)


if __name__ == "__main__":
    main()
