"""Measures of what an engine lets out and lets in: cookies, tokens, preflights, and where streams may live."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.budgets import Budget
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries, header, requests
from wirematrix.measures.streams import PLACE, STREAM, named, titled
from wirematrix.model import Observed
from wirematrix.timeline import Timeline


def cookies_sent(about: str, *, place: str = PLACE) -> Measure:
    """The names of the cookies that came with the first request of a path, or "none"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for asked in requests(timeline, place)[:1]:
            pairs = (header(asked, "cookie") or "").split("; ")
            return [", ".join(sorted(pair.partition("=")[0] for pair in pairs if pair)) or "none"]
        return []

    return Measure(name=named("cookies", about), title=titled(about, "cookies sent"), of=of)


def token_seen(about: str, token: str, *, stream: str = STREAM, place: str = PLACE) -> Measure:
    """Where a token came in: "in Authorization", "in the URL" (hence in any access log) ..., or why it did not."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for refusal in entries(timeline, stream, "refused"):
            return [f"throws {refusal.detail['name']}"]
        for asked in requests(timeline, place)[:1]:
            where = ["the URL"] if token in str(asked.detail["target"]) else []
            where += [str(key).title() for key, value in asked.detail["headers"] if token in str(value)]
            return [f"in {' and '.join(where)}" if where else "not sent"]
        failure = entries(timeline, stream, "error", "close")
        return (
            [f"no request: {str(failure[0].detail.get('because', failure[0].kind)).partition(':')[0]}"]
            if failure
            else []
        )

    return Measure(name=named("token", about), title=titled(about, "the token arrives"), of=of)


def elsewhere(scope: str, *, stream: str) -> Measure:
    """What becomes of a stream in a worker or a frame: "opens", or how it failed."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        said = timeline.of("page", "elsewhere", stream=stream)
        for seen in said:
            if seen.detail["said"] == "open":
                return ["opens"]
            if seen.detail["said"] == "failed":
                return [f"fails: {str(seen.detail['because']).partition(':')[0]}"]
        return [str(said[-1].detail["said"])] if said else ["says nothing"]

    return Measure(name=named("in", scope), title=titled(scope, "a stream in there"), of=of)


def passed_through(about: str = "", *, place: str = PLACE) -> Measure:
    """Whether the service worker in the way saw the requests of a path: "yes", "no", or how many of how many."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        asked = len(requests(timeline, place))
        seen = len(timeline.of("page", "passed-through", place=place))
        if not asked:
            return []
        return ["yes" if seen >= asked else f"{seen} of {asked}" if seen else "no"]

    return Measure(name=named("passed_through", about), title=titled(about, "goes through the service worker"), of=of)


def lifetime_ms(cap: Budget, *, stream: str = STREAM) -> Measure:
    """From `open` to the first sign of the end; the cap, if there was none that long."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        opened, ended = entries(timeline, stream, "open"), entries(timeline, stream, "error", "close")
        if not opened:
            return []
        return [min(cap.ms, ended[0].at_ms - opened[0].at_ms) if ended else cap.ms]

    return Measure(name="lifetime_ms", title="how long it lives", of=of, cap=cap.unscaled_ms)


def pong_ms() -> Measure:
    """From each ping that the origin noted to the engine's pong."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        pings = timeline.of("server", "ping-sent")
        pongs = timeline.of("server", "frame", name="pong")
        return [pong.at_ms - ping.at_ms for ping, pong in zip(pings, pongs, strict=False)]

    return Measure(name="pong_ms", title="ping to pong", of=of)
