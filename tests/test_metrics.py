"""The numbers of an attempt: each from the observations its description names, None where it has no meaning."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import (
    EPOCH,
    NEXT_EPOCH,
    broke,
    driver,
    gap,
    heartbeat,
    hello,
    link,
    message,
    opening,
    page,
    published,
    request,
    sent,
    server,
    steady,
    story,
)
from wirematrix.metrics import (
    METRICS,
    connection_attempts,
    delivery_latencies_ms,
    metrics,
    percentile,
    reconnect_delays_ms,
    uplink_round_trips_ms,
)
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

NOTHING: Final = Timeline(())

# One break in a life: opened at 30, broken at 1000, noticed at 1004, open again at 3010, told again at 3030.
LIFE: Final = story(
    opening(10),
    page(30, "open"),
    hello(35),
    published(100, 1, 2),
    message(110, 1),
    message(111, 2),
    broke(1_000),
    page(1_004, "error", state="CLOSED"),
    page(1_004, "close", code=1006),
    published(1_500, 3, 4),
    opening(3_000),
    request(3_002),
    page(3_010, "open"),
    hello(3_015, seq=2),
    message(3_020, 2),  # a copy of what came before the break
    message(3_030, 4),
    message(3_031, 3),
)


def test_every_metric_is_described_and_given() -> None:
    """Each described metric is in every attempt, in the order of the descriptions, with or without a value."""
    assert list(metrics(NOTHING)) == list(METRICS)
    assert list(metrics(LIFE)) == list(METRICS)


def test_nothing_seen_has_no_numbers() -> None:
    """Of an attempt in which nothing happened nothing was measured: not even a count is 0."""
    assert set(metrics(NOTHING).values()) == {None}
    talk = metrics(story(opening(10), page(30, "open"), hello(35), heartbeat(40)))
    assert {name for name, value in talk.items() if value is not None} == {"open_ms", "first_message_ms"}


LOSSES: Final = ("lost", "lost_before_server", "lost_in_link", "lost_in_page", "lost_unknown", "told")
COPIES: Final = ("duplicated", "duplicated_by_server", "reordered", "deduplicated")


def test_nothing_published_loses_nothing() -> None:
    """Where only the page itself published, what was received counts, and of losses there is nothing to say."""
    values = metrics(story(message(10, 1, kind="uplink")))
    assert (values["published"], values["received"]) == (0, 1)
    assert {values[name] for name in LOSSES} == {None}
    assert {values[name] for name in COPIES} == {0}


def test_nothing_received_repeats_nothing() -> None:
    """Where nothing arrived, losses count, and of copies, order and lateness there is nothing to say."""
    values = metrics(story(published(10, 1)))
    assert (values["published"], values["received"], values["lost"]) == (1, 0, 1)
    assert {values[name] for name in (*COPIES, "late", "slowest_ms")} == {None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("open_ms", 20),
        ("first_message_ms", 25),
        ("detect_ms", 4),
        ("reopen_ms", 2_010),
        ("recover_ms", 2_031),  # message 3 was the first that was published after the break
        ("reconnect_delay_ms", 1_998),
        ("server_notice_ms", None),
        ("delivery_p50_ms", None),
        ("uplink_ms", None),
        ("attempts", 1),
        ("breaks", 1),
        ("published", 4),
        ("received", 5),
        ("lost", 0),
        ("lost_before_server", 0),
        ("lost_in_link", 0),
        ("lost_in_page", 0),
        ("lost_unknown", 0),
        ("told", 0),
        ("late", 2),
        ("slowest_ms", 1_531),
        ("duplicated", 1),
        ("duplicated_by_server", None),  # the server did not say
        ("reordered", 1),
        ("deduplicated", 0),
    ],
)
def test_a_life_with_one_break(name: str, value: float | None) -> None:
    """Each metric of a life with one break is the distance, or the count, that its description names."""
    assert metrics(LIFE)[name] == value


def test_lost_told_and_deduplicated_are_counted() -> None:
    """Lost messages, those of them that a gap named, and repeats that the policy removed are three counts."""
    values = metrics(story(published(1, 1, 5), gap(2, 1, 2), message(3, 5), page(4, "dropped", seq=5)))
    assert (values["lost"], values["told"], values["deduplicated"], values["duplicated"]) == (4, 2, 1, 0)


def test_each_place_of_a_loss_is_counted() -> None:
    """Of five lost messages one was never sent, one was lost in the link, two in the page; and one nobody can place."""
    about = [{"epoch": EPOCH, "seq": seq, "type": "update"} for seq in range(1, 6)]
    told = [server(1, "publish", **each) for each in about[:4]] + [server(2, "send", **each) for each in about[1:4]]
    timeline = story(
        published(1, 1, 5),
        request(1),
        *told,
        link(3, "passed", link=1, epoch=EPOCH, first=3, last=4),
        driver(9, "clock"),
        server(9, "mark"),
    )
    assert [metrics(timeline)[name] for name in LOSSES] == [5, 1, 1, 2, 1, 0]


def test_where_the_logs_do_not_say_no_place_is_none() -> None:
    """Losses that cannot be placed leave open how many there were at a place; a place that has some says how many."""
    unplaced = metrics(story(published(1, 1, 2)))
    assert [unplaced[name] for name in LOSSES] == [2, None, None, None, 2, 0]
    told = link(3, "passed", link=1, epoch=EPOCH, first=2, last=2)
    in_part = metrics(story(published(1, 1, 2), told, driver(9, "clock")))
    assert [in_part[name] for name in LOSSES] == [2, None, None, 1, 1, 0]


def test_copies_that_the_server_sent() -> None:
    """A copy that the server sent, too, is its own; where it is not known what the server sent, nothing is counted."""
    copies = [server(at_ms, "send", epoch=EPOCH, seq=1, type="update") for at_ms in (5, 15)]
    twice = (message(10, 1), message(20, 1), message(30, 1))
    whole = (server(1, "publish", epoch=EPOCH, seq=1, type="update"), server(40, "mark"), request(1))
    assert metrics(story(*twice, *whole, *copies))["duplicated_by_server"] == 1
    assert metrics(story(*twice, *whole, copies[0]))["duplicated_by_server"] == 0
    assert metrics(story(*twice, copies[0]))["duplicated_by_server"] is None


# ── several breaks ──

TWO_BREAKS: Final = (
    broke(1_000),
    page(1_010, "close", code=1006),
    page(1_100, "open"),
    broke(2_000),
    page(2_300, "silence", idle_ms=300),
    page(2_350, "open"),
)


def test_the_worst_break_counts() -> None:
    """With several breaks the times are those of the worst one."""
    values = metrics(story(*TWO_BREAKS))
    assert (values["detect_ms"], values["reopen_ms"], values["breaks"]) == (300, 350, 2)


def test_a_break_that_nothing_followed_has_no_time() -> None:
    """A break after which it never opened again makes the time None: the first break's does not stand in for it."""
    values = metrics(story(*TWO_BREAKS[:-1]))
    assert (values["detect_ms"], values["reopen_ms"]) == (300, None)


