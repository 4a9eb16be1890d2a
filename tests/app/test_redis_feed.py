"""The feed of several nodes in one Redis: numbered once for all, resumed anywhere, and what an outage costs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.channel import ResumePoint
from app.redis_feed import RedisFeed
from app.refusal import Refused
from app.settings import Settings
from app.tuning import Tuning
from tests.app.peers import Transport, both_transports, sse_status, subscribed
from tests.app.redis_servers import NEEDS_REDIS, OwnRedis, own_redis
from tests.app.serving import BUDGET_S, Answer, Served, serving

pytestmark = NEEDS_REDIS
NAME = "shared"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis that keeps what it acknowledged."""
    with own_redis(tmp_path) as running:
        yield running


@contextmanager
def two_nodes(redis: OwnRedis, **settings: int) -> Iterator[tuple[Served, Served]]:
    """Two services that share it."""
    with serving(feed=redis.url, **settings) as one, serving(feed=redis.url, **settings) as other:
        yield one, other


def offered(node: Served, payload: object) -> Answer:
    """What a publish is answered, whatever that is."""
    return node.ask("POST", f"/control/channels/{NAME}/publish", {"data": payload})


def published_again(node: Served) -> int:
    """Publish until it is acknowledged; its number."""
    gave_up = threading.Event()
    timer = threading.Timer(BUDGET_S, gave_up.set)
    timer.start()
    try:
        while not gave_up.is_set():
            answer = offered(node, "again")
            if answer.status == 200:
                return int(answer.json["seqs"][1])
            gave_up.wait(0.05)  # a service whose feed is back tells nobody
    finally:
        timer.cancel()
    pytest.fail(f"not published again within {BUDGET_S} s")


@both_transports
def test_what_one_node_publishes_all_deliver(redis: OwnRedis, transport: Transport) -> None:
    """Subscribers of both nodes get what either publishes, under the same numbers and the same epoch."""
    with (
        two_nodes(redis) as (one, other),
        subscribed(one, transport, NAME) as here,
        subscribed(other, transport, NAME) as there,
    ):
        assert here.hello["data"]["epoch"] == there.hello["data"]["epoch"]
        assert one.publish(NAME, "a", "b") == [1, 2]
        assert other.publish(NAME, "c") == [3, 3]
        seen = [[(one["seq"], one["ts"], one["data"]) for one in reading.take(3)] for reading in (here, there)]
        assert seen[0] == seen[1]
        assert [(seq, data) for seq, _, data in seen[0]] == [(1, "a"), (2, "b"), (3, "c")]


@both_transports
def test_resuming_at_another_node_is_gapless(redis: OwnRedis, transport: Transport) -> None:
    """A resume point of one node is worth as much at the other, even for a channel that this one never served."""
    with two_nodes(redis) as (one, other):
        with subscribed(one, transport, NAME) as reading:
            one.publish(NAME, 1, 2)
            epoch = reading.hello["data"]["epoch"]
            assert [envelope["seq"] for envelope in reading.take(2)] == [1, 2]
        one.publish(NAME, 3, 4)
        with subscribed(other, transport, NAME, since=f"{epoch}-2") as reading:
            assert reading.hello["data"]["epoch"] == epoch
            one.publish(NAME, 5)
            assert [(envelope["type"], envelope["seq"]) for envelope in reading.take(3)] == [
                ("update", 3),
                ("update", 4),
                ("update", 5),
            ]


def test_a_resume_point_just_acknowledged_is_known_everywhere(redis: OwnRedis) -> None:
    """Whoever resumes at a node that has not read on yet is not told that the point lies ahead."""
    with two_nodes(redis) as (one, other):
        with subscribed(other, "sse", NAME) as reading:
            epoch = reading.hello["data"]["epoch"]
        for number in range(1, 30):
            one.publish(NAME, number)
            with subscribed(other, "sse", NAME, since=f"{epoch}-{number}") as reading:
                assert reading.hello["seq"] == number


