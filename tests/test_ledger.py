"""The ledger: what of a timeline goes into it, and when a log can be believed to be whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.timelines import (
    EPOCH,
    NEXT_EPOCH,
    accepted,
    driver,
    gap,
    heartbeat,
    hello,
    link,
    message,
    page,
    passing,
    published,
    request,
    sending,
    server,
    story,
)
from wirematrix.ledger import Key, is_stream, read
from wirematrix.ledger import published as published_in
from wirematrix.model import Observation


def keys(*seqs: int, epoch: str = EPOCH) -> tuple[Key, ...]:
    """Messages of an epoch."""
    return tuple((epoch, seq) for seq in seqs)


# ── what is in it ──


def test_publisher_and_page() -> None:
    """Published is what the driver had published, each once; received what the page was handed, with its repeats."""
    timeline = story(
        published(1, 1, 3),
        published(2, 3, 4),  # the fence of a range is not counted twice
        hello(3),
        message(4, 1),
        heartbeat(5),
        message(6, 2, kind="uplink"),
        message(7, 4, kind="fence"),
        message(8, 1),
        accepted(9, 9),
    )
    ledger = read(timeline)
    assert ledger.published == published_in(timeline) == keys(1, 2, 3, 4)
    assert ledger.received == keys(1, 2, 4, 1)
    assert ledger.received_ms == dict(zip(keys(1, 2, 4), (4, 6, 7), strict=True))
    assert ledger.accepted == frozenset(keys(9))


def test_ranges_of_gaps() -> None:
    """A gap names a range of its own epoch; one without its ends names nothing."""
    endless = page(3, "message", type="gap", seq=0, epoch=EPOCH, **{"from": 1, "to": None})
    ledger = read(story(gap(1, 2, 3), gap(2, 2, 1, epoch=NEXT_EPOCH), endless))
    assert ledger.told == ((EPOCH, 2, 3), (NEXT_EPOCH, 2, 1))
    assert ledger.received == ()


def test_a_message_without_its_number_counts_as_none() -> None:
    """What an app forgot to number was not received: nobody can say which it was."""
    numberless = page(4, "message", type="update", seq=None, epoch=EPOCH)
    assert read(story(numberless)).received == ()


def test_sent_counts_every_subscriber() -> None:
    """A message sent to two subscribers was sent twice; hello, heartbeat and gap are no messages."""
    others = [sending(3, 1, type=kind) for kind in ("hello", "heartbeat", "gap")]
    assert read(story(sending(1, 1), sending(2, 1, subscriber=2), sending(2, 2), *others)).sent == dict(
        zip(keys(1, 2), (2, 1), strict=True)
    )


@pytest.mark.parametrize("lacking", [{"epoch": None}, {"epoch": 7}, {"seq": None}, {"seq": "7"}, {"type": None}])
def test_a_server_that_does_not_say_which_says_nothing(lacking: dict[str, Any]) -> None:
    """A line of a server's log counts only with an epoch, a number and a type: other servers log other things."""
    told: dict[str, Any] = {"seq": 1} | lacking
    ledger = read(story(accepted(1, **told), sending(2, **told)))
    assert (ledger.accepted, ledger.sent) == (frozenset(), {})


def test_passed_is_what_was_not_taken_back() -> None:
    """Runs are spelled out; a message passed on two links and taken back on one has passed once."""
    ledger = read(story(passing(1, 1, 3), passing(2, 3), passing(3, 2, 3, kind="discarded")))
    assert {key: count for key, count in ledger.passed.items() if count} == dict(zip(keys(1, 3), (1, 1), strict=True))


def test_what_went_a_far_way_is_only_written() -> None:
    """Where packets may be lost, what the proxy wrote has not passed for certain; what it took back there is gone."""
    ledger = read(
        story(passing(1, 1, 2, far=True), passing(2, 2, kind="discarded", far=True), passing(2, 2), passing(3, 3))
    )
    assert ledger.passed == dict(zip(keys(2, 3), (1, 1), strict=True))
    assert {key for key, count in ledger.written.items() if count} == set(keys(1))


