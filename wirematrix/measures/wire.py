"""Measures of what an engine puts on the wire: extensions it offers, frames it compresses, bytes of a message."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from statistics import median
from typing import Final

from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries, header, requests
from wirematrix.measures.streams import PLACE, STREAM, named, titled
from wirematrix.metrics import percentile
from wirematrix.model import Observation, Observed
from wirematrix.timeline import Timeline

MASKED_HEAD: Final = 6  # of a frame of up to 125 bytes (RFC 6455, section 5.2)


def offered(*, place: str = PLACE) -> Measure:
    """The extensions that the handshake of a WebSocket offers, as the header says."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [header(asked, "sec-websocket-extensions") or "none" for asked in requests(timeline, place)]

    return Measure(name="extensions_offered", title="WebSocket extensions offered", of=of)


def agreed(*, stream: str = STREAM) -> Measure:
    """What `extensions` of an open WebSocket says."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [str(seen.detail.get("extensions") or "none") for seen in entries(timeline, stream, "open")]

    return Measure(name="extensions_agreed", title="WebSocket.extensions", of=of)


def compresses() -> Measure:
    """Whether a message of the page came in a compressed frame (RSV1, RFC 7692 section 6)."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return ["compressed" if seen.detail["compressed"] else "as it is" for seen in timeline.of("server", "uplink")]

    return Measure(name="uplink_compressed", title="what the page sends goes", of=of)


def code_of_the_page(about: str = "", *, place: str = PLACE) -> Measure:
    """The code of the close frame that the engine sent on a WebSocket, as the origin read it; "none" without one."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        codes = []
        for asked in requests(timeline, place):
            frame = timeline.first("server", "frame", connection=asked.detail["connection"], name="close")
            codes.append(str(frame.detail["code"] if frame and frame.detail["code"] is not None else "none"))
        return codes

    return Measure(name=named("code_of_the_page", about), title=titled(about, "close code that the server gets"), of=of)


def uplink_bytes(about: str = "", *, place: str = PLACE) -> Measure:
    """What one message of the page costs on the wire: a request with head and body, or a masked frame.

    The median of all of a path. TCP's and TLS's own share is left out.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        costs = [head_bytes(asked) for asked in requests(timeline, place)]
        bodies = [int(seen.detail["bytes"]) for seen in timeline.of("server", "body")]
        frames = [MASKED_HEAD + int(seen.detail["bytes"]) for seen in echoed(timeline, place)]
        if frames:
            return [median(frames)]
        return [median(costs) + median(bodies)] if costs and bodies else []

    return Measure(name=named("uplink", about, "bytes"), title=titled(about, "bytes of a message to the server"), of=of)


def round_trip_ms(about: str = "", *, place: str = PLACE, share: int) -> Measure:
    """A percentile of echo round trips, one begun when the one before was back.

    Taken from the server's clock, from one arrival to the next, because a page's clock may tick in milliseconds.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        arrivals = echoed(timeline, place) or requests(timeline, place)
        gaps = [after.at_ms - before.at_ms for before, after in pairwise(arrivals)]
        value = percentile(gaps, share)
        return [] if value is None else [value]

    return Measure(
        name=named(f"round_trip_p{share}", about, "ms"), title=titled(about, f"echo round trip, p{share}"), of=of
    )


def echoed(timeline: Timeline, place: str) -> tuple[Observation, ...]:
    """The text frames that came on the WebSocket of a path."""
    numbers = {asked.detail["connection"] for asked in requests(timeline, place)}
    return tuple(seen for seen in timeline.of("server", "frame", name="text") if seen.detail["connection"] in numbers)


def head_bytes(asked: Observation) -> int:
    """The length of a request's head."""
    first = len(f"{asked.detail['method']} {asked.detail['target']} HTTP/1.1") + 4
    return first + sum(len(str(name)) + len(str(value)) + 4 for name, value in asked.detail["headers"])
