"""The pytest plugin: cells become items, verdicts become outcomes, attempts become a run file.

An item waits for its own cell's attempt, which the campaign makes in a thread beside many others, so `-k`,
`-x`, `--lf`, junit and durations behave as people expect. pytest fails on unexpected verdicts only, in both
directions. Registered by the root conftest, in no other way.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from wirematrix import codec, unasked
from wirematrix.budgets import scale_factor
from wirematrix.engines import route, sync_face
from wirematrix.errors import EngineUnavailable, InvalidInput
from wirematrix.items import (
    books_of,
    cell_of,
    check_cells,
    chosen_engines,
    explain,
    is_controller,
    is_whole,
    is_worker,
    means_cells,
    scenario_name,
    scenario_of,
)
from wirematrix.matrix import Matrix, load
from wirematrix.model import ENGINES, Cell, Run
from wirematrix.options import add_options, refuse_contradictions
from wirematrix.repeats import deciding, was_made
from wirematrix.report import console_on, print_summary
from wirematrix.runbook import RunBook, Sums

MARKS = {
    "recommended": "a scenario of good practice",
    "check": "a scenario that records a difference and never fails for it",
    "entries(*ids)": "the entries of the scenario catalogue that the scenario builds",
    "soak": "a scenario that is slow by nature: left out unless asked for by -m soak or by its name",
    "routes": "a cell that leads over a real server: left out unless asked for by -m routes, -k or its id",
    "launch(name)": "the scenario needs an engine launched for it: bfcache or background",
    "own_engine": "the scenario kills its engine, so it gets one of its own",
}
MATRIX = pytest.StashKey[Matrix]()
CELLS = pytest.StashKey[Mapping[str, Sequence[Cell]]]()
BOOK = pytest.StashKey[RunBook]()
RUN = pytest.StashKey[Run]()
SOUND = pytest.StashKey[bool]()  # the collection came to its end, and nothing was wrong with it
LEFT_OUT = pytest.StashKey[Mapping[str, int]]()
SUMS_KEY = "wirematrix"
STATUS_PROPERTY = "status"
CELL_NODE = re.compile(r"\[([a-z]+)-[^]]*\]$")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The matrix's own options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the matrix; a mistake in it ends the session with one sentence."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    refuse_contradictions(config)
    file = config.rootpath / config.option.matrix
    cells_meant = means_cells(config)
    if not file.exists() and config.option.matrix == "matrix.yaml" and not cells_meant:
        return
    try:
        scale_factor()
        config.stash[MATRIX] = matrix = load(file)
        if cells_meant:
            matrix.cells(chosen_engines(config, matrix))
            route()
    except InvalidInput as mistake:
        raise pytest.UsageError(str(mistake)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per cell of the scenario, over the engines that were chosen."""
    if "cell" not in metafunc.fixturenames:
        return
    cells = cells_by_scenario(metafunc.config).get(scenario_name(metafunc.function), ())
    metafunc.parametrize(
        "cell",
        [pytest.param(cell, id=cell.params) for cell in cells],
        indirect=True,
    )


def cells_by_scenario(config: pytest.Config) -> Mapping[str, Sequence[Cell]]:
    """The cells of the chosen engines, worked out once for all scenarios."""
    if CELLS not in config.stash:
        matrix = config.stash[MATRIX]
        found: dict[str, list[Cell]] = {}
        for cell in matrix.cells(chosen_engines(config, matrix)):
            found.setdefault(cell.scenario, []).append(cell)
        config.stash[CELLS] = found
    return config.stash[CELLS]


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """A scenario without an entry in the matrix, or the reverse, is a mistake, not an absent row."""
    if MATRIX in config.stash:
        check_scenarios(config, items, complete=is_whole(config) and not session.testsfailed)
        unasked.mark_routes(items, config.stash[MATRIX])
    yield
    config.stash[LEFT_OUT] = unasked.leave_out(config, items)  # of what -k and -m have left
    config.stash[SOUND] = not session.testsfailed or config.option.continue_on_collection_errors


