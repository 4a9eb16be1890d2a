"""The pytest plugin: cells become items, verdicts become outcomes, attempts become a run file.

An item waits for its own cell's attempt, which the campaign makes in a thread beside many others, so `-k`,
`-x`, `--lf`, junit and durations behave as people expect. pytest fails on unexpected verdicts only, in both
directions. Registered by the root conftest, in no other way.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

from wirematrix import codec, engines
from wirematrix.admission import Limits
from wirematrix.attempts import Scenario
from wirematrix.budgets import scale_factor
from wirematrix.errors import InvalidInput
from wirematrix.matrix import Matrix, load
from wirematrix.model import Attempt, Cell, Kind, Run, ScenarioText, Status
from wirematrix.report import console_on, print_summary
from wirematrix.runbook import Books, RunBook, Sums
from wirematrix.runner import RunOptions
from wirematrix.server import reference_app

MARKS = {
    "recommended": "a scenario of good practice",
    "check": "a scenario that records a difference and never fails for it",
    "own_engine": "the scenario kills its engine, so it gets one of its own",
}
MATRIX = pytest.StashKey[Matrix]()
BOOK = pytest.StashKey[RunBook]()
RUN = pytest.StashKey[Run]()
SUMS_KEY = "wirematrix"
STATUS_PROPERTY = "status"
TIMELINE_LINES = 14


def pytest_addoption(parser: pytest.Parser) -> None:
    """The matrix's own options; engines are chosen by pytest-playwright's --browser."""
    group = parser.getgroup("wirematrix", "the browser-compatibility matrix")
    group.addoption("--matrix", default="matrix.yaml", metavar="FILE", help="the matrix (default: %(default)s)")
    group.addoption(
        "--results",
        default="results",
        metavar="FOLDER",
        help="where run.json and matrix.html go (%(default)s)",
    )
    group.addoption(
        "--app-root",
        default=".",
        metavar="FOLDER",
        help="folder with the app and its static files (%(default)s)",
    )
    group.addoption(
        "--concurrency",
        type=_positive,
        metavar="N",
        help="cells at once; 1 for one by one (default: adaptive)",
    )
    group.addoption(
        "--require-engines", action="store_true", help="a required engine that is unavailable fails the run"
    )
    group.addoption("--resume", action="store_true", help="keep the attempts of a killed run and make the rest")
    group.addoption("--fresh-pages", action="store_true", help="a new context for every cell instead of reuse")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected a whole number from 1")
    return int(text)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Under pytest-xdist a worker owns whole engines: group by engine unless told otherwise."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "loadgroup"


def pytest_configure(config: pytest.Config) -> None:
    """Read the matrix; a mistake in it ends the session with one sentence."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    file = config.rootpath / config.option.matrix
    if not file.exists() and config.option.matrix == "matrix.yaml":
        return
    try:
        scale_factor()
        config.stash[MATRIX] = load(file)
    except InvalidInput as mistake:
        raise pytest.UsageError(str(mistake)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per cell of the scenario, over the engines that were chosen."""
    if "cell" not in metafunc.fixturenames:
        return
    matrix = metafunc.config.stash[MATRIX]
    name = scenario_name(metafunc.function)
    chosen = chosen_engines(metafunc.config, matrix)
    cells = [cell for cell in matrix.cells(chosen) if cell.scenario == name]
    metafunc.parametrize(
        "cell",
        [pytest.param(cell, id=cell.params, marks=pytest.mark.xdist_group(cell.engine)) for cell in cells],
        indirect=True,
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A scenario without an entry in the matrix, or the reverse, is a mistake, not an absent row."""
    if MATRIX not in config.stash:
        return
    scenarios = {
        scenario_name(item.function)
        for item in items
        if isinstance(item, pytest.Function) and "cell" in item.fixturenames
    }
    try:
        config.stash[MATRIX].check_scenarios(scenarios, complete=is_whole(config))
    except InvalidInput as mistake:
        raise pytest.UsageError(str(mistake)) from None


def is_whole(config: pytest.Config) -> bool:
    """Whether the whole of e2e is being collected, not a file or an item of it."""
    return [Path(argument).name for argument in config.args] == ["e2e"]


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Cell:
    """The cell of this item; the scenario itself is given the live one, by the campaign."""
    return request.param  # type: ignore[no-any-return]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Open the books. The process without a controller puts older journals aside."""
    config = session.config
    if MATRIX not in config.stash or config.option.collectonly:
        return
    terminal = config.get_terminal_writer()._file  # noqa: SLF001 - sys.stderr is captured while items run
    book = RunBook(config.stash[MATRIX], books_of(config), terminal)
    config.stash[BOOK] = book
    if not is_worker(config):
        book.clear()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which engine builds are driven, and loudly which are missing."""
    if BOOK not in config.stash:
        return []
    book = config.stash[BOOK]
    return [
        *(f"engine: {name}: {build.product} {build.version} ({build.origin})" for name, build in book.builds.items()),
        *(f"engine: UNAVAILABLE {because}" for because in book.unavailable.values()),
    ]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was selected is what is declared: every declared cell ends in a status."""
    if BOOK not in session.config.stash:
        return
    wanted = [
        (cell, scenario_of(item))
        for item in session.items
        if isinstance(item, pytest.Function) and (cell := cell_of(item))
    ]
    session.config.stash[BOOK].ask_for(wanted)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A cell's item: wait for its attempt and turn an unexpected verdict into a failure."""
    cell = cell_of(pyfuncitem)
    if cell is None:
        return None
    book = pyfuncitem.config.stash[BOOK]
    attempt = book.attempt(cell, whole_engine_only=is_worker(pyfuncitem.config))
    verdict = attempt.verdict
    pyfuncitem.user_properties.append((STATUS_PROPERTY, str(verdict.status)))
    if verdict.status is Status.SKIP:
        pytest.skip(verdict.because)
    if not verdict.expected:
        pytest.fail(explain(attempt, pyfuncitem.nodeid), pytrace=False)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Cells have a progress line of their own; no dots beside it unless names are asked for (-v)."""
    is_cell = any(name == STATUS_PROPERTY for name, _ in getattr(report, "user_properties", ()))
    if is_cell and report.when == "call" and config.get_verbosity() < 1:
        return report.outcome, "", ""
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the books; the process without a controller writes the run file and the report."""
    config = session.config
    if BOOK not in config.stash:
        return
    book = config.stash[BOOK]
    sums = book.close()
    if is_worker(config):
        config.workeroutput[SUMS_KEY] = codec.to_json(codec.encode(sums))  # type: ignore[attr-defined]
        return
    if book.sums.declared:
        config.stash[RUN] = book.write()
    if book.missing_required and book.sums.declared and config.option.require_engines:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001 - xdist's signature
    """A worker of pytest-xdist ended: take in its sums."""
    told = getattr(node, "workeroutput", {}).get(SUMS_KEY)
    if told:
        node.config.stash[BOOK].sums.add(codec.decode(Sums, codec.from_json(told, "worker"), "worker"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The matrix in the terminal, and where the report lies."""
    if RUN not in config.stash:
        return
    book, run = config.stash[BOOK], config.stash[RUN]
    terminalreporter.section("matrix")
    print_summary(run, console_on(terminalreporter._tw._file))  # noqa: SLF001 - its own stream
    for name in book.missing_required:
        terminalreporter.line(f"REQUIRED ENGINE MISSING: {book.unavailable[name]}", red=True)
    terminalreporter.line(f"report: {book.books.results / 'matrix.html'}")
    terminalreporter.line(f"run file: {book.books.results / 'run.json'}")


@pytest.fixture(scope="session")
def launch_browser(
    playwright: Any,
    browser_name: str,
    browser_type: Any,
    browser_type_launch_args: dict[str, Any],
    connect_options: dict[str, Any] | None,
    pytestconfig: pytest.Config,
) -> Any:
    """pytest-playwright's launcher, on the builds this machine has; overridden and nothing else of it."""
    raise NotImplementedError


def explain(attempt: Attempt, nodeid: str) -> str:
    """What a failing cell prints: cell, status and expectation, what decided, the story, how to rerun."""
    verdict = attempt.verdict
    expected = " or ".join(verdict.expectation.statuses)
    shown = [
        f"{seen.at_ms:9.1f} ms  {seen.source:<6}  {seen.kind}  "
        + " ".join(f"{key}={value}" for key, value in seen.detail.items() if value is not None)[:200]
        for seen in attempt.timeline[-TIMELINE_LINES:]
    ]
    return "\n".join(
        [
            f"{attempt.cell.id}: {verdict.status}, expected {expected}",
            f"  {verdict.because}",
            *(f"  {one.force} {one.check}: {one.held}: {one.because}" for one in verdict.findings),
            f"  the last {len(shown)} observations:",
            *(f"    {line}" for line in shown),
            f'  rerun: {sys.executable} -m pytest "{nodeid.partition("@")[0]}" --concurrency 1',
        ]
    )


def books_of(config: pytest.Config) -> Books:
    """The run's settings, from the options."""
    option = config.option
    results = config.rootpath / option.results
    chosen = chosen_engines(config, config.stash[MATRIX])
    launch = engines.LaunchOptions(headless=not option.headed, slow_mo_ms=float(option.slowmo or 0))
    return Books(
        results=results,
        options=RunOptions(
            command=reference_app((config.rootpath / option.app_root).resolve()),
            launch=dict.fromkeys(chosen, launch),
            limits=Limits.for_concurrency(option.concurrency),
            artifacts=engines.Artifacts(
                tracing=option.tracing, screenshot=option.screenshot, folder=Path(option.output)
            ),
            reuse_pages=not option.fresh_pages and option.tracing == "off",
        ),
        engines=chosen,
        worker=worker_name(config),
        resume=option.resume,
        root=config.rootpath,
        command=" ".join(["pytest", *config.invocation_params.args]),
    )


def is_worker(config: pytest.Config) -> bool:
    """Whether a controller of pytest-xdist collects what this process finds."""
    return hasattr(config, "workerinput")


def worker_name(config: pytest.Config) -> str:
    """The name of this process's journal."""
    return str(config.workerinput["workerid"]) if is_worker(config) else "main"  # type: ignore[attr-defined]


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


def scenario_of(item: pytest.Function) -> Scenario:
    """What the machinery must know of an item's scenario function."""
    doc = inspect.getdoc(item.function) or ""
    title, _, story = doc.partition("\n\n")
    kinds = [kind for kind in (Kind.RECOMMENDED, Kind.CHECK) if item.get_closest_marker(kind.value)]
    file = Path(inspect.getfile(item.function)).relative_to(item.config.rootpath)
    return Scenario(
        text=ScenarioText(
            name=scenario_name(item.function),
            group=file.stem.removeprefix("test_"),
            title=" ".join(title.split()),
            story=" ".join(story.split()),
            kind=kinds[0] if kinds else Kind.REQUIRED,
            source=f"{file.as_posix()}:{inspect.getsourcelines(item.function)[1]}",
        ),
        play=item.function,
        own_engine=item.get_closest_marker("own_engine") is not None,
    )


def cell_of(item: pytest.Item) -> Cell | None:
    """The item's cell, if it is one."""
    spec = getattr(item, "callspec", None)
    value = spec.params.get("cell") if spec else None
    return value if isinstance(value, Cell) else None
