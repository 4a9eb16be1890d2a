"""Measures of heartbeats: whether one of a kind keeps a path alive, whether the page's code sees it, what it costs.

The origin's script notes each as `beat {stream, bytes}`; the driver notes `watched` when nobody waits any longer.
"""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import entries
from wirematrix.measures.streams import end_in_words, named, titled
from wirematrix.model import Observed
from wirematrix.timeline import Timeline


def kept_open(about: str, *, stream: str) -> Measure:
    """Whether a stream was open all the time that it was watched, or how its code was told of its end."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        watched = timeline.last("driver", "watched")
        if watched is None or not entries(timeline, stream, "opening"):
            return []
        if not entries(timeline, stream, "open"):
            return ["never opens"]
        told = [seen for seen in entries(timeline, stream, "close", "error") if seen.at_ms <= watched.at_ms]
        return [end_in_words(told) or "open"]

    return Measure(name=named("path", about), title=titled(about, "the stream stays"), of=of)


def seen_by_script(about: str, *, stream: str) -> Measure:
    """Whether the page's code was handed anything for a heartbeat."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if not timeline.of("server", "beat", stream=stream):
            return []
        return ["yes" if entries(timeline, stream, "message") else "no"]

    return Measure(name=named("script_sees", about), title=titled(about, "script sees it"), of=of)


def beat_bytes(about: str, *, stream: str) -> Measure:
    """What one heartbeat takes of the stream, chunk or frame included, as the origin wrote it."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [int(seen.detail["bytes"]) for seen in timeline.of("server", "beat", stream=stream)[:1]]

    return Measure(name=named("beat", about, "bytes"), title=titled(about, "each takes"), of=of)
