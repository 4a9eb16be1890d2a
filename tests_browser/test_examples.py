"""The examples as a reader starts them, in all three engines: each guarantee holds in a real page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests_browser import example_play
from tests_browser.example_play import PLAYS, SERVERS, Service, serving

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=SERVERS)
def over(request: pytest.FixtureRequest) -> str:
    """One transport after the other."""
    return str(request.param)


@pytest.fixture
def service(over: str, tmp_path: Path) -> Iterator[Service]:
    """The example that serves a transport, with a memory of its own."""
    with serving(ROOT / SERVERS[over], tmp_path / "messages.db") as service:
        yield service


@pytest.mark.parametrize("guarantee", PLAYS)
def test_the_example_gives(page: Page, service: Service, over: str, guarantee: str) -> None:
    """What the examples promise, a page gets: connect, reconnect, resume, notice silence, two ways, authorisation."""
    assert PLAYS[guarantee](page, service, over), example_play.log_of(page)


def test_the_example_ends_in_good_order(page: Page, service: Service, over: str) -> None:
    """A server that is told to stop does so at once and without complaint, and the page sees it go."""
    assert example_play.ends_in_good_order(page, service, over), example_play.log_of(page)
