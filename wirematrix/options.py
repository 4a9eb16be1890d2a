"""The matrix's own options of pytest; engines are chosen by pytest-playwright's --browser."""

from __future__ import annotations

import argparse

import pytest

from wirematrix.pool import Pages


def add_options(parser: pytest.Parser) -> None:
    """All of them, in a group of their own."""
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
    group.addoption(
        "--repeat",
        type=_positive,
        default=1,
        metavar="N",
        help="attempt every cell N times, spread over the run (default: %(default)s)",
    )
    group.addoption(
        "--retry-isolated",
        action="store_true",
        help="attempt unexpected cells once more, alone, after everything else has ended",
    )
    group.addoption(
        "--pages",
        choices=[kind.value for kind in Pages],
        default=Pages.REUSED.value,
        help="what a cell is given: a page that is made clean between cells, a fresh context, or an engine of its "
        "own (default: %(default)s)",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected a whole number from 1")
    return int(text)


def refuse_contradictions(config: pytest.Config) -> None:
    """UsageError for options that cannot both be had."""
    workers = getattr(config.option, "numprocesses", None)
    if config.option.retry_isolated and workers:
        raise pytest.UsageError(
            f"--retry-isolated: got -n {workers}; expected no workers, because alone means that nothing else runs"
        )