@pytest.mark.anyio
async def test_a_copy_that_lags_does_not_call_a_resume_point_wrong(redis: OwnRedis) -> None:
    """A node that missed the last messages before an outage says "not known here yet" (503), not "ahead" (400)."""
    feed = RedisFeed(
        redis.url,
        tuning=Tuning(heartbeat_ms=None, retry_ms=None, replay_limit=100, replay_bytes=1_000_000),
        max_channels=1,
        on_publish=lambda _channel, _messages: None,
        end_all=lambda _channel: None,
        traced=False,
    )  # not started, so it takes in nothing that it does not ask for
    epoch = (await feed.open(NAME)).epoch
    with serving(feed=redis.url) as other:
        published_again(other)
        redis.kill()
        seen = ResumePoint(epoch=epoch, seq=1)
        with pytest.raises(Refused, match="resume point: not known here yet") as refused:
            (await feed.open(NAME)).start_for(seen)
        assert refused.value.status == 503
        redis.start()
        assert (await feed.open(NAME)).start_for(seen).is_empty
        with pytest.raises(Refused, match="ahead of the channel"):
            (await feed.open(NAME)).start_for(ResumePoint(epoch=epoch, seq=2))
        await feed.close()


@both_transports
def test_finished_at_one_node_is_finished_at_all(redis: OwnRedis, transport: Transport) -> None:
    """Subscribers of every node get what was published before and end; nobody publishes, whichever node is asked."""
    with two_nodes(redis) as (one, other):
        with subscribed(other, transport, NAME) as reading:
            epoch = reading.hello["data"]["epoch"]
            one.publish(NAME, 1, 2)
            assert one.control(NAME, "finish")["finished"] is True
            assert [envelope["seq"] for envelope in reading.rest()] == [1, 2]
        assert other.facts.wait(kind="gone", channel=NAME)[0]["because"] == "finished"
        assert [offered(node, 3).status for node in (one, other)] == [409, 409]
        assert sse_status(other, NAME, since=f"{epoch}-2") == 204
        with subscribed(other, transport, NAME, since=f"{epoch}-1") as reading:
            assert [envelope["seq"] for envelope in reading.rest()] == [2]


def test_finished_outlives_the_nodes(redis: OwnRedis) -> None:
    """A node that never served the channel learns of its end with its messages; finishing twice is as good as once."""
    with serving(feed=redis.url) as node:
        node.publish(NAME, 1)
        for _ in range(2):
            node.control(NAME, "finish")
    with serving(feed=redis.url) as fresh, subscribed(fresh, "sse", NAME, since="0") as reading:
        assert [envelope["seq"] for envelope in reading.rest()] == [1]
        assert offered(fresh, 2).status == 409
        assert fresh.statistics(NAME)["finished"] is True


def test_trimmed_history_is_told_like_everywhere(redis: OwnRedis) -> None:
    """Whoever comes back later than the history lasts is told of the gap, at whichever node."""
    with two_nodes(redis, replay_limit=3) as (one, other):
        with subscribed(one, "sse", NAME) as reading:
            epoch = reading.hello["data"]["epoch"]
        one.publish(NAME, *range(1, 11))
        with subscribed(other, "sse", NAME, since=f"{epoch}-2") as reading:
            gap, *kept = reading.take(4)
        assert (gap["type"], gap["data"]["from"], gap["data"]["to"], gap["data"]["reason"]) == (
            "gap",
            3,
            7,
            "history-gone",
        )
        assert [envelope["seq"] for envelope in kept] == [8, 9, 10]


