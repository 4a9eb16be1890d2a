"""The envelope: identical on both transports, one line whatever is in it."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.envelope import encode_gap, encode_heartbeat, encode_hello, encode_message, encode_payload
from app.refusal import Refused

HOSTILE = [
    "a\nb\r\nc\rd",
    "\x00",
    "\ud800",
    "\udfff\ud800",
    "\u2028\u2029\x85",
    "\ufeff",
    "🙂 ünïcödé",
    "",
    "</script>",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_survives_hostile_text(text: str) -> None:
    """Line breaks, NUL, lone surrogates and separators come back unchanged and stay on one line."""
    message = encode_message(seq=1, kind="update", payload=encode_payload(text, where="x"), resume="0123abcd-1")
    assert json.loads(message.text)["data"] == text
    assert message.sse.count(b"\n") == 3
    assert b"\r" not in message.sse


@given(payload=json_values)
def test_any_json_survives(payload: object) -> None:
    """Whatever JSON can say comes back equal, in an SSE event of exactly two lines."""
    message = encode_message(seq=7, kind="update", payload=encode_payload(payload, where="x"), resume="0123abcd-7")
    assert json.loads(message.text)["data"] == payload
    assert message.sse == f"id: 0123abcd-7\ndata: {message.text}\n\n".encode("ascii")


def test_has_four_keys_and_a_fresh_timestamp() -> None:
    """seq, ts in epoch milliseconds with three decimals, type, data, in this order."""
    before = time.time() * 1000
    text = encode_message(seq=3, kind="fence", payload="null").text
    assert list(json.loads(text)) == ["seq", "ts", "type", "data"]
    assert re.search(r'"ts":\d{13}\.\d{3},', text)
    assert before - 1 <= json.loads(text)["ts"] <= time.time() * 1000 + 1


def test_heartbeat_moves_no_resume_point() -> None:
    """A heartbeat has no `id:` and no `retry:`."""
    assert encode_heartbeat(seq=3).sse.startswith(b"data: ")


def test_retry_is_sent_only_if_configured() -> None:
    """`retry:` goes with hello, and only when there is a value."""
    with_retry = encode_hello(channel="a", epoch="0123abcd", seq=0, heartbeat_ms=None, retry_ms=0)
    without = encode_hello(channel="a", epoch="0123abcd", seq=0, heartbeat_ms=None, retry_ms=None)
    assert b"\nretry: 0\n" in with_retry.sse
    assert b"retry: " not in without.sse


def test_gap_stands_at_its_end() -> None:
    """A gap's seq and id are the last missing message: delivery goes on right after it."""
    gap = encode_gap(first=3, last=5, reason="history-gone", resume="0123abcd-5", lost_from=None)
    assert json.loads(gap.text)["seq"] == 5
    assert gap.sse.startswith(b"id: 0123abcd-5\n")


def deep(levels: int) -> object:
    """A list in a list in a list."""
    nested: object = 0
    for _ in range(levels):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "payload", [float("inf"), float("nan"), deep(100_000), b"bytes"], ids=["inf", "nan", "deep", "bytes"]
)
def test_refuses_what_json_cannot_carry(payload: object) -> None:
    """What cannot be encoded is refused before a number is spent on it."""
    with pytest.raises(Refused, match="publish: not encodable"):
        encode_payload(payload, where="publish")
