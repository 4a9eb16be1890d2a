"""What one subscriber received, message by message: count, order, losses, repeats, latency, resume point.

Pure: bytes and the time at which they came in, sums out. A load message is recognised by the two numbers that its
`data` begins with, `"n":` and `"due_ns":`, wherever in the bytes they stand, so the same reading serves SSE and
WebSocket, one message or many that came in one read. Whatever else comes (greetings, heartbeats) is told apart once.
What bytes say (`read`) and whose sums it goes into (`Tally.count`) are two steps, because in a fan-out hundreds of
subscribers get the same bytes: those need to be read once, and are counted for each (stream.py).

Not found this way: numbers inside of a JSON text in a JSON text, whose quotes are escaped.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

N: Final = b'"n":'
LOAD: Final = re.compile(rb'"n":\s*(\d+)\s*,\s*"due_ns":\s*(\d+)')
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


class Read(NamedTuple):
    """What some bytes say, whoever got them; a tuple, because it is taken apart for every delivery."""

    came: bytes  # whole messages
    numbers: tuple[int, ...]  # of the load messages in it, in their order
    due_ns: tuple[int, ...]  # beside it
    greets: bool  # a greeting that names a resume point came along


def read(came: bytes) -> Read:
    """What whole messages say."""
    found = LOAD.findall(came)
    return Read(
        came=came,
        numbers=tuple([int(number) for number, _ in found]),
        due_ns=tuple([int(due_ns) for _, due_ns in found]),
        greets=GREETED in came,
    )


class Tally:
    """One subscriber's running sums; `count` is all that happens per delivery, and it is the hot place."""

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
        self.count(read(came), at_ns)

    def count(self, what: Read, at_ns: int) -> None:
        """The same of bytes that have been read already."""
        came, numbers, due_ns, greets = what
        if not numbers:
            self._take_spoken(came)
            return
        if greets and not self.resumable:
            self.resumable = came
        if len(numbers) == 1:  # nearly always, as long as nobody is behind
            newest = numbers[0]
            self.numbers.append(newest)
            self.latency_ns.append(at_ns - due_ns[0])
        else:
            newest = max(numbers)
            self.numbers.extend(numbers)
            self.latency_ns.extend([at_ns - due for due in due_ns])
        if newest > self.highest:  # noqa: PLR1730 - a call of max() costs more than all of this line
            self.highest = newest
        self.received += len(numbers)
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
        elif N not in came and came.strip():
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
