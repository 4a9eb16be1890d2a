"""Between pytest and the machinery: from items to cells and scenarios, from options to the run's settings."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from wirematrix import engines
from wirematrix.admission import Limits
from wirematrix.attempts import Scenario
from wirematrix.driver import LiveCell
from wirematrix.errors import InvalidInput
from wirematrix.matrix import Matrix
from wirematrix.model import Attempt, Cell, Kind, ScenarioText
from wirematrix.pool import Pages
from wirematrix.rawcell import RawCell
from wirematrix.repeats import deciding, disagreement
from wirematrix.runbook import Books
from wirematrix.runner import RunOptions
from wirematrix.server import reference_app

TIMELINE_LINES = 14
RAW_NETWORKS = ("direct", "packet-loss")  # kinds that a page meets without the fault proxy


def chosen_engines(config: pytest.Config, matrix: Matrix) -> tuple[str, ...]:
    """The engines of --browser and --browser-channel; without them those the matrix requires."""
    asked = tuple(dict.fromkeys(config.getoption("browser", None) or ()))
    channel = config.getoption("browser_channel", None)
    if channel and set(asked) <= {"chromium"}:
        return (channel,)
    return asked or matrix.required_engines


def scenario_name(function: Any) -> str:
    """A scenario's name is its function's, without the `test_`."""
    return str(function.__name__).removeprefix("test_")


def source_of(item: pytest.Function) -> str:
    """Where an item's function is written: file:line inside the project."""
    file = Path(inspect.getfile(item.function)).relative_to(item.config.rootpath)
    return f"{file.as_posix()}:{inspect.unwrap(item.function).__code__.co_firstlineno}"


def is_raw(item: pytest.Function) -> bool:
    """Whether a scenario plays against an origin of its own (`cell: RawCell`), or against the app (`cell: LiveCell`).

    Raises InvalidInput for any other annotation, or none.
    """
    written = getattr(item.function, "__annotations__", {}).get("cell", "not annotated")
    try:
        annotation = inspect.get_annotations(item.function, eval_str=True).get("cell")
    except Exception:  # noqa: BLE001 - a name that is not there, or whatever an annotation may do
        annotation = None
    if annotation not in (LiveCell, RawCell):
        raise InvalidInput(
            source_of(item),
            f"{item.function.__name__}: parameter cell is {getattr(written, '__name__', written)}",
            expected="cell: LiveCell (against the app) or cell: RawCell (against an origin of its own)",
        )
    return annotation is RawCell


def check_cells(item: pytest.Function, matrix: Matrix) -> None:
    """Raises InvalidInput for a scenario whose `cell` is of no known kind, or a network that it would never meet."""
    cell = cell_of(item)
    network = matrix.network(cell.network) if cell else None
    before_app = network and (network.kind not in RAW_NETWORKS or (network.via and network.via.route.middleware))
    if is_raw(item) and cell and before_app:
        raise InvalidInput(
            source_of(item),
            f"{item.function.__name__}: network {cell.network} lies before the app, not before an origin of its own",
            expected=f"a network of kind {' or '.join(RAW_NETWORKS)}",
        )


def scenario_of(item: pytest.Function) -> Scenario:
    """What the machinery must know of an item's scenario function."""
    doc = inspect.getdoc(item.function) or ""
    title, _, story = doc.partition("\n\n")
    kinds = [kind for kind in (Kind.RECOMMENDED, Kind.CHECK) if item.get_closest_marker(kind.value)]
    return Scenario(
        text=ScenarioText(
            name=scenario_name(item.function),
            group=Path(inspect.getfile(item.function)).stem.removeprefix("test_"),
            title=" ".join(title.split()),
            story=" ".join(story.split()),
            kind=kinds[0] if kinds else Kind.REQUIRED,
            source=source_of(item),
            entries=tuple(str(entry) for mark in item.iter_markers("entries") for entry in mark.args),
            soak=item.get_closest_marker("soak") is not None,
        ),
        play=item.function,
        raw=is_raw(item),
        own_engine=item.get_closest_marker("own_engine") is not None,
        launch=launch_of(item),
    )


