"""What it costs the fault proxy to know which messages pass: CPU per message, best of several rounds.

python tools/passing_cost.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.envelope import encode_hello, encode_message
from wirematrix.passing import PassingMessages

MESSAGES: Final = 10_000
ROUNDS: Final = 7
EPOCH: Final = "0123abcd"
STREAM: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE: Final = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def chunk(body: bytes) -> bytes:
    """A chunk of an event stream."""
    return b"%x\r\n%s\r\n" % (len(body), body)


def frame(text: str) -> bytes:
    """A text frame of less than 126 bytes."""
    return bytes((0x81, len(text))) + text.encode()


def pieces(framing: str, together: int) -> list[bytes]:
    """The bytes of a stream of MESSAGES, so many of them in a piece."""
    hello = encode_hello(channel="c", epoch=EPOCH, seq=0, heartbeat_ms=None, retry_ms=None)
    said = [
        encode_message(seq=seq, kind="update", payload='{"step":1}', resume=f"{EPOCH}-{seq}")
        for seq in range(1, MESSAGES + 1)
    ]
    groups = [said[at : at + together] for at in range(0, MESSAGES, together)]
    if framing == "event stream":
        return [STREAM + chunk(hello.sse), *(chunk(b"".join(one.sse for one in group)) for group in groups)]
    long = hello.text.encode()
    begins = UPGRADE + bytes((0x81, 126)) + len(long).to_bytes(2, "big") + long
    return [begins, *(b"".join(frame(one.text) for one in group) for group in groups)]


def microseconds(stream: list[bytes]) -> float:
    """CPU time per message."""
    spent_s = float("inf")
    for _ in range(ROUNDS):
        passing, told = PassingMessages(), 0
        began_s = time.process_time()
        for piece in stream:
            told += sum(run.last - run.first + 1 for run in passing.feed(piece))
        spent_s = min(spent_s, time.process_time() - began_s)
        if told != MESSAGES:
            raise SystemExit(f"{told} of {MESSAGES} messages were recognised: {passing.gave_up or 'no reason given'}")
    return spent_s / MESSAGES * 1e6


def main() -> None:
    """Measure and print."""
    for framing in ("event stream", "frames"):
        for together in (1, 100):
            spent = microseconds(pieces(framing, together))
            print(f"{framing}, {together} a piece: {spent:.1f} µs of CPU a message")


if __name__ == "__main__":
    main()
