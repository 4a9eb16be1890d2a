"""What tests share: asyncio alone for async ones, by anyio's own pytest plugin, and the plugin's small project."""

from __future__ import annotations

import gc
from pathlib import Path

import httpcore  # noqa: F401 - pytester's in-process runs forget what they imported first, and httpx would map two
import pytest
from hypothesis import settings

from tests.commands import Command, command
from tests.small_project import Pretended, make_project
from wirematrix import runbook
from wirematrix.engines import ROUTE_VARIABLE

settings.register_profile("untimed", deadline=None)  # an example's first run imports, and the machine may be busy
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector need not go through it again in every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def anyio_backend() -> str:
    """The one backend everything here is written for."""
    return "asyncio"


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """What `wirematrix` answers to some words."""
    return command(capsys, monkeypatch)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """A project with two scenarios and one ordinary test, on a machine without any engine."""
    # One process has one scope for soft assertions, and it does not nest; without Playwright's there is none.
    monkeypatch.setattr("pytest_playwright.pytest_playwright._soft_scope", None)
    monkeypatch.setenv(ROUTE_VARIABLE, "playwright")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "no builds"))
    make_project(pytester.path)
    return pytester


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> type[Pretended]:
    """No engine, no app: attempts end as `endings` says, by default as a pass."""

    class Campaign(Pretended): ...

    Campaign.endings = {}
    Campaign.made = []
    monkeypatch.setattr(runbook, "Campaign", Campaign)  # the one seam between pytest and the machinery
    return Campaign
