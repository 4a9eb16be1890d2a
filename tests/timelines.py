"""Builders of timelines: short words for the observations that tests tell stories with, and seeds of defects.

Times are milliseconds since the attempt began. Nothing here judges; a story is a real `Timeline`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from hypothesis import settings

from wirematrix.model import Observation
from wirematrix.timeline import Timeline

EPOCH: Final = "0a0a0a0a"
NEXT_EPOCH: Final = "0b0b0b0b"

steady = settings(deadline=None, derandomize=True)  # property tests: the same examples on a slow machine

Change = Callable[[Timeline], Timeline]


def story(*observations: Observation) -> Timeline:
    """A timeline of these observations, by time; equal times keep their order, as in a recorder."""
    return Timeline(tuple(sorted(observations, key=lambda seen: seen.at_ms)))


# ── what page, link, server and driver say ──


def page(at_ms: float, kind: str, **detail: Any) -> Observation:
    """An entry of the probe's log."""
    return Observation(at_ms=at_ms, source="page", kind=kind, detail=detail)


def link(at_ms: float, kind: str, **detail: Any) -> Observation:
    """Something the fault proxy saw."""
    return Observation(at_ms=at_ms, source="link", kind=kind, detail=detail)


def server(at_ms: float, kind: str, **detail: Any) -> Observation:
    """A fact of the app's log."""
    return Observation(at_ms=at_ms, source="server", kind=kind, detail=detail)


def driver(at_ms: float, kind: str, **detail: Any) -> Observation:
    """Something the driver did."""
    return Observation(at_ms=at_ms, source="driver", kind=kind, detail=detail)


def opening(at_ms: float, transport: str = "websocket+") -> Observation:
    """The page asks for a connection."""
    return page(at_ms, "opening", transport=transport, attempt=1, resume=None)


def hello(at_ms: float, *, epoch: str = EPOCH, seq: int = 0) -> Observation:
    """The first message of a connection."""
    return page(at_ms, "message", type="hello", seq=seq, epoch=epoch, resume=f"{epoch}-{seq}")


def message(
    at_ms: float, seq: int, *, kind: str = "update", epoch: str = EPOCH, text: str | None = None
) -> Observation:
    """A numbered message is handed to the page's code."""
    chars, crc = (None, None) if text is None else (len(text), crc_of(text))
    return page(at_ms, "message", type=kind, seq=seq, epoch=epoch, chars=chars, crc=crc)


def heartbeat(at_ms: float) -> Observation:
    """A sign of life."""
    return page(at_ms, "message", type="heartbeat", seq=0, epoch=EPOCH)


def gap(at_ms: float, first: int, last: int, *, epoch: str = EPOCH) -> Observation:
    """The page is told what it will never get."""
    return page(at_ms, "message", type="gap", seq=0, epoch=epoch, **{"from": first, "to": last})


def published(at_ms: float, first: int, last: int | None = None, *, epoch: str = EPOCH, **detail: Any) -> Observation:
    """The driver had messages published, `first` to `last`."""
    return driver(at_ms, "published", epoch=epoch, first=first, last=first if last is None else last, **detail)


def published_text(at_ms: float, seq: int, label: str, text: str) -> Observation:
    """The driver had a text published whose length and CRC-32 it knows."""
    return published(at_ms, seq, label=label, chars=len(text), crc=crc_of(text))


def accepted(at_ms: float, seq: int, **detail: Any) -> Observation:
    """The server took a message in."""
    return server(at_ms, "publish", **{"epoch": EPOCH, "seq": seq, "type": "update"} | detail)


def sending(at_ms: float, seq: int, **detail: Any) -> Observation:
    """The server handed a message to a socket."""
    return server(at_ms, "send", **{"subscriber": 1, "epoch": EPOCH, "seq": seq, "type": "update"} | detail)


def passing(at_ms: float, first: int, last: int | None = None, *, kind: str = "passed", **detail: Any) -> Observation:
    """The proxy wrote messages to the page's socket, or said otherwise of them."""
    run = {"link": 1, "epoch": EPOCH, "first": first, "last": first if last is None else last}
    return link(at_ms, kind, **run | detail)


def sent(at_ms: float, text: str, *, took_ms: float = 0) -> Observation:
    """The page sent an uplink message."""
    return page(at_ms, "sent", chars=len(text), crc=crc_of(text), seq=None, took_ms=took_ms)


def broke(at_ms: float) -> Observation:
    """The network is broken."""
    return driver(at_ms, "break", network="close")


def request(at_ms: float, target: str = "/ws/c1") -> Observation:
    """A request on a link."""
    return link(at_ms, "request", target=target)


def crc_of(text: str) -> int:
    """CRC-32 as page and driver take it, over the UTF-16 units."""
    return zlib.crc32(text.encode("utf-16-le"))


# ── seeds of defects ──


def without(source: str, kind: str, **match: Any) -> Change:
    """A defect: such observations never happened."""

    def change(timeline: Timeline) -> Timeline:
        gone = timeline.of(source, kind, **match)
        assert gone, f"no {kind} of the {source} to leave out"
        return Timeline(tuple(seen for seen in timeline if seen not in gone))

    return change


def also(*observations: Observation) -> Change:
    """A defect: this happened, too."""
    return lambda timeline: story(*timeline, *observations)


def lasting(until_ms: float) -> Change:
    """The attempt went on until then."""
    return also(driver(until_ms, "clock", uncertainty_ms=1.0))


def all_of(*changes: Change) -> Change:
    """A defect with several traces."""

    def change(timeline: Timeline) -> Timeline:
        for each in changes:
            timeline = each(timeline)
        return timeline

    return change


def moved(source: str, kind: str, by_ms: float, **match: Any) -> Change:
    """A defect: such observations came later, or sooner."""

    def change(timeline: Timeline) -> Timeline:
        late = timeline.of(source, kind, **match)
        assert late, f"no {kind} of the {source} to move"
        return story(*(replace(seen, at_ms=seen.at_ms + by_ms) if seen in late else seen for seen in timeline))

    return change


def altered(source: str, kind: str, changes: dict[str, Any], **match: Any) -> Change:
    """A defect: such observations say something else."""

    def change(timeline: Timeline) -> Timeline:
        wrong = timeline.of(source, kind, **match)
        assert wrong, f"no {kind} of the {source} to alter"
        return Timeline(
            tuple(replace(seen, detail={**seen.detail, **changes}) if seen in wrong else seen for seen in timeline)
        )

    return change
