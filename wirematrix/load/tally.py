"""What one subscriber received, message by message: count, order, losses, repeats, latency, resume point.

Pure: bytes and the time at which they came in, sums out. A load message is recognised by the two numbers that its
`data` begins with, `"n":` and `"due_ns":`, wherever in the bytes they stand, so the same reading serves SSE and
WebSocket, one message or many that came in one read. Whatever else comes (greetings, heartbeats) is told apart once.

Not found this way: numbers inside of a JSON text in a JSON text, whose quotes are escaped.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

N: Final = b'"n":'
DUE: Final = b'"due_ns":'
SSE_ID: Final = re.compile(rb"(?:^|\n)id: ?([^\r\n]*)")
RESUME: Final = re.compile(rb'"resume": ?"([^"]*)"')
SEQ: Final = re.compile(rb'"seq": ?(\d+)')
GREETED: Final = b'"resume":'
SPOKEN: Final = (b'"type":"hello"', b'"type": "hello"', b'"type":"gap"', b'"type": "gap"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of the messages `first` to `last`, which each subscriber should have got once."""

    deliveries: int = 0  # repeats included
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            deliveries=self.deliveries + other.deliveries,
            lost=self.lost + other.lost,
            duplicated=self.duplicated + other.duplicated,
            reordered=self.reordered + other.reordered,
        )


class Tally:
    """One subscriber's running sums; `take` is all that happens per read, and it is the hot place."""

    __slots__ = ("heartbeats", "highest", "last_came", "latency_ns", "numbers", "received", "resumable")

    def __init__(self) -> None:
        self.numbers = array("q")  # of every load message since the last `forget`, as they came
        self.latency_ns = array("q")  # beside it
        self.received = 0  # load messages ever
        self.highest = 0
        self.heartbeats = 0
        self.last_came = b""  # the bytes with the newest load message, read only if somebody asks to resume
        self.resumable = b""  # the newest greeting that names a resume point

    def take(self, came: bytes, at_ns: int) -> None:
        """Whole messages that came in at `at_ns` (time.monotonic_ns)."""
        at = came.find(N)
        if at < 0:
            self._take_spoken(came)
            return
        if not self.resumable and GREETED in came:
            self.resumable = came
        numbers, latency_ns, highest = self.numbers, self.latency_ns, self.highest
        before = len(numbers)
        while at >= 0:
            comma = came.find(b",", at)
            due = came.find(DUE, comma)
            end = came.find(b",", due)
            if comma < 0 or due < 0:
                break
            number = int(came[at + 4 : comma])
            numbers.append(number)
            latency_ns.append(at_ns - int(came[due + 9 : end] if end >= 0 else came[due + 9 :].rstrip(b"} \r\n")))
            if number > highest:  # noqa: PLR1730 - a call of max() costs more than all of this line
                highest = number
            at = came.find(N, due)
        self.highest = highest
        self.received += len(numbers) - before
        self.last_came = came

    def forget(self) -> None:
        """Begin a new stretch: the numbers so far are not asked for any more."""
        del self.numbers[:]
        del self.latency_ns[:]

    def account(self, first: int, last: int) -> Account:
        """What became of the messages `first` to `last`, of those that came since the last `forget`."""
        return accounted(self.numbers, first, last)

    def latencies_ns(self, first: int, last: int) -> Iterable[int]:
        """Due to received, nanoseconds, of every copy of the messages `first` to `last`."""
        pairs = zip(self.numbers, self.latency_ns, strict=True)
        return (latency for number, latency in pairs if first <= number <= last)

    def resume_point(self) -> str:
        """Where delivery would have to go on, `<epoch>-<seq>`; "" if the server never named one.

        An SSE message names it itself; over WebSocket the greeting names the epoch and each message its `seq`.
        """
        named = SSE_ID.findall(self.last_came)
        if named:
            return str(named[-1].decode("ascii", "replace"))
        greeted = RESUME.search(self.resumable)
        if not greeted:
            return ""
        epoch, _, since = greeted[1].decode("ascii", "replace").rpartition("-")
        seqs = SEQ.findall(self.last_came)
        return f"{epoch}-{max(int(seqs[-1]) if seqs else 0, int(since) if since.isdecimal() else 0)}"

    def _take_spoken(self, came: bytes) -> None:
        if any(word in came for word in SPOKEN):
            if RESUME.search(came):
                self.resumable = came
        elif came.strip():
            self.heartbeats += max(1, came.count(b"\n\n"))


def accounted(numbers: Iterable[int], first: int, last: int) -> Account:
    """The account of message numbers in the order in which they came."""
    seen: set[int] = set()
    deliveries = reordered = highest = 0
    for number in numbers:
        if not first <= number <= last:
            continue
        deliveries += 1
        if number not in seen and number < highest:
            reordered += 1
        seen.add(number)
        highest = max(highest, number)
    return Account(
        deliveries=deliveries,
        lost=max(0, last - first + 1) - len(seen),
        duplicated=deliveries - len(seen),
        reordered=reordered,
    )
