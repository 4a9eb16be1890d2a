"""Load messages: what the publisher has the server send, and how a subscriber would spell the same.

`data` is `{"n": 1, "due_ns": ..., "fill": "..."}`, compact, its JSON exactly as long as asked for. The fill is made
of words from a seed, different in each message, so that compression finds what it finds in real updates: a shared
vocabulary and not one text again and again.
"""

from __future__ import annotations

import random
from typing import Final

TEXT_BYTES: Final = 1 << 16  # twice the window of deflate, so that a fill is not found again in it
STRIDE: Final = 7919  # prime: from one message to the next
WORDS: Final = (
    *("step", "status", "running", "finished", "failed", "queued", "worker", "node", "task", "elapsed", "progress"),
    *("tokens", "output", "stderr", "message", "retry", "attempt", "build", "deploy", "cache", "hit", "miss"),
)
SMALLEST: Final = 64  # bytes: the numbers themselves need as much


class Messages:
    """Spells messages of `payload_bytes`; the same seed spells the same."""

    def __init__(self, payload_bytes: int, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a payload, no secret
        self._payload_bytes = payload_bytes
        self._text = _text(chance, TEXT_BYTES + payload_bytes)

    def payload(self, number: int, due_ns: int) -> str:
        """The JSON of `data`: longer than asked for only if the numbers alone are."""
        head = f'{{"n":{number},"due_ns":{due_ns},"fill":"'
        begin = number * STRIDE % TEXT_BYTES
        return f'{head}{self._text[begin : begin + max(0, self._payload_bytes - len(head) - 2)]}"}}'

    def publish(self, number: int, due_ns: int) -> str:
        """One frame of the publishing socket."""
        return f'{{"data":{self.payload(number, due_ns)}}}'


def _text(chance: random.Random, length: int) -> str:
    words: list[str] = []
    size = 0
    while size < length:
        word = chance.choice(WORDS) if chance.random() < 0.7 else f"{chance.randrange(10**6)}"
        words.append(word)
        size += len(word) + 1
    return " ".join(words)[:length].ljust(length, ".")