def launch_of(item: pytest.Function) -> engines.Special | None:
    """The special launch that a scenario is marked with; UsageError if there is none of that name."""
    mark = item.get_closest_marker("launch")
    if mark is None:
        return None
    try:
        (name,) = mark.args
        return engines.Special(name)
    except ValueError:
        known = " or ".join(engines.Special)
        raise pytest.UsageError(f"{item.nodeid}: mark launch got {mark.args!r}; expected {known}") from None


def cell_of(item: pytest.Item) -> Cell | None:
    """The item's cell, if it is one."""
    spec = getattr(item, "callspec", None)
    value = spec.params.get("cell") if spec else None
    return value if isinstance(value, Cell) else None


def is_whole(config: pytest.Config) -> bool:
    """Whether the whole of e2e is being collected, not a file or an item of it."""
    return [Path(argument).name for argument in config.args] == ["e2e"]


def books_of(config: pytest.Config, matrix: Matrix) -> Books:
    """The run's settings, from the options."""
    option = config.option
    results = config.rootpath / option.results
    chosen = chosen_engines(config, matrix)
    launch = engines.LaunchOptions(headless=not option.headed, slow_mo_ms=float(option.slowmo or 0))
    return Books(
        results=results,
        options=RunOptions(
            command=reference_app((config.rootpath / option.app_root).resolve()),
            launch=dict.fromkeys(chosen, launch),
            limits=Limits.for_concurrency(option.concurrency),
            artifacts=engines.Artifacts(
                tracing=option.tracing, screenshot=option.screenshot, folder=Path(option.output), beside=results
            ),
            pages=Pages(option.pages) if option.tracing == "off" else Pages.FRESH,
        ),
        engines=chosen,
        worker=worker_name(config),
        resume=option.resume,
        repeat=option.repeat,
        retry_isolated=option.retry_isolated,
        root=config.rootpath,
        command=" ".join(["pytest", *config.invocation_params.args]),
    )


def is_controller(config: pytest.Config) -> bool:
    """Whether this process hands its items to workers of pytest-xdist."""
    return bool(getattr(config.option, "numprocesses", None)) and not is_worker(config)


def means_cells(config: pytest.Config) -> bool:
    """Whether what was asked for on the command line lies in e2e."""
    return any("e2e" in Path(argument.partition("::")[0]).parts for argument in config.args)


def is_worker(config: pytest.Config) -> bool:
    """Whether a controller of pytest-xdist collects what this process finds."""
    return hasattr(config, "workerinput")


def worker_name(config: pytest.Config) -> str:
    """The name of this process's journal."""
    return str(config.workerinput["workerid"]) if is_worker(config) else "main"  # type: ignore[attr-defined]


def explain(attempts: Sequence[Attempt], nodeid: str) -> str:
    """What a failing cell prints: cell, status and expectation, what decided, the story, how to rerun.

    Of several attempts the deciding one is shown, and how the others went.
    """
    attempt = deciding(attempts)
    verdict = attempt.verdict
    expected = " or ".join(verdict.expectation.statuses)
    which = f" (attempt {attempt.number} of {len(attempts)})" if len(attempts) > 1 else ""
    differs = disagreement(attempts)
    shown = [
        f"{seen.at_ms:9.1f} ms  {seen.source:<6}  {seen.kind}  "
        + " ".join(f"{key}={value}" for key, value in seen.detail.items() if value is not None)[:200]
        for seen in attempt.timeline[-TIMELINE_LINES:]
    ]
    return "\n".join(
        [
            f"{attempt.cell.id}: {verdict.status}, expected {expected}{which}",
            f"  {verdict.because}",
            *([f"  {differs}"] if differs else []),
            *(f"  {one.force} {one.check}: {one.held}: {one.because}" for one in verdict.findings),
            f"  the last {len(shown)} observations:",
            *(f"    {line}" for line in shown),
            f'  rerun: {sys.executable} -m pytest "{nodeid}" --concurrency 1',
        ]
    )
