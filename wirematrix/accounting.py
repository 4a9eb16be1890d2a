"""Delivery accounting: which published messages reached the page, and how often, and in which order.

One audit used by every check and every metric. A message is known by (epoch, seq): after a restart the
app numbers anew under a new epoch. What counts as published is what the driver had the server publish;
what counts as received is what the page's own code was handed.
"""

from __future__ import annotations

from dataclasses import dataclass

from wirematrix.timeline import Timeline

NUMBERED = ("update", "uplink", "fence")
Key = tuple[str, int]  # (epoch, seq)
Range = tuple[str, int, int]  # (epoch, first seq, last seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the published messages. All are in the order in which they were seen."""

    published: tuple[Key, ...]
    received: tuple[Key, ...]  # with repeats
    lost: tuple[Key, ...]
    duplicated: tuple[Key, ...]  # one entry per surplus copy
    reordered: tuple[Key, ...]  # arrived after a message with a higher seq of the same epoch
    told: tuple[Key, ...]  # lost, but a `gap` named them


def audit(timeline: Timeline) -> Audit:
    """Compare what was published with what the page received."""
    return compare(published(timeline), received(timeline), told(timeline))


def compare(sent: tuple[Key, ...], arrived: tuple[Key, ...], named: tuple[Range, ...] = ()) -> Audit:
    """The arithmetic: lost = sent - arrived, surplus copies, and late ones.

    `named` are the ranges that a `gap` told the page of.
    """
    surplus: list[Key] = []
    late: list[Key] = []
    highest: dict[str, int] = {}
    seen: set[Key] = set()
    for key in arrived:
        epoch, seq = key
        if key in seen:
            surplus.append(key)
        elif seq < highest.get(epoch, seq):
            late.append(key)
        seen.add(key)
        highest[epoch] = max(seq, highest.get(epoch, seq))
    lost = tuple(key for key in sent if key not in seen)
    return Audit(
        published=sent,
        received=arrived,
        lost=lost,
        duplicated=tuple(surplus),
        reordered=tuple(late),
        told=tuple(
            (epoch, seq) for epoch, seq in lost if any(epoch == of and low <= seq <= high for of, low, high in named)
        ),
    )


def published(timeline: Timeline) -> tuple[Key, ...]:
    """Every message the driver had published. Uplink messages are the page's own: `uplinks_returned` counts them."""
    keys = [
        (str(seen.detail["epoch"]), seq)
        for seen in timeline.of("driver", "published")
        for seq in range(int(seen.detail["first"]), int(seen.detail["last"]) + 1)
    ]
    return tuple(dict.fromkeys(keys))


def received(timeline: Timeline) -> tuple[Key, ...]:
    """Every numbered message handed to the page's code; the probe writes the epoch of the last hello to it.

    One that lacks its number counts as none: nobody can say which it was.
    """
    return tuple(
        (str(seen.detail.get("epoch")), int(seen.detail["seq"]))
        for seen in timeline.of("page", "message")
        if seen.detail.get("type") in NUMBERED and isinstance(seen.detail.get("seq"), int)
    )


def told(timeline: Timeline) -> tuple[Range, ...]:
    """Every range of messages that a `gap` named as gone."""
    return tuple(
        (str(seen.detail.get("epoch")), int(seen.detail["from"]), int(seen.detail["to"]))
        for seen in timeline.of("page", "message", type="gap")
        if isinstance(seen.detail.get("from"), int) and isinstance(seen.detail.get("to"), int)
    )


def spell(keys: tuple[Key, ...], *, most: int = 6) -> str:
    """Seqs for a sentence: "4, 5 and 12 more"."""
    shown = ", ".join(str(seq) for _, seq in keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"
