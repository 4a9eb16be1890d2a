"""Delivery accounting: what became of the published messages, and where those were lost that never arrived.

One audit used by every check and every metric. It is arithmetic on a `Ledger`: what the publisher, the server, the
links and the page say. A place is named only where the logs prove it; else it is `unknown`, never a guess:

    page      passed the proxy, and the page's code was not handed it
    link      the server handed it to a socket, and it never passed the proxy
    server    the server took it in and handed it to nobody
    unknown   a log that would have to say more is not whole, or the message was still on its way at the end

What the proxy wrote to the page's socket has passed. Bytes that the kernel still held unsent when the proxy reset
that socket have not: they are gone, and the proxy says so. What the kernel had sent over loopback was the page's: its
kernel's, its engine's, its code's. Where packets can get lost nobody knows that, and the place is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wirematrix.ledger import Key, Ledger, read
from wirematrix.timeline import Timeline

LATE_AFTER_MS: Final = 1_000  # from publish to page; about when a person no longer takes it for live


class Place(StrEnum):
    """Where a message was lost, or a surplus copy of it arose."""

    SERVER = "server"
    LINK = "link"
    PAGE = "page"
    UNKNOWN = "unknown"


LOST_AT: Final[Mapping[Place, str]] = {
    Place.SERVER: "never sent by the server",
    Place.LINK: "lost in the link",
    Place.PAGE: "lost in the page",
    Place.UNKNOWN: "lost where the logs do not say",
}
DOUBLED_AT: Final[Mapping[Place, str]] = {
    Place.SERVER: "sent that often by the server",
    Place.LINK: "doubled in the link",
    Place.PAGE: "doubled in the page",
    Place.UNKNOWN: "doubled where the logs do not say",
}
Placed = tuple[tuple[Key, Place], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the messages. All are in the order in which they were published, or else seen."""

    published: tuple[Key, ...]
    received: tuple[Key, ...]  # with repeats
    lost: tuple[Key, ...]  # published and never received
    duplicated: tuple[Key, ...]  # one entry per surplus copy
    reordered: tuple[Key, ...]  # arrived after a message with a higher seq of the same epoch
    late: tuple[Key, ...]  # the first copy came more than LATE_AFTER_MS after it was published
    told: tuple[Key, ...]  # lost, but a `gap` named them
    lost_at: tuple[Place, ...]  # of each of `lost`
    doubled_at: tuple[Place, ...]  # of each of `duplicated`
    slowest_ms: float | None  # publish to page, the slowest first copy; None if no such time is known

    def lost_in(self, place: Place) -> tuple[Key, ...]:
        """The lost that were lost there."""
        return tuple(key for key, where in zip(self.lost, self.lost_at, strict=True) if where is place)


def audit(timeline: Timeline) -> Audit:
    """What became of the messages of an attempt."""
    return compare(read(timeline))


def compare(ledger: Ledger) -> Audit:
    """The arithmetic."""
    surplus: list[Key] = []
    surplus_at: list[Place] = []
    reordered: list[Key] = []
    highest: dict[str, int] = {}
    copies: dict[Key, int] = {}
    for key in ledger.received:
        epoch, seq = key
        copies[key] = copies.get(key, 0) + 1
        if copies[key] > 1:
            surplus.append(key)
            surplus_at.append(_where_doubled(key, copies[key], ledger))
        elif seq < highest.get(epoch, seq):
            reordered.append(key)
        highest[epoch] = max(seq, highest.get(epoch, seq))
    lost = tuple(key for key in ledger.published if key not in copies)
    delays_ms = {
        key: at_ms - ledger.published_ms[key] for key, at_ms in ledger.received_ms.items() if key in ledger.published_ms
    }
    return Audit(
        published=ledger.published,
        received=ledger.received,
        lost=lost,
        duplicated=tuple(surplus),
        reordered=tuple(reordered),
        late=tuple(key for key, delay_ms in delays_ms.items() if delay_ms > LATE_AFTER_MS),
        told=tuple(
            (epoch, seq)
            for epoch, seq in lost
            if any(epoch == of and low <= seq <= high for of, low, high in ledger.told)
        ),
        lost_at=tuple(_where_lost(key, ledger) for key in lost),
        doubled_at=tuple(surplus_at),
        slowest_ms=max(0.0, *delays_ms.values()) if delays_ms else None,
    )


def _where_lost(key: Key, ledger: Ledger) -> Place:
    if not ledger.page_whole or key in ledger.on_its_way:
        return Place.UNKNOWN
    if ledger.passed.get(key, 0) > 0:
        return Place.PAGE
    if ledger.written.get(key, 0) > 0:
        return Place.UNKNOWN
    if ledger.sent.get(key, 0) > 0:
        return Place.LINK if ledger.links_whole else Place.UNKNOWN
    return Place.SERVER if ledger.server_whole and key in ledger.accepted else Place.UNKNOWN


def _where_doubled(key: Key, copy: int, ledger: Ledger) -> Place:
    """Where the second, third, ... copy of a message came from: whoever first handed on that many."""
    if ledger.sent.get(key, 0) >= copy:
        return Place.SERVER
    if not (ledger.server_whole and key in ledger.accepted):
        return Place.UNKNOWN
    if ledger.passed.get(key, 0) + ledger.written.get(key, 0) >= copy:
        return Place.LINK
    return Place.PAGE if ledger.links_whole else Place.UNKNOWN


def losses(account: Audit, keys: tuple[Key, ...] | None = None) -> str:
    """Where the lost were lost, or those of them that are named: `4 never sent by the server; 6 lost in the link`."""
    placed = tuple(zip(account.lost, account.lost_at, strict=True))
    return _spell_places(tuple(one for one in placed if keys is None or one[0] in keys), LOST_AT)


def copies(account: Audit) -> str:
    """Where the surplus copies came from."""
    return _spell_places(tuple(zip(account.duplicated, account.doubled_at, strict=True)), DOUBLED_AT)


def _spell_places(placed: Placed, words: Mapping[Place, str]) -> str:
    """`lost in the link`, where it was one place; with the numbers of each, where it were several."""
    found = {place: tuple(key for key, where in placed if where is place) for place in Place}
    named = [place for place in Place if found[place]]
    if len(named) == 1:
        return words[named[0]]
    return "; ".join(f"{spell(found[place])} {words[place]}" for place in named)


def spell(keys: tuple[Key, ...], *, most: int = 6) -> str:
    """Seqs for a sentence: "4, 5 and 12 more"."""
    shown = ", ".join(str(seq) for _, seq in keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"
