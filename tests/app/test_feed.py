"""The numbered log: what a subscriber is given for each resume point, and what is forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batch import Batch
from app.channel import OLDEST, Channel, ResumePoint, Since, parse_since
from app.envelope import Message
from app.feed import Feed
from app.refusal import Refused
from app.tuning import Tuning

TUNING = Tuning(heartbeat_ms=None, retry_ms=None, replay_limit=100, replay_bytes=1_000_000)


class Recorder:
    """Takes everything it is offered."""

    def __init__(self) -> None:
        self.got: list[Message] = []

    def offer(self, batch: Batch) -> None:
        """Keep them."""
        self.got.extend(batch.messages)

    def handed(self, messages: Sequence[Message]) -> None:
        """Never written to."""
        raise AssertionError


def make_channel(*, replay_limit: int = 100, replay_bytes: int = 1_000_000) -> Channel:
    """A channel with a history of its own length."""
    tuning = replace(TUNING, replay_limit=replay_limit, replay_bytes=replay_bytes)
    return Feed(tuning=tuning, max_channels=10).channel("demo")


def seqs(messages: Sequence[Message]) -> list[int]:
    """Their numbers."""
    return [message.seq for message in messages]


def test_numbers_from_one_without_holes() -> None:
    """Messages are numbered 1, 2, 3, whatever their kind and however many are published at once."""
    channel, recorder = make_channel(), Recorder()
    channel.subscribe(recorder, None)
    channel.publish(["1"], kind="update")
    channel.publish(["2", "3"], kind="uplink")
    channel.publish(["null"], kind="fence")
    assert seqs(recorder.got) == [1, 2, 3, 4]
    assert [json.loads(message.text)["data"] for message in recorder.got] == [1, 2, 3, None]


def test_fresh_subscriber_starts_at_head() -> None:
    """Without a resume point only what is published from now on is delivered."""
    channel = make_channel()
    channel.publish(["1", "2"], kind="update")
    start = channel.start_for(None)
    assert (start.seq, start.gap, start.replay) == (2, None, [])


@pytest.mark.parametrize("seen", [0, 1, 4, 5])
def test_resumes_exactly_after_the_point(seen: int) -> None:
    """A resume point is honoured with exactly the messages after it."""
    channel = make_channel()
    channel.publish(["0"] * 5, kind="update")
    start = channel.start_for(ResumePoint(epoch=channel.epoch, seq=seen))
    assert start.gap is None
    assert start.seq == seen
    assert seqs(start.replay) == list(range(seen + 1, 6))


def test_oldest_means_all_that_is_kept() -> None:
    """`0` replays the whole history and calls nothing a gap."""
    channel = make_channel(replay_limit=3)
    channel.publish(["0"] * 5, kind="update")
    start = channel.start_for(OLDEST)
    assert (start.seq, start.gap, seqs(start.replay)) == (2, None, [3, 4, 5])


def test_tells_of_history_that_is_gone() -> None:
    """A resume point before the oldest message kept gets a gap up to it, then the rest."""
    channel = make_channel(replay_limit=3)
    channel.publish(["0"] * 8, kind="update")
    start = channel.start_for(ResumePoint(epoch=channel.epoch, seq=2))
    assert start.gap is not None
    assert (start.gap.first, start.gap.last, start.gap.reason) == (3, 5, "history-gone")
    assert (start.seq, seqs(start.replay)) == (2, [6, 7, 8])


def test_gap_reaches_the_head_without_history() -> None:
    """When nothing is kept the gap ends at the head, and delivery goes on after it."""
    channel = make_channel(replay_limit=0)
    channel.publish(["0"] * 4, kind="update")
    start = channel.start_for(ResumePoint(epoch=channel.epoch, seq=1))
    assert start.gap is not None
    assert (start.gap.first, start.gap.last, start.replay) == (2, 4, [])
    assert channel.oldest == 5


def test_tells_of_a_changed_epoch() -> None:
    """A resume point of another epoch is answered with a gap that names it, and all that is kept of the new one."""
    channel = make_channel(replay_limit=2)
    channel.publish(["0"] * 3, kind="update")
    lost = ResumePoint(epoch="00000000", seq=77)
    start = channel.start_for(lost)
    assert start.gap is not None
    assert (start.gap.first, start.gap.last, start.gap.reason) == (1, 1, "epoch-changed")
    assert start.gap.lost_from == lost
    assert (start.seq, seqs(start.replay)) == (0, [2, 3])


def test_epochs_differ() -> None:
    """Each channel of each feed has an epoch of its own: eight lower-case hex digits."""
    epochs = [make_channel().epoch for _ in range(20)]
    assert len(set(epochs)) == 20
    assert all(parse_since(f"{epoch}-0", where="since") for epoch in epochs)


def test_refuses_a_point_ahead_of_the_head() -> None:
    """A seq this epoch has not reached is a mistake, not a subscription to the future."""
    channel = make_channel()
    channel.publish(["0"], kind="update")
    with pytest.raises(Refused, match="ahead of the channel; expected at most") as refused:
        channel.subscribe(Recorder(), ResumePoint(epoch=channel.epoch, seq=2))
    assert refused.value.status == 400
    assert not channel.receivers


@pytest.mark.parametrize(
    "text",
    ["1", "abc", "0123abcd", "0123ABCD-1", "0123abcd-", "0123abcd-01", "0123abcd--1", "0123abcd-1\n", "-1", " 0"],
)
def test_refuses_malformed_resume_points(text: str) -> None:
    """Only `<8 hex digits>-<seq>` and `0` are resume points, and the refusal says so."""
    with pytest.raises(Refused, match=r"malformed resume point; expected <8 hex digits>-<seq>, or 0, got"):
        parse_since(text, where="since")


def test_history_is_bounded_by_bytes() -> None:
    """Large messages are forgotten by their size, long before they are many."""
    channel = make_channel(replay_bytes=10_000)
    channel.publish([json.dumps("x" * 4_000)] * 5, kind="update")
    assert channel.oldest == 4
    assert seqs(channel.start_for(OLDEST).replay) == [4, 5]


def test_smaller_limit_forgets_at_once() -> None:
    """Shrinking the replay limit forgets what is too much, without waiting for the next message."""
    channel = make_channel()
    channel.publish(["0"] * 5, kind="update")
    channel.tuning = replace(channel.tuning, replay_limit=1)
    assert channel.oldest == 5


def test_refuses_to_publish_when_finished() -> None:
    """A finished channel takes no message, and no number is spent on the attempt."""
    channel = make_channel()
    channel.finished = True
    with pytest.raises(Refused, match="finished") as refused:
        channel.publish(["1"], kind="update")
    assert (refused.value.status, channel.head) == (409, 0)


def test_eviction_explains_one_gap() -> None:
    """Who was evicted is told so by the gap on return; the next one at that position is not taken for it."""
    channel = make_channel(replay_limit=1)
    channel.publish(["0"] * 9, kind="update")
    channel.remember_eviction(first=2, last=5)
    point = ResumePoint(epoch=channel.epoch, seq=3)
    reasons = [gap.reason for _ in range(2) if (gap := channel.subscribe(Recorder(), point).gap)]
    assert reasons == ["slow-consumer", "history-gone"]


@pytest.mark.parametrize("name", ["", "A", "-a", ".a", "a b", "a/b", "ä", "a" * 65, "a\n", "a\x00"])
def test_refuses_bad_channel_names(name: str) -> None:
    """A name outside the rule is refused with the rule in the text."""
    with pytest.raises(Refused, match=r"bad channel name; expected \[a-z0-9\]") as refused:
        Feed(tuning=TUNING, max_channels=10).channel(name)
    assert (refused.value.status, refused.value.code) == (404, 4404)


def test_forgets_idle_channels_oldest_first() -> None:
    """Beyond the limit the idle channel used longest ago is forgotten; one with subscribers never is."""
    feed = Feed(tuning=TUNING, max_channels=3)
    busy, idle = feed.channel("busy"), feed.channel("idle")
    busy.subscribe(Recorder(), None)
    feed.channel("third")
    feed.channel("fourth")
    assert len(feed) == 3
    assert feed.channel("busy") is busy
    assert feed.channel("idle") is not idle


def test_refuses_channels_when_all_are_busy() -> None:
    """When every channel has subscribers there is no room for one more."""
    feed = Feed(tuning=TUNING, max_channels=1)
    feed.channel("one").subscribe(Recorder(), None)
    with pytest.raises(Refused, match="channels: too many; expected at most 1") as refused:
        feed.channel("two")
    assert (refused.value.status, refused.value.code) == (503, 1013)


class Follower(Recorder):
    """A subscriber whose connection breaks: it keeps a prefix of what it was sent and comes back with its last seq."""

    def __init__(self) -> None:
        super().__init__()
        self.since: Since = None
        self.covered: list[int] = []  # what was received or named by a gap
        self.repeated = 0

    def connect(self, channel: Channel) -> None:
        """Subscribe from where it stands."""
        self.got = []
        start = channel.subscribe(self, self.since)
        if self.since is None:
            self.covered = list(range(1, start.seq + 1))  # a fresh subscriber is owed nothing older
        if start.gap is not None:
            self.covered += range(start.gap.first, start.gap.last + 1)
        self.since = ResumePoint(epoch=channel.epoch, seq=max(start.seq, len(self.covered)))
        self.got = [*start.replay, *self.got]

    def lose(self, channel: Channel, kept: int) -> None:
        """The connection breaks after `kept` messages of what was sent."""
        channel.unsubscribe(self)
        for message in self.got[:kept]:
            self.covered.append(message.seq)
            self.since = ResumePoint(epoch=channel.epoch, seq=message.seq)
        self.got = []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 4)),
        st.tuples(st.just("break"), st.integers(0, 8)),
        st.tuples(st.just("connect"), st.just(0)),
    ),
    max_size=40,
)


@given(steps=steps, replay_limit=st.sampled_from([0, 1, 3, 1_000]))
def test_every_message_is_received_or_named_once(steps: list[tuple[str, int]], replay_limit: int) -> None:
    """However publishing and breaks interleave, each seq is received or named by a gap exactly once, in order."""
    channel, follower = make_channel(replay_limit=replay_limit), Follower()
    connected = False
    for step, number in [("connect", 0), *steps, ("break", 1_000), ("connect", 0), ("break", 1_000)]:
        match step:
            case "publish":
                channel.publish(["0"] * number, kind="update")
            case "break" if connected:
                follower.lose(channel, number)
                connected = False
            case "connect" if not connected:
                follower.connect(channel)
                connected = True
    assert follower.covered == list(range(1, channel.head + 1))
    if replay_limit == 1_000:
        assert follower.since == ResumePoint(epoch=channel.epoch, seq=channel.head)
