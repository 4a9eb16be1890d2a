"""The ledger: what publisher, server, links and page say of each numbered message, read from one timeline.

A message is known by (epoch, seq): after a restart the app numbers anew under a new epoch. What each log says:

    published   the driver had the server publish it and was told its number
    accepted    the server took it in, the page's uplink messages included
    sent        the server handed it to a socket, once for each subscriber
    passed      the proxy wrote it to the page's socket to its last byte, no RST took that back, and the socket is on
                loopback, where sent is received; over another way packets get lost, so there it is only `written`
    received    the page's own code was handed it

What a log does not say means something only where the log is whole:

- The server's is whole up to its `mark`, which the driver asks for after the page's log was read for the last time.
- Those of the links are whole if nothing went by that their reader does not know ("unread"), and if the server was
  asked for no more streams than the links were. One that was asked for by another way cannot be seen there.
- The page's is whole if it was read at the end (the driver's `clock`), or before the page was made to go (`left`).
  What was sent or passed only after that is `on_its_way`: whether it arrived, nobody saw.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from wirematrix.model import Observation
from wirematrix.timeline import Timeline

NUMBERED: Final = ("update", "uplink", "fence")
STREAMS: Final = ("/sse/", "/ws/")  # where the targets of the app's streams begin

Key = tuple[str, int]  # (epoch, seq)
Range = tuple[str, int, int]  # (epoch, first seq, last seq)
Copies = Mapping[Key, int]
Said = defaultdict[tuple[str, str], list[Observation]]  # by source and kind
Timed = tuple[Key, float]  # and when, in ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the logs say, in the order in which they say it."""

    published: tuple[Key, ...] = ()  # each once
    accepted: frozenset[Key] = frozenset()
    sent: Copies = field(default_factory=dict)
    written: Copies = field(default_factory=dict)
    passed: Copies = field(default_factory=dict)
    received: tuple[Key, ...] = ()  # with repeats
    told: tuple[Range, ...] = ()  # what a `gap` named
    on_its_way: frozenset[Key] = frozenset()  # sent or passed only after the page's log was read
    server_whole: bool = False
    links_whole: bool = False
    page_whole: bool = False
    published_ms: Mapping[Key, float] = field(default_factory=dict)  # by the server's log, else by the driver's
    received_ms: Mapping[Key, float] = field(default_factory=dict)  # the first copy


def read(timeline: Timeline) -> Ledger:
    """The ledger of an attempt."""
    said: Said = defaultdict(list)
    for seen in timeline:
        said[seen.source, seen.kind].append(seen)
    accepted_ms = _first_ms(_handled(said["server", "publish"]))
    published_ms = _first_ms(_runs(said["driver", "published"]))
    received = tuple(_received(said["page", "message"]))
    ends = said["driver", "left"][:1] or said["driver", "clock"][-1:]  # when the page's log was read for the last time
    until_ms = ends[0].at_ms if ends else float("inf")
    sent, sent_late = _until(until_ms, _handled(said["server", "send"]))
    passed, passed_late = _passed(until_ms, said, far=False)
    written, written_late = _passed(until_ms, said, far=True)
    return Ledger(
        published=tuple(published_ms),
        accepted=frozenset(accepted_ms),
        sent=sent,
        written=written,
        passed=passed,
        received=tuple(key for key, _ in received),
        told=tuple(_told(said["page", "message"])),
        on_its_way=frozenset(key for key in sent_late | passed_late | written_late if passed[key] <= 0),
        server_whole=bool(said["server", "mark"]),
        links_whole=not said["link", "unread"] and _links_saw_all(said),
        page_whole=bool(ends),
        published_ms=published_ms | accepted_ms,
        received_ms=_first_ms(received),
    )


def published(timeline: Timeline) -> tuple[Key, ...]:
    """Every message the driver had published. Uplink messages are the page's own: `uplinks_returned` counts them."""
    return tuple(_first_ms(_runs(timeline.of("driver", "published"))))


def is_stream(target: str) -> bool:
    """Whether a request target is one of the app's streams."""
    return target.startswith(STREAMS)


def _runs(observations: Iterable[Observation]) -> Iterator[Timed]:
    """The messages that observations name by `epoch`, `first` and `last`."""
    for seen in observations:
        epoch = str(seen.detail["epoch"])
        for seq in range(int(seen.detail["first"]), int(seen.detail["last"]) + 1):
            yield (epoch, seq), seen.at_ms


def _handled(observations: Iterable[Observation]) -> Iterator[Timed]:
    """What the server took in, or sent; one that does not name the epoch has told nothing."""
    for seen in observations:
        epoch, seq = seen.detail.get("epoch"), seen.detail.get("seq")
        if seen.detail.get("type") in NUMBERED and isinstance(epoch, str) and isinstance(seq, int):
            yield (epoch, seq), seen.at_ms


def _received(messages: Iterable[Observation]) -> Iterator[Timed]:
    """What the page's code was handed, with the epoch of the last hello to it.

    A message that lacks its number counts as none: nobody can say which it was.
    """
    for seen in messages:
        if seen.detail.get("type") in NUMBERED and isinstance(seen.detail.get("seq"), int):
            yield (str(seen.detail.get("epoch")), int(seen.detail["seq"])), seen.at_ms


def _told(messages: Iterable[Observation]) -> Iterator[Range]:
    """The ranges that a `gap` named as gone."""
    for seen in messages:
        first, last = seen.detail.get("from"), seen.detail.get("to")
        if seen.detail.get("type") == "gap" and isinstance(first, int) and isinstance(last, int):
            yield str(seen.detail.get("epoch")), first, last


def _first_ms(timed: Iterable[Timed]) -> dict[Key, float]:
    """When each was first named, in the order in which they were."""
    found: dict[Key, float] = {}
    for key, at_ms in timed:
        found.setdefault(key, at_ms)
    return found


def _until(until_ms: float, timed: Iterable[Timed]) -> tuple[Counter[Key], set[Key]]:
    """How often each was named by then, and what was named after it."""
    early: list[Key] = []
    late: set[Key] = set()
    for key, at_ms in timed:
        if at_ms <= until_ms:
            early.append(key)
        else:
            late.add(key)
    return Counter(early), late


def _passed(until_ms: float, said: Said, *, far: bool) -> tuple[Counter[Key], set[Key]]:
    """What passed on loopback, or by another way, and was not taken back."""
    passed = (seen for seen in said["link", "passed"] if bool(seen.detail.get("far")) is far)
    discarded = (seen for seen in said["link", "discarded"] if bool(seen.detail.get("far")) is far)
    early, late = _until(until_ms, _runs(passed))
    early.subtract(key for key, _ in _runs(discarded))
    return early, late


def _links_saw_all(said: Said) -> bool:
    """Whether each stream that the server knows of, at least one if it sent anything, was asked for over a link."""
    asked = sum(is_stream(str(seen.detail.get("target", ""))) for seen in said["link", "request"])
    heard = sum(seen.detail.get("transport") != "post" for seen in said["server", "request"])
    known = max(heard, len(said["server", "accept"]), 1 if said["server", "send"] else 0)
    return bool(asked >= known)
