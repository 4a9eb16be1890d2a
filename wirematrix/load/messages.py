"""Load messages: what the publisher has the server send, and how a subscriber would spell the same.

`data` is `{"n": 1, "due_ns": ..., "fill": "..."}`, compact, its JSON exactly as long as asked for. The fill is made
of words from a seed, different in each message, so that compression finds what it finds in real updates: a shared
vocabulary and not one text again and again.
"""

from __future__ import annotations

import random
from typing import Final

FILLS: Final = 1024  # together they are longer than the window of deflate, 32 KiB
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
        self._fills = [_fill(chance, payload_bytes) for _ in range(FILLS)]

    def payload(self, number: int, due_ns: int) -> str:
        """The JSON of `data`: longer than asked for only if the numbers alone are."""
        head = f'{{"n":{number},"due_ns":{due_ns},"fill":"'
        return f'{head}{self._fills[number % FILLS][: max(0, self._payload_bytes - len(head) - 2)]}"}}'

    def publish(self, number: int, due_ns: int) -> str:
        """One frame of the publishing socket."""
        return f'{{"data":{self.payload(number, due_ns)}}}'


def _fill(chance: random.Random, length: int) -> str:
    words: list[str] = []
    size = 0
    while size < length:
        word = chance.choice(WORDS) if chance.random() < 0.7 else f"{chance.randrange(10**6)}"
        words.append(word)
        size += len(word) + 1
    return " ".join(words)[:length].ljust(length, ".")