def check_scenarios(config: pytest.Config, items: list[pytest.Item], *, complete: bool) -> None:
    """Raises UsageError; `items` are those before anything was deselected."""
    played = [item for item in items if isinstance(item, pytest.Function) and "cell" in item.fixturenames]
    matrix = config.stash[MATRIX]
    try:
        matrix.check_scenarios({scenario_name(item.function) for item in played}, complete=complete)
        for item in played:
            check_cells(item, matrix)
    except InvalidInput as mistake:
        raise pytest.UsageError(str(mistake)) from None


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Cell:
    """The cell of this item; the scenario itself is given the live one, by the campaign."""
    return request.param  # type: ignore[no-any-return]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """A controller of pytest-xdist collects nothing itself, so its books are opened here."""
    config = session.config
    collects_itself = config.option.collectonly or not is_controller(config)
    if not collects_itself and MATRIX in config.stash and means_cells(config):
        open_books(config)
        for line in pytest_report_collectionfinish(config):
            config.pluginmanager.getplugin("terminalreporter").write_line(line)


@pytest.hookimpl(tryfirst=True)  # before the terminal asks what there is to say about it
def pytest_collection_finish(session: pytest.Session) -> None:
    """What was selected is what is declared: every declared cell ends in a status."""
    if not session.config.stash.get(SOUND, False):  # pytest calls this also after a mistake
        return
    wanted = [
        (cell, scenario_of(item))
        for item in session.items
        if isinstance(item, pytest.Function) and (cell := cell_of(item))
    ]
    if wanted and not session.config.option.collectonly:
        open_books(session.config).ask_for(wanted, left_out=session.config.stash[LEFT_OUT])


def open_books(config: pytest.Config) -> RunBook:
    """The books of this run. The process without a controller puts older journals aside."""
    terminal = config.get_terminal_writer()._file  # noqa: SLF001 - sys.stderr is captured while items run
    book = RunBook(config.stash[MATRIX], books_of(config, config.stash[MATRIX]), terminal)
    try:
        if not is_worker(config):
            book.clear()
    except InvalidInput as mistake:
        raise pytest.UsageError(str(mistake)) from None
    config.stash[BOOK] = book
    return book


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Which engine builds are driven, loudly which are missing, and what was left out because it is slow."""
    left_out = unasked.told(config.stash.get(LEFT_OUT, {}))
    if BOOK not in config.stash:
        return [*left_out]
    book = config.stash[BOOK]
    return [
        *left_out,
        *(f"engine: {name}: {build.product} {build.version} ({build.origin})" for name, build in book.builds.items()),
        *(f"engine: UNAVAILABLE: {because}" for because in book.unavailable.values()),
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A cell's item: wait for its attempts and turn an unexpected verdict into a failure."""
    cell = cell_of(pyfuncitem)
    if cell is None:
        return None
    book = pyfuncitem.config.stash[BOOK]
    attempts = book.attempts(cell, whole_engine_only=is_worker(pyfuncitem.config))
    speaks = deciding(attempts)
    pyfuncitem.user_properties.append((STATUS_PROPERTY, str(speaks.verdict.status)))
    if not speaks.verdict.expected:
        pytest.fail(explain(attempts, pyfuncitem.nodeid), pytrace=False)
    if not was_made(speaks):
        pytest.skip(speaks.verdict.because)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Cells have a progress line of their own; no dots beside it unless names are asked for (-v)."""
    is_cell = any(name == STATUS_PROPERTY for name, _ in getattr(report, "user_properties", ()))
    if is_cell and report.when == "call" and report.passed and config.get_verbosity() < 1:
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


class EngineScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types of its own
    """Sends all cells of an engine to the same worker of pytest-xdist, and any other test to whoever is free.

    Not `--dist loadgroup`: pytest-xdist 3.8 names groups in a way that pytest 9.2 overlooks.
    """

    def _split_scope(self, nodeid: str) -> str:
        match = CELL_NODE.search(nodeid)
        return match[1] if match and match[1] in ENGINES else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> EngineScheduling | None:
    """Under pytest-xdist a worker owns whole engines, whatever --dist says."""
    return EngineScheduling(config, log) if BOOK in config.stash else None


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

    def launch(**options: Any) -> Any:
        if connect_options:
            return browser_type.connect(**connect_options)
        wanted = {**browser_type_launch_args, **options}
        video = pytestconfig.getoption("video", "off") != "off"
        try:
            return sync_face.pytest_launch(playwright, browser_name, wanted, video=video)
        except EngineUnavailable as missing:
            (pytest.fail if pytestconfig.option.require_engines else pytest.skip)(str(missing))
        except InvalidInput as mistake:
            raise pytest.UsageError(str(mistake)) from None

    return launch
