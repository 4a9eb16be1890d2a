"""The sentences at the top: what they say of all engines is true of each cell, and what nothing supports is not said."""

from __future__ import annotations

from itertools import product

import pytest

from tests.report.factory import CHROMIUM, FIREFOX, WEBKIT, attempt, cell, conditions, run_of
from tests.report.synthetic import NEVER_AGAIN
from wirematrix.model import Attempt, Expectation, Run, Status
from wirematrix.report.claimwords import PHRASES, phrase
from wirematrix.report.merge import merge_views
from wirematrix.report.standouts import Standout, standouts

BUILDS = (CHROMIUM, FIREFOX, WEBKIT)
SIX = ("eventsource", "fetch-stream", "websocket", "eventsource+", "fetch-stream+", "websocket+")
BARE = SIX[:3]


def tried(
    scenario: str,
    broken: dict[tuple[str, str], Status] | tuple[str, ...] = (),
    *,
    transports: tuple[str, ...] = SIX,
    networks: tuple[str, ...] = ("close",),
    without: tuple[tuple[str, str], ...] = (),
) -> list[Attempt]:
    """A scenario in three engines; `broken` are transports that fail everywhere, or engine and transport to status."""
    made = []
    for network, build, transport in product(networks, BUILDS, transports):
        key = (build.engine, transport)
        if key in without:
            continue
        status = broken.get(key, Status.PASS) if isinstance(broken, dict) else Status.PASS
        if not isinstance(broken, dict) and transport in broken:
            status = Status.FAIL
        known = None if status is Status.PASS else Expectation(statuses=(status,), because="known")
        made.append(attempt(cell(scenario, *key, network), status, expectation=known))
    return made


def told(*attempts: Attempt) -> tuple[Standout, ...]:
    """The sentences of a run of these attempts."""
    run: Run = run_of(*attempts, info=conditions(*BUILDS))
    return standouts(merge_views([run]))


def sentences(*attempts: Attempt) -> list[str]:
    """The same as text."""
    return [one.sentence for one in told(*attempts)]


def test_what_breaks_everywhere_is_said_once() -> None:
    """Scenarios that break over the same transports in all engines share a sentence, the largest leading."""
    found = told(
        *tried("reopens_after_the_break", ("fetch-stream", "websocket"), networks=("close", "reset")),
        *tried("resumes_without_a_gap", ("fetch-stream", "websocket")),
    )
    assert found[0].sentence == (
        "None of the 3 engines reopens bare fetch-stream or WebSocket after the connection breaks (close, reset). "
        "1 more scenario breaks there, too."
    )
    assert len(found[0].cells) == 18
    assert found[0].view == "status=fail&transport=fetch-stream+websocket"


def test_only_the_policy_is_said_of_the_policy() -> None:
    """Where all wrapped transports hold and all bare ones break, the resilient policy is named."""
    assert "Only the resilient policy notices silence (stall), in all 3 engines." in sentences(
        *tried("notices_silence", BARE, networks=("stall",))
    )


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.CRASH, Status.ERROR, Status.DEGRADED, Status.PASS])
def test_one_other_cell_silences_all_engines(status: Status) -> None:
    """If one engine's cell did not plainly fail, nothing is said of all engines over that transport."""
    broken = {(build.engine, "websocket"): Status.FAIL for build in BUILDS} | {("webkit", "websocket"): status}
    found = sentences(*tried("reopens_after_the_break", broken))
    assert not any("None of the 3" in one for one in found)


def test_an_engine_that_was_not_tried_is_not_spoken_of() -> None:
    """A scenario that one engine did not play over one of the networks supports no sentence about all."""
    first, *others = tried("reopens_after_the_break", ("websocket",), transports=("websocket",))
    also = tried(
        "reopens_after_the_break",
        ("websocket",),
        transports=("websocket",),
        networks=("reset",),
        without=(("firefox", "websocket"),),
    )
    assert not any("None of the 3" in one for one in sentences(first, *others, *also))
    alone = [one for one in (first, *others) if one.cell.engine != "firefox"]
    (said,) = [one for one in sentences(*alone, *tried("opens", networks=("direct",))) if "Nothing" in one]
    assert said.startswith("Nothing in Chromium 156 and WebKitGTK 2.50 reopens WebSocket") or "bare WebSocket" in said


def test_flaky_cells_support_nothing() -> None:
    """A cell whose attempts differ does not count as broken, whatever its deciding attempt says."""
    cells = tried("reopens_after_the_break", ("websocket",), transports=("websocket",))
    twice = attempt(cells[0].cell, Status.PASS, number=2, expectation=NEVER_AGAIN)
    assert not any("None of the 3" in one for one in sentences(*cells, twice))


def test_engines_that_differ_are_counted() -> None:
    """Scenarios in which engines differ are counted by which of them break."""
    found = sentences(
        *tried("opens", {("firefox", "websocket"): Status.FAIL}, transports=("websocket",)),
        *tried("thousand_in_order", {("firefox", "websocket"): Status.FAIL}, transports=("websocket",)),
        *tried("payloads_unchanged", {("webkit", "websocket"): Status.FAIL}, transports=("websocket",)),
    )
    assert "Engines differ in 3 scenarios: 2 break in Firefox ESR 153 only, 1 in WebKitGTK 2.50 only." in found


def test_news_comes_first() -> None:
    """An unexpected cell is the first sentence, though a known shortcoming covers more cells."""
    surprise = attempt(cell("opens", "firefox"), Status.TIMEOUT, "never opened")
    found = told(surprise, *tried("reopens_after_the_break", ("fetch-stream", "websocket")))
    assert found[0].sentence == (
        "Unexpected: timeout in Firefox ESR 153 over WebSocket, 1 cell: “A connection opens and says that it is ready.”"
    )
    assert len(found) == 2 + any(one.sort == "holds" for one in found)


def test_what_no_phrase_knows_is_quoted() -> None:
    """A scenario without a phrase of its own is named by its title."""
    assert (
        any(
            one.startswith("Broken in all 3 engines over WebSocket (close): “Scenario of_others.”")
            or "of_others" in one
            for one in sentences(*tried("of_others", ("websocket",), transports=("websocket",)))
        )
        is False
    )  # made up scenarios are checks, and checks judge nothing
    assert sentences(*tried("uplink_round_trip", ("websocket",), networks=("direct",)))[0] == (
        "Broken in all 3 engines over WebSocket: “What the page sends comes back over the stream.”"
    )


def test_all_that_holds_is_said_where_nothing_breaks() -> None:
    """A run in which everything holds says so, with the transports and the number of scenarios."""
    (only,) = sentences(*tried("opens", transports=("eventsource", "websocket"), networks=("direct",)))
    assert only == (
        "Over EventSource and WebSocket, all that is required or recommended and was tried holds in all 3 engines: "
        "1 scenario."
    )


def test_phrases_take_their_objects() -> None:
    """Each phrase can be said with transports and without, and leaves no placeholder."""
    for name in PHRASES:
        for over in ((), ("websocket",), ("eventsource", "fetch-stream")):
            assert "{" not in phrase(name, over=over)
            assert "  " not in phrase(name, over=over)
