"""Measures of connecting: how long it takes, on which TCP connection, what script sees of a refusal, what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries, header, requests
from wirematrix.measures.streams import PLACE, STREAM, named, titled
from wirematrix.model import Observation, Observed
from wirematrix.timeline import CLOCK_SLACK_MS, Timeline

PAGES_ORIGIN: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost):[0-9]+")
NEVER_SAID: Final = {"host", "sec-websocket-key", "user-agent"}  # another one each time, or with each build


def opened_in_turn_ms(about: str, streams: Iterable[str], *, reused: bool, least: int = 1) -> Measure:
    """Time to open of streams that were opened one after the other, each on the path of its name.

    Only those whose request came over a TCP connection that had carried one before (`reused`), or had not.
    """
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        known: set[object] = set()
        taken: list[float] = []
        for stream in wanted:
            opened = span_ms(timeline, stream, "open")
            for asked in requests(timeline, f"/{stream}")[:1]:
                number = asked.detail["connection"]
                if opened is not None and (number in known) is reused:
                    taken.append(opened)
                known.add(number)
        return taken

    return Measure(name=named("open", about, "ms"), title=titled(about, "time to open"), of=of, least=least)


def opens_ms(about: str, streams: Iterable[str]) -> Measure:
    """Time to open of each of these streams."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        taken = (span_ms(timeline, stream, "open") for stream in wanted)
        return [one for one in taken if one is not None]

    return Measure(name=named("open", about, "ms"), title=titled(about, "time to open"), of=of, least=len(wanted))


def connection_count(about: str, streams: Iterable[str]) -> Measure:
    """How many TCP connections carried the first requests of these streams."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        first = [asked for stream in wanted for asked in requests(timeline, f"/{stream}")[:1]]
        return [len({asked.detail["connection"] for asked in first})] if first else []

    title = titled(about, f"TCP connections for {len(wanted)} streams")
    return Measure(name=named("connections", about), title=title, of=of)


def head_to_open_ms(about: str, *, stream: str = STREAM, place: str = PLACE) -> Measure:
    """From the head of the response, as the origin sent it, to `open` in the page."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for asked in requests(timeline, place)[:1]:
            head = timeline.first("server", "respond", since_ms=asked.at_ms, connection=asked.detail["connection"])
            opened = entries(timeline, stream, "open")
            return [max(0.0, opened[0].at_ms - head.at_ms)] if head and opened else []
        return []

    return Measure(name=named("head_to_open", about, "ms"), title=titled(about, "head to open"), of=of)


def opens_with(about: str, note: str, *, stream: str = STREAM) -> Measure:
    """Whether `open` came with the head or waited for the first byte of the body, whose sending the origin noted."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        opened, byte = entries(timeline, stream, "open"), timeline.first("server", note)
        if byte is None:
            return []
        if not opened:
            return ["neither"]
        return ["the head" if opened[0].at_ms < byte.at_ms - CLOCK_SLACK_MS else "the first byte"]

    return Measure(name=named("opens_with", about), title=titled(about, "open comes with"), of=of)


def told_in_ms(about: str, streams: Iterable[str]) -> Measure:
    """From opening to the page's knowledge that it is over (`over`), of each of these streams."""
    wanted = tuple(streams)

    def of(timeline: Timeline) -> Iterable[Observed]:
        taken = (span_ms(timeline, stream, "over") for stream in wanted)
        return [one for one in taken if one is not None]

    return Measure(
        name=named("told", about, "ms"), title=titled(about, "time until the page knows"), of=of, least=len(wanted)
    )


def failed_after_ms(cap: Budget, *, stream: str = STREAM) -> Measure:
    """From opening to the first sign of failure; the cap, if none came that long."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if not entries(timeline, stream, "opening"):
            return []
        taken = span_ms(timeline, stream, "error", "close")
        return [cap.ms if taken is None else taken]

    return Measure(name="failed_after_ms", title="time until the page is told", of=of, cap=cap.unscaled_ms)


def status_seen(about: str, *, stream: str = STREAM) -> Measure:
    """The status of the answer as the page's code was given it, or "hidden"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        seen = [one.detail["status"] for one in entries(timeline, stream, "open") if one.detail.get("status")]
        if seen:
            return [str(seen[0])]
        return ["hidden"] if entries(timeline, stream, "error", "close") else []

    return Measure(name=named("status_seen", about), title=titled(about, "status that script sees"), of=of)


