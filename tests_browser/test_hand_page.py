"""The page for people, in all three engines, served as a person would: connect, watch, break it, read the counts."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from wirematrix.budgets import REOPEN, scale_factor

TRANSPORTS: Final = ("eventsource", "fetch-stream", "websocket", "eventsource+", "fetch-stream+", "websocket+")
SOON_MS: Final = REOPEN.unscaled_ms * scale_factor()
WIDTHS: Final = {"a phone": (390, 844), "a desk": (1280, 800)}


@pytest.fixture
def hand(page: Page, app: str, channel: str) -> Page:
    """The page, ready, on a channel of the test's own."""
    page.set_default_timeout(SOON_MS)
    expect.set_options(timeout=SOON_MS)
    page.goto(f"{app}/static/probe.html?channel={channel}")
    expect(page.get_by_role("button", name="Restart the server")).to_be_visible()
    return page


def connect(hand: Page, transport: str) -> None:
    """Choose a transport and connect."""
    hand.locator(f'input[name="transport"][value="{transport}"]').check(force=True)
    hand.get_by_role("button", name="Connect", exact=True).click()
    expect(hand.locator("#phase")).to_have_text("Open")


def press(hand: Page, name: str) -> None:
    """Press a button by what is written on it."""
    hand.get_by_role("button", name=name, exact=True).click()


def counts(hand: Page, **wanted: str) -> None:
    """The counts are, or become, these."""
    for name, text in wanted.items():
        expect(hand.locator(f"#{name}")).to_have_text(text)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_arrive(hand: Page, transport: str) -> None:
    """Each transport connects, counts what is published and what is said, loses and repeats nothing, and disconnects."""
    connect(hand, transport)
    press(hand, "Publish one")
    press(hand, "Publish 100")
    counts(hand, received="101")
    press(hand, "Send")
    counts(hand, received="102", lost="0", repeated="0", reordered="0", reconnects="0")
    expect(hand.locator("#resume")).to_have_text(re.compile("^[0-9a-f]{8}-102$"))
    expect(hand.locator("#log li").filter(has_text="#102").first).to_be_visible()
    press(hand, "Disconnect")
    expect(hand.locator("#phase")).to_have_text("Closed")


@pytest.mark.parametrize("transport", ["eventsource", "fetch-stream+", "websocket+"])
def test_a_reset_is_repaired(hand: Page, transport: str) -> None:
    """What comes back by itself comes back after a reset, with nothing lost or repeated."""
    connect(hand, transport)
    press(hand, "Publish one")
    counts(hand, received="1")
    press(hand, "Reset my connection")
    counts(hand, reconnects="1")
    expect(hand.locator("#phase")).to_have_text("Open")
    press(hand, "Publish one")
    counts(hand, received="2", lost="0", repeated="0")


@pytest.mark.parametrize("transport", ["fetch-stream", "websocket"])
def test_a_reset_ends_what_cannot_come_back(hand: Page, transport: str) -> None:
    """A bare fetch stream or WebSocket is closed after a reset, and the page says so."""
    connect(hand, transport)
    press(hand, "Reset my connection")
    expect(hand.locator("#phase")).to_have_text("Closed")
    expect(hand.locator("#log li").filter(has_text="Over for good").first).to_be_visible()


def test_silence_is_shown(hand: Page) -> None:
    """An open connection on which nothing comes is shown as silent; the policy gives it up and opens another."""
    connect(hand, "eventsource")
    expect(hand.locator("#heartbeat")).to_contain_text("ago")
    press(hand, "Go silent")
    expect(hand.locator("#phase")).to_have_text("Open, but silent")
    connect(hand, "websocket+")
    press(hand, "Go silent")
    counts(hand, reconnects="2")  # this page's second connection, and the policy's after the silence
    expect(hand.locator("#log li").filter(has_text="Silence: nothing came").first).to_be_visible()


def test_a_restart_is_told_as_a_gap(hand: Page) -> None:
    """After a restart the page is back on a new epoch, and the log tells of the gap."""
    connect(hand, "websocket+")
    press(hand, "Publish one")
    counts(hand, received="1")
    before = hand.locator("#resume").text_content()
    press(hand, "Restart the server")
    counts(hand, reconnects="1")
    expect(hand.locator("#phase")).to_have_text("Open")
    expect(hand.locator("#resume")).not_to_have_text(str(before))
    expect(hand.locator("#log li").filter(has_text="Gap (epoch-changed)").first).to_be_visible()
    press(hand, "Publish one")
    counts(hand, received="2")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(hand: Page, width: str) -> None:
    """On a phone and on a desk nothing has to be scrolled sideways, with long entries in the log, too."""
    across, down = WIDTHS[width]
    hand.set_viewport_size({"width": across, "height": down})
    connect(hand, "websocket+")
    hand.locator("#message").fill("x" * 300)
    press(hand, "Send")
    counts(hand, received="1")
    window, room, *widths = hand.evaluate(
        "() => { const {clientWidth, scrollWidth} = document.documentElement;"
        " return [innerWidth, clientWidth, scrollWidth, document.body.scrollWidth]; }"
    )
    assert window == across
    assert max(widths) <= room  # the window less its scroll bar, where bars take room