def test_times_are_the_servers_where_it_tells_them() -> None:
    """A message was published when the server's log says, or when the driver knew of it; received with its first copy."""
    ledger = read(
        story(
            published(10, 1, 2),
            accepted(8, 1),
            message(20, 1),
            message(30, 1),
        )
    )
    assert ledger.published_ms == dict(zip(keys(1, 2), (8, 10), strict=True))
    assert ledger.received_ms == dict(zip(keys(1), (20,), strict=True))


# ── the end of the page's log ──

END = driver(100, "clock", uncertainty_ms=1.0)


@pytest.mark.parametrize(
    ("ends", "whole", "on_its_way"),
    [
        ((), False, ()),
        ((END,), True, (4,)),
        ((driver(50, "clock"), END), True, (4,)),  # the last reading counts
        ((driver(80, "left", how="closed"), END), True, (3, 4)),  # a page that went has no log after that
    ],
)
def test_what_came_after_the_last_reading_is_on_its_way(
    ends: tuple[Observation, ...], on_its_way: tuple[int, ...], *, whole: bool
) -> None:
    """Sent or passed for the first time after the page's log was read for the last time: nobody saw what became of it."""
    told = [
        sending(70, 1),
        passing(71, 1),
        sending(90, 3),
        passing(91, 3),
        sending(110, 4),
        sending(111, 1),
        passing(112, 1),
    ]
    ledger = read(story(*told, *ends))
    assert ledger.page_whole is whole
    assert ledger.on_its_way == frozenset(keys(*on_its_way))


def test_sent_before_and_passed_after_is_on_its_way() -> None:
    """A message that was between server and page when the log was read is not lost in the link."""
    assert read(story(sending(99, 1), passing(101, 1), END)).on_its_way == frozenset(keys(1))
    assert read(story(sending(99, 1), passing(101, 1, far=True), END)).on_its_way == frozenset(keys(1))
    assert read(story(sending(99, 1), END)).on_its_way == frozenset()


# ── whole or not ──


def test_a_mark_makes_the_servers_log_whole() -> None:
    """Without its mark nobody knows where the server's log broke off, whatever it says."""
    assert not read(story(sending(1, 1), server(2, "gone"))).server_whole
    assert read(story(server(2, "mark"))).server_whole


ASKED, HEARD, ACCEPTED = request(1), server(2, "request", transport="websocket"), server(3, "accept", subscriber=1)


@pytest.mark.parametrize(
    ("told", "whole"),
    [
        ((), True),
        ((ASKED, HEARD, ACCEPTED, sending(4, 1)), True),
        ((ASKED, ASKED, HEARD, ACCEPTED), True),  # one request was lost on its way
        ((HEARD,), False),
        ((ASKED, HEARD, ACCEPTED, server(5, "accept", subscriber=2)), False),  # the second came by another way
        ((ASKED, HEARD, HEARD), False),
        ((request(1, "/channels/c1/messages"), HEARD), False),  # no stream was asked for here
        ((ASKED, HEARD, server(2, "request", transport="post")), True),  # an uplink is no stream
        ((sending(4, 1),), False),  # a server that tells of no subscribers, and no link
        ((ASKED, sending(4, 1)), True),
        ((ASKED, HEARD, ACCEPTED, link(3, "unread", link=1, because="compressed")), False),
    ],
)
def test_the_links_saw_all_or_they_did_not(told: tuple[Observation, ...], *, whole: bool) -> None:
    """The links' log is whole if all that went by could be read, and no stream came by another way."""
    assert read(story(*told)).links_whole is whole


@pytest.mark.parametrize(
    ("target", "stream"),
    [("/sse/c1", True), ("/ws/c1?since=0a0a0a0a-3", True), ("/channels/c1/messages", False), ("/static/sse/x", False)],
)
def test_streams_are_known_by_their_target(target: str, *, stream: bool) -> None:
    """The two stream endpoints are streams; uplink and page files are not."""
    assert is_stream(target) is stream