def header_value(name: str, *, place: str = PLACE) -> Measure:
    """A header of the first request as it came, or "absent"; an origin of ours is "ORIGIN", whatever its port."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for asked in requests(timeline, place)[:1]:
            value = header(asked, name)
            return ["absent" if value is None else PAGES_ORIGIN.sub("ORIGIN", value)]
        return []

    return Measure(name=named("header", name), title=f"{name} sent", of=of)


def header_names(*, place: str = PLACE) -> Measure:
    """The names of the first request's headers, by the alphabet; without those that every request has."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for asked in requests(timeline, place)[:1]:
            names = {str(key).lower() for key, _ in asked.detail["headers"]} - NEVER_SAID
            return [", ".join(sorted(names))]
        return []

    return Measure(name="header_names", title="headers sent", of=of)


def server_saw(about: str, *, place: str = PLACE) -> Measure:
    """How the connection of the first request was ended by the engine: "FIN", "RST", or "nothing" while we looked."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for asked in requests(timeline, place)[:1]:
            end = timeline.first("server", "peer-end", connection=asked.detail["connection"])
            return [{"fin": "FIN", "reset": "RST"}[str(end.detail["how"])] if end else "nothing"]
        return []

    return Measure(name=named("server_saw", about), title=titled(about, "what the server sees"), of=of)


def let_go_ms(about: str, cap: Budget, *, stream: str = STREAM, place: str = PLACE) -> Measure:
    """From the page's close() to the engine's end of the TCP connection; the cap, if it did not come that long."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        closing = entries(timeline, stream, "closing")
        for asked in requests(timeline, place)[:1] if closing else ():
            end = timeline.first("server", "peer-end", connection=asked.detail["connection"])
            return [min(cap.ms, max(0.0, end.at_ms - closing[0].at_ms)) if end else cap.ms]
        return []

    title = titled(about, "close() to the end of the TCP connection")
    return Measure(name=named("let_go", about, "ms"), title=title, of=of, cap=cap.unscaled_ms)


def told(about: str, *, stream: str = STREAM) -> Measure:
    """What the page's code was told of a stream, in order: "open, error CONNECTING, error CLOSED"; no messages."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [", ".join(map(word, entries(timeline, stream, "refused", "open", "error", "close"))) or "nothing"]

    return Measure(name=named("told", about), title=titled(about, "what the page is told"), of=of)


def told_after_closing(about: str, *, stream: str = STREAM) -> Measure:
    """What the page's code was told after it had called close(), in order, or "nothing"; by the page's own order."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for closing in entries(timeline, stream, "closing"):
            said = entries(timeline, stream, "open", "message", "error", "close")
            return [", ".join(word(seen) for seen in said if seen.detail["n"] > closing.detail["n"]) or "nothing"]
        return []

    return Measure(name=named("told_after_close", about), title=titled(about, "told after close()"), of=of)


def word(seen: Observation) -> str:
    """An entry in a word or two: "close 1006", "end of body", "error CONNECTING", "throws SecurityError"."""
    if seen.kind == "refused":
        return f"throws {seen.detail['name']}"
    if seen.kind == "close":
        return "end of body" if seen.detail["code"] is None else f"close {seen.detail['code']}"
    if seen.kind == "error":
        return f"error {seen.detail.get('state') or str(seen.detail.get('because')).partition(':')[0]}"
    return seen.kind


def span_ms(timeline: Timeline, stream: str, *kinds: str) -> float | None:
    """From a stream's opening to the first entry of these kinds, by the page's own clock; None without either."""
    began, ended = entries(timeline, stream, "opening"), entries(timeline, stream, *kinds)
    return ended[0].at_ms - began[0].at_ms if began and ended else None