@both_transports
def test_nothing_acknowledged_is_lost_when_redis_is_killed(redis: OwnRedis, transport: Transport) -> None:
    """Redis is killed while messages are published and comes back: each acknowledged one arrives once, in order."""
    acknowledged: list[int] = []
    with two_nodes(redis) as (one, other), subscribed(other, transport, NAME) as reading:
        stop = threading.Event()

        def publish() -> None:
            while not stop.is_set():
                answer = offered(one, len(acknowledged))
                if answer.status == 200:
                    acknowledged.append(answer.json["seqs"][1])
                else:
                    assert answer.status == 503

        publisher = threading.Thread(target=publish)
        publisher.start()
        reading.take(50)
        redis.kill()
        refused = offered(one, "refused")
        assert refused.status == 503
        assert refused.headers["retry-after"] == "1"
        assert "feed: " in refused.json["error"]
        redis.start()
        published_again(one)
        stop.set()
        publisher.join(BUDGET_S)
        last = published_again(one)
        seen = [envelope["seq"] for envelope in reading.take(last - 50)]
    assert set(acknowledged) <= set(range(1, last + 1))
    assert seen == list(range(51, last + 1))


def test_the_service_says_what_its_feed_does(redis: OwnRedis) -> None:
    """Where messages are, and that Redis is away; who is subscribed stays and hears heartbeats."""
    with serving(feed=redis.url, heartbeat_ms=50) as node, subscribed(node, "sse", NAME) as reading:
        assert node.ask("GET", "/healthz").json == {"status": "ok", "feed": "redis"}
        redis.kill()
        while node.ask("GET", "/healthz").json["feed"] == "redis":
            reading.next()
        assert node.ask("GET", "/healthz").json == {"status": "ok", "feed": "redis is away"}
        assert [reading.next()["type"] for _ in range(3)] == ["heartbeat"] * 3
        assert node.ask("GET", "/sse/never-heard-of").status == 503
        redis.start()
        published_again(node)
        assert reading.take(1)[0]["data"] == "again"


def test_a_silent_redis_is_away(redis: OwnRedis) -> None:
    """A Redis that keeps its connections and answers nobody holds up no publisher for good; what came of it is unknown."""
    with serving(feed=redis.url) as node:
        assert published_again(node) == 1
        with redis.silent():
            refused = offered(node, "unknown")
        assert refused.status == 503
        assert published_again(node) in {2, 3}


@both_transports
def test_an_empty_redis_is_a_new_epoch(tmp_path: Path, transport: Transport) -> None:
    """A Redis that comes back without what it acknowledged: subscribers are ended, come back and are told of the gap."""
    with own_redis(tmp_path, keeps=False) as redis, serving(feed=redis.url) as node:
        with subscribed(node, transport, NAME) as reading:
            epoch = reading.hello["data"]["epoch"]
            node.publish(NAME, 1, 2, 3)
            reading.take(3)
            redis.kill()
            redis.start()
            assert reading.rest() == []
        assert node.facts.wait(kind="gone", channel=NAME)[0]["because"] == "feed lost"
        with subscribed(node, transport, NAME, since=f"{epoch}-3") as reading:
            assert reading.hello["data"]["epoch"] != epoch
            gap = reading.take(1)[0]
            assert (gap["type"], gap["data"]["reason"], gap["data"]["lost_from"]) == (
                "gap",
                "epoch-changed",
                f"{epoch}-3",
            )
            assert node.publish(NAME, "anew") == [1, 1]
            assert reading.take(1)[0]["data"] == "anew"


def test_redis_may_come_later_than_the_service(tmp_path: Path) -> None:
    """A service whose Redis is not there yet starts, refuses in the open, and serves as soon as it is."""
    redis = OwnRedis(tmp_path)
    with serving(feed=redis.url) as node:
        assert node.ask("GET", "/healthz").json["feed"] == "redis is away"
        assert offered(node, 1).status == 503
        redis.start()
        try:
            assert published_again(node) == 1
        finally:
            redis.kill()


def test_a_bad_address_is_one_sentence() -> None:
    """What is no address of a Redis is refused with the setting's name, the value and what is accepted."""
    with pytest.raises(ValidationError, match=r"(?s)feed.*\(redis\|rediss\|unix\)://.*http://127.0.0.1"):
        Settings(feed="http://127.0.0.1")
