"""What a subscriber makes of the bytes that come: numbers, latencies, losses, the resume point."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirematrix.load.messages import SMALLEST, Messages
from wirematrix.load.tally import Account, Tally, accounted

NUMBERS = st.lists(st.integers(1, 30), max_size=60)
MESSAGES = Messages(200, seed=1)


def envelope(number: int, due_ns: int) -> str:
    """A message as the app frames it."""
    return f'{{"seq":{number + 5},"ts":1.5,"type":"update","data":{MESSAGES.payload(number, due_ns)}}}'


def sse(number: int, due_ns: int = 0) -> bytes:
    """The same as an SSE event."""
    return f"id: e1-{number + 5}\ndata: {envelope(number, due_ns)}\n\n".encode()


@given(NUMBERS, st.data())
def test_reads_the_same_however_it_comes(numbers: list[int], data: st.DataObject) -> None:
    """Messages that come in one read and messages that come one by one give the same sums."""
    one_by_one, together = Tally(), Tally()
    left = list(numbers)
    while left:
        size = data.draw(st.integers(1, len(left)))
        together.take(b"".join(sse(number, number * 10) for number in left[:size]), 1000)
        left = left[size:]
    for number in numbers:
        one_by_one.take(envelope(number, number * 10).encode(), 1000)
    assert list(one_by_one.numbers) == list(together.numbers) == numbers
    assert list(one_by_one.latency_ns) == list(together.latency_ns) == [1000 - number * 10 for number in numbers]
    assert one_by_one.highest == together.highest == max(numbers, default=0)
    assert one_by_one.received == together.received == len(numbers)


@given(NUMBERS, st.integers(1, 30), st.integers(1, 30))
def test_every_message_is_accounted_for_once(numbers: list[int], first: int, last: int) -> None:
    """Deliveries are the messages asked for that came, without repeats, plus the repeats; the rest is lost."""
    account = accounted(numbers, first, last)
    inside = [number for number in numbers if first <= number <= last]
    assert account.deliveries == len(inside)
    assert account.deliveries - account.duplicated + account.lost == max(0, last - first + 1)
    assert account.duplicated == len(inside) - len(set(inside))
    assert account.lost >= 0


@given(st.lists(st.integers(1, 30), unique=True))
def test_what_comes_in_order_is_not_reordered(numbers: list[int]) -> None:
    """Nothing is reordered exactly if each number is higher than all before it."""
    in_order = sorted(numbers)
    assert accounted(in_order, 1, 30).reordered == 0
    assert (accounted(numbers, 1, 30).reordered == 0) == (numbers == in_order)


def test_a_repeat_is_not_reordered() -> None:
    """An old message that comes again is a duplicate and nothing else."""
    assert accounted([1, 2, 3, 2], 1, 3) == Account(deliveries=4, duplicated=1)


def test_accounts_add_up() -> None:
    """The account of many subscribers is the sum of theirs."""
    one = Account(deliveries=3, lost=1, duplicated=2, reordered=1)
    assert one + one == Account(deliveries=6, lost=2, duplicated=4, reordered=2)


def test_spaces_in_json_are_read() -> None:
    """A service that spells JSON with spaces is read all the same."""
    tally = Tally()
    tally.take(b'data: {"data": {"n": 7, "due_ns": 100, "fill": ""}}\r\n\r\n', 250)
    assert (list(tally.numbers), list(tally.latency_ns)) == ([7], [150])


def test_due_time_at_the_end_is_read() -> None:
    """Nothing need follow the due time."""
    tally = Tally()
    tally.take(b'{"n":7,"due_ns":100}', 250)
    assert list(tally.latency_ns) == [150]


def test_half_a_message_counts_for_nothing() -> None:
    """A number without its due time is no load message."""
    tally = Tally()
    tally.take(b'{"n":7,"du', 250)
    assert (tally.received, list(tally.numbers)) == (0, [])


def test_resume_point_over_sse_is_the_last_id() -> None:
    """An SSE stream goes on after the id of the newest message."""
    tally = Tally()
    tally.take(b'id: e1-5\ndata: {"type":"hello","data":{"resume":"e1-5"}}\n\n', 1)
    tally.take(sse(1) + sse(2), 1)
    assert tally.resume_point() == "e1-7"


def test_resume_point_over_websocket_is_epoch_and_seq() -> None:
    """A WebSocket goes on after the newest `seq`, in the epoch that the greeting named."""
    tally = Tally()
    tally.take(b'{"seq":5,"type":"hello","data":{"epoch":"a-b","resume":"a-b-5"}}', 1)
    assert tally.resume_point() == "a-b-5"
    tally.take(envelope(4, 0).encode(), 1)
    assert tally.resume_point() == "a-b-9"


def test_a_greeting_that_comes_with_messages_is_read() -> None:
    """The first message may come in the same read as the greeting before it."""
    tally = Tally()
    tally.take(b'{"seq":5,"type":"hello","data":{"resume":"e1-5"}}' + envelope(4, 0).encode(), 1)
    assert (tally.resume_point(), tally.received) == ("e1-9", 1)


def test_without_a_greeting_there_is_no_resume_point() -> None:
    """A server that names no epoch cannot be asked to go on."""
    tally = Tally()
    tally.take(envelope(4, 0).encode(), 1)
    assert tally.resume_point() == ""


@pytest.mark.parametrize("came", [b'{"seq":1,"type":"heartbeat","data":null}', b": ping\n\n", b"ping"])
def test_heartbeats_are_counted(came: bytes) -> None:
    """Whatever is no load message and no greeting is a heartbeat."""
    tally = Tally()
    tally.take(came, 1)
    assert (tally.heartbeats, tally.received) == (1, 0)


@settings(deadline=None, max_examples=25)  # a text is spelled for each
@given(st.integers(SMALLEST, 5000), st.integers(1, 10**9), st.integers(0, 2**62), st.integers(0, 9))
def test_payload_is_as_long_as_asked_for(payload_bytes: int, number: int, due_ns: int, seed: int) -> None:
    """The JSON of `data` has exactly the asked length, and the same seed spells the same."""
    messages = Messages(payload_bytes, seed)
    spelled = messages.payload(number, due_ns)
    assert len(spelled.encode()) == payload_bytes
    assert Messages(payload_bytes, seed).payload(number, due_ns) == spelled
