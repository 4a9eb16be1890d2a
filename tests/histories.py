"""Histories: what really became of messages, made up; the logs that such a truth leaves behind; and a plain model.

A truth is a list of messages. Each was sent some number of times, and every copy came so far and no farther. The model
answers from the truth, one message at a time; what is tested answers from the logs, some of which have holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, cycle
from typing import Final, Literal, get_args

from hypothesis import strategies as st

from tests.timelines import driver, link, message, published, server, story
from wirematrix.accounting import Place
from wirematrix.ledger import Key
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

END_MS: Final = 100_000.0  # when the page's log is read for the last time
EPOCHS: Final = ("e1", "e2")

# How far a copy came: it left the server's hands and no more; the proxy wrote it and a RST took it back; the wire
# between proxy and page lost it (only a far one does); the page had it and never said so; the page's code was handed
# it once, or twice.
Reach = Literal["left", "taken back", "wire", "page", "delivered", "doubled"]
NEAR: Final[tuple[Reach, ...]] = ("left", "taken back", "page", "delivered", "doubled")
FAR: Final[tuple[Reach, ...]] = (*NEAR, "wire")
Log = Literal["server", "links", "page"]
HOLES: Final = [frozenset[Log](logs) for size in range(4) for logs in combinations(get_args(Log), size)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One sending of a message."""

    reach: Reach
    far: bool

    @property
    def handed(self) -> int:
        """How often the page's code was handed it."""
        return {"delivered": 1, "doubled": 2}.get(self.reach, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One message, and all that became of it."""

    key: Key
    by_driver: bool  # else the page's own uplink message
    published_ms: float
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A truth, the order and times in which the page was handed copies, and the logs that have holes."""

    messages: tuple[Truth, ...]
    handed: tuple[tuple[Key, float], ...]
    holes: frozenset[Log]
    kept: tuple[bool, ...]  # which lines of such a log are there, over and over
    hole_in_links: Literal["unread", "another way"]


@st.composite
def histories(draw: st.DrawFn, *, holes: bool = False, far: bool = False) -> History:
    """Any history of some messages of two epochs; with `holes` in any of its logs, or none."""
    lacking = draw(st.sampled_from(HOLES)) if holes else frozenset[Log]()
    hole_in_links: Literal["unread", "another way"] = draw(st.sampled_from(["unread", "another way"]))
    kept = tuple(draw(st.lists(st.booleans(), min_size=1, max_size=12)))
    keys = draw(st.lists(st.tuples(st.sampled_from(EPOCHS), st.integers(1, 8)), unique=True, min_size=1, max_size=8))
    reach = st.sampled_from(FAR if far else NEAR)
    messages = tuple(
        Truth(
            key=key,
            by_driver=draw(st.integers(0, 4)) > 0,
            published_ms=float(draw(st.integers(0, 3_000))),
            copies=tuple(
                Copy(reach=(came := draw(reach)), far=far and (came == "wire" or draw(st.booleans())))
                for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3])))
            ),
        )
        for key in keys
    )
    every = [each.key for each in messages for copy in each.copies for _ in range(copy.handed)]
    order = draw(st.permutations(every))
    times = sorted(draw(st.lists(st.integers(3_000, 6_000), min_size=len(order), max_size=len(order))))
    return History(
        messages=messages,
        handed=tuple((key, float(at_ms)) for key, at_ms in zip(order, times, strict=True)),
        holes=lacking,
        kept=kept,
        hole_in_links=hole_in_links,
    )


# ── the model ──


def lost(history: History) -> dict[Key, Place]:
    """The driver's messages that the page's code was never handed, and where the farthest copy of each ended."""
    return {
        each.key: where_lost(each)
        for each in history.messages
        if each.by_driver and not any(copy.handed for copy in each.copies)
    }


def where_lost(truth: Truth) -> Place:
    """The place where the copy ended that came farthest."""
    reached = {copy.reach for copy in truth.copies}
    if "page" in reached:
        return Place.PAGE
    return Place.LINK if reached else Place.SERVER


def doubled(history: History, key: Key, copy: int) -> Place:
    """Where the second, third, ... copy of a message came from."""
    [truth] = [each for each in history.messages if each.key == key]
    return Place.SERVER if len(truth.copies) >= copy else Place.PAGE


def followed(history: History, key: Key) -> bool:
    """Whether every copy of a message can be followed to where it ended: none got lost beyond a far proxy."""
    [truth] = [each for each in history.messages if each.key == key]
    return not any(copy.far and copy.reach in {"wire", "page"} for copy in truth.copies)


# ── the logs ──


def logs_of(history: History) -> Timeline:
    """What the four logs say of a history. One that has holes says so, and lacks some of its lines."""
    keeps = cycle(history.kept)

    def whole(log: Log, told: Iterable[list[Observation]]) -> list[Observation]:
        return [line for lines in told if log not in history.holes or next(keeps) for line in lines]

    said = [server(1, "accept", subscriber=1), link(1, "request", target="/ws/c1")]
    said += [
        published(each.published_ms + 1, each.key[1], epoch=each.key[0]) for each in history.messages if each.by_driver
    ]
    said += whole("server", ([line] for each in history.messages for line in served(each)))
    said += whole("links", (passing(each, copy) for each in history.messages for copy in each.copies))
    said += whole("page", ([message(at_ms, seq, epoch=epoch)] for (epoch, seq), at_ms in history.handed))
    if "server" not in history.holes:
        said.append(server(END_MS + 1, "mark"))
    if "page" not in history.holes:
        said.append(driver(END_MS, "clock", uncertainty_ms=1.0))
    if "links" in history.holes and history.hole_in_links == "unread":
        said.append(link(1, "unread", link=1, because="compressed"))
    elif "links" in history.holes:
        said.append(server(1, "accept", subscriber=2))
    return story(*said)


def served(truth: Truth) -> Iterator[Observation]:
    """What the server says of a message."""
    epoch, seq = truth.key
    about = {"epoch": epoch, "seq": seq, "type": "update" if truth.by_driver else "uplink"}
    yield server(truth.published_ms, "publish", **about)
    for number, _ in enumerate(truth.copies, 1):
        yield server(truth.published_ms + 2, "send", subscriber=number, **about)


def passing(truth: Truth, copy: Copy) -> list[Observation]:
    """What the proxy says of a copy."""
    epoch, seq = truth.key
    about = {"link": 1, "epoch": epoch, "first": seq, "last": seq} | ({"far": True} if copy.far else {})
    told = [link(truth.published_ms + 3, "passed", **about), link(truth.published_ms + 4, "discarded", **about)]
    return told[: 0 if copy.reach == "left" else 2 if copy.reach == "taken back" else 1]
