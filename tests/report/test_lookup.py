"""Finding the cell that somebody means."""

from __future__ import annotations

import pytest

from tests.report.exports.variety import MACOS, NEVER, VARIETY
from tests.report.factory import attempt, cell, run_of
from wirematrix.model import Exclusion
from wirematrix.report.lookup import matching, named_slots, nearest
from wirematrix.report.merge import merge_views
from wirematrix.report.views import JudgedSlot

SLOTS = named_slots(merge_views([VARIETY]))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("opens[firefox-websocket-direct]", ["opens[firefox-websocket-direct]"]),
        ("opens.firefox-websocket-direct", ["opens[firefox-websocket-direct]"]),
        ("reopens firefox", ["reopens_after_the_break[firefox-websocket-close]"]),
        ("SILENCE", ["notices_silence[chromium-websocket-stall]"]),
        ("payloads", ["payloads_unchanged[chromium-websocket-direct]"]),
        ("uplink", [NEVER.id]),
        ("opens[", [f"opens[{engine}-websocket-direct]" for engine in ("chromium", "firefox", "webkit")]),
        ("opens gopher", []),
        ("", []),
        (" ", []),
    ],
)
def test_cells_are_found(words: str, found: list[str]) -> None:
    """By id, by anchor, or by parts of the id in any order and case; never by nothing at all."""
    assert matching(words, SLOTS) == found


def test_a_whole_id_means_itself() -> None:
    """An id that is the beginning of another one is still found alone."""
    run = run_of(attempt(cell(network="reset")), attempt(cell(network="reset-long")))
    slots = named_slots(merge_views([run]))
    assert matching("opens[chromium-websocket-reset]", slots) == ["opens[chromium-websocket-reset]"]
    assert len(matching("websocket-reset", slots)) == 2


def test_nearest_are_suggested() -> None:
    """A mistyped id is answered by those most like it; nonsense by none."""
    assert nearest("open[firefox-websocket-direct]", SLOTS)[0] == "opens[firefox-websocket-direct]"
    assert nearest("$", SLOTS) == []


def test_builds_of_one_engine_are_told_apart() -> None:
    """A cell of two WebKits has two names; its id means both."""
    slots = named_slots(merge_views([VARIETY, MACOS]))
    both = matching("opens[webkit-websocket-direct]", slots)
    assert both == [
        "opens[webkit-websocket-direct] in WebKitGTK 2.50.6 on Debian GNU/Linux 12",
        "opens[webkit-websocket-direct] in WebKit 27.0 on macOS 26.1",
    ]
    assert matching("macOS opens", slots) == both[1:]


def test_excluded_cells_are_found() -> None:
    """A cell that was left out on purpose is found, with its reason in place of a verdict."""
    gone = cell(network="close")
    run = run_of(
        attempt(cell()),
        attempt(cell(transport="eventsource", network="close")),
        exclusions=(Exclusion(cell=gone, because="no meaning"),),
    )
    slot = named_slots(merge_views([run]))[gone.id]
    assert not isinstance(slot, JudgedSlot)
    assert slot.because == "no meaning"