def test_the_cut_that_mends_a_blackhole_is_no_sign() -> None:
    """What a page notices only when the dead link is cut at the end, it has not noticed by itself."""
    silent = [broke(1_000), driver(9_000, "mended", network="blackhole", cut=True), page(9_004, "close", code=1006)]
    assert metrics(story(*silent))["detect_ms"] is None
    assert metrics(story(*silent, page(3_500, "silence", idle_ms=2_500)))["detect_ms"] == 2_500
    healed = driver(9_000, "mended", network="stall", cut=False)
    assert metrics(story(silent[0], healed, silent[2]))["detect_ms"] == 8_004


def test_a_sign_from_before_the_break_belongs_to_the_one_before() -> None:
    """An entry that had been read when the network was broken is no sign of that break, whatever the clocks say."""
    breaks = [driver(1_000, "break", page_entries=2), driver(2_000, "break", page_entries=4)]
    entries = [
        page(1_001, "close", n=2),
        page(2_000.5, "open", n=3),
        page(2_300, "error", n=4),
        page(2_400, "open", n=5),
    ]
    values = metrics(story(*breaks, *entries))
    assert (values["detect_ms"], values["reopen_ms"]) == (300, 1_000.5)


@pytest.mark.parametrize(
    ("arrived", "recovered_ms"),
    [
        ((message(1_700, 1, epoch=NEXT_EPOCH),), 700),
        ((message(1_700, 1, epoch=EPOCH),), None),  # the same number, but of before the restart
        ((message(1_650, 2, epoch=NEXT_EPOCH), message(1_800, 1, epoch=NEXT_EPOCH)), 800),
        ((), None),
    ],
    ids=["new epoch", "old epoch", "out of order", "never"],
)
def test_recovery_is_the_first_message_published_after_the_break(
    arrived: tuple[Observation, ...], recovered_ms: float | None
) -> None:
    """Recovered means that the first message published after the break came, known by epoch and number."""
    before = (published(100, 1), message(110, 1), broke(1_000), published(1_600, 1, 2, epoch=NEXT_EPOCH))
    assert metrics(story(*before, *arrived))["recover_ms"] == recovered_ms


# ── attempts and delays ──


@pytest.mark.parametrize(
    ("transport", "attempts"), [("eventsource", 3), ("eventsource+", 1), ("websocket+", 1), ("fetch-stream", 1)]
)
def test_an_eventsource_announces_its_own_tries(transport: str, attempts: int) -> None:
    """Only of a bare EventSource do errors in state CONNECTING count as tries: no call of ours makes them."""
    timeline = story(
        opening(10, transport),
        page(20, "error", state="CONNECTING"),  # before the break
        broke(1_000),
        page(1_001, "error", state="CONNECTING"),
        page(1_500, "error", state="CONNECTING"),
        page(2_000, "error", state="CLOSED"),
        opening(2_500, transport),
    )
    assert connection_attempts(timeline, timeline.of("driver", "break")[0]) == attempts


def test_an_error_and_its_close_are_one_end() -> None:
    """A WebSocket's error and close in the same millisecond give one delay, not two."""
    ended = [page(1_000, "error", state="CLOSED"), page(1_000, "close", code=1006)]
    assert reconnect_delays_ms(story(*ended, request(3_000))) == [2_000]
    assert reconnect_delays_ms(LIFE) == [1_998]


def test_a_delay_ends_at_the_next_stream_request() -> None:
    """Each end the page noticed is measured to its own next request; a POST or a page load is none."""
    timeline = story(
        page(1_000, "error"),
        request(1_100, "/channels/c1/messages"),
        request(1_200, "/static/probe.html"),
        request(1_500, "/sse/c1?since=0"),
        page(2_000, "error"),  # refused: nobody saw a request
        page(5_000, "error"),
        request(5_250, "/sse/c1"),
        page(6_000, "close"),
    )
    assert reconnect_delays_ms(timeline) == [500, 250]


# ── the server's notice, latencies, uplink ──


@pytest.mark.parametrize(("gone_ms", "notice_ms"), [(540, 40), (460, -40), (400, None)])
def test_the_notice_belongs_to_the_leaving(gone_ms: float, notice_ms: float | None) -> None:
    """The server's notice counts from the leaving; a subscriber who went long before it is another one."""
    timeline = story(driver(500, "left", how="closed"), server(gone_ms, "gone", because="peer left"))
    assert metrics(timeline)["server_notice_ms"] == notice_ms


def test_latency_is_from_publish_to_page() -> None:
    """Updates are measured from the server's publish to the page; fences, uplinks and early clocks are not negative."""
    told = [server(100 * seq, "publish", seq=seq, type="update") for seq in (1, 2, 3)]
    got = [message(107, 1), message(203, 2), message(299, 3)]  # the page's clock is a millisecond behind
    other = [server(400, "publish", seq=4, type="fence"), message(450, 4, kind="fence"), message(500, 9)]
    timeline = story(*told, *got, *other)
    assert delivery_latencies_ms(timeline) == [7, 3, 0]
    assert metrics(timeline)["delivery_p50_ms"] == 3
    assert metrics(timeline)["delivery_p95_ms"] == pytest.approx(6.6)


def test_an_outage_is_no_latency() -> None:
    """Of an attempt with a break no delivery latency is given: it would measure the outage."""
    timeline = story(server(100, "publish", seq=1, type="update"), message(107, 1), broke(500))
    assert delivery_latencies_ms(timeline) == []


def test_an_uplink_goes_there_and_back() -> None:
    """The round trip begins when the page began to send and ends with the same payload's return."""
    timeline = story(
        sent(110, "a", took_ms=10), message(130, 1, kind="uplink", text="a"), sent(200, "b"), sent(300, "never back")
    )
    assert uplink_round_trips_ms(timeline) == [30]
    assert metrics(timeline)["uplink_ms"] == 30


def test_the_same_uplink_twice_is_two_trips() -> None:
    """A payload sent again is measured to a return after its own sending, never backwards."""
    timeline = story(
        sent(100, "a"),
        message(130, 1, kind="uplink", text="a"),
        sent(200, "a"),
        message(250, 2, kind="uplink", text="a"),
    )
    assert uplink_round_trips_ms(timeline) == [30, 50]


# ── percentile ──

measured = st.lists(st.floats(0, 1e6), max_size=30)


def modelled(values: list[float], percent: int) -> float:
    """Linear interpolation between the two nearest ranks of the sorted values."""
    ranked = sorted(values)
    rank = (len(ranked) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (rank - below)


@steady
@given(values=measured, percent=st.integers(1, 99))
def test_percentile_interpolates_between_ranks(values: list[float], percent: int) -> None:
    """A percentile is what interpolating between the sorted values gives; of nothing it is None."""
    found = percentile(values, percent)
    assert found == (pytest.approx(modelled(values, percent), rel=1e-9, abs=1e-9) if values else None)


@steady
@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=30), low=st.integers(1, 99), high=st.integers(1, 99))
def test_percentiles_stay_in_order_and_inside(values: list[float], low: int, high: int) -> None:
    """No percentile lies outside of what was measured, and a higher one is never smaller."""
    one, other = (percentile(values, percent) for percent in sorted((low, high)))
    assert one is not None
    assert other is not None
    fine = 1e-9 * max(values)
    assert min(values) - fine <= one <= other + fine <= max(values) + 2 * fine


@pytest.mark.parametrize("values", [[7.0], [7.0] * 5])
def test_percentile_of_one_value_is_that_value(values: list[float]) -> None:
    """However often one value was measured, each of its percentiles is it."""
    assert {percentile(values, percent) for percent in (1, 50, 95, 99)} == {7.0}
